// 黄牌红牌: the cards of this month that stand, by department, most red first; each number opens them on the page of cards.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, toggle, changed } = g.kit;
  const { listed } = g.table;
  const KINDS = ['yellow', 'red', 'unanswered'];

  // The page that lists exactly these cards.
  const pageOf = (month, more) => g.shell.address('/cards', { month, region: g.shell.region() === g.config.root ? null : g.shell.region(), ...more });
  const cell = (kind) => h('a', { class: kind === 'unanswered' ? 'small' : `card card-${kind}` });
  function show(element, kind, n, { asOf, month, department }) {
    text(element, n ? g.format.int(n) : '—');
    toggle(element, 'zero', !n);
    listed(element, `cards_${kind}`, { num: n, window: month, asOf }, pageOf(month, { kind, department }));
  }
  const nameOf = (row) => (row.key ? g.shell.named('department', row.key) || row.name || row.key : g.words('cases.nobody'));

  g.panels.define('cards', {
    draw(body, figures, panel) {
      const w = g.words;
      const { cards } = figures;
      if (!cards) return;
      const sum = (kind) => h('span', { class: 'num' }, h('span', {}, w('supervise.kind.' + kind)), cell(kind));
      const made = g.table.frame(body, () => [h('span', {}, w('department')), ...KINDS.map(sum)]);
      const told = { asOf: cards.as_of_ms, month: cards.month };
      g.table.base(panel, cards.closed ? g.table.monthOf(cards) : w('supervise.base', { t: cards.month }));
      KINDS.forEach((kind, i) => show(made.heads.children[i + 1].children[1], kind, cards.total[kind], told));
      const shown = g.table.fit(body, made, cards.departments, 50, 32);
      keyed(made.rows, shown, (row) => row.key, () => h('div', { class: 'row' }, h('span', { class: 'name' }), ...KINDS.map(cell)), (row, item) => {
        text(row.children[0], nameOf(item));
        KINDS.forEach((kind, i) => show(row.children[i + 1], kind, item[kind], { ...told, department: item.key || '-' }));
        changed(row, KINDS.map((kind) => item[kind]));
      });
      g.table.rest(made, cards.departments, shown.length, w('supervise.none'));
    },
  });

  g.cards = { KINDS, cell, show, pageOf, nameOf };
})();
