// 热线: calls against the standard as they were told, the hotline's orders and rates, what people say at call-backs, the score.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, toggle, changed } = g.kit;
  const { int } = g.format;
  const CALLS = ['connection_rate', 'answered_in_15s_rate', 'media_in_3min_rate'];
  const RATES = ['hotline_completion_rate', 'hotline_on_time_rate', 'hotline_response_rate', 'hotline_solution_rate', 'hotline_satisfaction_rate'];
  const COUNTS = ['hotline_orders', 'hotline_called_back'];

  // {key, name, shown, note, low, mark(element)} of everything that there is, the most telling first.
  function lines(hotline) {
    const w = g.words;
    const { told, figures, composite, load } = hotline;
    const asOf = hotline.as_of_ms;
    const base = { window: g.shell.windowText(), basis: 'report', asOf, filters: hotline.filters };
    const found = [];
    if (composite && composite.value !== null) found.push({ key: 'score', name: composite.name, shown: composite.shown, note: composite.grade, mark: (element) => g.proof.explain(element, 'hotline_score', { asOf }) });
    for (const key of CALLS) {
      const rate = told && told.rates[key];
      if (!rate || rate.value === null) continue;
      const note = rate.standard === null ? `${int(rate.numerator)} / ${int(rate.denominator)}` : w(rate.meets ? 'hotline.standard' : 'supervise.below_standard', { n: rate.standard });
      found.push({ key, name: rate.word, shown: rate.shown, note, low: rate.meets === false, mark: (element) => g.proof.explain(element, 'told_rate', { num: rate.numerator, den: rate.denominator, window: base.window, asOf }) });
    }
    for (const key of [...COUNTS.slice(0, 1), ...RATES, ...COUNTS.slice(1)]) {
      const figure = figures[key];
      if (!figure) continue;
      const rate = figure.denominator !== null;
      found.push({ key, name: w('figure.' + key), shown: figure.shown, note: rate && figure.denominator ? `${int(figure.numerator)} / ${int(figure.denominator)}` : '',
        mark: (element) => g.proof.mark(element, { ...base, figure: key, num: figure.numerator, den: rate ? figure.denominator : undefined, weights: figure.weights }) });
    }
    if (load && load.total !== null) found.splice(1, 0, { key: 'load', name: w('hotline.load'), shown: int(load.total), note: '', mark: (element) => g.proof.explain(element, 'hotline_load', { num: load.total, window: base.window, asOf }) });
    return found;
  }

  g.panels.define('hotline', {
    draw(body, figures, panel) {
      const { hotline } = figures;
      if (!hotline) return;
      const made = g.table.frame(body, () => []);
      g.table.base(panel, g.shell.windowText());
      const all = lines(hotline);
      const shown = g.table.fit(body, made, all, 38);
      keyed(made.rows, shown, (line) => line.key, () => h('a', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'figure' }), h('span', { class: 'small' })), (row, line) => {
        text(row.children[0], line.name);
        text(row.children[1], line.shown.replace(' %', '%'));
        text(row.children[2], line.note);
        toggle(row.children[2], 'warn', Boolean(line.low));
        changed(row, line.shown);
        line.mark(row);
      });
      g.table.rest(made, all, shown.length, g.words('supervise.no_hotline'));
    },
  });
})();
