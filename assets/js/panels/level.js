// 处置层级: of what was closed and whose level is known, how much was settled at the grid, the community, the street; and how much
// was passed upwards.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar, changed } = g.kit;

  g.panels.define('level', {
    draw(body, figures, panel) {
      const w = g.words;
      const { level } = figures;
      if (!level) return;
      const made = g.table.frame(body, () => [h('span', {}), h('span', {}), '%', w('cases.of_closed')]);
      g.table.base(panel, g.shell.windowText());
      const base = { window: g.shell.windowText(), basis: 'report', asOf: level.as_of_ms, filters: level.filters };
      keyed(made.rows, level.levels, (item) => item.key, () => h('div', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'bar track' }), h('a', { class: 'figure' }), h('a', { class: 'small' })), (row, item) => {
        const [name, bar, figure, counts] = row.children;
        text(name, w('cases.level.' + item.key));
        setBar(bar, [{ class: item.key === 'escalation_rate' ? 'fill-series' : 'fill-ok', n: item.num }], item.den);
        digits(figure, g.format.percent(item.num, item.den), g.shell.jumping);
        g.proof.mark(figure, { ...base, figure: item.key, num: item.num, den: item.den });
        text(counts, item.den ? `${g.format.int(item.num)} / ${g.format.int(item.den)}` : '—');
        g.proof.mark(counts, { ...base, figure: item.key, num: item.num, den: item.den, part: 'num' });
        changed(row, [item.num, item.den]);
      });
      made.more.hidden = true;
    },
  });
})();
