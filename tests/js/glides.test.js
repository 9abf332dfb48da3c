"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const gridhall = require("./load.js")("10_frames", "11_emitter", "12_geo", "18_tables", "30_signs", "31_glides", "36_workers_view");

const { Glides, frames, geo, tables, workersView, signs } = gridhall;
const NOW_S = 1_800_000_000;

function scene(rows, { version = 0, table = new tables.Table("worker"), epoch = "e" } = {}) {
  const column = (name, type, fallback) => [name, type, rows.map((row) => row[name] ?? fallback)];
  const slots = rows.map((row, i) => row.slot ?? i);
  const bytes = frames.encode({
    table: "worker", epoch, scope: "", from: version, to: version + 1, reset: version === 0, text_for: slots.map((_, i) => i), text: { id: slots.map((slot) => `w${slot}`) },
    columns: [["slot", "u4", slots], ["lon", "i4", rows.map((row) => Math.round(row.lon * 1e7))], ["lat", "i4", rows.map((row) => Math.round(row.lat * 1e7))],
      column("fixed_s", "u4", NOW_S), column("heading", "u2", 65535), column("presence", "u1", 0), column("role", "u1", 1)],
  });
  const glides = table.glides ?? (table.glides = new Glides());
  const off = table.on("rows", (change) => glides.take(table, change, rows.at ?? table.nowS ?? 0, rows.cut));
  table.apply(frames.decode(bytes));
  off();
  return { table, glides };
}

const at = (rows, nowS, more = {}) => Object.assign(rows, { at: nowS, ...more });
const place = (glides, slot, clockS) => {
  const [x, y] = glides.shown(slot, clockS);
  return [geo.lonOf(x), geo.latOf(y)];
};
const near = (got, wanted, tolerance = 1e-6) => got.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < tolerance, `${got} is not ${wanted}`));

test("a worker glides from its last place to the new fix in the time between the fixes, and stands there", () => {
  const { table, glides } = scene(at([{ lon: 113.15, lat: 23.03 }], 100));
  scene(at([{ lon: 113.151, lat: 23.03, fixed_s: NOW_S + 10 }], 110), { table, version: 1 });
  near(place(glides, 0, 10), [113.15, 23.03]);
  near(place(glides, 0, 15), [113.1505, 23.03]);
  near(place(glides, 0, 20), [113.151, 23.03]);
  near(place(glides, 0, 500), [113.151, 23.03]);
  assert.equal(glides.endS, 20);
});

test("no glide lasts longer than 12 seconds", () => {
  const { table, glides } = scene(at([{ lon: 113.15, lat: 23.03 }], 0));
  scene(at([{ lon: 113.151, lat: 23.03, fixed_s: NOW_S + 60 }], 60), { table, version: 1 });
  assert.equal(glides.endS, 72);
});

test("a fix that comes while gliding starts from where the worker is shown", () => {
  const { table, glides } = scene(at([{ lon: 113.15, lat: 23.03 }], 0));
  scene(at([{ lon: 113.151, lat: 23.03, fixed_s: NOW_S + 10 }], 10), { table, version: 1 });
  scene(at([{ lon: 113.152, lat: 23.03, fixed_s: NOW_S + 15 }], 15), { table, version: 2 });
  near(place(glides, 0, 15), [113.1505, 23.03]);
  near(place(glides, 0, 20), [113.152, 23.03]);
});

test("a jump after a pause is a cut", () => {
  const { table, glides } = scene(at([{ lon: 113.15, lat: 23.03 }], 0));
  scene(at([{ lon: 113.2, lat: 23.03, fixed_s: NOW_S + 10 }], 10), { table, version: 1 });
  near(place(glides, 0, 10), [113.2, 23.03]);
  scene(at([{ lon: 113.202, lat: 23.03, fixed_s: NOW_S + 500 }], 500), { table, version: 2 });
  near(place(glides, 0, 500), [113.202, 23.03]);
});

test("without motion everybody is put at once", () => {
  const { table, glides } = scene(at([{ lon: 113.15, lat: 23.03 }], 0));
  scene(at([{ lon: 113.151, lat: 23.03, fixed_s: NOW_S + 10 }], 10, { cut: true }), { table, version: 1 });
  near(place(glides, 0, 10), [113.151, 23.03]);
  assert.ok(glides.endS <= 10);
});

