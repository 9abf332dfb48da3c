// The handset's outbox: what was filed is sent once, in its order, and nothing is lost on the way.
"use strict";

const assert = require("node:assert");
const path = require("node:path");
const { test } = require("node:test");
const MemoryStorage = require("./memory_storage.js");

const PAGE = path.join(__dirname, "..", "..", "assets", "m");
const page = (name) => import(path.join(PAGE, name));

const PHOTO = (id) => ({ id, bytes: new Uint8Array([1, 2, 3]).buffer, type: "image/jpeg", name: `${id}.jpg` });

/** A server that does each id once; `fails`: verdicts to give instead, first come first. */
class Server {
  constructor() {
    this.log = [];
    this.done = new Map();
    this.files = new Set();
    this.fails = [];
    this.offline = false;
    this.loseAnswer = false;
  }

  async photo(photo) {
    this.log.push(`photo ${photo.id}`);
    if (this.offline) return { kind: "later" };
    if (this.fails.length) return this.fails.shift();
    this.files.add(photo.id);
    return { kind: "done", answer: { file: photo.id } };
  }

  async entry(entry) {
    this.log.push(`${entry.action} ${entry.order ?? ""}`.trim());
    if (this.offline) return { kind: "later" };
    if (this.fails.length) return this.fails.shift();
    for (const photo of entry.photos) assert.ok(this.files.has(photo), "a photo goes before the entry that names it");
    if (!this.done.has(entry.id)) this.done.set(entry.id, entry.order ?? `N-${this.done.size + 1}`);
    if (this.loseAnswer) return { kind: "later" };
    return { kind: "done", answer: { state: "done", order: this.done.get(entry.id), status: "reported" } };
  }
}

async function outbox(more = {}) {
  const { Outbox } = await page("outbox.mjs");
  const server = new Server();
  const store = more.store ?? new MemoryStorage();
  const clock = { now: 1_000_000 };
  const box = new Outbox({ store, post: server, now: () => clock.now, random: () => 0.5, ...more });
  box.setOwner("ann");
  return { box, server, store, clock };
}

const states = async (box) => (await box.entries()).map((entry) => entry.state);

test("photos go first, then the report, then what follows it, on the number that the report was given", async () => {
  const { box, server } = await outbox();
  await box.report({ fields: { text: "rubbish" }, photos: [PHOTO("p1"), PHOTO("p2")], then: [{ action: "self_handle", fields: { note: "done" } }] });
  await box.run();
  assert.deepStrictEqual(server.log, ["photo p1", "photo p2", "report", "self_handle N-1"]);
  assert.deepStrictEqual(await states(box), ["done", "done"]);
  assert.deepStrictEqual(await box.summary(), { waiting: 0, refused: 0, since_ms: null, others: 0 });
});

test("an entry is on the disk before anybody is told that it is filed, and its photos leave the disk when it is done", async () => {
  const { box, server, store } = await outbox();
  server.offline = true;
  await box.report({ fields: { text: "rubbish" }, photos: [PHOTO("p1")] });
  assert.strictEqual(store.stores.entries.size, 1);
  assert.strictEqual(store.stores.photos.size, 1);
  server.offline = false;
  await box.run({ eager: true });
  assert.strictEqual(store.stores.photos.size, 0);
  store.full = true;
  await assert.rejects(box.report({ fields: { text: "no room" } }));
});

test("a lost answer makes no second order: the same id is sent again, also after the page was closed", async () => {
  const { box, server, store, clock } = await outbox();
  server.loseAnswer = true;
  await box.report({ fields: { text: "rubbish" }, photos: [PHOTO("p1")] });
  await box.run();
  assert.deepStrictEqual(await states(box), ["waiting"]);
  const { Outbox } = await page("outbox.mjs");
  server.loseAnswer = false;
  const again = new Outbox({ store, post: server, now: () => clock.now + 60_000 });
  again.setOwner("ann");
  await again.run();
  assert.deepStrictEqual(await states(again), ["done"]);
  assert.strictEqual(server.done.size, 1);
  assert.deepStrictEqual(server.log, ["photo p1", "report", "report"], "a photo that is there is not sent twice");
});

