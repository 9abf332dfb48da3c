// 事项闭环: the six stages of the loop as a table, open orders by light (red first), longest stay.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar, attribute } = g.kit;

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
      text(made.heads.children[1], w('open_n', { n: g.format.int(total) }));
      const most = Math.max(1, ...stages.map((stage) => stage.open));
      keyed(made.rows, stages, (stage) => stage.stage, () => h('a', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'bar' }),
        h('span', { class: 'figure' }), h('span', { class: 'small' })), (row, stage) => {
        const [name, bar, figure, longest] = row.children;
        text(name, w('stage.' + stage.stage));
        setBar(bar, [{ class: 'fill-bad', n: stage.red || 0 }, { class: 'fill-warn', n: stage.yellow || 0 },
          { class: 'fill-ok', n: stage.open - (stage.red || 0) - (stage.yellow || 0) }], most);
        digits(figure, g.format.int(stage.open), g.shell.jumping);
        text(longest, stage.open && stage.longest_s !== null && stage.longest_s !== undefined ? g.format.duration(stage.longest_s) : '—');
        attribute(row, 'href', g.links.orders(stage.filters || { figure: 'stage_' + stage.stage }));
        g.kit.changed(row, stage.open);
        g.kit.define(row, 'stage_' + stage.stage, { num: stage.open, 'as-of': figures.as_of_ms });
      });
    },
  });
})();
