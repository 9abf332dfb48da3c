// 近 N 日: per day of report, how many were reported, are closed, are overdue, as small multiples with one time axis; the figure at the line's end is the newest day.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, lineSvg, setLine } = g.kit;
  const SERIES = [['reported', 'c-s1'], ['closed', 'c-s2'], ['overdue', 'c-bad']];

  g.panels.define('trend', {
    draw(body, figures, panel) {
      const w = g.words;
      const made = g.panels.once(body, () => {
        const rows = h('div', { class: 'rows' });
        const span = h('div', { class: 'span' }, h('span', {}), h('span', {}));
        body.append(rows, span);
        return { rows, span };
      });
      const days = figures.trend || [];
      text(panel.querySelector('.panel-title'), w('last_days', { n: days.length || 30 }));
      text(panel.querySelector('.panel-base'), w('trend.base'));
      const present = SERIES.filter(([key]) => days.some((day) => day[key] !== undefined && day[key] !== null));
      keyed(made.rows, present, ([key]) => key, ([key, colour]) => h('a', { class: 'series' }, h('span', { class: 'name' }),
        lineSvg(colour, 320, 64), h('span', { class: `figure ${colour}` }), h('span', { 'data-key': key, hidden: true })), (row, [key]) => {
        const values = days.map((day) => day[key]);
        text(row.children[0], w('series.' + key));
        setLine(row, values, 320, 64);
        digits(row.children[2], g.format.int(values[values.length - 1] || 0), g.shell.jumping);
        const last = days[days.length - 1];
        if (last) {
          g.proof.mark(row, { figure: key, num: last[key] || 0, filters: { region: figures.region.code, from: last.day, to: last.day },
            window: last.day, basis: 'report', asOf: figures.as_of_ms });
        }
        row.setAttribute('aria-label', `${w('series.' + key)} ${values.filter((v) => v !== null && v !== undefined).join(' ')}`);
      });
      text(made.span.children[0], days.length ? days[0].day.slice(5) : w('empty.trend'));
      text(made.span.children[1], days.length ? days[days.length - 1].day.slice(5) : '');
    },
  });
})();
