// 关联信息: the facts of the emergency's order.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, toggle, keyed } = g.kit;

  function facts(told) {
    const w = g.words;
    const limit = told.open && told.red_at_ms ? g.format.left(told.red_at_ms, g.shell.now(), told.provisional) : '';
    const late = told.light === 'red' ? 'bad' : told.light === 'yellow' ? 'warn' : '';
    return [
      { key: 'order', value: told.order, href: g.links.order(told.order) },
      { key: 'category', value: told.category_name },
      { key: 'source', value: g.shell.named('channel', told.source) || told.source },
      { key: 'department', value: told.department_name },
      { key: 'handler', value: told.handler_name || told.handler },
      { key: 'grid', value: told.region_name },
      { key: 'status', value: w('status.' + told.status) },
      { key: 'limit', value: limit, tone: late },
    ].filter((fact) => fact.value);
  }

  g.panels.define('links', {
    draw(body, figures) {
      const told = figures.alarm && figures.alarm.facts;
      const made = g.panels.once(body, () => { const rows = h('dl', {}); body.append(rows); return { rows }; });
      keyed(made.rows, told ? facts(told) : [], (fact) => fact.key, () => h('div', {}, h('dt', {}), h('dd', {}, h('a', {}))), (line, fact) => {
        const value = line.lastChild.firstChild;
        text(line.firstChild, g.words('alarm.fact.' + fact.key));
        text(value, fact.value);
        attribute(value, 'href', fact.href);
        attribute(value, 'title', fact.value);
        g.proof.explain(line, 'order_facts', { asOf: figures.as_of_ms });
        toggle(value, 'bad', fact.tone === 'bad');
        toggle(value, 'warn', fact.tone === 'warn');
      }, true);
    },
  });
})();