test("without a link everything waits, longer each time, and a person may ask for it at once", async () => {
  const { box, server, clock } = await outbox();
  server.offline = true;
  await box.act({ order: "A", action: "note", fields: {} });
  await box.act({ order: "B", action: "note", fields: {} });
  const pauses = [];
  for (let n = 0; n < 8; n += 1) {
    await box.run();
    pauses.push(await box.dueInMs());
    await box.run();
    clock.now += pauses.at(-1);
  }
  assert.strictEqual(server.log.length, 8, "one try a time, none before its time");
  assert.deepStrictEqual(pauses.map((ms) => ms / 1500), [1, 2, 4, 8, 16, 30, 30, 30]);
  server.offline = false;
  clock.now -= 1;
  await box.run();
  assert.deepStrictEqual(await states(box), ["waiting", "waiting"]);
  await box.run({ eager: true });
  assert.deepStrictEqual(await states(box), ["done", "done"]);
});

test("as long as the phone knows that it has no link, nothing is tried and everything may still be changed", async () => {
  let online = false;
  const { box, server } = await outbox({ online: () => online });
  const entry = await box.report({ fields: { text: "rubish" }, photos: [PHOTO("p1")] });
  await box.run({ eager: true });
  assert.deepStrictEqual(server.log, []);
  const other = await box.revise(entry.id, { fields: { text: "rubbish" }, photos: [] });
  assert.notStrictEqual(other.id, entry.id);
  online = true;
  await box.run();
  assert.deepStrictEqual(server.log, ["report"]);
  assert.strictEqual(await box.revise(other.id, { fields: {}, photos: [] }), null, "what has been sent stays what it is");
});

test("what is refused stays with its reason, and holds up only what is about the same order", async () => {
  const { box, server } = await outbox();
  server.fails = [{ kind: "refused", status: 409, reason: "not_in_state", said: "not now", did: "take_up", by: "Bob" }];
  const first = await box.act({ order: "A", action: "take_up", fields: {} });
  await box.act({ order: "A", action: "feedback", fields: { note: "done" } });
  await box.act({ order: "B", action: "note", fields: { note: "hm" } });
  await box.run();
  await box.run({ eager: true });
  assert.deepStrictEqual(server.log, ["take_up A", "note B"], "and it is not asked again by itself");
  assert.deepStrictEqual(await states(box), ["refused", "waiting", "done"]);
  assert.deepStrictEqual((await box.entries())[0].refusal.by, "Bob");
  assert.strictEqual(await box.dueInMs(), null);
  await box.dismiss(first.id);
  await box.run();
  assert.deepStrictEqual(server.log.slice(2), ["feedback A"]);
});

test("a refused report is mended under a new id, in its old place, and what follows it follows the new one", async () => {
  const { box, server, store } = await outbox();
  server.fails = [{ kind: "refused", status: 415, said: "no picture" }];
  const first = await box.report({ fields: { text: "a" }, photos: [PHOTO("p1"), PHOTO("p2")], then: [{ action: "self_handle", fields: {} }] });
  await box.run();
  assert.strictEqual((await box.entries())[0].refusal.photo, "p1");
  const mended = await box.revise(first.id, { fields: { text: "b" }, photos: [PHOTO("p2")] });
  assert.notStrictEqual(mended.id, first.id);
  await box.run();
  assert.deepStrictEqual(server.log, ["photo p1", "photo p2", "report", "self_handle N-1"]);
  assert.deepStrictEqual([...server.done.keys()].includes(first.id), false);
  assert.strictEqual(store.stores.photos.size, 0);
});

