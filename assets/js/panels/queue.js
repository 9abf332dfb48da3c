// 待办队列: what is open, worst first, with where it stands and who has it. The worst stay in sight, so it does not scroll.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, setSign, attribute, changed } = g.kit;
  const ROW_U = 68;

  g.panels.define('queue', {
    draw(body, figures) {
      const w = g.words;
      const { queue } = figures;
      if (!queue) return;
      const made = g.panels.once(body, () => {
        const rows = h('div', { class: 'rows' });
        const more = h('a', { class: 'more' });
        body.append(rows, more);
        return { rows, more };
      });
      const room = g.kit.rowsThatFit(body, ROW_U, 30);
      const shown = queue.rows.slice(0, room);
      const now = g.shell.now();
      keyed(made.rows, shown, (item) => item.order, () => h('a', { class: 'row' }, h('span', {}), h('span', { class: 'name' }, h('b', {}), h('small', {})), h('span', { class: 'left' }),
        h('span', { class: 'second' }), h('span', { class: 'second dep' })), (row, item) => {
        const [mark, name, left, where, dep] = row.children;
        const due = item.deadline_at_ms;
        const red = due ? due < now : item.light === 'red';
        const yellow = !red && item.light === 'yellow';
        setSign(mark, red ? 'light-red' : yellow ? 'light-yellow' : 'light-green');
        text(name.children[0], item.title || item.order);
        text(name.children[1], w('status.' + item.status));
        text(left, due ? g.format.left(due, now, g.lists.unsure(item)) : w('cases.no_limit'));
        toggle(left, 'bad', red);
        toggle(left, 'warn', yellow);
        text(where, item.place || '');
        text(dep, item.department_name || w('cases.nobody'));
        attribute(row, 'href', g.links.order(item.order));
        changed(row, [item.light, item.status, due, item.department_name]);
      });
      text(made.more, queue.open ? w('all_n', { n: g.format.int(queue.open) }) : w('cases.none_open'));
      toggle(made.more, 'empty', !queue.open);
      g.proof.mark(made.more, { figure: 'open', num: queue.open, filters: queue.filters, asOf: figures.as_of_ms });
    },
  });
})();
