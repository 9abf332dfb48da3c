// 群众满意: the rate large, and what the people said who were called back.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar, changed } = g.kit;
  const FILL = { very_satisfied: 'fill-ok', plainly_satisfied: 'fill-ok', roughly_satisfied: 'fill-series', unsatisfied: 'fill-warn' };

  g.panels.define('sat', {
    draw(body, figures, panel) {
      const w = g.words;
      const { sat } = figures;
      if (!sat) return;
      const made = g.panels.once(body, () => {
        const value = h('a', { class: 'hero-value' }, h('span', { class: 'n' }), h('span', { class: 'unit' }, '%'));
        const called = h('a', {});
        const rows = h('div', { class: 'rows' });
        body.append(h('div', { class: 'hero' }, value, h('span', { class: 'hero-note' }, called)), rows);
        return { value, called, rows };
      });
      g.table.base(panel, g.shell.windowText());
      const base = { window: g.shell.windowText(), basis: 'report', asOf: sat.as_of_ms, filters: sat.filters };
      const { num, den } = sat.rate;
      digits(made.value.children[0], g.format.percent(num, den), g.shell.jumping);
      made.value.children[1].hidden = !den;
      g.proof.mark(made.value, { ...base, figure: 'satisfaction_rate', num, den });
      text(made.called, den ? w('cases.called_back', { n: g.format.int(den) }) : w('cases.none_called'));
      g.proof.mark(made.called, { ...base, figure: 'called_back', num: den });
      const most = Math.max(1, ...sat.answers.map((row) => row.n));
      keyed(made.rows, sat.answers, (item) => item.key, () => h('a', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'bar' }), h('span', { class: 'figure' }), h('span', { class: 'small' })), (row, item) => {
        text(row.children[0], w('cases.said.' + item.key));
        setBar(row.children[1], [{ class: FILL[item.key], n: item.n }], most);
        digits(row.children[2], g.format.int(item.n), g.shell.jumping);
        text(row.children[3], den ? `${g.format.percent(item.n, den)}%` : '—');
        changed(row, item.n);
        g.proof.mark(row, { ...base, figure: item.key, num: item.n, of: den || undefined });
      });
    },
  });
})();