test("a dismissed report takes with it what was to follow it, and its photos", async () => {
  const { box, server, store } = await outbox();
  server.fails = [{ kind: "refused", status: 400, said: "no" }];
  const entry = await box.report({ fields: {}, photos: [PHOTO("p1")], then: [{ action: "self_handle", fields: {}, photos: [PHOTO("p3")] }] });
  await box.run();
  await box.dismiss(entry.id);
  assert.deepStrictEqual([store.stores.entries.size, store.stores.photos.size], [0, 0]);
});

test("what the server is still at is asked for again, and lets others pass", async () => {
  const { box, server, clock } = await outbox();
  server.fails = [{ kind: "pending" }, { kind: "trouble", said: "500" }];
  await box.act({ order: "A", action: "note", fields: {} });
  await box.act({ order: "B", action: "note", fields: {} });
  await box.act({ order: "C", action: "note", fields: {} });
  await box.run();
  assert.deepStrictEqual(server.log, ["note A", "note B", "note C"]);
  assert.deepStrictEqual((await box.entries()).map((entry) => [entry.state, entry.pending]), [["waiting", true], ["waiting", false], ["done", false]]);
  clock.now += 3000;
  await box.run();
  assert.deepStrictEqual(await states(box), ["done", "done", "done"]);
});

test("nothing is sent for somebody else on the same phone", async () => {
  const { box, server } = await outbox();
  server.fails = [{ kind: "login" }];
  await box.act({ order: "A", action: "note", fields: {} });
  await box.run();
  assert.ok(box.login);
  assert.strictEqual(await box.dueInMs(), null);
  box.setOwner("bob");
  await box.run();
  assert.deepStrictEqual(await box.entries(), []);
  assert.strictEqual((await box.summary()).others, 1);
  assert.strictEqual(server.log.length, 1);
  box.setOwner("ann");
  await box.run();
  assert.strictEqual(server.log.length, 2);
  box.setOwner(null);
  await assert.rejects(box.act({ order: "A", action: "note", fields: {} }));
});

test("two runs at once send nothing twice, and what is filed meanwhile is sent too", async () => {
  const { box, server } = await outbox();
  await box.act({ order: "A", action: "note", fields: {} });
  const runs = [box.run(), box.run()];
  await box.act({ order: "B", action: "note", fields: {} });
  runs.push(box.run());
  await Promise.all(runs);
  assert.deepStrictEqual(server.log, ["note A", "note B"]);
});

test("of what was sent the newest twenty can still be seen", async () => {
  const { box } = await outbox();
  for (let n = 0; n < 25; n += 1) await box.act({ order: `A${n}`, action: "note", fields: {} });
  await box.run();
  const kept = await box.entries();
  assert.deepStrictEqual([kept.length, kept.at(-1).order], [20, "A24"]);
});

test("answers are told apart: what is ours and final, what is the link's, what is the log-in's", async () => {
  const { verdictOf } = await page("verdict.mjs");
  const kind = (status, body) => verdictOf({ status, body }).kind;
  assert.strictEqual(kind(200, { state: "done" }), "done");
  assert.strictEqual(kind(201, { file: "f" }), "done");
  assert.strictEqual(kind(202, { state: "pending" }), "pending");
  assert.strictEqual(kind(409, { state: "refused", said: "no" }), "refused");
  assert.strictEqual(kind(401, { error: "log in" }), "login");
  for (const status of [400, 403, 404, 422]) assert.strictEqual(kind(status, { error: "no" }), "refused");
  for (const status of [408, 429, 503]) assert.strictEqual(kind(status, { error: "busy" }), "later");
  assert.strictEqual(kind(500, null), "trouble");
  // a portal's page, a proxy's page: not the server's word, so nothing is given up
  for (const status of [200, 403, 404, 511].filter((code) => code < 500)) assert.strictEqual(kind(status, null), "later");
  assert.strictEqual(kind(413, null), "refused");
  assert.strictEqual(verdictOf({ status: 503, body: {}, retryAfterS: 7 }).after_ms, 7000);
});

test("an id is 32 hex digits of a random UUID", async () => {
  const { newId } = await page("ids.mjs");
  assert.match(newId(), /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  assert.notStrictEqual(newId(), newId());
});
