"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const gridhall = require("./load.js")("10_frames", "11_emitter", "12_geo", "18_tables", "30_signs", "31_glides", "32_donuts", "34_density",
  "35_marks_view", "36_workers_view", "38_canvas_fit", "49_hits");

const { Glides, Hits, canvases, density, donuts, frames, glides: fields, marksView, signs, tables, workersView } = gridhall;
const NOW_S = 1_800_000_000;
const state = (name) => signs.STATES.indexOf(name);

function random(seed) {
  let value = seed;
  return () => (value = (value * 16807) % 2147483647) / 2147483647;
}

/** A table of workers and glides that follow it; `move(rows, nowS)` gives it a frame of `{slot, lon, lat, fixed_s, …}`. */
function hall() {
  const table = new tables.Table("worker");
  const glides = new Glides();
  let nowS = 0;
  table.on("rows", (change) => glides.take(table, change, nowS));
  const move = (rows, atS) => {
    nowS = atS;
    const column = (name, type, fallback) => [name, type, rows.map((row) => row[name] ?? fallback)];
    const degrees = (name) => [name, "i4", rows.map((row) => Math.round(row[name] * 1e7))];
    const { version } = table;
    table.apply(frames.decode(frames.encode({
      table: "worker", epoch: "e", scope: "", from: version, to: version + 1, reset: version === 0,
      text_for: rows.map((_, i) => i), text: { id: rows.map(({ slot }) => `w${slot}`), region: rows.map((row) => row.region ?? "") },
      columns: [column("slot", "u4"), degrees("lon"), degrees("lat"), column("fixed_s", "u4", NOW_S), column("heading", "u2", 65535),
        column("presence", "u1", 0), column("role", "u1", 1), column("flags", "u1", 0)],
    })));
  };
  return { table, glides, move };
}

test("a worker whose alarm button is pressed is an alarm whatever else he is, unless nobody ever saw him", () => {
  const { glides, move } = hall();
  const place = { lon: 113, lat: 23 };
  move([{ slot: 0, ...place, flags: 4 }, { slot: 1, ...place, presence: state("offline"), flags: 5 }, { slot: 2, ...place, flags: 11 },
    { slot: 3, ...place, presence: state("unseen"), flags: 4 }], 0);
  const looks = [0, 1, 2, 3].map((slot) => glides.data[slot * fields.STRIDE + fields.LOOK] >> 3);
  assert.deepEqual(looks, [signs.ALARM, signs.ALARM, state("moving"), state("unseen")]);
});

const everything = { presences: 255, roles: 255, oldBefore: -1e9 };

test("an alarm keeps its full sign far out and behind rings, and no filter takes it away", () => {
  const { glides, move } = hall();
  move([{ slot: 0, lon: 113, lat: 23, flags: 4 }, { slot: 1, lon: 113, lat: 23 }], 0);
  const filtered = { ...everything, ...workersView.sizes(30), presences: workersView.presenceMask(["still"]), rings: true };
  assert.equal(workersView.lookOf(glides, 0, filtered).cell, signs.cellOf(1, signs.ALARM));
  assert.equal(workersView.lookOf(glides, 1, filtered), null);
  assert.equal(workersView.lookOf(glides, 1, { ...everything, ...workersView.sizes(30), rings: true }), null);
  glides.choose([1]);
  assert.ok(workersView.lookOf(glides, 1, { ...everything, ...workersView.sizes(30), rings: true }));
});

test("no sign is larger than the graphics card can draw", () => {
  assert.equal(workersView.sizes(1, 3).chosenSign, 5.1);
  assert.equal(workersView.sizes(1, 3, 2).chosenSign, 2);
  assert.equal(workersView.sizes(1, 3, 2).sign, 2);
});

test("rings stand for dots above 12 m/px where dots would be a crowd, above 4 with more than 20,000, or when they are asked for", () => {
  const cases = [["auto", 12.1, 9000], ["auto", 12.1, 1250], ["auto", 12, 20000], ["auto", 4.1, 20001], ["auto", 4, 20001], ["dots", 50, 1e5], ["donuts", 1, 1]];
  assert.deepEqual(cases.map((one) => workersView.isRings(...one)), [true, false, false, true, false, false, true]);
});

