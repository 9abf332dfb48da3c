// The stopwatch in the page: when a probe's new place stands in the table, and when its sign stands there on the canvas.
//
// A sign is drawn when the pixel in the middle of its new place is opaque and that of its place before is empty, read back from
// the canvas of the workers' layer when it has been drawn; `shown` is the next animation frame, by when the screen has it.
(function () {
  "use strict";
  const SOLID = 128; // of 255
  const now = () => performance.timeOrigin + performance.now();

  const pending = new Set();
  const bench = (window.bench = {
    seen: [], // {id, spot (0 or 1), made_ms, applied_ms, drawn_ms, shown_ms}

    /** `probes`: id -> [[lon, lat], [lon, lat]]. */
    start(probes) {
      const view = window.gridhall.map.of("map");
      view.setFar("dots");
      const layer = view.layers.workers;
      const table = window.gridhall.live.tables.get("worker");
      const last = new Map();
      let madeMs = 0;

      const receive = window.gridhall.live.receive;
      window.gridhall.live.receive = function (meta, frames) {
        madeMs = meta.now_ms;
        return receive.call(this, meta, frames);
      };
      table.on("rows", () => {
        for (const [id, spots] of Object.entries(probes)) {
          const slot = table.slotOf.get(id);
          if (slot === undefined) continue;
          const spot = spots.findIndex(([lon, lat]) => near(table.columns.lon[slot], lon) && near(table.columns.lat[slot], lat));
          if (spot < 0 || last.get(id) === spot) continue;
          const one = { id, spot, made_ms: madeMs, applied_ms: now() };
          if (last.has(id)) pending.add(one);
          last.set(id, spot);
        }
      });
      const look = () => {
        for (const one of pending) {
          const [there, before] = [probes[one.id][one.spot], probes[one.id][1 - one.spot]];
          [one.there, one.before] = [there, before].map((place) => alphaAt(layer, view.map, place));
          if (one.there < SOLID || one.before > 0) continue;
          one.drawn_ms = now();
          pending.delete(one);
          requestAnimationFrame(() => {
            one.shown_ms = now();
            bench.seen.push(one);
          });
        }
      };
      const { drawn } = layer;
      layer.drawn = function () {
        drawn.call(this);
        look();
        watch();
      };
      // what a thread draws stands on the canvas a little later, of which the page is told nothing
      const watch = () => {
        if (layer.painter.gl || !pending.size || watch.on) return;
        watch.on = requestAnimationFrame(() => {
          watch.on = null;
          look();
          watch();
        });
      };
      layer.invalidate();
    },

    /** Those that stand in the table and not yet on the canvas. */
    unseen: () => [...pending],
    pictures: () => window.gridhall.map.of("map").layers.workers.pictures,
    workers: () => window.gridhall.live.tables.get("worker").count,
  });

  const near = (value, degrees) => Math.abs(value - degrees * 1e7) < 20;

  const eye = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** Opacity, 0…255, of the canvas where a place is. */
  function alphaAt(layer, map, [lon, lat]) {
    const point = map.latLngToLayerPoint([lat, lon]).subtract(layer.corner);
    const [x, y] = [Math.round(point.x * layer.ratio), Math.round(point.y * layer.ratio)];
    const { gl } = layer.painter;
    if (!gl) {
      eye.clearRect(0, 0, 1, 1);
      eye.drawImage(layer.canvas, x, y, 1, 1, 0, 0, 1, 1);
      return eye.getImageData(0, 0, 1, 1).data[3];
    }
    const pixel = new Uint8Array(4);
    gl.readPixels(x, layer.canvas.height - 1 - y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    return pixel[3];
  }
})();
