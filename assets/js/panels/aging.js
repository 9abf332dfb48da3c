// 未结账龄: what is open by how long ago it was reported, by light.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar, changed } = g.kit;
  const HOUR_MS = 3600000;
  const LIGHTS = [['fill-bad', 'red', 'overdue'], ['fill-warn', 'yellow', 'due_soon'], ['fill-ok', 'green', 'in_limit']];

  function nameOf({ from_h: from, to_h: to }) {
    const unit = to === null || to > 24 ? 'd' : 'h';
    const [a, b] = unit === 'd' ? [from / 24, to && to / 24] : [from, to];
    if (to === null) return g.words('cases.age_over.' + unit, { a });
    return from ? g.words('cases.age.' + unit, { a, b }) : g.words('cases.age_under.' + unit, { b });
  }

  g.panels.define('aging', {
    draw(body, figures) {
      const w = g.words;
      const { aging } = figures;
      if (!aging) return;
      const made = g.table.frame(body, () => [w('cases.age'), h('span', {})]);
      const asOf = figures.as_of_ms;
      const region = figures.region.code;
      const all = { figure: 'open', num: aging.open, filters: { region }, asOf };
      text(made.heads.children[1], w('open_n', { n: g.format.int(aging.open) }));
      g.proof.mark(made.heads.children[1], all);
      const most = Math.max(1, ...aging.rows.map((row) => row.open));
      const shown = g.table.fit(body, made, aging.rows, 40);
      keyed(made.rows, shown, (band) => band.from_h, () => h('a', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'bar' }), h('span', { class: 'figure' })), (row, band) => {
        // The window of a band, reported in it, ends where the next younger one begins.
        const filters = { region, from: band.to_h === null ? null : asOf - band.to_h * HOUR_MS + 1, to: band.from_h ? asOf - band.from_h * HOUR_MS + 1 : null };
        text(row.children[0], nameOf(band));
        setBar(row.children[1], LIGHTS.map(([fill, colour, count]) => ({ class: fill, n: band[colour], proof: { ...all, figure: count, num: band[colour], filters, quiet: true } })), most);
        digits(row.children[2], g.format.int(band.open), g.shell.jumping);
        changed(row, band.open);
        g.proof.mark(row, { ...all, num: band.open, filters, of: aging.open || undefined });
      });
      g.table.rest(made, aging.rows, shown.length, '');
    },
  });
})();
