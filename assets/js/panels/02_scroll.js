// Lists that are longer than their panel: whole rows are shown, and the list steps on by one of them, from the end back to the top.
// gridhall.scroll.lines(rows, {rowU, everyS, onShown}) after each drawing of the rows: {first, shown, all}, rows counted from 0.
// Whoever points at the list, has the focus in it or scrolls it himself holds it. One timer for all lists, and none while nobody looks.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const HELD_MS = 20000; // how long a list stays where a finger or a wheel has put it
  const MOUSE_MS = 120000; // a mouse that has lain still over a list for so long was left there
  const lists = new Set();
  let timer = 0;

  // Where a list stands after its next step.
  const next = (first, shown, all) => (first + shown >= all ? 0 : first + 1);

  // How tall a row is and how many whole ones show; their rest is cut off at the foot by a clip, so that no row shows in half.
  function measure(list) {
    const { element, rowU } = list;
    const rowPx = Math.max(1, Math.floor(rowU * g.kit.unit()));
    const heightPx = element.clientHeight;
    if (!heightPx && list.rowPx) return; // not shown now
    list.all = element.childElementCount;
    list.shown = Math.min(list.all, Math.max(1, Math.floor(heightPx / rowPx)));
    const restPx = Math.max(0, heightPx - Math.max(1, Math.floor(heightPx / rowPx)) * rowPx);
    if (list.rowPx === rowPx && list.restPx === restPx) return;
    Object.assign(list, { rowPx, restPx });
    element.style.setProperty('--row-px', `${rowPx}px`);
    element.style.setProperty('--rest-px', `${restPx}px`);
  }
  const firstOf = (list) => Math.max(0, Math.min(Math.round(list.element.scrollTop / list.rowPx), list.all - list.shown));
  const told = (list) => ({ first: list.first, shown: list.shown, all: list.all });
  function show(list, first, still) {
    list.first = first;
    const behavior = still || first === 0 || !g.kit.motion() ? 'instant' : 'smooth';
    list.element.scrollTo({ top: first * list.rowPx, behavior });
    if (list.onShown) list.onShown(told(list));
  }

  const visible = (list) => list.element.isConnected && list.element.clientHeight > 0;
  const held = (list, now) => now < list.heldUntilMs || list.element.matches(':focus-within');
  function step(now) {
    for (const list of lists) {
      if (!visible(list)) { lists.delete(list); continue; } // its next drawing brings it back
      if (list.all <= list.shown) continue;
      if (held(list, now)) { list.dueMs = Math.max(list.dueMs, now + list.everyMs); continue; }
      if (now < list.dueMs) continue;
      list.dueMs = now + list.everyMs;
      show(list, next(firstOf(list), list.shown, list.all));
    }
  }
  function wake() {
    const moving = [...lists].filter((list) => list.all > list.shown);
    if (timer || !moving.length || document.hidden) return;
    const waitMs = Math.max(100, Math.min(...moving.map((list) => list.dueMs)) - Date.now());
    timer = setTimeout(() => { timer = 0; g.faults.attempt('lists', () => step(Date.now())); wake(); }, waitMs);
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) { clearTimeout(timer); timer = 0; } else wake();
  });

  function make(element) {
    const list = { element, first: 0, heldUntilMs: 0 };
    const hold = (event) => { list.heldUntilMs = Date.now() + (event.pointerType === 'mouse' ? MOUSE_MS : HELD_MS); };
    element.classList.add('scroll-lines');
    for (const kind of ['pointerenter', 'pointermove', 'pointerdown', 'wheel']) element.addEventListener(kind, hold, { passive: true });
    element.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') list.heldUntilMs = 0; });
    return list;
  }

  function lines(element, { rowU, everyS = 3, onShown = null }) {
    const list = element.scroller || (element.scroller = make(element));
    if (list.everyMs !== everyS * 1000) Object.assign(list, { everyMs: everyS * 1000, dueMs: Date.now() + everyS * 1000 });
    Object.assign(list, { rowU, onShown });
    const rowPx = list.rowPx;
    measure(list);
    const first = Math.max(0, Math.min(list.first, list.all - list.shown));
    // A person's own place is kept; after a resize, or with fewer rows, the list stands on a whole row again.
    if (first !== list.first || (rowPx && rowPx !== list.rowPx)) show(list, first, true); else if (onShown) onShown(told(list));
    if (visible(list)) lists.add(list);
    wake();
    return told(list);
  }

  g.scroll = { lines, next };
})();
