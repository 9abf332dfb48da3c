// 电量: the lowest batteries of who is linked now.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, setBar, setSign, define, changed } = g.kit;
  const { picker, listOf, foot, fitting } = g.lists;
  const ROW_U = 42;

  g.panels.define('battery', {
    draw(body, figures, panel) {
      const w = g.words;
      const told = figures.battery || { low: 0, known: 0, below_pct: 0, rows: [] };
      const made = g.panels.once(body, () => listOf(body));
      const base = panel.querySelector('.panel-base');
      text(base, told.known ? w('force.battery_low', { p: told.below_pct, n: g.format.int(told.low), all: g.format.int(told.known) }) : '');
      define(base, 'battery_low', { num: told.low, den: told.known, asOf: figures.as_of_ms });
      const shown = told.rows.slice(0, fitting(made.rows, told.rows.length, ROW_U));
      keyed(made.rows, shown, (row) => row.worker, (row) => picker('worker', row.worker, h('span', {}), h('span', { class: 'name' }), h('span', { class: 'bar track' }), h('span', {}), h('span', { class: 'value' })), (line, row) => {
        const [mark, name, bar, warning, value] = line.children;
        const low = row.battery_pct < told.below_pct;
        setSign(mark, `worker-${row.role}-${row.presence}`);
        text(name, row.name);
        setBar(bar, [{ class: low ? 'fill-warn' : 'fill-ok', n: row.battery_pct, title: '' }], 100);
        if (low) setSign(warning, 'light-yellow');
        toggle(warning, 'quiet', !low);
        text(value, `${Math.round(row.battery_pct)}%`);
        toggle(value, 'warn', low);
        g.proof.explain(line, 'battery_low', { asOf: figures.as_of_ms });
        changed(line, [row.presence, low]);
      });
      foot(made.more, told.known, shown.length, w('force.battery_none'));
    },
  });
})();
