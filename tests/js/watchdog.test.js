"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const g = require("./load.js")("11_emitter", "13_faults", "75_budget", "76_watchdog");

const MINUTE = 60_000;
const WELL = { fps: 60, heap_mb: 80, nodes: 4000 };

function budget(samples = 3) {
  const made = new g.Budget({ samples });
  const take = (times, sample) => Array.from({ length: times }, (_, i) => made.take(typeof sample === "function" ? sample(i) : sample)).at(-1);
  assert.equal(take(6, WELL), null); // the start and the first window
  return take;
}

test("a page that uses what it used breaks nothing, also where little can be told", () => {
  const take = budget();
  assert.equal(take(500, (i) => ({ fps: 55 + (i % 10), heap_mb: 80 + (i % 40), nodes: 4000 + (i % 900) })), null);
  assert.equal(take(50, { fps: null, heap_mb: null, nodes: 4000 }), null);
});

test("a heap that is never small again is over the budget; one that is collected now and then is not", () => {
  assert.equal(budget()(30, (i) => ({ ...WELL, heap_mb: i % 3 ? 900 : 90 })), null);
  assert.equal(budget()(2, { ...WELL, heap_mb: 900 }), null); // not before a whole window says so
  assert.equal(budget()(3, { ...WELL, heap_mb: 231 }), "heap");
  assert.equal(budget()(3, { ...WELL, heap_mb: 229 }), null);
});

test("elements that pile up and frames that fail break it; a slow machine alone does not", () => {
  assert.equal(budget()(3, { ...WELL, nodes: 12_001 }), "nodes");
  assert.equal(budget()(3, { ...WELL, fps: 7 }), "fps");
  assert.equal(budget()(3, { ...WELL, fps: 14 }), null);
  const slow = new g.Budget({ samples: 3 });
  for (let i = 0; i < 50; i += 1) assert.equal(slow.take({ ...WELL, fps: 4 }), null);
});

class Storage {
  kept = new Map();
  getItem = (key) => this.kept.get(key) ?? null;
  setItem = (key, value) => void this.kept.set(key, value);
}

/** A page in a test's hands: `sample` is what it measures, `at` its clock. */
function page({ storage = new Storage(), at = 1_800_000_000_000, renews = true } = {}) {
  const told = { reports: [], renewals: 0, said: [] };
  const state = { at, sample: WELL, storage, told };
  const live = Object.assign(new g.Emitter(), {
    link: { connected: true }, frameAtMs: at - 700, offsetMs: -2500.4, report: (health) => told.reports.push(health),
  });
  state.live = live;
  state.dog = new g.Watchdog({
    live, storage, now: () => state.at, measure: async () => state.sample.fps, heap: () => state.sample.heap_mb, nodes: () => state.sample.nodes,
    renew: async () => ((told.renewals += 1), renews), limits: { samples: 3 },
  });
  state.dog.say = (text) => told.said.push(text);
  state.rounds = async (n) => { for (let i = 0; i < n; i += 1) { state.at += 10_000; await state.dog.round(); } };
  return state;
}
g.words = (key) => key;

test("it tells the server how the page fares", async () => {
  const one = page();
  await one.rounds(1);
  const [health] = one.told.reports;
  assert.deepEqual([health.fps, health.heap_mb, health.last_message_age_ms, health.skew_ms], [60, 80, 10_700, -2500]);
  assert.deepEqual([health.renewals, health.reloads, health.why], [0, 0, ""]);
});

test("a page over its budget renews itself when it is old enough, untouched and linked, and the next one says so", async () => {
  const one = page();
  await one.rounds(6);
  one.sample = { ...WELL, heap_mb: 900 };
  await one.rounds(6);
  assert.equal(one.told.renewals, 0); // a page of two minutes: the fault is elsewhere
  one.at += 31 * MINUTE;
  one.dog.touched();
  await one.rounds(1);
  assert.equal(one.told.renewals, 0); // somebody is at it
  one.at += 2 * MINUTE;
  one.live.link.connected = false;
  await one.rounds(1);
  assert.equal(one.told.renewals, 0);
  one.live.link.connected = true;
  await one.rounds(1);
  assert.equal(one.told.renewals, 1);
  const next = page({ storage: one.storage, at: one.at + 3000 });
  assert.equal(next.dog.justRenewed, "heap");
  await next.rounds(1);
  const [health] = next.told.reports;
  assert.deepEqual([health.renewals, health.reloads], [1, 0]);
  assert.match(health.why, /^heap 20/);
  const third = page({ storage: one.storage, at: one.at + 9000 }); // somebody pressed F5
  await third.rounds(1);
  assert.equal(third.dog.justRenewed, undefined);
  assert.deepEqual([third.told.reports[0].renewals, third.told.reports[0].reloads], [1, 1]);
});

test("when renewing does not help it is given up, and said once; a day later it may be tried again", async () => {
  const storage = new Storage();
  let at = 1_800_000_000_000;
  async function life() {
    const one = page({ storage, at });
    await one.rounds(6);
    one.sample = { ...WELL, nodes: 90_000 };
    one.at += 40 * MINUTE;
    await one.rounds(5);
    at = one.at;
    return one.told;
  }
  const lives = [await life(), await life(), await life(), await life()];
  assert.deepEqual(lives.map((told) => told.renewals > 0), [true, true, true, false]);
  assert.deepEqual(lives[3].said, ["watchdog.given_up"]);
  at += 25 * 60 * MINUTE;
  assert.equal((await life()).renewals > 0, true);
});

test("a server that does not answer leaves the page as it is, and a storage that refuses renews nothing", async () => {
  const deaf = page({ renews: false });
  await deaf.rounds(6);
  deaf.sample = { ...WELL, heap_mb: 900 };
  deaf.at += 40 * MINUTE;
  await deaf.rounds(4);
  const { renewed } = JSON.parse(deaf.storage.getItem("gridhall.watchdog"));
  assert.ok(deaf.told.renewals > 0);
  assert.deepEqual(renewed, []);
  const none = page({ storage: { getItem: () => null, setItem: () => { throw new Error("no"); } } });
  await none.rounds(6);
  none.sample = { ...WELL, heap_mb: 900 };
  none.at += 40 * MINUTE;
  await none.rounds(4);
  assert.equal(none.told.renewals, 0);
});

test("lost links are counted", async () => {
  const one = page();
  globalThis.addEventListener ??= () => {};
  const before = globalThis.setTimeout;
  globalThis.setTimeout = () => 0; // the rounds are the test's
  one.dog.start();
  globalThis.setTimeout = before;
  for (const connected of [true, false, false, true, false]) one.live.emit("link", { connected });
  await one.rounds(1);
  assert.equal(one.told.reports[0].losses, 2);
});
