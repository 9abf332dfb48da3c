"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { geo, GridIndex } = require("./load.js")("12_geo", "13_grid_index");

test("WGS-84 becomes GCJ-02 as the published pairs say", () => {
  const pairs = [
    [[31.1774276, 121.5272106], [31.17530398364597, 121.531541859215]],
    [[22.543847, 113.912316], [22.540796131694766, 113.9171764808363]],
    [[39.911954, 116.377817], [39.91334545536069, 116.38404722455657]],
  ];
  for (const [[lat, lon], [wantedLat, wantedLon]] of pairs) {
    const [gotLon, gotLat] = geo.toGcj02(lon, lat);
    assert.ok(Math.abs(gotLon - wantedLon) < 1e-6 && Math.abs(gotLat - wantedLat) < 1e-6, `${gotLat} ${gotLon}`);
  }
});

test("places outside China are not shifted", () => {
  assert.deepEqual(geo.toGcj02(2.35, 48.85), [2.35, 48.85]);
});

test("Mercator there and back is the same place", () => {
  for (const [lon, lat] of [[113.15, 23.03], [-179, -80], [0, 0], [116.4, 39.9]]) {
    assert.ok(Math.abs(geo.lonOf(geo.mercatorX(lon)) - lon) < 1e-9);
    assert.ok(Math.abs(geo.latOf(geo.mercatorY(lat)) - lat) < 1e-9);
  }
});

test("a label stands inside its region, also in a horseshoe", () => {
  const horseshoe = [Float64Array.from([0, 0, 10, 0, 10, 10, 8, 10, 8, 2, 2, 2, 2, 10, 0, 10, 0, 0])];
  const spot = geo.labelPoint(horseshoe);
  assert.ok(geo.inRings(horseshoe, spot.x, spot.y));
  assert.ok(spot.room > 0.8);
});

test("a hole of a region is not in it", () => {
  const ring = (a, b) => Float64Array.from([a, a, b, a, b, b, a, b, a, a]);
  assert.equal(geo.inRings([ring(0, 10), ring(4, 6)], 5, 5), false);
  assert.equal(geo.inRings([ring(0, 10), ring(4, 6)], 2, 5), true);
});

test("the index finds what a search of all points finds", () => {
  let seed = 3;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const xs = Array.from({ length: 2000 }, () => random() * 1900 - 50);
  const ys = Array.from({ length: 2000 }, () => random() * 1000 - 50);
  const index = new GridIndex([...xs.keys()], xs, ys, 28);
  for (let round = 0; round < 300; round += 1) {
    const [x, y] = [random() * 2000 - 100, random() * 1100 - 100];
    let best = null;
    for (let i = 0; i < xs.length; i += 1) {
      const distance = Math.hypot(xs[i] - x, ys[i] - y);
      if (distance <= 14 && (best === null || distance < best.distance)) best = { id: i, distance };
    }
    assert.equal(index.nearest(x, y, 14)?.id, best?.id);
  }
});

test("an index of nothing finds nothing", () => {
  assert.equal(new GridIndex([], [], [], 28).nearest(5, 5, 14), null);
});

test("points far away from the others do not make the index large", () => {
  const index = new GridIndex([0, 1, 2], [0, 1e9, 5], [0, 1e9, 5], 28);
  assert.ok(index.columns * index.rows <= 1 << 17);
  assert.equal(index.nearest(4, 4, 14).id, 2);
});
