// 今日未见: how many of the roster nobody has heard of since midnight, by region below, most first.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, keyed, setBar, define, changed } = g.kit;
  const { columns, listOf, foot, nameOf } = g.lists;
  const ROW_U = 42;

  g.panels.define('idle', {
    draw(body, figures, panel) {
      const w = g.words;
      const told = figures.idle || { idle: 0, roster: 0, rows: [] };
      const made = g.panels.once(body, () => listOf(body));
      const base = panel.querySelector('.panel-base');
      const { int } = g.format;
      text(base, w('force.idle_of', { n: int(told.idle), all: int(told.roster) }));
      define(base, 'idle_today', { num: told.idle, den: told.roster, asOf: figures.as_of_ms });
      const count = (row) => `${int(row.idle)} / ${int(row.roster)}`;
      columns(body, { name: told.rows.map((row) => nameOf(row.code, row.name)), idle: told.rows.map(count) });
      const most = Math.max(1, ...told.rows.map((row) => row.idle));
      keyed(made.rows, told.rows, (row) => row.code, (row) => h(row.code && row.code !== g.shell.region() ? 'a' : 'div', { class: 'row', 'data-region': row.code }, h('span', { class: 'name' }), h('span', { class: 'bar' }), h('span', { class: 'small' })), (line, row) => {
        const [name, bar, n] = line.children;
        text(name, nameOf(row.code, row.name));
        setBar(bar, [{ class: 'fill-series', n: row.idle, title: '' }], most);
        text(n, count(row));
        define(line, 'idle_today', { num: row.idle, den: row.roster, asOf: figures.as_of_ms });
        if (line.localName === 'a') attribute(line, 'href', g.links.wall({ region: row.code }));
        changed(line, row.idle);
      });
      foot(made.more, told.rows.length, told.rows.length, w('force.idle_none'));
      g.scroll.lines(made.rows, { rowU: ROW_U });
    },
  });
})();
