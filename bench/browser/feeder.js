// Makes the moving workers of the bench. What is made in advance is not measured: only taking it and drawing it is.
(function () {
  "use strict";

  const DEGREE = 1e7;

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

  function frame(places, k, startedS) {
    const rows = places.map((_, i) => i);
    const all = (type, value) => [type, rows.map(value)];
    const column = (name, type, value) => [name, ...all(type, value)];
    return window.gridhall.frames.encode({
      table: "worker", epoch: "bench", scope: "", from: k, to: k + 1, reset: k === 0, now_ms: (startedS + k) * 1000,
      text_for: k ? [] : rows, text: { id: k ? [] : rows.map((i) => `w${i}`), name: k ? [] : rows.map((i) => `w${i}`), region: k ? [] : rows.map(() => "") },
      columns: [
        column("slot", "u4", (i) => i), column("lon", "i4", (i) => Math.round(places[i][0] * DEGREE)),
        column("lat", "i4", (i) => Math.round(places[i][1] * DEGREE)), column("fixed_s", "u4", () => startedS + k),
        column("heard_s", "u4", () => startedS + k), column("heading", "u2", (i) => Math.round((places[i][2] * 180) / Math.PI)),
        column("speed", "u2", () => 140), column("battery", "u1", () => 80), column("presence", "u1", () => 0),
        column("role", "u1", (i) => i % 8), column("flags", "u1", () => 0), column("accuracy", "u2", () => 60),
      ],
    });
  }

  const collection = (places) => ({
    type: "FeatureCollection",
    features: places.map(([lon, lat], i) => ({ type: "Feature", id: i, properties: { name: `w${i}` }, geometry: { type: "Point", coordinates: [lon, lat] } })),
  });

  const bench = (window.bench = {
    circle: (feature, latlng) => window.L.circleMarker(latlng, { radius: 4, weight: 1 }),

    /** Makes `updates` updates of n workers in advance. */
    prepare(layer, n, updates) {
      const places = walkers(n, window.gridhall.config.bounds);
      const startedS = Math.floor(Date.now() / 1000);
      bench.made = Array.from({ length: updates }, (_, k) => (layer === "gl" ? frame(places(k), k, startedS) : collection(places(k))));
      bench.next = 0;
    },

    /** Gives the page the next update. */
    step(layer) {
      const update = bench.made[bench.next++];
      if (layer === "gl") window.gridhall.live.receive({ seq: bench.next, now_ms: Date.now() }, [update]);
      else window.dash_clientside.set_props("points", { data: update });
    },

    /** Steps at `hz` until the updates are used up; resolves then. */
    run(layer, hz) {
      return new Promise((done) => {
        const timer = setInterval(() => {
          bench.step(layer);
          if (bench.next < bench.made.length) return;
          clearInterval(timer);
          setTimeout(done, 1000 / hz);
        }, 1000 / hz);
      });
    },

    /** Mean milliseconds of the main thread for one picture of gridhall's layer, without taking in data. */
    async redraw(pictures) {
      const layer = window.gridhall.map.main.layers.workers;
      let spent = 0;
      for (let i = 0; i < pictures; i += 1) {
        await new Promise(requestAnimationFrame);
        const began = performance.now();
        layer.redraw();
        spent += performance.now() - began;
      }
      return spent / pictures;
    },

    /** How many points dash-leaflet shows, and where the first one stands. */
    shown() {
      const points = [];
      window.gridhall.map.main.map.eachLayer((layer) => layer.feature && points.push(layer.getLatLng()));
      return { count: points.length, first: points[0] ? [points[0].lng, points[0].lat] : null, wanted: bench.made[bench.next - 1].features[0].geometry.coordinates };
    },

    /** Resolves when the page has had nothing to do for a while. */
    async idle() {
      await new Promise((done) => setTimeout(done, 500));
      await new Promise(requestIdleCallback);
      await new Promise(requestAnimationFrame);
      await new Promise(requestIdleCallback);
    },

    pictures: () => window.gridhall.map.main?.layers.workers.pictures ?? 0,
  });
})();
