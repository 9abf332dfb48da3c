// Sorted bars with count and per cent: 来源构成 (by channel) and 事项类别 (by category).
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar, changed, rowsThatFit } = g.kit;

  function drawBars(body, figures, panel, field, filter) {
    const w = g.words;
    const made = g.panels.once(body, () => {
      const rows = h('div', { class: 'rows' });
      const more = h('div', { class: 'more' });
      body.append(rows, more);
      return { rows, more };
    });
    const all = (figures[field] || []).slice().sort((a, b) => b.n - a.n);
    const total = all.reduce((sum, item) => sum + item.n, 0);
    const base = panel.querySelector('.panel-base');
    text(base, w('reported_in', { period: g.shell.windowText(), n: g.format.int(total) }));
    const reported = { figure: 'reported', window: g.shell.windowText(), basis: 'report', asOf: figures.as_of_ms };
    g.proof.mark(base, { ...reported, num: total, filters: figures.closure.filters });
    const fit = rowsThatFit(body, 46, all.length * 46 * g.kit.unit() > body.clientHeight ? 30 : 0);
    const shown = all.slice(0, fit);
    const most = Math.max(1, ...shown.map((item) => item.n));
    keyed(made.rows, shown, (item) => item.key, () => h('a', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'bar' }), h('span', { class: 'figure' }), h('span', { class: 'small' })), (row, item) => {
      text(row.children[0], g.shell.named(filter, item.key) || item.name || w('unknown'));
      setBar(row.children[1], [{ class: 'fill-series', n: item.n }], most);
      digits(row.children[2], g.format.int(item.n), g.shell.jumping);
      text(row.children[3], `${g.format.percent(item.n, total)}%`);
      changed(row, item.n);
      g.proof.mark(row, { ...reported, num: item.n, of: total, filters: item.filters });
    });
    text(made.more, all.length ? (all.length > shown.length ? w('more_n', { n: all.length - shown.length }) : '') : w('empty.orders'));
  }
  g.panels.define('source', { draw(body, figures, panel) { drawBars(body, figures, panel, 'channel', 'channel'); } });
  g.panels.define('cat', { draw(body, figures, panel) { drawBars(body, figures, panel, 'category', 'category'); } });
})();
