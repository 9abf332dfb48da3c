// The dossier's one timeline: patrols, own grid, reports, orders, speed, battery on one time axis, with a handle that moves the map
// and the lanes together, played by time. Data: the dossier's JSON in the page.
(function () {
  'use strict';
  const g = window.gridhall;
  const { s, text, attribute, keyed } = g.kit;
  const HOUR_MS = 3600000;
  const REST_MS = 30 * 60 * 1000; // a longer pause begins another patrol
  const [LEFT, RIGHT, TOP] = [140, 170, 18];
  const LANES = { patrol: 14, grid: 50, report: 86, order: 120, speed: 190, battery: 228 };
  const AXIS_Y = 268;
  const play = { speed: 0, atMs: null, frame: 0, last: 0, data: null, element: null, raw: false };

  function dataOf(element) {
    const script = document.getElementById('dossier-data');
    if (!script) return null;
    if (element.dossierText !== script.textContent) { element.dossierText = script.textContent; element.dossier = JSON.parse(script.textContent); }
    return element.dossier;
  }
  const timesOf = (data) => data.track.features.map((feature) => feature.properties.times);
  function patrols(data) {
    const found = [];
    for (const times of timesOf(data)) {
      const [first, last] = [times[0], times[times.length - 1]];
      const before = found[found.length - 1];
      if (before && first - before[1] <= REST_MS) before[1] = last; else found.push([first, last]);
    }
    return found;
  }
  // What the worker reported on the day itself, in order: these carry the numbers, here, in the list and on the map.
  const foundOn = (data) => data.problems.filter((problem) => problem.reported_at_ms >= data.from_ms && problem.reported_at_ms < data.to_ms)
    .sort((a, b) => a.reported_at_ms - b.reported_at_ms);
  const onMap = (data) => ({ ...data, problems: foundOn(data) });
  // The hours to show: the working day, widened to what there is; to now on the present day.
  function axisOf(data) {
    const now = g.shell.now();
    const instants = [data.from_ms + 7 * HOUR_MS, data.from_ms + 18 * HOUR_MS];
    for (const item of data.timeline) instants.push(item.at_ms, Math.min(item.to_ms || item.at_ms, data.to_ms));
    if (data.from_ms <= now && now < data.to_ms) instants.push(now);
    const low = Math.min(...instants);
    const high = Math.max(...instants);
    const first = data.from_ms + Math.floor((low - data.from_ms) / HOUR_MS) * HOUR_MS;
    const last = data.from_ms + Math.ceil((Math.min(high, data.to_ms) - data.from_ms) / HOUR_MS) * HOUR_MS;
    return [Math.max(first, data.from_ms), Math.max(last, first + HOUR_MS)];
  }

  function draw(element, data) {
    const w = g.words;
    const width = Math.max(700, element.clientWidth);
    const [from, to] = axisOf(data);
    const x = (at) => LEFT + ((Math.min(Math.max(at, from), to) - from) / (to - from)) * (width - LEFT - RIGHT);
    element.scale = { x, from, to, width };
    element.textContent = '';
    const svg = s('svg', { viewBox: `0 0 ${width} 306`, role: 'group' });
    const put = (tag, attributes, ...children) => { const made = s(tag, attributes, ...children); svg.append(made); return made; };
    const bar = (a, b, y, height, kind) => put('rect', { x: x(a), y: TOP + y, width: Math.max(1.5, x(b) - x(a)), height, class: `lane-bar ${kind}` });

    const hours = (to - from) / HOUR_MS;
    const stride = hours > 16 ? 2 : 1;
    for (let at = from, i = 0; at <= to; at += HOUR_MS, i += 1) {
      put('line', { x1: x(at), x2: x(at), y1: TOP - 4, y2: AXIS_Y, class: 'lane-rule' });
      if (i % stride === 0) put('text', { x: x(at), y: AXIS_Y + 18, class: 'lane-axis' }, g.format.hm(at));
    }
    for (const [key, y] of Object.entries(LANES)) put('text', { x: 20, y: TOP + y + 8, class: 'lane-name' }, w('lane.' + key));
    const sum = (key, words) => put('text', { x: width - 20, y: TOP + LANES[key] + 8, class: 'lane-sum' }, words);

    const walks = patrols(data);
    walks.forEach(([a, b], i) => {
      bar(a, b, LANES.patrol - 8, 20, `p${i % 4}`);
      const label = w('lane.patrol_n', { n: i + 1, t: g.format.duration((b - a) / 1000) });
      if (x(b) - x(a) > label.length * 11) put('text', { x: x(a) + 8, y: TOP + LANES.patrol + 7, class: 'lane-bar-text' }, label);
    });
    sum('patrol', w('lane.patrols_n', { n: walks.length }));

    for (const times of timesOf(data)) bar(times[0], times[times.length - 1], LANES.grid - 2, 10, '');
    for (const gap of data.gaps) put('line', { x1: x(gap.from_ms), x2: x(gap.to_ms), y1: TOP + LANES.grid + 3, y2: TOP + LANES.grid + 3, class: 'lane-gap' });
    let labelled = -Infinity;
    for (const out of data.out_of_grid) {
      bar(out.from_ms, Math.max(out.to_ms, out.from_ms + 30000), LANES.grid - 2, 10, 'out');
      if (out.seconds >= 60 && x(out.from_ms) - labelled > 110) {
        put('text', { x: x(out.from_ms), y: TOP + LANES.grid - 6, class: 'lane-text out' }, w('lane.out', { t: g.format.duration(out.seconds) }));
        labelled = x(out.from_ms);
      }
    }
    const outside = data.out_of_grid.reduce((total, part) => total + part.seconds, 0);
    sum('grid', w('lane.in_out', { t: g.format.duration(data.in_grid_s), o: g.format.duration(outside) }));

    const problems = foundOn(data);
    problems.forEach((problem, i) => {
      const at = x(problem.reported_at_ms);
      const link = s('a', { href: g.links.order(problem.order) }, s('title', {}, problem.title),
        s('path', { d: `M${at},${TOP + LANES.report - 6}l9,9l-9,9l-9,-9Z`, class: `lane-problem ${problem.light || ''}` }));
      svg.append(link);
      const next = problems[i + 1] ? x(problems[i + 1].reported_at_ms) : Infinity;
      const label = `${i + 1} ${problem.title}`;
      if (next - at > label.length * 12 + 24) put('text', { x: at + 14, y: TOP + LANES.report + 8, class: 'lane-text' }, label);
    });
    sum('report', w('lane.reports_n', { n: problems.length }));

    const now = Math.min(g.shell.now(), data.to_ms);
    const jobs = data.orders.filter((order) => order.on_day).slice(0, 4);
    jobs.forEach((order, i) => {
      const y = LANES.order - 8 + i * 12;
      const start = Math.max(order.registered_at_ms || order.accepted_at_ms || order.reported_at_ms, from);
      const end = Math.min(order.closed_at_ms || now, to);
      if (end <= start) return;
      bar(start, end, y, 8, order.light === 'red' ? 'out' : '');
      const due = order.open && order.deadline_at_ms > now ? Math.min(order.deadline_at_ms, to) : null;
      if (due) put('rect', { x: x(now), y: TOP + y + 0.5, width: Math.max(0, x(due) - x(now)), height: 7, class: 'lane-bar left' });
      const at = x(due || end) + 8;
      const state = order.open && order.deadline_at_ms ? g.format.left(order.deadline_at_ms, g.shell.now(), order.deadline_provisional) : w('status.' + order.status);
      if (at < width - RIGHT - 60) put('text', { x: at, y: TOP + y + 8, class: 'lane-text' }, `${order.title} ${state}`);
    });
    sum('order', w('lane.open_n', { n: data.orders_open }));

    lineLane(svg, data.speeds.times, data.speeds.speed_mps.map((v) => (v === null ? null : v * 3.6)), x, LANES.speed + 16, 36, null, '');
    put('line', { x1: LEFT, x2: width - RIGHT, y1: TOP + LANES.speed + 16, y2: TOP + LANES.speed + 16, class: 'lane-base' });
    const moving = data.speeds.speed_mps.filter((v) => v !== null && v > 0.3);
    if (moving.length) sum('speed', w('lane.mean_speed', { v: ((moving.reduce((a, b) => a + b, 0) / moving.length) * 3.6).toFixed(1) }));
    lineLane(svg, data.speeds.times, data.speeds.battery_pct, x, LANES.battery + 14, 24, 100, 'battery');
    const charges = data.speeds.battery_pct.filter((v) => v !== null);
    if (charges.length) sum('battery', String(Math.round(charges[charges.length - 1])));
    put('line', { x1: LEFT, x2: width - RIGHT, y1: AXIS_Y, y2: AXIS_Y, class: 'lane-base' });

    const hit = put('rect', { x: LEFT, y: 0, width: width - LEFT - RIGHT, height: 290, class: 'lane-hit' });
    svg.insertBefore(hit, svg.firstChild);
    const handle = s('g', { tabindex: 0, role: 'slider', 'aria-label': w('timeline'), 'aria-valuemin': from, 'aria-valuemax': to },
      s('line', { class: 'lane-handle', x1: 0, x2: 0, y1: 6, y2: AXIS_Y }), s('path', { class: 'lane-grip', d: 'M-7,0H7V8L0,15L-7,8Z' }),
      s('text', { class: 'lane-time', x: 0, y: AXIS_Y + 34 }));
    svg.append(handle);
    element.append(svg);
    element.handle = handle;
    drag(element, svg, handle);
    const start = data.last_at_ms === null ? from : data.from_ms <= g.shell.now() && g.shell.now() < data.to_ms ? data.last_at_ms : data.first_at_ms;
    setTime(element, play.data === data && play.atMs !== null ? play.atMs : start, false);
    play.data = data;
    play.element = element;
  }

  // A line with at most two points per pixel column (lowest and highest), broken where five minutes say nothing.
  function lineLane(svg, times, values, x, baseline, height, top, kind) {
    const known = values.filter((v) => v !== null);
    if (!known.length) return;
    const high = top || Math.max(6, ...known.filter((v) => v < 200));
    let d = '';
    let previous = null;
    let column = null;
    times.forEach((at, i) => {
      if (values[i] === null) return;
      const px = x(at);
      if (column !== null && Math.abs(px - column) < 0.7) return;
      column = px;
      const y = TOP + baseline - Math.min(1, values[i] / high) * height;
      d += `${previous === null || at - previous > 300000 ? 'M' : 'L'}${px.toFixed(1)},${y.toFixed(1)}`;
      previous = at;
    });
    svg.append(s('path', { d, class: `lane-line ${kind}` }));
  }

  function setTime(element, atMs, moveMap = true) {
    const { x, from, to } = element.scale;
    const at = Math.min(Math.max(atMs, from), to);
    play.atMs = at;
    attribute(element.handle, 'transform', `translate(${x(at).toFixed(1)},0)`);
    attribute(element.handle, 'aria-valuenow', Math.round(at));
    attribute(element.handle, 'aria-valuetext', g.format.hms(at));
    text(element.handle.querySelector('.lane-time'), g.format.hms(at));
    const view = g.map && g.map.of && g.map.of('dossier-map');
    if (view && moveMap) view.setTrackTime(at);
  }
  function drag(element, svg, handle) {
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      const { from, to, width } = element.scale;
      const px = ((event.clientX - box.left) / box.width) * width;
      return from + ((px - LEFT) / (width - LEFT - RIGHT)) * (to - from);
    };
    svg.addEventListener('pointerdown', (event) => {
      if (event.target.closest('a')) return;
      svg.setPointerCapture(event.pointerId);
      setTime(element, at(event));
      const move = (moved) => setTime(element, at(moved));
      svg.addEventListener('pointermove', move);
      svg.addEventListener('pointerup', () => svg.removeEventListener('pointermove', move), { once: true });
    });
    handle.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -60000, ArrowRight: 60000, PageUp: -600000, PageDown: 600000 }[event.key];
      if (step) { event.preventDefault(); setTime(element, play.atMs + step); }
    });
  }

  function tick(nowMs) {
    if (!play.speed || !play.element || !play.element.isConnected) { play.frame = 0; return; }
    const passed = Math.min(250, nowMs - play.last);
    play.last = nowMs;
    g.faults.attempt('playback', () => setTime(play.element, play.atMs + passed * play.speed));
    if (play.atMs >= play.element.scale.to || (play.data.last_at_ms && play.atMs > play.data.last_at_ms)) setSpeed(0);
    play.frame = play.speed ? requestAnimationFrame(tick) : 0;
  }
  function setSpeed(speed) {
    play.speed = speed;
    for (const button of document.querySelectorAll('[data-speed]')) button.setAttribute('aria-pressed', String(+button.dataset.speed === speed));
    const playing = document.querySelector('[data-play]');
    if (playing) playing.setAttribute('aria-pressed', String(speed > 0));
    if (!speed) return;
    if (play.data && play.data.last_at_ms !== null && play.atMs >= play.data.last_at_ms) setTime(play.element, play.data.first_at_ms);
    play.last = performance.now();
    if (!play.frame) play.frame = requestAnimationFrame(tick);
  }

  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('.map-tools button') : null;
    if (!button || !play.data) return;
    const { dataset } = button;
    if (dataset.speed) setSpeed(play.speed === +dataset.speed ? 0 : +dataset.speed);
    if (dataset.play !== undefined) setSpeed(play.speed ? 0 : 20);
    if (dataset.day) {
      const day = dataset.day === 'today' ? g.format.day(g.shell.now()) : g.format.day(play.data.from_ms - 1);
      g.shell.go(g.links.worker(play.data.worker.worker, day));
    }
    if (dataset.raw !== undefined) rawPoints(button);
  });
  document.addEventListener('change', (event) => {
    if (event.target.id === 'dossier-day' && /^\d{4}-\d{2}-\d{2}$/.test(event.target.value) && play.data) g.shell.go(g.links.worker(play.data.worker.worker, event.target.value));
  });
  // All fixes with their flags instead of the track that counts.
  async function rawPoints(button) {
    const view = g.map && g.map.of && g.map.of('dossier-map');
    if (!view) return;
    play.raw = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(play.raw));
    if (!play.raw) { view.showTrack(onMap(play.data), { fit: false }); return; }
    const answer = await fetch(`/api/v1/workers/${encodeURIComponent(play.data.worker.worker)}/track?day=${play.data.day}&include=all`);
    if (!answer.ok) return;
    const track = await answer.json();
    for (const feature of track.features) feature.properties.times = feature.properties.times.map((at) => (typeof at === 'string' ? Date.parse(at) : at));
    view.showTrack({ ...onMap(play.data), track, set_aside: [] }, { fit: false });
  }

  // On the present day the dossier lives on: new fixes lengthen the track, the head shows the present state.
  const UNKNOWN = { speed: 65535, accuracy: 65535, battery: 255 };
  function grow(element, data) {
    const table = g.live && g.live.tables && g.live.tables.get('worker');
    const row = table && table.row(data.worker.worker);
    if (!row || !row.fixed_s) return;
    head(row);
    const at = row.fixed_s * 1000;
    if (at < data.from_ms || at >= data.to_ms || (data.last_at_ms !== null && at < data.last_at_ms + 1000)) return;
    const following = data.last_at_ms === null || (play.atMs >= data.last_at_ms && !play.speed);
    const features = data.track.features;
    const last = features[features.length - 1];
    const place = [row.lon * 1e-7, row.lat * 1e-7];
    if (last && last.geometry.type === 'LineString' && at - data.last_at_ms <= 300000) {
      last.geometry.coordinates.push(place);
      last.properties.times.push(at);
    } else {
      features.push({ type: 'Feature', geometry: { type: 'LineString', coordinates: [place] }, properties: { times: [at] } });
    }
    data.speeds.times.push(at);
    data.speeds.speed_mps.push(row.speed === UNKNOWN.speed ? null : row.speed / 100);
    data.speeds.battery_pct.push(row.battery === UNKNOWN.battery ? null : row.battery);
    if (data.first_at_ms === null) data.first_at_ms = at;
    data.last_at_ms = at;
    if (following) play.atMs = at;
    if (play.speed) return; // while a replay runs nothing jumps under it
    draw(element, data);
    const view = g.map && g.map.of && g.map.of('dossier-map');
    if (view && !play.raw) { view.showTrack(onMap(data), { fit: false }); view.setTrackTime(play.atMs); }
  }
  function head(row) {
    const show = (name, words) => { const cell = document.querySelector(`[data-live="${name}"]`); if (cell) text(cell, words); };
    const presence = g.kit.PRESENCE[row.presence];
    show('state', g.words('state.' + presence));
    attribute(document.querySelector('[data-live="state"]'), 'class', `state-${presence}`);
    const fixed = document.querySelector('[data-live="fixed"]');
    if (fixed && fixed.dataset.fmt) fixed.dataset.value = row.fixed_s * 1000;
    if (row.battery !== UNKNOWN.battery) show('battery', `${row.battery}%`);
    const accuracy = document.querySelector('[data-live="accuracy"]');
    if (accuracy && accuracy.dataset.fmt && row.accuracy !== UNKNOWN.accuracy) accuracy.dataset.value = row.accuracy / 10;
  }

  function showMap(data) {
    if (!g.map || !g.map.when) return;
    g.map.when('dossier-map', (view) => {
      for (const name of ['workers', 'orders', 'feeds']) view.setLayer(name, false);
      view.showTrack(onMap(data));
      if (data.worker.grid) view.showDuty(data.worker.grid);
      if (!data.track.features.length && data.worker.grid) view.fit(data.worker.grid, { animate: false });
      if (data.last_at_ms !== null) view.setTrackTime(play.atMs);
    });
  }
  g.panels.define('timeline', {
    still: true, // draws from its own data, once
    draw(body, figures, element) {
      const data = dataOf(element);
      const key = data && `${data.worker.worker} ${data.day} ${element.clientWidth}`;
      if (!data) return;
      if (element.dataset.key === key) { grow(element, data); return; }
      element.dataset.key = key;
      if (play.data !== data) { setSpeed(0); play.atMs = null; play.raw = false; }
      draw(element, data);
      showMap(data);
    },
  });
})();
