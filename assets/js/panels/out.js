// 越界与失联: who is out of his grid, frozen or silent now, the longest first; a click shows him.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, setSign, digits, define, changed } = g.kit;
  const { picker, listOf, foot, fitting, placeName, narrow, sinceText } = g.lists;
  const STATES = ['out_of_grid', 'frozen', 'silent'];
  const ROW_U = 62;

  // His grid, and of who is out of it where he is; on a narrow canvas only that.
  function whereIs(row) {
    const w = g.words;
    const [grid, here] = [row.grid && placeName(row.grid, row.grid_name), row.here ? placeName(row.here, row.here_name) : w('outside')];
    if (row.presence !== 'out_of_grid' || !grid) return grid || here;
    return narrow() ? w('force.here_now', { here }) : w('force.here', { grid, here });
  }

  g.panels.define('out', {
    draw(body, figures) {
      const w = g.words;
      const out = figures.out || { counts: {}, total: 0, rows: [] };
      const made = g.panels.once(body, () => {
        const states = h('div', { class: 'states' });
        body.append(states);
        return { states, ...listOf(body) };
      });
      keyed(made.states, STATES, (key) => key, () => h('div', { class: 'state' }, h('span', {}), h('span', { class: 'label' }), h('b', {})), (cell, key) => {
        const n = out.counts[key] || 0;
        setSign(cell.children[0], `worker-full-${key}`);
        text(cell.children[1], w('state.' + key));
        digits(cell.children[2], g.format.int(n), g.shell.jumping);
        toggle(cell, 'bad', key === 'out_of_grid' && n > 0);
        toggle(cell, 'zero', !n);
        define(cell, key, { num: n, asOf: figures.as_of_ms });
      });
      const shown = out.rows.slice(0, fitting(made.rows, out.total, ROW_U));
      keyed(made.rows, shown, (row) => row.worker, (row) => picker('worker', row.worker, h('span', {}), h('span', { class: 'name' }), h('span', { class: 'left' }),
        h('span', { class: 'second' }), h('span', { class: 'second state-word' })), (line, row) => {
        const [mark, name, since, where, state] = line.children;
        setSign(mark, `worker-${row.role}-${row.presence}`);
        text(name, row.name);
        text(since, sinceText(row.since_ms));
        text(where, whereIs(row));
        text(state, w('state.' + row.presence));
        toggle(line, 'bad', row.presence === 'out_of_grid');
        g.proof.explain(line, row.presence, { asOf: figures.as_of_ms });
        changed(line, row.presence);
      });
      foot(made.more, out.total, shown.length, w('force.out_none'));
    },
  });
})();
