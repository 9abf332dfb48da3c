// 在岗到格: the regions below by their online rate, lowest first, with the grids that were visited today; steps through all of them.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, keyed, setBar, define, changed } = g.kit;
  const { columns, listOf, foot, nameOf } = g.lists;
  const ROW_U = 42;

  g.panels.define('duty', {
    draw(body, figures) {
      const w = g.words;
      const rows = (figures.duty || []).filter((row) => row.roster || row.online || row.grids);
      const made = g.panels.once(body, () => listOf(body, h('span', {}), h('span', { class: 'wide' }), h('span', { class: 'num' }, w('force.online_of_roster')), h('span', { class: 'num' }, '%'), h('span', { class: 'num grids' }, w('force.visited'))));
      const { int } = g.format;
      const online = (row) => `${int(row.online)} / ${int(row.roster)}`;
      const visited = (row) => (row.grids ? `${int(row.visited)} / ${int(row.grids)}` : '—');
      columns(body, { name: rows.map((row) => nameOf(row.code, row.name)), online: rows.map(online), visited: [w('force.visited'), ...rows.map(visited)] });
      text(made.heads.children[0], g.shell.childLevelName());
      keyed(made.rows, rows, (row) => row.code, (row) => h(row.code && row.code !== g.shell.region() ? 'a' : 'div', { class: 'row', 'data-region': row.code }, h('span', { class: 'name' }),
        h('span', { class: 'bar track wide' }), h('span', { class: 'small' }), h('span', { class: 'value' }), h('span', { class: 'small grids' })), (line, row) => {
        const [name, bar, count, rate, grids] = line.children;
        text(name, nameOf(row.code, row.name));
        setBar(bar, [{ class: 'fill-ok', n: row.online, title: '' }], Math.max(row.roster, row.online));
        text(count, online(row));
        text(rate, g.format.percent(row.online, row.roster));
        text(grids, visited(row));
        define(grids, 'visited_grids', { num: row.visited, den: row.grids, asOf: figures.as_of_ms });
        attribute(grids, 'tabindex', null);
        define(line, 'online_rate', { num: row.online, den: row.roster, asOf: figures.as_of_ms });
        if (line.localName === 'a') attribute(line, 'href', g.links.wall({ region: row.code }));
        changed(line, [row.online, row.roster, row.visited]);
      });
      foot(made.more, rows.length, rows.length, w('no_children'));
      g.scroll.lines(made.rows, { rowU: ROW_U });
    },
  });
})();
