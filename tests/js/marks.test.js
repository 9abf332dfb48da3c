"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const gridhall = require("./load.js")("11_emitter", "12_geo", "34_track_model", "35_marks_view", "43_labels", "44_city_shapes", "49_hits");

const { marksView, trackModel, labels, shapes, Hits } = gridhall;

test("an order is green below 80 % of its limit, yellow up to it, red after it", () => {
  const light = (now, deadline = 2000) => marksView.lightOf(1000, deadline, now);
  assert.deepEqual([1000, 1799, 1800, 2000, 2001].map((now) => light(now)), ["green", "green", "yellow", "yellow", "red"]);
  assert.equal(light(9e9, 0), "green");
});

test("cameras show close up, or as small marks when their layer is on", () => {
  assert.deepEqual([marksView.feedSize("near", 5), marksView.feedSize("near", 2), marksView.feedSize(true, 5), marksView.feedSize(false, 1)], [null, "full", "small", null]);
});

const MINUTE = 60000;
const line = (start, count, step = 10000) => ({
  type: "Feature", geometry: { type: "LineString", coordinates: Array.from({ length: count }, (_, i) => [113 + i * 1e-4, 23]) },
  properties: { times: Array.from({ length: count }, (_, i) => start + i * step) },
});

test("a long rest begins another patrol, a short gap does not", () => {
  const features = [line(0, 10), line(10 * MINUTE, 10), line(120 * MINUTE, 10)];
  const track = trackModel.read({ track: { features } });
  assert.deepEqual(track.segments.map((segment) => segment.patrol), [0, 0, 1]);
  assert.equal(track.gaps.length, 2);
});

test("a stretch out of grid is cut out of its segment without a hole", () => {
  const track = trackModel.read({ track: { features: [line(0, 10)] }, out_of_grid: [{ from_ms: 30000, to_ms: 50000 }] });
  assert.deepEqual(track.segments[0].runs, [{ first: 0, last: 2, out: false }, { first: 2, last: 6, out: true }, { first: 6, last: 9, out: false }]);
});

test("fixes that were set aside are marks with their reason and not part of the line", () => {
  const feature = line(0, 4);
  feature.properties.flags = [[], ["jump"], ["out_of_grid"], []];
  const track = trackModel.read({ type: "FeatureCollection", features: [feature] });
  assert.equal(track.segments[0].times.length, 3);
  assert.deepEqual(track.aside.map((fix) => fix.reasons), [["jump"]]);
  assert.equal(track.stretches.length, 1);
});

test("the playhead stands between two fixes, and in a gap at the last one", () => {
  const track = trackModel.read({ track: { features: [line(0, 2, 10000), line(30 * MINUTE, 2)] } });
  assert.equal(trackModel.placeAt(track, -1), null);
  const middle = trackModel.placeAt(track, 5000);
  assert.ok(Math.abs(gridhall.geo.lonOf(middle.x) - 113.00005) < 1e-9);
  assert.ok(Math.abs(middle.heading - Math.PI / 2) < 1e-9);
  assert.deepEqual([trackModel.placeAt(track, 15 * MINUTE).known, trackModel.placeAt(track, 9e9).known], [false, false]);
});

test("arrows stand each 200 px along the line and point along it", () => {
  const found = trackModel.arrows([0, 0, 500, 0, 500, 300], 200);
  assert.deepEqual(found.map(({ x, y }) => [x, y]), [[100, 0], [300, 0], [500, 0], [500, 200]]);
  assert.ok(Math.abs(found[0].turn - Math.PI / 2) < 1e-9);
});

test("a track of nothing draws nothing", () => {
  const track = trackModel.read({ track: { features: [] }, gaps: [], stops: [] });
  assert.deepEqual([track.segments, track.gaps, track.problems], [[], [], []]);
});

test("a border that two regions share is one line", () => {
  const seen = new Set();
  const square = (x) => Float64Array.from([x, 0, x + 1e-4, 0, x + 1e-4, 1e-4, x, 1e-4, x, 0]);
  const [first] = shapes.freshRuns(square(0), seen);
  assert.equal(first.length, 10);
  const second = shapes.freshRuns(square(1e-4), seen);
  assert.equal(second.reduce((sum, run) => sum + run.length / 2 - 1, 0), 3);
});

test("labels do not overlap", () => {
  const room = new labels.Labels();
  assert.equal(room.claim(100, 100, 60, 20), true);
  assert.equal(room.claim(140, 105, 60, 20), false);
  assert.equal(room.claim(180, 100, 60, 20), true);
});

test("names on the map go without the word for their level", () => {
  assert.deepEqual(["平东社区", "叠北社区居委会", "社区"].map(labels.shortName), ["平东", "叠北", "社区"]);
});

const layer = (points, reach) => ({ places: () => ({ ids: points.map((_, i) => i), xs: points.map(([x]) => x), ys: points.map(([, y]) => y), reach: points.map(() => reach) }) });
const source = (kind, points, reach) => ({ kind, layer: layer(points, reach), id: (slot) => `${kind}${slot}`, name: (slot) => `${slot}` });

test("the nearest sign within reach is hit; of two under the pointer the worker", () => {
  const hits = new Hits([source("worker", [[100, 100]], 6), source("order", [[104, 100], [300, 300]], 12)]);
  assert.equal(hits.at(101, 100).kind, "worker");
  assert.equal(hits.at(112, 100).kind, "order");
  assert.equal(hits.at(310, 300).id, "order1");
  assert.equal(hits.at(330, 300), null);
});

test("the keyboard goes from sign to sign and round", () => {
  const hits = new Hits([source("worker", [[10, 50], [10, 10]], 6), source("order", [[5, 5]], 9)]);
  const first = hits.next(null, 1);
  const second = hits.next(first, 1);
  const third = hits.next(second, 1);
  assert.deepEqual([first.id, second.id, third.id, hits.next(third, 1).id, hits.next(first, -1).id], ["worker1", "worker0", "order0", "worker1", "order0"]);
});
