/** While a worker's drawer is open, the wall's map goes to that worker's day and shows it; closed, it goes back to where it stood. */
(function (gridhall) {
  "use strict";

  const DRAWER = "drawer";
  const DATA = "drawer-track";
  const MAP = "map";

  let shown = null; // text of what is drawn
  let before = null; // where the map stood before the first worker was opened

  /** How much of the map the drawer lies over, px. */
  function covered(view) {
    const drawer = document.getElementById(DRAWER).getBoundingClientRect();
    const map = view.map.getContainer().getBoundingClientRect();
    return drawer.width ? Math.max(0, Math.min(map.right - drawer.left, map.width / 2)) : 0;
  }

  function draw(view, data) {
    if (!data) {
      view.clearTrack();
      view.showDuty(null);
      if (before && !gridhall.scenes?.alarm()) view.restore(before); // an emergency has the map to itself
      before = null;
      return;
    }
    before ??= view.standing();
    view.showTrack(data, { right: covered(view) });
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
