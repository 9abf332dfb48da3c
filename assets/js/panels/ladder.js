// 督办阶梯: what is open and overdue, urged, has a yellow, has a red card; under it the newest cards of the month.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setSign, attribute, toggle, changed } = g.kit;
  const NEWEST = { s1: 2, s2: 3, s3: 5, s4: 5, s5: 6 };

  g.panels.define('ladder', {
    draw(body, figures, panel) {
      const w = g.words;
      const { ladder } = figures;
      if (!ladder) return;
      g.table.base(panel, ladder.closed && ladder.newest.length ? g.table.monthOf(ladder) : '');
      const made = g.panels.once(body, () => {
        const steps = h('div', { class: 'rungs' });
        const rows = h('div', { class: 'rows' });
        body.append(steps, rows);
        return { steps, rows };
      });
      keyed(made.steps, ladder.steps, (step) => step.key, (step) => h('a', { class: `rung rung-${step.key}` }, h('span', { class: 'label' }), h('b', {})), (cell, step) => {
        text(cell.children[0], w('supervise.step.' + step.key));
        digits(cell.children[1], g.format.int(step.n), g.shell.jumping);
        toggle(cell, 'zero', !step.n);
        const { figure, ...filters } = step.filters;
        g.proof.mark(cell, { figure, num: step.n, filters, asOf: figures.as_of_ms });
      }, true);
      const shown = ladder.newest.slice(0, NEWEST[document.documentElement.dataset.step] || 3);
      keyed(made.rows, shown, (item) => `${item.order}|${item.at_ms}|${item.colour}`, () => h('a', { class: 'row' }, h('time', {}), h('span', { class: 'mark' }), h('span', { class: 'name' }), h('span', { class: 'small' })), (row, item) => {
        const [at, mark, name, unit] = row.children;
        text(at, g.format.moment(item.at_ms));
        setSign(mark, `card-${item.colour}`);
        text(name, [item.title || item.order, item.region_name].filter(Boolean).join(' · '));
        text(unit, item.department_name || w('cases.nobody'));
        toggle(unit, 'warn', !item.answered);
        attribute(row, 'href', g.links.order(item.order));
        changed(row, null);
      });
    },
  });
})();
