// 回退返工: of what was reported in the period, how many were sent back, done again, passed on, suspended, extended; how many of
// these are still open.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, setBar, changed } = g.kit;

  g.panels.define('returns', {
    draw(body, figures, panel) {
      const w = g.words;
      const { returns } = figures;
      if (!returns) return;
      const made = g.table.frame(body, () => [h('span', {}), h('span', {}), w('cases.times'), w('cases.still_open')]);
      const base = { window: g.shell.windowText(), basis: 'report', asOf: returns.as_of_ms, filters: returns.filters };
      const label = panel.querySelector('.panel-base');
      const { num, den } = returns.rework_rate;
      text(label, w('cases.rework_rate', { p: den ? `${g.format.percent(num, den)}%` : '—' }));
      g.proof.mark(label, { ...base, figure: 'rework_rate', num, den });
      const most = Math.max(1, ...returns.rows.map((row) => row.n));
      keyed(made.rows, returns.rows, (item) => item.key, () => h('div', { class: 'row' }, h('span', { class: 'name' }), h('span', { class: 'bar' }), h('a', { class: 'figure' }), h('a', { class: 'small' })), (row, item) => {
        const [name, bar, figure, open] = row.children;
        text(name, w('cases.trouble.' + item.key));
        setBar(bar, [{ class: 'fill-series', n: item.n }], most);
        digits(figure, g.format.int(item.n), g.shell.jumping);
        g.proof.mark(figure, { ...base, figure: item.key, num: item.n, of: returns.reported || undefined });
        text(open, item.open ? g.format.int(item.open) : '—');
        g.proof.mark(open, { ...base, figure: item.key, num: item.open, filters: { ...returns.filters, open: 1 } });
        changed(row, [item.n, item.open]);
      });
      made.more.hidden = true;
    },
  });
})();
