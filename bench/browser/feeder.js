// Makes the moving workers of the bench. What is made in advance is not measured: only taking it and drawing it is.
(function () {
  "use strict";

  const DEGREE = 1e7;
  const FIX_S = 10; // in the traffic of a hall each worker has a fix so often

  /** n workers, all walking at about 1.4 m/s; `places(k)` after k seconds. */
  function walkers(n, bounds) {
    let seed = 7;
    const random = () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 4294967296;
    const [[south, west], [north, east]] = bounds;
    const all = Array.from({ length: n }, () => ({
      lon: west + random() * (east - west), lat: south + random() * (north - south), turn: random() * 2 * Math.PI,
    }));
    return (k) => all.map(({ lon, lat, turn }) => [lon + 1.3e-5 * k * Math.sin(turn), lat + 1.3e-5 * k * Math.cos(turn), turn]);
  }

  /** Who moves in update k: in "all" everybody, in "hall" every tenth; the first update brings all. */
  function movers(n, traffic, k) {
    const all = Array.from({ length: n }, (_, i) => i);
    return traffic === "all" || !k ? all : all.filter((i) => i % FIX_S === k % FIX_S);
  }

  function frame(places, rows, k, startedS) {
    const column = (name, type, value) => [name, type, rows.map(value)];
    return window.gridhall.frames.encode({
      table: "worker", epoch: "bench", scope: "", from: k, to: k + 1, reset: k === 0, now_ms: (startedS + k) * 1000,
      text_for: k ? [] : rows, text: { id: k ? [] : rows.map((i) => `w${i}`), name: k ? [] : rows.map((i) => `w${i}`), region: k ? [] : rows.map(() => "") },
      columns: [
        column("slot", "u4", (i) => i), column("lon", "i4", (i) => Math.round(places[i][0] * DEGREE)),
        column("lat", "i4", (i) => Math.round(places[i][1] * DEGREE)), column("fixed_s", "u4", () => startedS + k),
        column("heard_s", "u4", () => startedS + k), column("heading", "u2", (i) => Math.round((places[i][2] * 180) / Math.PI) % 360),
        column("speed", "u2", () => 140), column("accuracy", "u2", () => 60), column("battery", "u1", () => 80),
        column("presence", "u1", () => 0), column("role", "u1", (i) => i % 8), column("flags", "u1", () => 0),
      ],
    });
  }

  const collection = (places) => ({
    type: "FeatureCollection",
    features: places.map(([lon, lat], i) => ({ type: "Feature", id: i, properties: { name: `w${i}` }, geometry: { type: "Point", coordinates: [lon, lat] } })),
  });

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  const bench = (window.bench = {
    circle: (feature, latlng) => window.L.circleMarker(latlng, { radius: 4, weight: 1 }),

    /** Makes `updates` updates of n workers in advance, one a second of their walk. */
    prepare(layer, n, traffic, updates) {
      const places = walkers(n, window.gridhall.config.bounds);
      const startedS = Math.floor(Date.now() / 1000);
      const make = (k) => (layer === "gl" ? frame(places(k), movers(n, traffic, k), k, startedS) : collection(places(k)));
      bench.made = Array.from({ length: updates }, (_, k) => make(k));
      bench.next = 0;
      if (layer === "gl") window.gridhall.map.main.setFar("dots"); // that is what is measured, not the rings that may stand for so many
    },

    /** Gives the page the next update. */
    step(layer) {
      const update = bench.made[bench.next++];
      if (layer === "gl") window.gridhall.live.receive({ seq: bench.next, now_ms: Date.now() }, [update]);
      else window.dash_clientside.set_props("points", { data: update });
    },

    /** Gives the page updates as fast as it takes them, so that all is as on a page that has been open for a while; nobody glides. */
    async warm(layer, updates) {
      const { workers } = window.gridhall.map.main.layers;
      workers.motion = false;
      await bench.run(layer, updates, 40);
      workers.motion = true;
    },

    /** Gives `updates` updates, one every `everyMs`; resolves `everyMs` after the last. */
    async run(layer, updates, everyMs) {
      for (let i = 0; i < updates; i += 1) {
        bench.step(layer);
        await wait(everyMs);
      }
    },

    /** What somebody does with the map: drags it, zooms in and out, points at signs, picks one. Resolves to what was picked. */
    async use() {
      const view = window.gridhall.map.main;
      const { x, y } = view.map.getSize().divideBy(2);
      for (const by of [[200, 80], [-200, -80]]) {
        view.map.panBy(by, { duration: 0.3 });
        await wait(500);
      }
      for (const by of [1, -1]) {
        view.map.setZoom(view.map.getZoom() + by);
        await wait(600);
      }
      for (let i = 0; i < 10; i += 1) view.hits.at(x + 10 * i, y);
      view.setFilter({ presences: ["moving"] });
      view.setFilter({});
      return view.hits.at(x, y)?.id ?? null;
    },

    /** Goes so near that single streets are seen. */
    near: (zoom) => window.gridhall.map.main.map.setZoom(zoom, { animate: false }),

    /** How many points dash-leaflet shows, and where the first one stands. */
    shown() {
      const points = [];
      window.gridhall.map.main.map.eachLayer((layer) => layer.feature && points.push(layer.getLatLng()));
      return { count: points.length, first: points[0] ? [points[0].lng, points[0].lat] : null, wanted: bench.made[bench.next - 1].features[0].geometry.coordinates };
    },

    /** Resolves when the page has had nothing to do for a while. */
    async idle() {
      await wait(500);
      await new Promise(requestIdleCallback);
      await new Promise(requestAnimationFrame);
      await new Promise(requestIdleCallback);
    },

    pictures: () => window.gridhall.map.main?.layers.workers.pictures ?? 0,
  });
})();
