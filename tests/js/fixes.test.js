// The handset's positions: units, what is kept, what is thinned, what is sent and for whom.
"use strict";

const assert = require("node:assert");
const path = require("node:path");
const { test } = require("node:test");
const load = require("./load.js");
const MemoryStorage = require("./memory_storage.js");

const page = (name) => import(path.join(__dirname, "..", "..", "assets", "m", name));
const { geo } = load("12_geo");

const fix = (n, more = {}) => ({ fixed_at_ms: 1_000_000 + n * 10_000, lon: 113 + n * 1e-3, lat: 23, ...more });

async function fixes(answers = [], more = {}) {
  const { Fixes } = await page("fixes.mjs");
  const sent = [];
  const clock = { now: 0 };
  const post = async (batch) => {
    sent.push(batch);
    return answers.shift() ?? { kind: "done", answer: { accepted: batch.length, rejected: [] } };
  };
  const queue = new Fixes({ store: new MemoryStorage(), post, distance: geo.distance, now: () => clock.now, random: () => 1, ...more });
  queue.setOwner("ann");
  return { queue, sent, clock };
}

test("a browser's position becomes a fix in the server's units, without what makes no sense", async () => {
  const { fixOf } = await page("fixes.mjs");
  const coords = { longitude: 113.1, latitude: 23.02, accuracy: 8.5, speed: 1.4, heading: NaN, altitude: null };
  assert.deepStrictEqual(fixOf({ coords, timestamp: 1234.6 }, 0.774), {
    fixed_at_ms: 1235, lon: 113.1, lat: 23.02, accuracy_m: 8.5, speed_mps: 1.4, battery_pct: 77,
  });
  assert.strictEqual(fixOf({ coords: { ...coords, longitude: NaN }, timestamp: 1 }), null);
  assert.strictEqual(fixOf({ coords: { ...coords, latitude: 91 }, timestamp: 1 }), null);
});

test("of a stream of fixes one is kept when the worker has moved, and one in twenty seconds when not", async () => {
  const { queue } = await fixes();
  const kept = [];
  for (let s = 0; s <= 60; s += 1) {
    const still = { fixed_at_ms: s * 1000, lon: 113, lat: 23 };
    if (await queue.add(still)) kept.push(s);
  }
  assert.deepStrictEqual(kept, [0, 20, 40, 60]);
  assert.ok(await queue.add({ fixed_at_ms: 66_000, lon: 113.0002, lat: 23 }));
});

test("a full queue becomes coarser where it is oldest, and keeps its first and its newest fix", async () => {
  const { toDrop } = await page("fixes.mjs");
  const many = Array.from({ length: 9 }, (_, n) => n);
  assert.deepStrictEqual(toDrop(many, 9), []);
  assert.deepStrictEqual(toDrop(many, 8), [1, 3]);
  const { queue } = await fixes([], { most: 50 });
  for (let n = 0; n < 500; n += 1) await queue.add(fix(n));
  const waiting = await queue.waiting();
  assert.ok(waiting.length <= 50 && waiting.length > 20);
  assert.strictEqual(waiting[0].fixed_at_ms, fix(0).fixed_at_ms);
  assert.strictEqual(waiting.at(-1).fixed_at_ms, fix(499).fixed_at_ms);
  assert.ok(queue.thinned > 400);
});

test("fixes are sent in order and in batches, and go when the server has them", async () => {
  const { queue, sent } = await fixes([], { most: 2000 });
  for (let n = 0; n < 620; n += 1) await queue.add(fix(n));
  await queue.run();
  assert.deepStrictEqual(sent.map((batch) => batch.length), [500, 120]);
  assert.deepStrictEqual(sent[0][0], fix(0));
  assert.deepStrictEqual(await queue.waiting(), []);
  assert.strictEqual(queue.sent.accepted, 620);
});

test("without a link they wait; what the server sets aside is counted with its reason; a refusal stops the sending", async () => {
  const rejected = { kind: "done", answer: { accepted: 0, rejected: [{ index: 0, reason: "position 0/0" }] } };
  const { queue, sent, clock } = await fixes([{ kind: "later", after_ms: 7000 }, rejected, { kind: "refused", status: 403, said: "no worker" }]);
  await queue.add(fix(0));
  await queue.run();
  await queue.run();
  assert.strictEqual(sent.length, 1);
  clock.now = 7000;
  await queue.run();
  assert.deepStrictEqual([queue.sent.rejected, queue.sent.reason], [1, "position 0/0"]);
  await queue.add(fix(1));
  await queue.run();
  await queue.run();
  assert.deepStrictEqual([sent.length, queue.sent.refused, (await queue.waiting()).length], [3, "no worker", 1]);
});

test("nobody's fixes are sent for somebody else", async () => {
  const { queue, sent } = await fixes();
  await queue.add(fix(0));
  queue.setOwner("bob");
  await queue.run();
  assert.deepStrictEqual(sent, []);
  queue.setOwner("ann");
  await queue.run();
  assert.strictEqual(sent.length, 1);
});
