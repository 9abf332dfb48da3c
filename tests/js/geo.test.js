"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { geo } = require("./load.js")("12_geo");

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

test("the plane around a place says what the exact projection says, to a millimetre in the city and to a hair beyond it", () => {
  for (const [lon0, lat0] of [[113.1, 23.0], [87.6, 43.8], [-70, -53], [0, 0]]) {
    const plane = geo.planeAt(Math.round(lon0 * 1e7), Math.round(lat0 * 1e7));
    for (const [dx, dy] of [[0, 0], [0.3, 0.55], [-0.5, -0.59], [0.01, -0.02], [3, 4]]) {
      const [lon, lat] = [Math.round((lon0 + dx) * 1e7), Math.round((lat0 + dy) * 1e7)];
      const wanted = [geo.mercatorX(lon * 1e-7) - plane.origin[0], geo.mercatorY(lat * 1e-7) - plane.origin[1]];
      assert.ok(Math.abs(plane.x(lon) - wanted[0]) * plane.metres < 1e-3, `x of ${lon}`);
      assert.ok(Math.abs(plane.y(lat) - wanted[1]) * plane.metres < 1e-3, `y of ${lat} from ${lat0}`);
    }
  }
});
