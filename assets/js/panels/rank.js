// 区域排名 and 部门排名: on-time closure of what was reported in the period, as dot plots on one cut axis; both lists step by whole rows.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, toggle, attribute, changed } = g.kit;
  const { axisOf, axisHead, axisCell, dotline, dotRow, exact } = g.dotplot;
  const ROW_U = 40;
  // Where names have to break: into two lines, in the narrowest columns English ones into three.
  function namesU() {
    const narrow = document.documentElement.dataset.step === 's1';
    if (g.format.english()) return narrow ? 78 : 54;
    return narrow ? 54 : ROW_U;
  }

  const told = (figures, row) => ({ window: g.shell.windowText(), basis: 'report', asOf: figures.as_of_ms, filters: row.filters });
  function rateOf(element, figures, row, more) {
    text(element, g.format.percent(row.num, row.den));
    g.proof.mark(element, { ...told(figures, row), figure: 'on_time_closure_rate', num: row.num, den: row.den, open: row.open, ...more });
  }
  function overdueOf(element, figures, row) {
    text(element, row.overdue ? `■ ${g.format.int(row.overdue)}` : '—');
    toggle(element, 'bad', row.overdue > 0);
    g.proof.mark(element, { ...told(figures, row), figure: 'overdue', num: row.overdue });
  }
  // Which of the rows are to be seen now, under the list.
  const where = (made) => ({ first, shown, all }) => text(made.more, shown < all ? g.words('cases.shown', { a: first + 1, b: first + shown, n: all }) : '');

  g.panels.define('rank', {
    draw(body, figures, panel) {
      const w = g.words;
      const { rank } = figures;
      if (!rank) return;
      const made = g.table.frame(body, () => [h('span', {}), h('span', {}), axisCell(), '%', w('overdue_short')]);
      const closure = figures.closure || { on_time: { num: 0, den: 0 } };
      const { num, den } = closure.on_time;
      const mean = den ? (num / den) * 100 : null;
      const rates = rank.rows.map(exact).filter((value) => value !== null);
      const axis = axisOf(mean === null ? rates : rates.concat(mean));
      g.table.base(panel, g.shell.windowText());
      text(made.heads.children[1], g.shell.childLevelName());
      axisHead(axis, made.heads, mean, w('mean_at', { p: g.format.percent(num, den) }));
      if (den) g.proof.mark(made.heads.querySelector('.at'), { ...told(figures, closure), figure: 'on_time_closure_rate', num, den, quiet: true });
      keyed(made.rows, rank.rows, (row) => row.code, () => h('div', { class: 'row' }, h('span', { class: 'place' }), h('a', { class: 'name' }), dotline(), h('a', { class: 'value' }), h('a', { class: 'small' })), (row, item) => {
        const [place, name, , value, late] = row.children;
        text(place, item.place === null ? '—' : item.place);
        attribute(place, 'title', item.place === null ? w('supervise.not_ranked', { n: rank.min_base }) : null);
        text(name, g.shell.shortName(item.code, item.name));
        attribute(name, 'href', g.links.wall({ region: item.code }));
        dotRow(row, item, axis, mean);
        rateOf(value, figures, item);
        overdueOf(late, figures, item);
        changed(row, [item.num, item.den, item.overdue]);
      });
      made.heads.hidden = !rank.rows.length;
      made.more.hidden = false;
      if (rank.rows.length) g.scroll.lines(made.rows, { rowU: ROW_U, everyS: 3, onShown: where(made) }); else text(made.more, w('no_children'));
    },
  });

  g.panels.define('depts', {
    draw(body, figures, panel) {
      const w = g.words;
      const { depts } = figures;
      if (!depts) return;
      const made = g.table.frame(body, () => [h('span', {}, w('department')), axisCell(), '%', w('overdue_short'), h('span', { class: 'num' }, w('supervise.month_cards'))]);
      const axis = axisOf(depts.rows.map(exact).filter((value) => value !== null));
      g.table.base(panel, g.shell.windowText());
      axisHead(axis, made.heads, null);
      keyed(made.rows, depts.rows, (row) => row.key, () => h('div', { class: 'row' }, h('span', { class: 'name' }), dotline(), h('a', { class: 'value' }), h('a', { class: 'small' }),
        h('span', { class: 'given' }, g.cards.cell('yellow'), g.cards.cell('red'))), (row, item) => {
        const [name, , value, late, given] = row.children;
        text(name, g.cards.nameOf(item));
        dotRow(row, item, axis, null);
        rateOf(value, figures, item);
        overdueOf(late, figures, item);
        ['yellow', 'red'].forEach((kind, i) => g.cards.show(given.children[i], kind, item.cards[kind], { asOf: depts.cards_as_of_ms, month: depts.month, department: item.key }));
        changed(row, [item.num, item.den, item.overdue, item.cards]);
      });
      made.heads.hidden = !depts.rows.length;
      made.more.hidden = false;
      if (depts.rows.length) g.scroll.lines(made.rows, { rowU: namesU(), everyS: 3, onShown: where(made) }); else text(made.more, w('empty.dept'));
    },
  });
})();
