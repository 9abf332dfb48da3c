// Right of the desk: the map with what is around the order, the six nearest, cameras; or who is on duty and where.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, toggle } = g.kit;
  const { desk } = g;
  const w = (key, values) => g.words(key, values);
  const MAP = 'desk-map';
  const RING_M = 300;
  const NEAREST = 6;
  const CAMERAS = 3;
  const ASK_MS = 15000;
  const NO_PLACE = 2147483647;
  const around = (g.deskAround = {});
  let made = null;
  let view = null;
  let detail = null;
  let near = [];
  let ring = null;
  let pin = null;
  let picking = false;
  const letters = new Map(); // key → marker

  const placed = (order) => order && order.lon !== null;
  let looked = false; // the side was changed by a look at one worker, and goes back with the next order
  const side = () => desk.state.side || (detail && placed(detail.order) ? 'around' : 'duty');

  // ---- the map
  function tie(fresh) {
    view = fresh;
    view.mute = true; // a click on the desk's map opens no drawer
    view.on('pick', ({ kind, id }) => {
      if (picking) return;
      if (kind === 'order') g.deskQueue.open(id);
      if (kind === 'worker') around.showWorker(id);
    });
    view.map.on('click', ({ latlng }) => { if (picking) g.deskReport.setPlace(latlng.lng, latlng.lat); });
    show(true);
  }

  function show(move) {
    if (!view) return;
    const { order } = detail || {};
    const at = placed(order) ? [order.lat, order.lon] : null;
    view.select(order ? 'order' : null, order ? order.order : null);
    if (ring) { ring.remove(); ring = null; }
    if (at) ring = window.L.circle(at, { radius: RING_M, className: 'desk-ring', fill: false, interactive: false, renderer: window.L.svg() }).addTo(view.map);
    if (!move || picking) return;
    if (at) view.fit(window.L.latLng(at).toBounds(RING_M * 2.35), { padding: 8 });
    else if (!detail) view.fit(g.config.root);
  }

  // Letters A–F at the nearest, 1–3 at the cameras; they go where their signs go.
  function drawLetters() {
    if (!view) return;
    const workers = g.live.tables.get('worker');
    const wanted = new Map();
    if (detail && placed(detail.order)) {
      for (const row of near.slice(0, NEAREST)) {
        const live = workers.row(row.worker);
        const known = live && live.lon !== NO_PLACE;
        wanted.set(row.letter, known ? [live.lat * 1e-7, live.lon * 1e-7] : [row.lat, row.lon]);
      }
      cameras().forEach((feed, i) => wanted.set(String(i + 1), [feed.lat, feed.lon]));
    }
    for (const [key, marker] of letters) if (!wanted.has(key)) { marker.remove(); letters.delete(key); }
    for (const [key, at] of wanted) {
      if (letters.has(key)) letters.get(key).setLatLng(at);
      else letters.set(key, window.L.marker(at, { icon: window.L.divIcon({ className: 'desk-letter', html: key, iconSize: [20, 20], iconAnchor: [-6, 22] }),
        interactive: false, keyboard: false }).addTo(view.map));
    }
    view.setChosen(near.slice(0, NEAREST).map((row) => row.worker));
  }

  const cameras = () => (detail ? detail.feeds.filter((feed) => feed.distance_m <= RING_M * 1.7).slice(0, CAMERAS) : []);

  // ---- head and lists
  function drawHead() {
    const holder = made.head;
    const ui = holder.made || (holder.made = makeHead(holder));
    const now = side();
    for (const tab of ui.tabs) { const on = tab.dataset.side === now; tab.setAttribute('aria-selected', String(on)); tab.tabIndex = on ? 0 : -1; }
    ui.tabs[0].disabled = !(detail && placed(detail.order));
    ui.tabs[1].hidden = !g.deskNear.may();
    const within = near.filter((row) => row.distance_m <= RING_M).length;
    text(ui.note, !g.deskNear.may() ? '' : now === 'around' ? w('desk.around.note', { n: within, c: cameras().length }) : g.deskDuty.note());
    g.proof.explain(ui.note, 'online_workers', { asOf: g.ages.seenMs() });
  }

  function makeHead(holder) {
    const tabs = ['around', 'duty'].map((name) => h('button', { type: 'button', role: 'tab', class: 'desk-tab', 'data-side': name,
      onclick: () => { looked = false; desk.set({ side: name }); } }, w('desk.side.' + name)));
    const note = h('span', { class: 't3 desk-how' });
    const bar = h('div', { role: 'tablist', class: 'desk-tabs' }, tabs);
    bar.addEventListener('keydown', (event) => {
      if (!['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
      const other = tabs.find((tab) => tab.getAttribute('aria-selected') === 'false' && !tab.disabled);
      if (other) { other.click(); other.focus(); }
    });
    holder.append(bar, note, h('span', { class: 'age', 'data-age': 'positions' }));
    return { tabs, note };
  }

  function drawNear() {
    const ui = made.near || (made.near = makeNear());
    const rows = near.slice(0, NEAREST);
    keyed(ui.workers, rows, (row) => row.worker, () => h('div', { class: 'near', role: 'listitem' }), (line, row) => {
      const may = dispatchable();
      const facts = JSON.stringify([row.letter, row.distance_m, row.open_orders, may, liveFacts(row.worker)]);
      if (line.told === facts) return;
      line.told = facts;
      const held = line.contains(document.activeElement) ? document.activeElement.className : '';
      line.replaceChildren(...g.deskNear.cells(row), may ? h('button', { class: 'link near-act', type: 'button',
        onclick: () => g.deskOrder.work.start(may, { handler: row.worker }) }, w('desk.give'))
        : h('button', { class: 'near-act link', type: 'button', onclick: () => around.showWorker(row.worker) }, w('desk.locate')));
      if (held) line.querySelector('button').focus();
    }, true);
    ui.empty.hidden = rows.length > 0 || !g.deskNear.may();
    keyed(ui.feeds, cameras(), (feed) => feed.feed, () => h('div', { class: 'camera', role: 'listitem' }, h('b', {}), h('span', {}), h('b', {}), h('span', {}),
      h('span', { class: 'num' })), (line, feed) => {
      text(line.children[0], String(cameras().indexOf(feed) + 1));
      g.kit.setSign(line.children[1], `feed-${feed.status}`);
      text(line.children[2], feed.name);
      text(line.children[3], w('feed.' + feed.status));
      text(line.children[4], g.format.metres(feed.distance_m));
    }, true);
  }

  const liveFacts = (id) => { const row = g.live.tables.get('worker').row(id); return row ? [row.presence, row.battery, row.fixed_s, row.heading] : null; };
  // Whom one can send: the action that takes a worker, if it may be done now.
  function dispatchable() {
    const entry = detail && detail.actions.find((each) => each.action === 'dispatch');
    return entry && entry.may ? 'dispatch' : null;
  }

  function makeNear() {
    const ui = { workers: h('div', { class: 'near-list', role: 'list', 'aria-label': w('desk.nearest') }),
      feeds: h('div', { class: 'camera-list', role: 'list', 'aria-label': w('desk.cameras') }), empty: h('p', { class: 'empty', hidden: true }, w('desk.near.none')) };
    ui.sheet = h('div', { class: 'near-sheet' }, ui.workers, ui.empty, ui.feeds);
    return ui;
  }

  function draw() {
    if (!made) return;
    drawHead();
    const now = side();
    if (now === 'around') drawNear();
    const sheet = now === 'around' ? made.near.sheet : g.deskDuty.sheet();
    if (made.body.firstChild !== sheet) made.body.replaceChildren(sheet);
    if (now === 'duty') g.deskDuty.draw();
    drawLetters();
  }

  async function askNear(anew) {
    const order = detail && placed(detail.order) ? detail.order.order : '';
    if (!order) { near = []; draw(); return; }
    try {
      const workers = await g.deskNear.ask(order, { anew });
      if (detail && detail.order.order === order) { near = workers; draw(); }
    } catch (error) { g.faults.tellUnlessRefused('desk around', error); /* the list stands with its ages until the next question is answered */ }
  }

  // ---- from elsewhere
  around.showWorker = function showWorker(id) {
    const row = g.live.tables.get('worker').row(id);
    if (!row) return;
    if (view && row.lon !== NO_PLACE) view.center(row.lon * 1e-7, row.lat * 1e-7);
    if (view) view.select('worker', id);
    looked ||= side() !== 'duty';
    desk.set({ side: 'duty' });
    g.deskDuty.choose(id);
  };

  function pick(on) {
    picking = on;
    toggle(made.element, 'picking', on);
    if (!on && detail) show(true);
  }

  function setPin(place) {
    if (pin) { pin.remove(); pin = null; }
    if (!place || !view) return;
    pin = window.L.marker([place.lat, place.lon], { draggable: true, keyboard: false,
      icon: window.L.divIcon({ className: 'desk-pin', iconSize: [26, 26], iconAnchor: [13, 13] }) }).addTo(view.map);
    pin.on('dragend', () => { const at = pin.getLatLng(); g.deskReport.setPlace(at.lng, at.lat); });
  }

  function listen() {
    g.deskOrder.on('detail', (fresh) => {
      const moved = (fresh && fresh.order.order) !== (detail && detail.order.order);
      detail = fresh;
      if (moved) { near = fresh ? g.deskNear.last(fresh.order.order) : []; askNear(true); }
      if (moved && looked) { looked = false; desk.set({ side: '' }); }
      show(moved);
      draw();
    });
    desk.on('change', (names) => names.has('side') && draw());
    g.deskReport.on('pick', pick);
    g.deskReport.on('place', setPin);
    g.deskReport.on('middle', () => { if (view) { const at = view.map.getCenter(); g.deskReport.setPlace(at.lng, at.lat); } });
    g.live.tables.get('worker').on('rows', () => { if (!made.pending) made.pending = setTimeout(() => { made.pending = 0; draw(); }, 1000); });
    setInterval(() => { if (!document.hidden) askNear(true); }, ASK_MS);
    g.map.when(MAP, tie);
    for (const level of g.config.levels) g.city.loadLevel(level.key); // to say in which region a picked place lies
  }

  g.panels.define('deskaround', {
    still: true,
    draw(body, figures, panel) {
      if (made && made.element === panel) return;
      made = { element: panel, head: panel.querySelector('[data-around="head"]'), body: panel.querySelector('[data-around="body"]') };
      listen();
      draw();
    },
  });
})();
