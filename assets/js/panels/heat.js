// 类别热度: how many were reported per region below and category, as a table whose ground says where most is. A row is gone into by
// its name; each number opens its orders.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, attribute, unit } = g.kit;
  const { marked } = g.table;
  const STEPS = 5;
  const ROW_U = 36;
  const NAME_U = { zh: 110, en: 164 };
  const CELL_U = { zh: 84, en: 96 };
  const SUM_U = 76;
  const HEADS_U = { zh: 52, en: 74 };

  const stepOf = (n, most) => (n ? Math.min(STEPS, 1 + Math.floor((n / most) * STEPS * 0.999)) : 0);
  function nameOf(row) {
    if (row.code === '') return g.words('outside');
    return row.code === g.shell.region() ? g.words('unassigned') : g.shell.shortName(row.code, row.name);
  }

  g.panels.define('heat', {
    draw(body, figures, panel) {
      const w = g.words;
      const { heat } = figures;
      if (!heat) return;
      const lang = g.format.english() ? 'en' : 'zh';
      const made = g.table.frame(body, () => [h('span', {}), h('span', { class: 'cats' }), w('cases.sum')]);
      const asOf = heat.as_of_ms;
      const base = { window: g.shell.windowText(), basis: 'report', asOf, figure: 'reported', quiet: true };
      const label = panel.querySelector('.panel-base');
      text(label, w('reported_in', { period: g.shell.windowText(), n: g.format.int(heat.total) }));
      g.proof.mark(label, { ...base, num: heat.total, filters: heat.filters });
      const columns = Math.max(1, Math.min(heat.categories.length, Math.floor((body.clientWidth / unit() - NAME_U[lang] - SUM_U) / CELL_U[lang])));
      const categories = heat.categories.slice(0, columns);
      body.style.setProperty('--cats', columns);
      body.style.setProperty('--name-u', NAME_U[lang]);
      body.style.setProperty('--heads-u', HEADS_U[lang]);
      text(made.heads.children[0], g.shell.childLevelName());
      keyed(made.heads.children[1], categories, (category) => category.key, () => h('span', {}), (cell, category) => {
        const name = g.shell.named('category', category.key) || category.name || w('unknown');
        text(cell, name);
        attribute(cell, 'title', name);
      }, true);
      const shown = g.table.fit(body, made, heat.rows, ROW_U, HEADS_U[lang] - 28);
      const most = Math.max(1, ...shown.flatMap((row) => row.cells.slice(0, columns)));
      keyed(made.rows, shown, (row) => row.code, () => h('div', { class: 'row' }, h('a', { class: 'name' }), h('span', { class: 'cats' }), h('a', { class: 'figure' })), (line, row) => {
        const [name, cells, sum] = line.children;
        text(name, nameOf(row));
        attribute(name, 'href', row.code && row.code !== g.shell.region() ? g.links.wall({ region: row.code }) : null);
        keyed(cells, categories.map((category, i) => [category.key, row.cells[i]]), ([key]) => key, () => h('a', {}), (cell, [key, n]) => {
          text(cell, n ? g.format.int(n) : '·');
          attribute(cell, 'data-step', stepOf(n, most));
          marked(cell, { ...base, num: n, filters: { ...row.filters, category: key || '-' } });
        }, true);
        text(sum, g.format.int(row.n));
        marked(sum, { ...base, num: row.n, filters: row.filters, quiet: false });
      });
      const all = heat.rows.length + heat.more_rows;
      g.table.rest(made, heat.rows, shown.length, w('empty.orders'));
      const hidden = [[all - shown.length, 'cases.more_rows'], [heat.categories.length + heat.more_categories - columns, 'cases.more_cats']];
      if (heat.rows.length) text(made.more, hidden.filter(([n]) => n > 0).map(([n, key]) => w(key, { n })).join(' · '));
      made.more.hidden = made.more.textContent === '';
    },
  });
})();
