"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { frames, tables } = require("./load.js")("10_frames", "11_emitter", "18_tables");

function frame({ from = 0, to, rows = [], gone = [], reset = from === 0, epoch = "e", textFor = null }) {
  const numbered = textFor ?? rows.map((_, i) => i);
  return frames.decode(frames.encode({
    table: "worker", epoch, scope: "zh:1", from, to, reset, text_for: numbered, text: { id: numbered.map((i) => rows[i][1]) },
    columns: [["slot", "u4", rows.map((row) => row[0])], ["lon", "i4", rows.map((row) => row[2])]], gone,
  }));
}

const content = (table) => Object.fromEntries([...table.slotOf.keys()].sort().map((id) => [id, table.row(id).lon]));

test("a snapshot and what came after it give the same as a fresh snapshot", () => {
  const table = new tables.Table("worker");
  table.apply(frame({ to: 5, rows: [[0, "a", 10], [1, "b", 20]] }));
  table.apply(frame({ from: 5, to: 6, rows: [[1, "b", 21]], textFor: [] }));
  table.apply(frame({ from: 6, to: 9, rows: [[3, "d", 40]], gone: [0] }));
  const fresh = new tables.Table("worker");
  fresh.apply(frame({ to: 9, rows: [[1, "b", 21], [3, "d", 40]] }));
  assert.deepEqual(content(table), content(fresh));
  assert.deepEqual(table.cursor, ["e", 9, "zh:1"]);
  assert.equal(table.count, 2);
});

test("a frame that starts after what is held is a gap", () => {
  const table = new tables.Table("worker");
  table.apply(frame({ to: 5, rows: [[0, "a", 10]] }));
  assert.throws(() => table.apply(frame({ from: 6, to: 7, rows: [[0, "a", 11]] })), tables.Gap);
  assert.deepEqual(content(table), { a: 10 });
});

test("changes of another epoch are a gap, its snapshot replaces everything", () => {
  const table = new tables.Table("worker");
  table.apply(frame({ to: 5, rows: [[0, "a", 10], [1, "b", 20]] }));
  assert.throws(() => table.apply(frame({ from: 2, to: 7, epoch: "f" })), tables.Gap);
  const changes = [];
  table.on("rows", (change) => changes.push(change));
  table.apply(frame({ to: 2, epoch: "f", rows: [[0, "b", 7]] }));
  assert.deepEqual(content(table), { b: 7 });
  assert.equal(changes[0].renewed, true);
});

test("after a snapshot of the same epoch the rows it does not name are gone", () => {
  const table = new tables.Table("worker");
  table.apply(frame({ to: 5, rows: [[0, "a", 10], [1, "b", 20], [2, "c", 30]] }));
  let change = null;
  table.on("rows", (value) => (change = value));
  table.apply(frame({ to: 8, rows: [[1, "b", 25]] }));
  assert.deepEqual(content(table), { b: 25 });
  assert.deepEqual([...change.gone].sort(), [0, 2]);
  assert.equal(change.renewed, false);
});

test("gone slots that this client never had are ignored", () => {
  const table = new tables.Table("worker");
  table.apply(frame({ to: 5, rows: [[0, "a", 10]] }));
  table.apply(frame({ from: 5, to: 6, gone: [77, 0] }));
  assert.equal(table.count, 0);
});

test("a slot beyond the bound is counted and left out", () => {
  const table = new tables.Table("worker", 4);
  table.apply(frame({ to: 5, rows: [[0, "a", 10], [4, "e", 50]] }));
  assert.deepEqual(content(table), { a: 10 });
  assert.equal(table.overflow, 1);
});

test("values survive growth", () => {
  const table = new tables.Table("worker");
  table.apply(frame({ to: 1, rows: [[0, "a", 10]] }));
  table.apply(frame({ from: 1, to: 2, rows: [[5000, "z", 99]] }));
  assert.deepEqual(content(table), { a: 10, z: 99 });
});

test("random changes and lost frames always end in the server's state", () => {
  let seed = 11;
  const random = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 40; round += 1) {
    const table = new tables.Table("worker");
    const server = new Map(); // slot -> [lon, changed, shown]
    for (let version = 1; version < 40; version += 1) {
      for (let k = 0; k < 3; k += 1) server.set(random(12), [random(1000), version, random(4) > 0]);
      if (random(3) === 0) continue; // a slow client skips states
      const since = random(5) === 0 ? 0 : table.version;
      const changed = [...server].filter(([, [, at]]) => at > since);
      const rows = changed.filter(([, value]) => value[2]).map(([slot, [lon]]) => [slot, `w${slot}`, lon]);
      const gone = since ? changed.filter(([, value]) => !value[2]).map(([slot]) => slot) : [];
      table.apply(frame({ from: since, to: version, rows, gone }));
      const expected = [...server].filter(([, value]) => value[2]).map(([slot, [lon]]) => [`w${slot}`, lon]);
      assert.deepEqual(content(table), Object.fromEntries(expected.sort(([a], [b]) => (a < b ? -1 : 1))));
    }
  }
});
