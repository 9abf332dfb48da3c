// 网格在岗: the grids of the shown region by how many workers are in them now, counted from the live table. None: outline and ▲.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, s, text, attribute } = g.kit;
  const MOST = 2500; // shapes that a small map can carry
  const ONLINE = new Set([0, 1, 2]); // moving, still, out of grid
  const STEPS = [1, 3, 6, 10]; // workers from which a grid is in ramp step q1 … q4
  const asked = new Map();
  const held = new Map(); // level key -> Map(code -> [[lon, lat] rings])

  const rings = ({ type, coordinates }) => (type === 'Polygon' ? coordinates : type === 'MultiPolygon' ? coordinates.flat() : []);
  function load(level) {
    if (asked.has(level)) return;
    asked.set(level, true);
    fetch(`${g.config.regions_url || '/city/regions.geojson'}?level=${encodeURIComponent(level)}`)
      .then((reply) => (reply.ok ? reply.json() : Promise.reject(new Error(String(reply.status)))))
      .then((collection) => {
        const found = new Map();
        for (const feature of collection.features) found.set(feature.properties.code, rings(feature.geometry));
        held.set(level, found);
        g.panels.draw();
      })
      .catch(() => setTimeout(() => asked.delete(level), 10000));
  }
  // The deepest regions below (or at) the shown one, as long as they are few enough.
  function shownCodes() {
    const { regions, children_level: below } = g.config;
    const root = g.shell.region();
    const inside = Object.keys(regions).filter((code) => below[code] === undefined && g.shell.path(code).includes(root));
    return inside.slice(0, MOST);
  }
  function counts() {
    const table = g.live && g.live.tables && g.live.tables.get('worker');
    const found = new Map();
    if (!table || !table.columns.presence) return found;
    for (let slot = 0; slot < table.slots; slot += 1) {
      if (!table.alive[slot] || !ONLINE.has(table.columns.presence[slot])) continue;
      const region = table.text.region && table.text.region[slot];
      if (region) found.set(region, (found.get(region) || 0) + 1);
    }
    return found;
  }

  function build(made, codes, shapes) {
    const points = codes.flatMap((code) => (shapes.get(code) || []).flat());
    if (!points.length) return false;
    const { mercatorX, mercatorY } = g.geo;
    const min = (list) => list.reduce((a, b) => Math.min(a, b), Infinity);
    const max = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const [xs, ys] = [points.map((p) => mercatorX(p[0])), points.map((p) => mercatorY(p[1]))];
    const [west, north] = [min(xs), min(ys)];
    const scale = 1000 / Math.max(max(xs) - west, max(ys) - north, 1e-12);
    const at = ([lon, lat]) => `${((mercatorX(lon) - west) * scale).toFixed(1)},${((mercatorY(lat) - north) * scale).toFixed(1)}`;
    made.frame = { west, north, scale };
    made.whole = `-6 -6 ${((max(xs) - west) * scale + 12).toFixed(0)} ${((max(ys) - north) * scale + 12).toFixed(0)}`;
    attribute(made.svg, 'viewBox', made.whole);
    made.svg.textContent = '';
    made.cells = new Map();
    for (const code of codes) {
      const lines = shapes.get(code);
      if (!lines || !lines.length) continue;
      const path = s('path', { d: lines.map((ring) => `M${ring.map(at).join('L')}Z`).join(''), 'data-code': code }, s('title', {}));
      const ring = lines[0];
      const middle = [ring.reduce((sum, p) => sum + p[0], 0) / ring.length, ring.reduce((sum, p) => sum + p[1], 0) / ring.length];
      const [x, y] = at(middle).split(',');
      made.cells.set(code, { path, x, y });
      made.svg.append(path);
    }
    made.marks = s('g', {});
    made.svg.append(made.marks);
    return true;
  }

  // Beside the map (S4) both show the same piece of the city at the same scale; elsewhere the whole region.
  const twins = () => document.documentElement.dataset.step === 's4' && g.map && g.map.of && g.map.of('map');
  function align(made) {
    const view = twins();
    if (!made.frame) return;
    if (!view || !g.leaflet.stands(view.map)) { attribute(made.svg, 'viewBox', made.whole); return; }
    const { west, north, scale } = made.frame;
    const center = view.map.getCenter();
    const units = scale / (256 * 2 ** view.map.getZoom()); // of the drawing in a px
    const [width, height] = [made.svg.clientWidth * units, made.svg.clientHeight * units];
    const [x, y] = [(g.geo.mercatorX(center.lng) - west) * scale, (g.geo.mercatorY(center.lat) - north) * scale];
    attribute(made.svg, 'viewBox', `${(x - width / 2).toFixed(2)} ${(y - height / 2).toFixed(2)} ${width.toFixed(2)} ${height.toFixed(2)}`);
  }
  function tie(made) {
    const view = twins();
    if (!view || made.tied === view) return;
    made.tied = view;
    view.map.on('move zoom', () => align(made));
  }
  // Dragging the small map moves the large one, and so both; a drag is no click.
  function dragged(svg) {
    let from = null;
    let moved = false;
    svg.addEventListener('pointerdown', (event) => { from = twins() ? [event.clientX, event.clientY] : null; moved = false; });
    svg.addEventListener('pointermove', (event) => {
      if (!from || !event.buttons) return;
      const [dx, dy] = [from[0] - event.clientX, from[1] - event.clientY];
      if (!moved && Math.hypot(dx, dy) < 4) return;
      moved = true;
      twins().fitted = null;
      twins().map.panBy([dx, dy], { animate: false });
      from = [event.clientX, event.clientY];
    });
    return () => moved;
  }

  g.panels.define('cover', {
    draw(body, figures, panel) {
      if (!panel.offsetParent) return; // not part of this layout step
      const w = g.words;
      const made = g.panels.once(body, () => {
        const svg = s('svg', { class: 'cover-svg', preserveAspectRatio: 'xMidYMid meet', role: 'img', 'aria-label': w('panel.cover') });
        const legend = h('div', { class: 'legend' });
        body.append(svg, legend);
        const wasDragged = dragged(svg);
        svg.addEventListener('click', (event) => {
          const code = !wasDragged() && event.target.dataset && event.target.dataset.code;
          if (code) g.shell.go(g.links.wall({ region: code }));
        });
        return { svg, legend, key: '', cells: new Map() };
      });
      const levels = g.config.levels.map((level) => level.key);
      const codes = shownCodes();
      const wanted = [...new Set(codes.map((code) => levels[g.config.regions[code].level]))];
      wanted.forEach(load);
      if (!wanted.every((level) => held.has(level))) return;
      const key = g.shell.region();
      if (made.key !== key) {
        const shapes = new Map(wanted.flatMap((level) => [...held.get(level)]));
        if (!build(made, codes, shapes)) { text(made.legend, w('empty.cover')); return; }
        made.key = key;
      }
      tie(made);
      align(made);
      const here = counts();
      const tally = [0, 0, 0, 0, 0];
      made.marks.textContent = '';
      for (const [code, cell] of made.cells) {
        const n = here.get(code) || 0;
        const step = STEPS.filter((from) => n >= from).length;
        tally[step] += 1;
        attribute(cell.path, 'class', step ? `q${step}` : 'zero');
        text(cell.path.firstChild, `${g.shell.regionName(code)} ${n}`);
        if (!step) made.marks.append(s('path', { class: 'cover-mark', d: `M${cell.x},${cell.y}m0,-9l9,15h-18Z` }));
      }
      for (const [, { path }] of made.cells) if (path.getAttribute('class') === 'zero') made.svg.insertBefore(path, made.marks);
      text(panel.querySelector('.panel-base'), w('cover.base', { n: g.format.int(made.cells.size - tally[0]), all: g.format.int(made.cells.size) }));
      g.kit.define(panel.querySelector('.panel-base'), 'manned_grids', { num: made.cells.size - tally[0], den: made.cells.size, asOf: figures.as_of_ms });
      g.proof.explain(made.legend, 'manned_grids', { num: made.cells.size - tally[0], den: made.cells.size, asOf: figures.as_of_ms });
      const bounds = STEPS.map((from, i) => (i + 1 < STEPS.length ? `${from}–${STEPS[i + 1] - 1}` : `≥ ${from}`));
      made.legend.textContent = '';
      made.legend.append(h('span', { class: 'legend-item' }, h('i', { class: 'swatch zero' }), `${w('cover.zero')} ${tally[0]}`),
        ...bounds.map((words, i) => h('span', { class: 'legend-item' }, h('i', { class: `swatch q${i + 1}` }), `${words} ${w('cover.people')} ${tally[i + 1]}`)));
    },
  });
})();
