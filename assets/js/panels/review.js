// 复盘: the map of the chosen rate (one link per region, its number opens its orders), the print button, the other language.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, s, attribute } = g.kit;
  const LABEL_PX = 13;
  const ROOM_PX = 60; // of the map's width for each name on it: 330 px bear five, 535 px eight
  const WIDTH = 1000;
  const held = new Map(); // level -> promise of Map(code -> [[lon, lat] rings])

  const rings = ({ type, coordinates }) => (type === 'Polygon' ? coordinates : type === 'MultiPolygon' ? coordinates.flat() : []);
  function shapesOf(level) {
    if (!held.has(level)) {
      held.set(level, fetch(`/city/regions.geojson?level=${encodeURIComponent(level)}`)
        .then((reply) => (reply.ok ? reply.json() : Promise.reject(new Error(String(reply.status)))))
        .then(({ features }) => new Map(features.map((feature) => [feature.properties.code, rings(feature.geometry)])))
        .catch((error) => { held.delete(level); throw error; }));
    }
    return held.get(level);
  }

  // Scale of the map: the regions fill a box WIDTH wide, y down.
  function frameOf(points) {
    const xs = points.map(([lon]) => g.geo.mercatorX(lon));
    const ys = points.map(([, lat]) => g.geo.mercatorY(lat));
    const least = (list) => list.reduce((a, b) => Math.min(a, b), Infinity);
    const most = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const [west, north] = [least(xs), least(ys)];
    const scale = WIDTH / Math.max(most(xs) - west, (most(ys) - north) * 1.1, 1e-12);
    return {
      at: ([lon, lat]) => [(g.geo.mercatorX(lon) - west) * scale, (g.geo.mercatorY(lat) - north) * scale],
      size: [(most(xs) - west) * scale, (most(ys) - north) * scale],
    };
  }
  // The middle of the largest ring: where the name stands.
  function middleOf(lines, at) {
    const area = (ring) => Math.abs(ring.reduce((sum, [x, y], i) => {
      const [x2, y2] = ring[(i + 1) % ring.length];
      return sum + x * y2 - x2 * y;
    }, 0));
    const ring = lines.map((line) => line.map(at)).sort((a, b) => area(b) - area(a))[0];
    const box = [0, 1].map((axis) => ring.map((point) => point[axis]));
    return box.map((list) => (Math.min(...list) + Math.max(...list)) / 2);
  }

  function region(told, lines, at) {
    const d = lines.map((ring) => `M${ring.map((point) => at(point).map((n) => n.toFixed(1)).join(',')).join('L')}Z`).join('');
    return s('a', { href: told.href, class: 'shape', 'aria-label': `${told.name} ${told.shown}` },
      s('path', { d, class: `band${told.band}` }, s('title', {}, told.title)));
  }
  function label(told, lines, at) {
    const [x, y] = middleOf(lines, at);
    const name = g.shell.shortName(told.code, told.name);
    const made = s('a', { href: told.orders, class: 'label', 'data-figure': told.figure, 'data-num': told.num, 'data-den': told.den },
      s('title', {}, told.title), s('text', { x, y }, s('tspan', { class: 'map-name' }, name),
        s('tspan', { x, dy: '1.1em', class: 'map-value' }, told.shown)));
    made.spot = [x, y, name];
    return made;
  }
  // Letters keep their size on the screen, whatever the scale of the map.
  function sized(panel, svg) {
    const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
    const scale = Math.max(width / Math.max(panel.clientWidth, 1), height / Math.max(panel.clientHeight, 1));
    svg.style.setProperty('--label', `${(LABEL_PX * scale).toFixed(1)}px`);
    return LABEL_PX * scale;
  }
  // Of labels that would lie on each other the earlier, lower rate stays.
  function apart(labels, em) {
    const kept = [];
    for (const label of labels) {
      const [x, y, text] = label.spot;
      const half = em * (/[^\x00-\xff]/.test(text) ? 0.55 : 0.32) * Math.max(text.length, 5);
      const box = [x - half, y - em, x + half, y + em * 1.3];
      if (kept.some(([l, t, r, b]) => box[0] < r && l < box[2] && box[1] < b && t < box[3])) label.remove();
      else kept.push(box);
    }
  }
  function draw(panel, data, shapes) {
    const there = data.regions.filter(({ code }) => (shapes.get(code) || []).length);
    if (!there.length) { panel.replaceChildren(h('p', { class: 'empty' }, g.words('empty.cover'))); return; }
    const { at, size } = frameOf(there.flatMap(({ code }) => shapes.get(code).flat()));
    const named = there.filter(({ band, code }) => band === 1 || band === 2 || code === data.here)
      .sort((a, b) => (a.value ?? 101) - (b.value ?? 101)).slice(0, Math.max(4, Math.floor(panel.clientWidth / ROOM_PX)));
    const svg = s('svg', { viewBox: `-8 -8 ${(size[0] + 16).toFixed(0)} ${(size[1] + 16).toFixed(0)}`, role: 'group' });
    for (const told of there) svg.append(region(told, shapes.get(told.code), at));
    const here = there.find(({ code }) => code === data.here);
    if (here) svg.append(s('path', { class: 'here', d: svg.querySelector(`a:nth-child(${there.indexOf(here) + 1}) path`).getAttribute('d') }));
    for (const told of there.length > 12 ? named : there) svg.append(label(told, shapes.get(told.code), at));
    panel.replaceChildren(svg);
    apart([...svg.querySelectorAll('a.label')], sized(panel, svg));
    if (!panel.sizes) {
      panel.sizes = new ResizeObserver(() => panel.firstElementChild?.viewBox && sized(panel, panel.firstElementChild));
      panel.sizes.observe(panel);
    }
  }

  g.panels.define('reviewmap', {
    still: true,
    draw(body, figures, panel) {
      const text = panel.dataset.map;
      if (!panel.watched) {
        panel.watched = new MutationObserver(() => g.panels.drawOne(panel, g.panels.figures));
        panel.watched.observe(panel, { attributes: true, attributeFilter: ['data-map'] });
      }
      if (panel.mapDrawn === text) return;
      panel.mapDrawn = text;
      const data = JSON.parse(text);
      shapesOf(data.level).then((shapes) => panel.mapDrawn === text && g.faults.attempt('review map', () => draw(panel, data, shapes)),
        () => { panel.mapDrawn = undefined; });
    },
  });

  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target && target.closest('[data-print]')) window.print();
    const shape = target && target.closest('.review-map a.shape');
    if (shape && !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey) { // an SVG link loads its page, were it not for this
      event.preventDefault();
      g.shell.go(shape.getAttribute('href'));
    }
    const other = target && target.closest('.review .status-right a[data-lang]');
    if (!other) return;
    const params = new URLSearchParams(window.location.search); // the same view in the other language
    params.set('lang', other.dataset.lang);
    attribute(other, 'href', `${window.location.pathname}?${params}`);
  }, true);
})();
