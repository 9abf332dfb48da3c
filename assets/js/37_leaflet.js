/**
 * How to get at Leaflet and at the map object of a dash-leaflet `dl.Map`.
 *
 * dash-leaflet bundles Leaflet, and Leaflet's own module sets `window.L` while it loads; its map object is nowhere public. Dash does
 * not promise whether assets or component libraries run first, so `ready` waits for `window.L` to be set, and the map is taken by
 * Leaflet's documented `L.Map.addInitHook`, which runs inside every `new L.Map(…)`, before React shows anything.
 */
(function (gridhall) {
  "use strict";

  const waiting = [];

  function watchForLeaflet() {
    let value;
    Object.defineProperty(globalThis, "L", {
      configurable: true,
      enumerable: true,
      get: () => value,
      set(leaflet) {
        value = leaflet;
        // Leaflet assigns itself as the last thing it does; the plain property is put back before anybody looks
        if (!leaflet?.Map) return;
        Object.defineProperty(globalThis, "L", { value: leaflet, writable: true, configurable: true, enumerable: true });
        waiting.splice(0).forEach((task) => task(leaflet));
      },
    });
  }

  /** Calls `task(L)` as soon as Leaflet is there: at once, or when dash-leaflet loads. */
  function ready(task) {
    if (globalThis.L?.Map) return void task(globalThis.L);
    if (!waiting.length) watchForLeaflet();
    waiting.push(task);
  }

  /** Whether a map has a view and has not been removed: one that has, and every handler or timer that outlives it, has no place. */
  const stands = (map) => Boolean(map?._loaded && map._mapPane);

  /** Leaflet layer classes of gridhall, by name; filled when Leaflet is there. */
  gridhall.layers = {};
  gridhall.leaflet = { ready, stands };
})((globalThis.gridhall ??= {}));
