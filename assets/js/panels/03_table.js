// What panels that are tables share: heads, rows and a foot line made once, the line that says how many rows are not shown, the
// window of time under the title, hours of working time, and numbers that have a page of their own.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, text, toggle, attribute } = g.kit;

  // headsOf() → elements or texts, one a column; a text's column is right-aligned unless it is the first.
  function frame(body, headsOf) {
    return g.panels.once(body, () => {
      const heads = headsOf();
      const head = h('div', { class: 'col-heads' }, heads.map((one, i) => (one instanceof Element ? one : h('span', { class: i ? 'num' : null }, one))));
      const rows = h('div', { class: 'rows' });
      const more = h('div', { class: 'more' });
      body.append(...(heads.length ? [head] : []), rows, more);
      return { heads: head, rows, more };
    });
  }

  // How many of these rows fit under the heads; a line is kept for what does not, and only then.
  const HEADS_U = 28;
  const MORE_U = 30;
  function fit(body, made, all, rowU, aboveU = 0) {
    const headsU = (made.heads.isConnected && !made.heads.hidden ? HEADS_U : 0) + aboveU;
    const room = g.kit.rowsThatFit(body, rowU, headsU);
    return all.length <= room ? all : all.slice(0, g.kit.rowsThatFit(body, rowU, headsU + MORE_U));
  }
  // The foot: what is empty, or how many there are besides.
  function rest(made, all, shown, empty) {
    text(made.more, all.length ? (all.length > shown ? g.words('more_n', { n: all.length - shown }) : '') : empty);
    toggle(made.more, 'empty', !all.length);
    made.more.hidden = made.more.textContent === '';
    made.rows.hidden = !all.length;
    if (made.heads.isConnected) made.heads.hidden = !all.length;
  }
  const base = (panel, words) => text(panel.querySelector('.panel-base'), words);

  // The month that a panel of the month shows: 2026-12, or "11月 · 本月数据不足" while that of the last month stands in its place.
  function monthOf({ month, closed }) {
    return closed ? g.words('supervise.closed_month', { m: g.words('month.' + Number(month.slice(5))) }) : month;
  }

  // <1 分 · 38 分 · 5.7 时: working time has no days of 24 hours.
  function worked(seconds) {
    if (seconds === null || seconds === undefined) return '—';
    if (seconds < 60) return g.words('cases.under_minute');
    return seconds < 3600 ? g.words('dur.m', { m: Math.round(seconds / 60) }) : g.words('cases.hours', { n: (seconds / 3600).toFixed(1) });
  }

  // A number that a page lists which is not the list of orders: what it means on hover, and the way there.
  function listed(element, key, values, href) {
    g.proof.explain(element, key, values);
    attribute(element, 'href', href);
  }

  // A number whose facts have not changed keeps its proof, which stays true: its orders are those of the moment it names.
  const AGED_MS = 600000;
  function marked(element, proof) {
    const facts = JSON.stringify([proof.figure, proof.num, proof.den, proof.filters]);
    if (element.provedFacts === facts && proof.asOf >= element.provedMs && proof.asOf - element.provedMs < AGED_MS) return;
    element.provedFacts = facts;
    element.provedMs = proof.asOf;
    g.proof.mark(element, proof);
  }

  g.table = { frame, fit, rest, base, monthOf, worked, listed, marked };
})();
