// 事项闭环: the six stages of the loop as a table, open orders by light (red first), longest stay.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar } = g.kit;

  const LIGHTS = [['fill-bad', 'red', 'overdue'], ['fill-warn', 'yellow', 'due_soon'], ['fill-ok', 'green', 'in_limit']];

  g.panels.define('loop', {
    draw(body, figures) {
      const w = g.words;
      const made = g.panels.once(body, () => {
        const heads = h('div', { class: 'col-heads' }, h('span', {}, w('stage')), h('span', {}), h('span', {}), h('span', { class: 'num' }, w('longest_stay')));
        const rows = h('div', { class: 'rows' });
        body.append(heads, rows);
        return { heads, rows };
      });
      const stages = figures.stages || [];
      const total = stages.reduce((sum, stage) => sum + stage.open, 0);
      const asOf = figures.as_of_ms;
      const { region } = (stages[0] || {}).filters || {};
      text(made.heads.children[1], w('open_n', { n: g.format.int(total) }));
      g.proof.mark(made.heads.children[1], { figure: 'open', num: total, filters: { region }, asOf });
      const most = Math.max(1, ...stages.map((stage) => stage.open));
      keyed(made.rows, stages, (stage) => stage.stage, () => h('a', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'bar' }),
        h('span', { class: 'figure' }), h('span', { class: 'small' })), (row, stage) => {
        const [name, bar, figure, longest] = row.children;
        text(name, w('stage.' + stage.stage));
        setBar(bar, LIGHTS.map(([fill, colour, count]) => ({ class: fill, n: stage[colour],
          proof: { figure: count, num: stage[colour], filters: { region, stage: stage.stage }, asOf, quiet: true } })), most);
        digits(figure, g.format.int(stage.open), g.shell.jumping);
        text(longest, stage.open && stage.longest_s !== null && stage.longest_s !== undefined ? g.format.duration(stage.longest_s) : '—');
        g.kit.changed(row, stage.open);
        g.proof.mark(row, { figure: 'stage_' + stage.stage, num: stage.open, filters: stage.filters, asOf });
      });
    },
  });
})();
