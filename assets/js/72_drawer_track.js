/** While a worker's drawer is open, the wall's map shows that worker's day. */
(function (gridhall) {
  "use strict";

  const DRAWER = "drawer";
  const DATA = "drawer-track";
  const MAP = "map";

  let shown = null; // text of what is drawn

  function draw(view, data) {
    if (!data) {
      view.clearTrack();
      view.showDuty(null);
      return;
    }
    view.showTrack(data, { fit: false });
    view.showDuty(data.worker.grid || null);
  }

  function follow() {
    const text = document.getElementById(DATA)?.textContent ?? null;
    if (text === shown) return;
    shown = text;
    gridhall.map.when(MAP, (view) => draw(view, text && JSON.parse(text)));
  }

  // Dash puts the page together after the scripts have run: wait for the drawer, then watch only that
  const waiting = new MutationObserver(() => {
    const drawer = document.getElementById(DRAWER);
    if (!drawer) return;
    waiting.disconnect();
    new MutationObserver(follow).observe(drawer, { childList: true, subtree: true });
    follow();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})((globalThis.gridhall ??= {}));
