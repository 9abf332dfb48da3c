// 本月六项: figures of what was reported this month, with 环比 and 同比: the same days of the month before and of the year before, as
// they stood then; each opens what it is compared with.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, changed } = g.kit;
  const KINDS = ['previous', 'year'];

  // +12.30% of a count, −1.25 点 of a rate; "—" without a base. Half up, away from zero, from the four decimals that the server tells.
  function change(row, told) {
    const number = told && (row.den === null ? told.change : told.points);
    if (number === null || number === undefined) return '—';
    const hundredths = Math.round(Math.abs(Number(number)) * 100 + 1e-6);
    const sign = !hundredths ? '±' : Number(number) > 0 ? '+' : '−';
    return g.words(row.den === null ? 'supervise.change' : 'supervise.points', { n: sign + (hundredths / 100).toFixed(2) });
  }
  const shownOf = (row) => (row.den === null ? g.format.int(row.num) : g.format.percent(row.num, row.den));

  g.panels.define('month', {
    draw(body, figures, panel) {
      const w = g.words;
      const { month } = figures;
      if (!month) return;
      const made = g.table.frame(body, () => [h('span', {}), w('supervise.this_month'), h('span', { class: 'num previous' }, w('supervise.previous')), h('span', { class: 'num year' }, w('supervise.year'))]);
      g.table.base(panel, g.table.monthOf(month));
      text(made.heads.children[1], month.closed ? w('month.' + Number(month.month.slice(5))) : w('supervise.this_month'));
      const asOf = month.as_of_ms;
      const shown = g.table.fit(body, made, month.rows, 40);
      keyed(made.rows, shown, (row) => row.key, () => h('div', { class: 'row' }, h('span', { class: 'name' }), h('a', { class: 'figure' }, h('span', {}), h('small', {})), ...KINDS.map((kind) => h('a', { class: `small ${kind}` }))), (line, row) => {
        const [name, figure, ...bases] = line.children;
        const den = row.den === null ? undefined : row.den;
        text(name, w('figure.' + row.key));
        text(figure.children[0], shownOf(row));
        text(figure.children[1], row.den ? '%' : '');
        g.proof.mark(figure, { figure: row.key, num: row.num, den, filters: month.filters, window: month.month, basis: 'report', asOf });
        KINDS.forEach((kind, i) => {
          const told = row.compare[kind];
          text(bases[i], change(row, told));
          if (!told) { g.proof.unmark(bases[i]); return; }
          const window = `${g.format.day(+told.filters.from)} – ${g.format.day(+told.filters.to - 1)}`;
          g.proof.mark(bases[i], { figure: row.key, num: told.numerator, den: told.denominator === null ? undefined : told.denominator, filters: told.filters, window, basis: 'report', asOf: +told.filters.as_of, quiet: true });
        });
        changed(line, [row.num, row.den]);
      });
      g.table.rest(made, month.rows, shown.length, '');
    },
  });
})();
