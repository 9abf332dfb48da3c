// Scenes: which panels stand in which column around the map, for the canvas that there is; turns, rest while somebody touches the
// screen, the jump to an emergency and the way back. What is shown stands in the address. Knows no panel by name.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const root = document.documentElement;
  const WIDTH_U = { s1: 300, s2: 436, s3: 600, s4: 660, s5: 560 };
  const FADE_MS = 400;
  const AHEAD_S = 6; // the figures of the next scene are asked for so long before its turn
  const STEPPED = { s0: 's1' }; // what the smallest canvas shows below each other

  let config = null; // of the page that stands
  let holder = null;
  let arranged = '';
  let turnedAtMs = 0; // the server's clock, when this scene's time began
  let restedAtMs = -Infinity; // when somebody last touched the screen
  let alarm = null; // {order, before}
  const passed = new Map(); // order -> until when its alarm may not take this screen

  const now = () => g.shell.now();
  const query = () => g.shell.query();
  const only = () => (['info', 'video'].includes(query().get('only')) ? query().get('only') : '');
  const all = () => Object.keys(config.scenes).filter((key) => key !== config.emergency.scene && (!only() || config.scenes[key].window === only()));
  const turning = () => config.turn.filter((key) => all().includes(key));
  // A screen that nobody has logged in at takes turns by itself; one who works at his own turns them on.
  function rotates() {
    const wanted = query().get('turn');
    return turning().length > 1 && (wanted === '1' || (wanted !== '0' && holder.unattended));
  }
  const mapView = () => g.map && g.map.of && g.map.of('map');
  const rests = () => now() - restedAtMs < config.pause_s * 1000;

  function current() {
    if (!config) return null;
    if (alarm) return config.emergency.scene;
    const wanted = query().get('scene');
    if (wanted && config.scenes[wanted] && (!only() || config.scenes[wanted].window === only())) return wanted;
    return turning()[0] || all()[0] || Object.keys(config.scenes)[0];
  }
  function following() {
    const turn = turning();
    return turn[(turn.indexOf(current()) + 1) % turn.length];
  }

  // ---- columns
  const step = () => root.dataset.step || 's2';
  const columnsOf = (key) => config.scenes[key].columns[STEPPED[step()] || step()] || [];
  function panelsOf(key) { return columnsOf(key).flatMap(([names]) => names).filter((name) => name !== 'map'); }
  // By name, wherever it stands: in its column or in the pool.
  const panelOf = (name) => holder.panels.get(name);

  function arrange() {
    const key = current();
    const wanted = `${key} ${step()} ${order()}`;
    if (!holder || arranged === wanted) return;
    const before = arranged;
    arranged = wanted;
    root.dataset.scene = key;
    root.dataset.counters = config.scenes[key].counters ? '1' : '0';
    const columns = columnsOf(key);
    const used = new Set(panelsOf(key));
    for (const [name, panel] of holder.panels) if (!used.has(name)) holder.pool.append(panel);
    const narrow = step() === 's0';
    const width = WIDTH_U[step()] || 0;
    holder.main.style.gridTemplateColumns = narrow ? 'minmax(0,1fr)'
      : columns.map(([names, share]) => (names[0] === 'map' ? 'minmax(0,1fr)' : `calc(${width * share} * var(--u))`)).join(' ');
    columns.forEach(([names], index) => place(names, index + 1, narrow));
    for (const [index, column] of holder.columns.entries()) column.hidden = index >= columns.length || columns[index][0][0] === 'map';
    if (before) fade();
    name();
    showOnMap(key);
    g.panels.draw();
    g.shell.watchAgain();
  }
  function place(names, at, narrow) {
    const column = names[0] === 'map' ? holder.map : columnAt(at - 1);
    column.style.gridColumn = narrow ? '1' : String(at);
    column.style.order = names[0] === 'map' ? '-1' : '';
    for (const panel of names.map(panelOf)) if (panel) column.append(panel);
  }
  function columnAt(index) {
    while (holder.columns.length <= index) {
      const column = g.kit.h('div', { class: 'col' });
      holder.columns.push(column);
      holder.main.append(column);
    }
    return holder.columns[index];
  }
  function fade() {
    if (!g.kit.motion() || alarm) return;
    for (const column of holder.columns) if (!column.hidden && column.animate) column.animate([{ opacity: 0 }, { opacity: 1 }], { duration: FADE_MS, easing: 'ease-out' });
  }
  function name() {
    const scene = config.scenes[current()];
    const slot = document.querySelector('[data-scene-name]');
    if (slot) {
      slot.textContent = '';
      slot.append(scene.name, ...(scene.second ? [g.kit.h('small', {}, scene.second)] : []));
    }
    const emergency = Boolean(order());
    root.dataset.alarm = emergency ? '1' : '0';
    for (const element of document.querySelectorAll('[data-alarm-head], .alarm-kpi, .alarm-time')) element.hidden = !emergency;
  }

  // ---- the map of a scene
  const ON = { on: true, off: false };
  const chosen = (name) => new Set((query().get(name) || '').split(',').filter(Boolean));
  // Takes a layer off the map of every scene, or puts it on, whatever the scene says; the address says so too.
  function hide(layer, off) {
    const [hidden, put] = [chosen('hide'), chosen('layers')];
    const wish = config.scenes[current()].map[layer];
    hidden.delete(layer);
    put.delete(layer);
    if (off) hidden.add(layer); else if (wish === 'off') put.add(layer);
    const changes = { hide: [...hidden].join(',') || null, layers: [...put].join(',') || null };
    window.history.replaceState(window.history.state, '', g.links.wall(changes));
    showOnMap(current());
  }
  function showOnMap(key) {
    const view = mapView();
    if (!view) return;
    const { map } = config.scenes[key];
    const [off, put] = [chosen('hide'), chosen('layers')];
    for (const layer of ['workers', 'orders', 'feeds', 'grids']) {
      const wish = off.has(layer) ? false : put.has(layer) ? true : map[layer] in ON ? ON[map[layer]] : map[layer];
      view.setLayer(layer, wish);
      const button = document.querySelector(`[data-layer="${layer}"]`);
      if (button) button.setAttribute('aria-pressed', String(wish !== false));
    }
    if (!map.colour) view.setColours(null);
    if (!order()) view.setAlarm(null);
  }

  // ---- the bars at the foot: one for each scene, the time that is left in that which is shown
  function turns() {
    const foot = document.querySelector('[data-turns]');
    if (!foot) return;
    const { h, keyed, attribute, text } = g.kit;
    const share = rotates() && !alarm ? Math.min(1, (now() - turnedAtMs) / (config.turn_s * 1000)) : 1;
    keyed(foot, all(), (key) => key, (key) => h('button', { type: 'button', 'data-scene-key': key }, h('i', {}, h('b', {})), h('span', { class: 'visually-hidden' })), (bar, key) => {
      const is = key === current();
      attribute(bar, 'aria-current', is ? 'true' : null);
      attribute(bar, 'title', config.scenes[key].name);
      text(bar.lastChild, config.scenes[key].name);
      const width = is ? `${Math.round(share * 100)}%` : '0%';
      const fill = bar.firstChild.firstChild;
      if (fill.style.width !== width) fill.style.width = width;
    }, true);
    const rest = rotates() && rests() && !alarm;
    g.kit.toggle(foot, 'resting', rest);
    attribute(foot, 'title', rest ? g.words('scenes.resting', { n: Math.ceil(config.pause_s - (now() - restedAtMs) / 1000) }) : null);
  }

  // ---- going on
  function show(key, { quietly = false } = {}) {
    turnedAtMs = now();
    const url = g.links.wall({ scene: key });
    if (quietly) window.history.replaceState(window.history.state, '', url); else g.shell.go(url);
    arrange();
    turns();
  }
  // Called every second by the shell.
  function tick() {
    if (!refreshed()) return;
    watchAlarms();
    if (!turnedAtMs) turnedAtMs = now();
    if (!alarm && rotates()) {
      if (rests()) turnedAtMs = Math.max(turnedAtMs, now() - config.turn_s * 1000 + 1000);
      else if (now() - turnedAtMs >= config.turn_s * 1000) show(following(), { quietly: true });
      else if (config.turn_s - (now() - turnedAtMs) / 1000 < AHEAD_S) g.shell.watchAgain();
    }
    turns();
  }
  function touched() { if (config) { restedAtMs = now(); } }
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart']) window.addEventListener(kind, touched, { passive: true, capture: true });
  window.addEventListener('pointermove', (event) => { if (event.movementX || event.movementY) touched(); }, { passive: true });

  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-scene-key]') : null;
    if (!button || !config) return;
    if (alarm) { passed.set(alarm.order, now() + config.pause_s * 1000); endAlarm(); }
    show(button.dataset.sceneKey);
  });

  // ---- emergencies: an open order of the kind that scenes.yaml names takes the screen, and gives it back
  // The order that the emergency's panels speak of: that of the alarm, or the one that the address names.
  function order() { if (!config) return ''; return alarm ? alarm.order : current() === config.emergency.scene ? query().get('alarm') || '' : ''; }
  function standing() {
    const table = g.live && g.live.tables.get('order');
    const flags = table && table.columns.alarm;
    if (!flags || !config.scenes[config.emergency.scene] || only() === 'video') return [];
    const oldest = now() / 1000 - config.emergency.longest_s;
    const found = [];
    for (let slot = 0; slot < table.slots; slot += 1) {
      if (flags[slot] && table.alive[slot] && table.columns.reported_s[slot] >= oldest) found.push([table.columns.reported_s[slot], table.text.id[slot]]);
    }
    return found.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)).map(([, id]) => id);
  }
  function watchAlarms() {
    for (const [id, until] of passed) if (until < now()) passed.delete(id);
    const open = standing().filter((id) => !passed.has(id));
    if (alarm && !open.includes(alarm.order)) { if (open.length) beginAlarm(open[0], alarm.before); else endAlarm(); }
    else if (!alarm && open.length) beginAlarm(open[0]);
    if (alarm) alarm.waiting = open.length - 1;
  }
  function beginAlarm(id, before = current()) {
    alarm = { order: id, before, waiting: 0 };
    turnedAtMs = now();
    arrange();
  }
  function endAlarm() {
    const { before } = alarm;
    alarm = null;
    turnedAtMs = now();
    const view = mapView();
    if (view) { view.setAlarm(null); view.setRegion(g.shell.region()); }
    if (query().get('scene') !== before && config.scenes[before]) window.history.replaceState(window.history.state, '', g.links.wall({ scene: before }));
    arrange();
    turns();
  }

  // ---- what the shell asks
  // The parts of the figures that this screen needs now; shortly before a turn those of the next scene too.
  function parts() {
    if (!refreshed()) return [];
    const keys = [current()];
    if (rotates() && !alarm && !rests() && config.turn_s - (now() - turnedAtMs) / 1000 < AHEAD_S) keys.push(following());
    const found = new Set(config.always);
    for (const key of keys) {
      for (const panel of panelsOf(key)) for (const part of config.parts[panel] || []) if (part !== 'alarm') found.add(part);
      const { colour } = config.scenes[key].map;
      if (colour) found.add(`colour:${colour}`);
    }
    const id = order();
    if (id) found.add(`alarm:${id}`);
    return [...found].sort();
  }
  // Whether a wall stands on the page; takes hold of a new one.
  function refreshed() {
    const told = document.getElementById('gridhall-scenes');
    if (!told) { config = null; holder = null; arranged = ''; return false; }
    if (holder && holder.told === told && holder.main.isConnected) return true;
    config = JSON.parse(told.textContent);
    const main = document.getElementById('columns');
    const pool = document.getElementById('pool');
    if (!main || !pool) { config = null; return false; }
    const panels = new Map([...pool.children].map((panel) => [panel.dataset.panel, panel]));
    const me = JSON.parse(document.getElementById('gridhall-me')?.textContent || '{}');
    const unattended = Boolean(me.roles && me.roles.length && me.roles.every((role) => role === 'wall'));
    holder = { told, main, pool, map: main.querySelector('[data-map]'), panels, columns: [], unattended };
    arranged = '';
    arrange();
    turns();
    return true;
  }
  // A view that somebody has dragged or zoomed to stands in the address; one that is fitted to the region does not.
  function tieView() {
    const view = mapView();
    if (!view || holder.view === view) return;
    holder.view = view;
    const [lon, lat, zoom] = (query().get('view') || '').split(',').map(Number);
    if ([lon, lat, zoom].every(Number.isFinite)) { view.fitted = null; view.map.setView([lat, lon], zoom, { animate: false }); }
    view.map.on('moveend', () => {
      clearTimeout(holder.viewTimer);
      holder.viewTimer = setTimeout(() => {
        if (!g.shell.onWall() || alarm || !g.leaflet.stands(view.map)) return;
        const at = view.map.getCenter();
        const told = view.fitted ? null : [at.lng.toFixed(6), at.lat.toFixed(6), view.map.getZoom().toFixed(2)].join(',');
        if ((query().get('view') || null) !== told) window.history.replaceState(window.history.state, '', g.links.wall({ view: told }));
      }, 500);
    });
  }
  // What the figures bring for the map.
  function draw(figures) {
    if (!refreshed()) return;
    const view = mapView();
    if (!view) return;
    const { colour } = config.scenes[current()].map;
    if (colour && figures.colour) {
      view.setColours(Object.fromEntries(figures.colour.rows.map((row) => [row.code, { step: row.step, text: row.shown }])));
    }
    const at = order() && figures.alarm?.facts?.order === order() ? figures.alarm.facts : null;
    if (at && at.lon !== null) {
      if (holder.alarmShown !== at.order) { holder.alarmShown = at.order; view.fit([[at.lat - 0.0036, at.lon - 0.0039], [at.lat + 0.0036, at.lon + 0.0039]]); }
      view.setAlarm({ lon: at.lon, lat: at.lat, radii_m: [150, 300] });
    } else if (!order()) holder.alarmShown = '';
  }
  // A panel whose part has not come yet shows nothing rather than what it showed when its scene was here last.
  function waits(panel, figures) {
    if (!config) return false;
    const needed = config.parts[panel];
    // no emergency: the panels say so; cannot be counted: likewise
    const here = (part) => figures[part] !== undefined || (part === 'alarm' && !order()) || Boolean(failed(part, figures));
    return Boolean(needed && !needed.every(here));
  }
  // What header, counters and foot need of the figures; of the panels in the columns the server says it.
  const BESIDE = { counters: ['counters'], ticker: ['ticker'], lamps: ['sources'], alarmhead: ['alarm'], alarmkpi: ['alarm'], alarmtime: ['alarm'], colour: ['colour'] };
  // The fault of a part, also of one with an argument (alarm:ORDER), or null.
  function failed(part, figures) {
    const found = Object.entries(figures.faults || {}).find(([name]) => name.split(':')[0] === part);
    return found ? found[1] : null;
  }
  // Of the parts that a panel needs and that cannot be counted, the one that stands longest; null: all can.
  function faultOf(panel, figures) {
    const needed = BESIDE[panel] || (config && config.parts[panel]) || [];
    const found = needed.map((part) => failed(part, figures)).filter(Boolean);
    return found.sort((a, b) => (a.good_ms ?? 0) - (b.good_ms ?? 0))[0] || null;
  }
  const shown = (element) => !element.closest('[data-pool]');

  g.scenes = {
    known: (key) => !config || Boolean(config.scenes[key]),
    hide, colour: () => (config ? config.scenes[current()].map.colour : ''), current, parts, tick, arrange: () => { if (refreshed()) arrange(); }, refreshed, draw, waits, faultOf, shown, show, order,
    rotates: () => Boolean(config) && rotates(), alarm: () => alarm, shipped: () => config,
    mapShown: () => { if (refreshed()) { tieView(); arranged = ''; arrange(); } },
  };
  if (g.live && g.live.on) g.live.on('change', (tables) => { if (tables.has('order') && refreshed()) { watchAlarms(); turns(); } });
})();
