// 阶段时效: what is open in each stage by light, and how long the orders that left it in the period took: median, ninth tenth, and
// how many kept the limit. Narrow columns show fewer of these.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar, toggle } = g.kit;
  const { frame, base, worked } = g.table;
  const LIGHTS = [['fill-bad', 'red', 'overdue'], ['fill-warn', 'yellow', 'due_soon'], ['fill-ok', 'green', 'in_limit']];
  const ALWAYS = new Set(['accept', 'register', 'dispatch', 'handle', 'check', 'total']);

  function took(row, stage, asOf) {
    const [median, p90, rate] = [row.children[3], row.children[4], row.children[5]];
    const of = stage.took;
    for (const [cell, value] of [[median, of && of.median_s], [p90, of && of.p90_s]]) {
      text(cell, worked(value));
      g.proof.explain(cell, cell === median ? 'stage_median' : 'stage_p90', { num: of ? of.n : 0, window: g.shell.windowText(), asOf });
    }
    text(rate, of && of.den ? g.format.percent(of.num, of.den) : '—');
    if (of) g.proof.mark(rate, { figure: of.figure, num: of.num, den: of.den, filters: of.filters, window: g.shell.windowText(), asOf, quiet: true });
    else g.proof.unmark(rate);
  }

  g.panels.define('stage', {
    draw(body, figures, panel) {
      const w = g.words;
      const told = figures.stage;
      if (!told) return;
      const made = frame(body, () => [w('stage'), h('span', {}), h('span', { class: 'num median' }, w('cases.median')), h('span', { class: 'num p90' }, w('cases.p90')),
        h('span', { class: 'num kept' }, w('cases.kept')), h('span', { class: 'num longest' }, w('longest_stay'))]);
      base(panel, w('cases.stage_base', { period: g.shell.windowText() }));
      const asOf = figures.as_of_ms;
      const total = told.rows[told.rows.length - 1];
      const open = made.heads.children[1];
      text(open, w('open_n', { n: g.format.int(total.open) }));
      g.proof.mark(open, { figure: 'open', num: total.open, filters: total.filters, asOf });
      const shown = told.rows.filter((stage) => stage.open || ALWAYS.has(stage.stage));
      const most = Math.max(1, ...shown.filter((stage) => stage !== total).map((stage) => stage.open));
      keyed(made.rows, shown, (stage) => stage.stage, () => h('div', { class: 'row' }, h('a', { class: 'name' }), h('span', { class: 'bar' }), h('a', { class: 'figure' }),
        h('span', { class: 'small median' }), h('span', { class: 'small p90' }), h('span', { class: 'small kept' }), h('span', { class: 'small longest' })), (row, stage) => {
        const [name, bar, figure, , , , longest] = row.children;
        toggle(row, 'whole', stage === total);
        text(name, w('cases.stage.' + stage.stage));
        const own = { figure: 'open', num: stage.open, filters: stage.filters, asOf };
        g.proof.mark(name, { ...own, quiet: true });
        setBar(bar, stage === total ? [] : LIGHTS.map(([fill, colour, count]) => ({ class: fill, n: stage[colour],
          proof: { ...own, figure: count, num: stage[colour], quiet: true } })), most);
        digits(figure, g.format.int(stage.open), g.shell.jumping);
        g.proof.mark(figure, own);
        took(row, stage, told.times_as_of_ms);
        text(longest, stage.open ? g.format.duration(stage.longest_s) : '—');
        g.proof.explain(longest, 'stage_longest', { num: stage.open, asOf });
        g.kit.changed(row, stage.open);
      });
      made.more.hidden = true;
    },
  });
})();
