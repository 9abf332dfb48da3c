// Who is near an order: asked of the server, told by distance, load, battery and age of the fix; the same row wherever it stands.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h } = g.kit;
  const RADIUS_M = 1000;
  const LOW_BATTERY = 20;
  const FRESH_MS = 8000;
  const held = new Map(); // order → {at, workers, asked}

  const may = () => Boolean(g.api.me && g.api.me.rights.includes('people'));

  async function ask(order, { anew = false } = {}) {
    if (!may()) return [];
    const known = held.get(order);
    if (known && !anew && Date.now() - known.at < FRESH_MS) return known.asked;
    const asked = g.api.get(`orders/${encodeURIComponent(order)}/nearby`, { radius_m: RADIUS_M, ms: 1 }).then(({ workers }) => {
      held.set(order, { at: Date.now(), workers, asked });
      return workers;
    });
    held.set(order, { at: Date.now(), workers: known ? known.workers : [], asked });
    return asked;
  }
  const last = (order) => (held.get(order) || { workers: [] }).workers;

  // The cells of one row; what is live of the worker comes from the table, so that a row that stands is not old.
  function cells(row) {
    const live = g.live.tables.get('worker').row(row.worker);
    const presence = live ? g.config.presences[live.presence] : row.presence;
    const battery = live && live.battery !== 255 ? live.battery : row.battery_pct;
    const fixed = live && live.fixed_s ? live.fixed_s * 1000 : row.fixed_at_ms;
    const heading = live && live.heading !== 65535 ? live.heading : 45;
    const load = h('span', { class: 'num' }, g.words('orders_n', { n: row.open_orders }));
    g.proof.mark(load, { figure: 'open', num: row.open_orders, filters: { region: null, handler: row.worker }, asOf: row.counted_at_ms, quiet: true });
    return [
      h('b', { class: 'near-letter' }, row.letter || ''),
      h('span', { 'data-sign': `worker-${row.role}-${presence}-${heading}` }),
      h('b', {}, row.name), h('span', { class: 'near-role' }, g.words('role.' + row.role)),
      h('span', { class: 'num' }, g.format.metres(row.distance_m)), h('span', { class: 'near-state' }, g.words('state.' + presence)),
      load,
      h('span', { class: `num ${battery !== null && battery !== undefined && battery < LOW_BATTERY ? 'warn' : ''}` },
        battery === null || battery === undefined ? '—' : `${Math.round(battery)}%`),
      fixed ? h('span', { class: 'num t3', 'data-fmt': 'agoAt', 'data-value': fixed }) : h('span', { class: 'num t3' }, '—'),
    ];
  }

  g.deskNear = { ask, last, cells, may };
})();
