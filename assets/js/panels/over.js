// 超期与临期: what somebody must act on now, worst first.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, setSign, attribute, rowsThatFit } = g.kit;

  g.panels.define('over', {
    draw(body, figures) {
      const w = g.words;
      const made = g.panels.once(body, () => {
        const rows = h('div', { class: 'rows' });
        const more = h('a', { class: 'more' });
        body.append(rows, more);
        return { rows, more };
      });
      const all = figures.urgent || [];
      const room = rowsThatFit(body, 68, all.length * 68 * g.kit.unit() > body.clientHeight ? 30 : 0);
      const shown = all.slice(0, room);
      const now = g.shell.now();
      keyed(made.rows, shown, (item) => item.order, () => h('a', { class: 'row' }, h('span', {}), h('span', { class: 'name' }), h('span', { class: 'left' }),
        h('span', { class: 'second' }), h('span', { class: 'second dep' })), (row, item) => {
        // The sign lives in a slot of its own: the first child.
        const [mark, name, left, place, dep] = row.children;
        const red = item.deadline_at_ms !== null && item.deadline_at_ms !== undefined ? item.deadline_at_ms < now : item.light === 'red';
        setSign(mark, red ? 'light-red' : 'light-yellow');
        text(name, item.title || item.category || item.order);
        text(left, item.deadline_at_ms ? g.format.left(item.deadline_at_ms, now, g.lists.unsure(item)) : w('overdue'));
        toggle(left, 'bad', red);
        toggle(left, 'warn', !red);
        text(place, item.place || '');
        text(dep, item.department_name || '');
        attribute(row, 'href', g.links.order(item.order));
        g.kit.changed(row, [item.light, item.status, item.deadline_at_ms]);
      });
      const total = figures.urgent_total === undefined ? all.length : figures.urgent_total;
      const rest = total - shown.length;
      if (!all.length) text(made.more, w('empty.over'));
      else text(made.more, rest > 0 ? w('all_n', { n: g.format.int(total) }) : '');
      toggle(made.more, 'empty', !all.length);
      if (rest > 0) g.proof.mark(made.more, { figure: 'urgent', num: total, filters: figures.urgent_filters, asOf: figures.as_of_ms });
      else g.proof.unmark(made.more);
    },
  });
})();
