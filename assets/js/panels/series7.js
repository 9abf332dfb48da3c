// 七序列: how many came to each of the seven steps of an order's way per day, as small multiples with one time axis and one scale;
// the figure at the line's end is today.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, lineSvg, setLine, rowsThatFit } = g.kit;
  const ROW_U = 36;
  const SPAN_U = 26;

  g.panels.define('series7', {
    draw(body, figures, panel) {
      const w = g.words;
      const told = figures.series7;
      if (!told) return;
      const made = g.panels.once(body, () => {
        const rows = h('div', { class: 'rows' });
        const span = h('div', { class: 'span' }, h('span', {}), h('span', {}));
        body.append(rows, span);
        return { rows, span };
      });
      const { days } = told;
      const last = days[days.length - 1];
      const top = Math.max(1, ...told.series.flatMap((series) => series.values));
      g.table.base(panel, w('cases.series_base', { n: days.length, top: g.format.int(top) }));
      const window = { from: last, to: last };
      keyed(made.rows, told.series.slice(0, rowsThatFit(body, ROW_U, SPAN_U)), (series) => series.key, (series) => h('a', { class: 'series' }, h('span', { class: 'name' }),
        lineSvg(`c-s${told.series.indexOf(series) + 1}`, 320, 64), h('span', { class: 'figure' })), (row, { key, basis, values }) => {
        text(row.children[0], w('cases.series.' + key));
        setLine(row, values, 320, 64, 0, top);
        digits(row.children[2], g.format.int(values[values.length - 1]), g.shell.jumping);
        g.proof.mark(row, { figure: key, num: values[values.length - 1], filters: { region: told.region, basis, ...window }, window: last, basis, asOf: told.as_of_ms });
        row.setAttribute('aria-label', `${w('cases.series.' + key)} ${values.join(' ')}`);
      });
      text(made.span.children[0], days[0].slice(5));
      text(made.span.children[1], last.slice(5));
    },
  });
})();