test("the pace is that of those in view; one car among a thousand walkers does not make it the crowd's", () => {
  const { glides, move } = hall();
  const spots = Array.from({ length: 1000 }, (_, slot) => ({ slot, lon: 113 + slot * 1e-5, lat: 23 }));
  move(spots, 0);
  move(spots.map((row) => ({ ...row, lat: 23 + (row.slot ? 1e-4 : 4e-3), fixed_s: NOW_S + 10 })), 10);
  const world = [-1, -1, 1, 1];
  const { fastest, crowd } = glides.pace(world, 12);
  const metresPerS = (pace) => pace * glides.metres;
  assert.ok(Math.abs(metresPerS(fastest) - 44.5) < 1, `${metresPerS(fastest)}`);
  assert.ok(metresPerS(crowd) >= 1.1 && metresPerS(crowd) < 1.6, `${metresPerS(crowd)}`);
  assert.deepEqual(glides.pace([0.5, 0.5, 1, 1], 12), { fastest: 0, crowd: 0 });
  assert.deepEqual(glides.pace(world, 21), { fastest: 0, crowd: 0 });
});

test("pictures come as often as something visibly moves", () => {
  assert.equal(workersView.waitFor({ fastest: 0, crowd: 0 }), null);
  assert.equal(workersView.waitFor({ fastest: 0.01, crowd: 0.01 }), 2000);
  assert.equal(workersView.waitFor({ fastest: 3, crowd: 3 }), 100);
  assert.equal(workersView.waitFor({ fastest: 300, crowd: 0.1 }), 125);
  assert.equal(workersView.waitFor({ fastest: 300, crowd: 300 }), 16);
  assert.equal(workersView.waitFor({ fastest: 300, crowd: 300 }, 250), 250);
  assert.equal(workersView.waitFor({ fastest: 300, crowd: 300 }, 9000), 2000);
});

// --- hits -------------------------------------------------------------------------------------------------------------------