test("places are exact to a centimetre, far from the origin too", () => {
  const { glides } = scene(at([{ lon: 113.15, lat: 23.03 }, { lon: 113.35, lat: 22.83 }], 0));
  const [lon, lat] = place(glides, 1, 0);
  assert.ok(geo.distance(lon, lat, 113.35, 22.83) < 0.02);
});

test("the clock begins anew before 32 bits lose milliseconds", () => {
  const { table, glides } = scene(at([{ lon: 113.15, lat: 23.03 }], 0));
  scene(at([{ lon: 113.1501, lat: 23.03, fixed_s: NOW_S + 5000 }], 5000), { table, version: 1 });
  assert.ok(glides.clock(5000) < 1);
  near(place(glides, 0, glides.clock(5012)), [113.1501, 23.03]);
});

test("only what changed is uploaded", () => {
  const rows = Array.from({ length: 1000 }, (_, i) => ({ lon: 113 + i * 1e-4, lat: 23 }));
  const { table, glides } = scene(at(rows, 0));
  assert.deepEqual(glides.takeDirty(), [[0, 1000]]);
  assert.deepEqual(glides.takeDirty(), []);
  scene(at([{ slot: 700, lon: 113.07, lat: 23.0001, fixed_s: NOW_S + 5 }], 5), { table, version: 1 });
  const ranges = glides.takeDirty();
  assert.equal(ranges.length, 1);
  assert.ok(ranges[0][0] <= 700 && ranges[0][1] > 700 && ranges[0][1] - ranges[0][0] <= 64);
});

test("who has no fix yet is not drawn", () => {
  const { glides } = scene(at([{ lon: 113.15, lat: 23.03, fixed_s: 0 }], 0));
  assert.equal(glides.visible(0), false);
});

const sceneAt = (mpp, more = {}) => ({ ...workersView.sizes(mpp), presences: 127, roles: 255, oldBefore: -1e9, ...more });
const presence = (name) => signs.PRESENCES.indexOf(name);

test("far away normal workers are dots, and out of grid keeps its full sign", () => {
  const { glides } = scene(at(signs.PRESENCES.map((name) => ({ lon: 113.15, lat: 23.03, presence: presence(name) })), 0));
  const cells = signs.PRESENCES.map((_, slot) => workersView.lookOf(glides, slot, sceneAt(5))?.cell);
  assert.equal(cells[presence("moving")], signs.FAR + presence("moving"));
  assert.equal(cells[presence("offline")], signs.FAR + presence("offline"));
  assert.equal(cells[presence("out_of_grid")], signs.cellOf(1, presence("out_of_grid")));
  assert.equal(cells[presence("unseen")], undefined);
});

test("close up signs are full, chosen ones larger, and only those who move have a wedge", () => {
  const { glides } = scene(at([{ lon: 113.15, lat: 23.03, heading: 90 }, { lon: 113.15, lat: 23.03, heading: 90, presence: 1 }], 0));
  glides.choose([1]);
  const [moving, still] = [0, 1].map((slot) => workersView.lookOf(glides, slot, sceneAt(1)));
  assert.equal(moving.cell, signs.cellOf(1, 0));
  assert.ok(Math.abs(moving.heading - Math.PI / 2) < 1e-6);
  assert.equal(still.heading, null);
  assert.deepEqual([moving.size, still.size], [1, 1.7]);
});

test("a fix older than a minute is drawn at 70 %", () => {
  const { glides } = scene(at([{ lon: 113.15, lat: 23.03 }, { lon: 113.15, lat: 23.03, fixed_s: NOW_S - 61 }], 0));
  const looks = [0, 1].map((slot) => workersView.lookOf(glides, slot, sceneAt(1, { oldBefore: -60 })));
  assert.deepEqual(looks.map((look) => look.opacity), [1, 0.7]);
  assert.equal(glides.countOlder(NOW_S, 60), 1);
});

test("filters take presences and roles out", () => {
  const { glides } = scene(at([{ lon: 113.15, lat: 23.03, role: 0 }, { lon: 113.15, lat: 23.03, role: 2, presence: 1 }], 0));
  const shown = (filter) => [0, 1].filter((slot) => workersView.lookOf(glides, slot, sceneAt(1, filter)));
  assert.deepEqual(shown({ presences: workersView.maskOf(["moving"], signs.PRESENCES) }), [0]);
  assert.deepEqual(shown({ roles: workersView.maskOf(["part"], signs.ROLES) }), [1]);
});
