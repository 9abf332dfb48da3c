// 人员构成: each role as one bar by state, how many are online of how many on the roster.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, setBar, setSign, define, changed } = g.kit;
  const { columns, listOf, foot, share } = g.lists;
  const FILL = { moving: 'fill-ok2', still: 'fill-ok', out_of_grid: 'fill-bad', frozen: 'fill-frozen', silent: 'fill-mute', offline: 'fill-off', unseen: 'track' };

  g.panels.define('roles', {
    draw(body, figures) {
      const w = g.words;
      const rows = figures.roles || [];
      const made = g.panels.once(body, () => listOf(body, h('span', {}, w('force.role')), h('span', {}), h('span', { class: 'num' }, w('force.online_of_roster')), h('span', { class: 'num wide' }, '%')));
      const whole = (row) => Object.values(row.states).reduce((sum, n) => sum + n, 0);
      const most = Math.max(1, ...rows.map(whole));
      const told = (row) => `${g.format.int(row.online)} / ${g.format.int(row.roster)}`;
      columns(body, { online: rows.map(told) });
      keyed(made.rows, rows, (row) => row.role, () => h('div', { class: 'row' }, h('span', { class: 'name' }, h('span', {}), h('span', {})), h('span', { class: 'bar' }), h('span', { class: 'small' }), h('span', { class: 'small wide' })), (line, row) => {
        const [name, bar, count, rate] = line.children;
        setSign(name.children[0], `worker-${row.role}-still`);
        text(name.children[1], w('role.' + row.role));
        setBar(bar, Object.entries(FILL).map(([state, fill]) => ({ class: fill, n: row.states[state] || 0, title: `${w('state.' + state)} ${g.format.int(row.states[state] || 0)}` })), most);
        text(count, told(row));
        text(rate, share(row.online, row.roster));
        define(line, 'online_rate', { num: row.online, den: row.roster, asOf: figures.as_of_ms });
        changed(line, [row.online, row.roster]);
      });
      foot(made.more, rows.length, rows.length, w('force.nobody'));
    },
  });
})();
