// How old what a screen shows is, and since when its link is lost: gridhall.ages.seconds(figures), .draw(element, old), .lostSince().
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const MARGIN_MS = 3000; // a link that is back within this was never lost for the eye
  const BUDGET_S = { positions: 10, orders: 10, rates: 60, sources: 60, video: 3, hotline: 120, base: 86400 };

  const live = () => g.live || null;
  const startedMs = Date.now();
  function lostSince() {
    const link = live() && live().link;
    if (!link || link.connected) return null;
    const since = seenMs() || startedMs;
    return g.shell.now() - since > MARGIN_MS && Date.now() - startedMs > MARGIN_MS * 2 ? since : null;
  }
  // When the server was last heard, on its own clock.
  function seenMs() {
    const { frameAtMs, offsetMs } = live() || {};
    return frameAtMs ? frameAtMs + (offsetMs || 0) : 0;
  }
  // What nobody has changed is as new as the last word of it: of figures that the server counted them again and found the same, of
  // rows that it heard its store. A link that is up proves neither: the server may have lost its store.
  function seconds(figures) {
    const since = (atMs) => Math.max(0, (g.shell.now() - atMs) / 1000);
    const { figuresAtMs = 0, heardStoreAtMs = 0, lagMs = null } = live() || {};
    const counted = since(Math.max(figures.as_of_ms || 0, figuresAtMs));
    const rows = heardStoreAtMs ? since(heardStoreAtMs) : counted;
    // How old the newest position was when the server last spoke, and how long that is ago.
    const at = figures.age && figures.age.positions_ms;
    const positions = lagMs !== null && seenMs() ? lagMs / 1000 + since(seenMs()) : at ? since(at) : null;
    return { positions, orders: counted, rates: counted, sources: counted, hotline: counted, video: rows, base: rows };
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
    const said = old === null ? '' : g.words(late ? 'live.behind' : 'live.fresh', { t: g.format.span(old), b: g.format.span(budget), x: g.format.span(Math.max(0, old - budget)) });
    if (element.title !== said) element.title = said;
  }

  g.ages = { seconds, draw, lostSince, seenMs: () => seenMs() || g.shell.now() };
})();
