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
    const lons = points.map((p) => p[0]);
    const lats = points.map((p) => p[1]);
    const min = (list) => list.reduce((a, b) => Math.min(a, b), Infinity);
    const max = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const [west, east, south, north] = [min(lons), max(lons), min(lats), max(lats)];
    const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
    const scale = 1000 / Math.max((east - west) * squeeze, north - south, 1e-6);
    const at = ([lon, lat]) => `${((lon - west) * squeeze * scale).toFixed(1)},${((north - lat) * scale).toFixed(1)}`;
    attribute(made.svg, 'viewBox', `-6 -6 ${((east - west) * squeeze * scale + 12).toFixed(0)} ${((north - south) * scale + 12).toFixed(0)}`);
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

  g.panels.define('cover', {
    draw(body, figures, panel) {
      if (!panel.offsetParent) return; // not part of this layout step
      const w = g.words;
      const made = g.panels.once(body, () => {
        const svg = s('svg', { class: 'cover-svg', preserveAspectRatio: 'xMidYMid meet', role: 'img', 'aria-label': w('panel.cover') });
        const legend = h('div', { class: 'legend' });
        body.append(svg, legend);
        svg.addEventListener('click', (event) => {
          const code = event.target.dataset && event.target.dataset.code;
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
      const bounds = STEPS.map((from, i) => (i + 1 < STEPS.length ? `${from}–${STEPS[i + 1] - 1}` : `≥ ${from}`));
      made.legend.textContent = '';
      made.legend.append(h('span', { class: 'legend-item' }, h('i', { class: 'swatch zero' }), `${w('cover.zero')} ${tally[0]}`),
        ...bounds.map((words, i) => h('span', { class: 'legend-item' }, h('i', { class: `swatch q${i + 1}` }), `${words} ${w('cover.people')} ${tally[i + 1]}`)));
    },
  });
})();
