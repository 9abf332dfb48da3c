// What of an order was told outside, by which webhook, and what came of it.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h } = g.kit;
  const w = (key, values) => g.words(key, values);
  const SIGN = { delivered: 'light-green', waiting: 'light-none', failed: 'light-red' };

  function line(one) {
    const light = one.state === 'waiting' && one.why ? 'light-yellow' : SIGN[one.state];
    const said = [one.why, one.tries > 1 ? w('notices.tries', { n: one.tries }) : '', one.next_at_ms ? w('notices.next', { at: g.format.moment(one.next_at_ms) }) : '',
      one.reporter ? w('notices.to_reporter') : ''].filter(Boolean).join(' · ');
    return h('div', { class: 'told-outside', 'data-delivery': one.state }, h('b', {}, one.event_name), h('span', { class: { failed: 'bad', delivered: 'ok' }[one.state] || 't2' },
      g.kit.sign(light), ' ', one.state_name), h('span', { class: 't3', title: said }, [one.webhook, said].filter(Boolean).join(' · ')),
    h('span', { class: 't3 num' }, g.format.moment(one.tried_at_ms || one.told_at_ms)));
  }

  g.orderTold = (detail) => (detail.notices && detail.notices.length
    ? h('div', { class: 'told-list' }, h('h3', { class: 't3' }, w('notices.deliveries')), detail.notices.map(line)) : null);
})();
