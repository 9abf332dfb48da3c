// How old what a screen shows is, and since when its link is lost: gridhall.ages.seconds(figures), .draw(element, old), .lostSince().
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const MARGIN_MS = 3000; // a link that is back within this was never lost for the eye
  const BUDGET_S = { positions: 10, orders: 10, rates: 60, sources: 60, base: 86400 };

  const live = () => g.live || null;
  const startedMs = Date.now();
  function lostSince() {
    const link = live() && live().link;
    if (!link || link.connected) return null;
    const since = seenMs() || startedMs;
    return g.shell.now() - since > MARGIN_MS && Date.now() - startedMs > MARGIN_MS * 2 ? since : null;
  }
  // When the server was last heard, on its own clock: a linked screen is as old as its last frame or its heartbeat.
  function seenMs() {
    const { frameAtMs, offsetMs } = live() || {};
    return frameAtMs ? frameAtMs + (offsetMs || 0) : 0;
  }
  function seconds(figures) {
    const now = g.shell.now();
    const link = live() && live().link;
    // Nothing changed is not nothing known: while the link is up, what is shown is what the server holds.
    const asOf = link && link.connected ? Math.max(figures.as_of_ms || 0, seenMs()) : figures.as_of_ms || 0;
    const orders = Math.max(0, (now - asOf) / 1000);
    // How old the newest position was when the server last spoke, and how long that is ago.
    const lag = live() ? live().lagMs : null;
    const at = figures.age && figures.age.positions_ms;
    const positions = lag !== null && lag !== undefined ? lag / 1000 + orders : at ? Math.max(0, (now - at) / 1000) : null;
    return { positions, orders, rates: orders, sources: orders };
  }
  const RING = 2 * Math.PI * 8;
  function draw(element, old) {
    const { h, s, text, toggle, attribute } = g.kit;
    if (!element.made) {
      element.textContent = '';
      const left = s('circle', { class: 'ring-left', cx: 12, cy: 12, r: 8, transform: 'rotate(-90 12 12)', 'stroke-dasharray': RING });
      element.append(s('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, s('circle', { class: 'ring-track', cx: 12, cy: 12, r: 8 }), left,
        s('path', { class: 'late-sign', d: 'M12,2L22,21H2Z' })), h('span', {}));
      element.made = { left, label: element.lastChild };
    }
    const budget = BUDGET_S[element.dataset.age] || 60;
    const late = old === null || old > budget;
    toggle(element, 'late', late);
    const panel = element.closest('.panel');
    if (panel) toggle(panel, 'stale', late);
    attribute(element.made.left, 'stroke-dashoffset', (RING * Math.min(1, (old || 0) / budget)).toFixed(1));
    text(element.made.label, old === null ? g.words('age.none') : late ? g.words('age.late', { t: g.format.span(old) }) : g.format.ago(old));
  }

  g.ages = { seconds, draw, lostSince, seenMs: () => seenMs() || g.shell.now() };
})();
