// A camera drawn from what is known of it: its sign turned to where it looks, the angle of its view, north, and the place that it
// should see. It is a plan, never a picture. gridhall.views.plan() → element, .draw(element, feed), .stateOf(feed).
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const REACH = 46;
  const RING = 30;

  const point = (deg, r) => [r * Math.sin((deg * Math.PI) / 180), -r * Math.cos((deg * Math.PI) / 180)];
  const at = ([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`;

  // The sector of a view around north, as a path; the whole circle for a camera that looks everywhere.
  function sector(fovDeg, r) {
    if (fovDeg >= 360) return `M0,${-r}A${r},${r} 0 1 1 0,${r}A${r},${r} 0 1 1 0,${-r}Z`;
    const half = fovDeg / 2;
    return `M0,0L${at(point(-half, r))}A${r},${r} 0 ${fovDeg > 180 ? 1 : 0} 1 ${at(point(half, r))}Z`;
  }

  function plan() {
    const { s } = g.kit;
    const svg = s('svg', { class: 'view-plan', viewBox: '-60 -52 120 104', 'aria-hidden': 'true', focusable: 'false' });
    svg.append(s('circle', { class: 'plan-ring', r: RING }), s('path', { class: 'plan-north', d: `M0,${-RING - 9}L4,${-RING - 1}H-4Z` }),
      s('g', { class: 'plan-turn' }, s('path', { class: 'plan-view' }),
        s('path', { class: 'plan-lens', d: 'M-5.5,-8.5H5.5L2.6,-1.5H-2.6Z' }), s('rect', { class: 'plan-body', x: -4.4, y: -1, width: 8.8, height: 8 })),
      s('path', { class: 'plan-place', d: 'M0,-7L6.1,-3.5V3.5L0,7L-6.1,3.5V-3.5Z' }));
    return svg;
  }

  function draw(svg, feed) {
    const { attribute } = g.kit;
    const [, , turn, place] = svg.children;
    const known = feed.direction_deg !== null && feed.direction_deg !== undefined;
    const everywhere = feed.fov_deg >= 360;
    attribute(svg, 'data-status', feed.status);
    attribute(turn, 'transform', `rotate(${known ? feed.direction_deg : 0})`);
    attribute(turn.firstChild, 'd', (known || everywhere) && feed.fov_deg ? sector(feed.fov_deg, REACH) : '');
    const toward = feed.bearing_deg !== undefined && feed.bearing_deg !== null;
    attribute(place, 'visibility', toward ? null : 'hidden');
    if (toward) attribute(place, 'transform', `translate(${at(point(feed.bearing_deg, RING + 8))})`);
  }

  const COMPASS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'];
  // Where it looks, in words.
  function facing(feed) {
    if (feed.fov_deg >= 360) return g.words('cameras.everywhere');
    if (feed.direction_deg === null || feed.direction_deg === undefined) return g.words('cameras.unknown_way');
    return g.words('cameras.way.' + COMPASS[Math.round(feed.direction_deg / 45) % 8]);
  }
  const STATE_LIGHT = { online: 'light-green', frozen: 'light-yellow' };
  // The sign and the words of its state: online and how old the newest word is, or since when it is down.
  function stateOf(feed) {
    const now = g.shell.now();
    const light = STATE_LIGHT[feed.status] || 'light-none';
    const word = g.words('feed.' + feed.status);
    if (feed.status === 'online') return { light, words: feed.at_ms ? g.format.ago((now - feed.at_ms) / 1000) : word };
    return { light, words: feed.since_ms ? g.words('cameras.down_for', { state: word, t: g.format.duration((now - feed.since_ms) / 1000) }) : word };
  }

  g.views = { plan, draw, facing, stateOf };
})();