function sourceOf(kind, points, reach = () => 6) {
  const places = (box = [-Infinity, -Infinity, Infinity, Infinity]) => {
    const inside = points.map((point, i) => [...point, i]).filter(([x, y]) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
    return { ids: inside.map(([, , i]) => i), xs: inside.map(([x]) => x), ys: inside.map(([, y]) => y), reach: inside.map(([, , i]) => reach(i)) };
  };
  return { kind, layer: { places }, id: (slot) => `${kind}${slot}`, name: (slot) => `${slot}` };
}

test("in a crowd of 20,000 whose signs lie over each other the one is hit whose middle is nearest", () => {
  const next = random(5);
  const points = Array.from({ length: 20000 }, () => [next() * 1920, next() * 1080]);
  const hits = new Hits([sourceOf("worker", points)]);
  for (let round = 0; round < 200; round += 1) {
    const [x, y] = [next() * 2000 - 40, next() * 1160 - 40];
    const distances = points.map((point) => Math.hypot(point[0] - x, point[1] - y));
    const least = Math.min(...distances);
    assert.equal(hits.at(x, y)?.id, least <= 14 ? `worker${distances.indexOf(least)}` : undefined);
  }
});

test("a sign far larger than the reach is hit up to its edge; a finger reaches farther than a pointer", () => {
  const hits = new Hits([sourceOf("worker", [[100, 100]], () => 40)]);
  assert.equal(hits.at(140, 100)?.id, "worker0");
  assert.equal(hits.at(146, 100), null);
  const small = new Hits([sourceOf("worker", [[100, 100]])]);
  assert.deepEqual([small.at(118, 100), small.at(118, 100, { touch: true })?.id], [null, "worker0"]);
});

// --- heat -------------------------------------------------------------------------------------------------------------------

const field = { width: 600, height: 300, cell: 6, deviation: 18 };

test("heat adds up: the field of all is the sum of the fields of each, and one order counts one at its place", () => {
  const [xs, ys] = [[120, 126, 300, 599], [60, 60, 180, 0]];
  const all = density.grid(xs, ys, field);
  const each = xs.map((x, i) => density.grid([x], [ys[i]], field));
  all.values.forEach((value, i) => assert.ok(Math.abs(value - each.reduce((sum, one) => sum + one.values[i], 0)) < 1e-5));
  assert.deepEqual(each.map((one) => one.peak), [1, 1, 1, 1]);
  assert.ok(all.peak > 1.5 && all.peak < 2);
});

test("an order off the field warms only its edge, and far off nothing", () => {
  assert.ok(density.grid([-12], [150], field).peak > 0);
  assert.equal(density.grid([-200], [150], field).peak, 0);
});

test("orders as heat have no signs but the selected one's; near ones show close up", () => {
  const shown = (mode, mpp = 8) => [false, true].map((selected) => marksView.orderShown(mode, mpp, selected));
  assert.deepEqual([shown("heat"), shown("points"), shown(true), shown(false), shown("near"), shown("near", 4)],
    [[false, true], [true, true], [true, true], [false, false], [false, true], [true, true]]);
});

// --- rings ------------------------------------------------------------------------------------------------------------------

test("rings count every worker once, in his region, as the filter lets him through", () => {
  const { table, glides, move } = hall();
  const next = random(9);
  const rows = Array.from({ length: 500 }, (_, slot) => ({
    slot, lon: 113 + next() / 10, lat: 23 + next() / 10, presence: Math.floor(next() * 7), flags: next() < 0.1 ? 4 : 0, region: `r${slot % 4}`,
  }));
  move(rows, 0);
  const childOf = { r0: "a", r1: "b", r2: "b" };
  const groups = donuts.count(glides, (slot) => childOf[table.text.region[slot]] ?? null, (look) => workersView.passes(look, everything));
  const wanted = (regions) => rows.filter((row) => regions.includes(row.region) && row.presence !== state("unseen"));
  assert.deepEqual([...groups.keys()].sort(), ["", "a", "b"]);
  assert.equal(groups.get("b").total, wanted(["r1", "r2"]).length);
  assert.equal(groups.get("").total, wanted(["r3"]).length);
  assert.equal(groups.get("a").counts[signs.ALARM], wanted(["r0"]).filter((row) => row.flags).length);
  assert.equal(groups.get("a").counts[state("still")], wanted(["r0"]).filter((row) => !row.flags && row.presence === state("still")).length);
});

test("an arc of each state, worst first, and together a full turn", () => {
  const counts = new Uint32Array(signs.STATES.length);
  Object.assign(counts, { [state("moving")]: 6, [state("out_of_grid")]: 1, [state("offline")]: 3 });
  const arcs = donuts.arcs({ counts, total: 10 });
  assert.deepEqual(arcs.map((arc) => arc.state), ["out_of_grid", "offline", "moving"]);
  assert.ok(Math.abs(arcs.at(-1).to - arcs[0].from - 2 * Math.PI) < 1e-12);
});

test("rings that would overlap are joined until none does, and nobody is lost", () => {
  const next = random(11);
  for (let round = 0; round < 50; round += 1) {
    const rings = Array.from({ length: 60 }, (_, i) => {
      const total = 1 + Math.floor(next() * 90);
      return { codes: [`r${i}`], counts: Uint32Array.from({ length: 8 }, (_, k) => (k ? 0 : total)), total, x: next() * 800, y: next() * 500, radius: 20 };
    });
    const merged = donuts.merge(rings, (total) => 20 + total / 100);
    merged.forEach((a, i) => merged.slice(i + 1).forEach((b) => assert.ok(Math.hypot(a.x - b.x, a.y - b.y) >= a.radius + b.radius)));
    assert.equal(merged.reduce((sum, ring) => sum + ring.total, 0), rings.reduce((sum, ring) => sum + ring.total, 0));
    assert.deepEqual(merged.flatMap((ring) => ring.codes).sort(), rings.flatMap((ring) => ring.codes).sort());
    assert.ok(merged.every((ring) => ring.counts[0] === ring.total));
  }
});

// --- canvases ---------------------------------------------------------------------------------------------------------------

test("a canvas has the screen's pixels, or as many as the limits allow", () => {
  const limits = { side: 16384, area: 2 ** 26 };
  assert.equal(canvases.fitRatio({ x: 1920, y: 1080 }, 2, limits), 2);
  for (const [x, y, ratio, most] of [[7680, 2160, 3, limits], [15000, 100, 2, limits], [3840, 2160, 2, { side: 4096, area: 2 ** 26 }], [0, 0, 1, limits]]) {
    const fitted = canvases.fitRatio({ x, y }, ratio, most);
    assert.ok(fitted > 0 && x * fitted <= most.side + 1e-6 && y * fitted <= most.side + 1e-6 && x * y * fitted ** 2 <= most.area * 1.000001);
  }
});
