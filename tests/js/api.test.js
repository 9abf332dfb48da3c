"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { Api } = require("./load.js")("11_emitter", "15_api", "16_acts");

class Store {
  constructor() {
    this.kept = new Map();
  }

  getItem(key) {
    return this.kept.get(key) ?? null;
  }

  setItem(key, value) {
    this.kept.set(key, value);
  }

  removeItem(key) {
    this.kept.delete(key);
  }

  pending() {
    return JSON.parse(this.getItem("gridhall.pending.li") ?? "[]");
  }
}

/** A server that answers by the list: [status, body], or an Error for a broken link. The last answer is given for ever. */
class Server {
  constructor(...answers) {
    this.answers = answers;
    this.asked = [];
  }

  fetch = async (url, { method, headers, body }) => {
    this.asked.push({ method, path: url.split("?")[0].replace("/api/v1/", ""), headers, body: body && JSON.parse(body) });
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (answer instanceof Error) throw answer;
    const [status, told, retry = null] = typeof answer === "function" ? await answer(this.asked.at(-1)) : answer;
    return { status, json: async () => told, headers: { get: () => retry } };
  };
}

/** An Api of a person "li" on a clock that only sleeping moves. */
function api(server, { store = new Store(), tab = "tab", clock = { ms: 1000000 } } = {}) {
  const waits = [];
  const made = new Api({
    fetch: server.fetch, storage: () => store, tab, now: () => clock.ms, me: () => ({ name: "li", csrf: "token" }), leave: () => (made.left = true),
    sleep: async (ms) => {
      waits.push(ms);
      clock.ms += ms;
    },
  });
  return Object.assign(made, { store, waits, clock });
}

const DONE = [200, { state: "done", order: "o1", status: "dispatched", at: "2026-01-01T08:00:00+08:00" }];
const REFUSED = [409, { state: "refused", reason: "not_in_state", said: "no", did: "dispatch", by: "zhou", by_name: "Zhou" }];
const PENDING = [202, { state: "pending" }];
const NONE = [200, { state: "none" }];
const BROKEN = new TypeError("network");

test("an action that is done is told done, and nothing of it stays", async () => {
  const server = new Server(DONE);
  const asking = api(server);
  const states = [];
  const end = await asking.act("o1", "dispatch", { department: "d1" }, { onState: ({ state }) => states.push(state) });
  assert.equal(end.status, "dispatched");
  assert.deepEqual(states, ["sending", "done"]);
  assert.deepEqual(asking.store.pending(), []);
  const [{ method, path, headers, body }] = server.asked;
  assert.deepEqual([method, path, headers["X-CSRFToken"]], ["POST", "orders/o1/actions", "token"]);
  assert.match(body.id, /^[0-9a-f]{32}$/);
  assert.deepEqual([body.action, body.fields], ["dispatch", { department: "d1" }]);
});

test("a refusal tells why and who did what instead", async () => {
  const end = await api(new Server(REFUSED)).act("o1", "dispatch");
  assert.deepEqual([end.state, end.reason, end.by_name, end.did], ["refused", "not_in_state", "Zhou", "dispatch"]);
});

test("in doubt the same action is asked for under the same id until there is an answer", async () => {
  const server = new Server(BROKEN, [503, { error: "no store" }], PENDING, [502, null], DONE);
  const asking = api(server);
  const states = [];
  const end = await asking.act("o1", "urge", {}, { onState: ({ state }) => states.push(state) });
  assert.equal(end.state, "done");
  assert.deepEqual(states, ["sending", "doubt", "doubt", "doubt", "doubt", "done"]);
  assert.equal(new Set(server.asked.map(({ body }) => body.id)).size, 1);
  assert.ok(asking.waits.every((ms, i) => i === 0 || ms > asking.waits[i - 1]), "each wait is longer than the one before");
});

test("a server that wants to be left alone is left alone", async () => {
  const asking = api(new Server([503, { error: "no store" }, "7"], DONE));
  await asking.act("o1", "urge");
  assert.deepEqual(asking.waits, [7000]);
});

test("while it is asked for, the action stands in the storage", async () => {
  const store = new Store();
  let held = null;
  const server = new Server(() => {
    held = store.pending();
    return DONE;
  });
  await api(server, { store }).act("o1", "urge", { note: "now" });
  assert.deepEqual([held.length, held[0].order, held[0].fields], [1, "o1", { note: "now" }]);
});

test("an action without an answer is asked after, not sent, once its hour is past, and found not to have happened", async () => {
  const server = new Server((asked) => (asked.method === "POST" ? [503, null] : NONE));
  const asking = api(server);
  const end = await asking.act("o1", "close");
  assert.equal(end.state, "none");
  const kinds = server.asked.map(({ method }) => method);
  assert.ok(kinds.indexOf("GET") > 1 && !kinds.slice(kinds.indexOf("GET")).includes("POST"));
  assert.deepEqual(asking.store.pending(), []);
});

test("asked after, an action that has happened all the same is told done", async () => {
  const server = new Server((asked) => (asked.method === "POST" ? [504, null] : DONE));
  assert.equal((await api(server).act("o1", "close")).state, "done");
});

test("a page that was reloaded goes on with the same id and tells what came of it", async () => {
  const store = new Store();
  const before = api(new Server(() => new Promise(() => {})), { store });
  before.act("o1", "dispatch", { department: "d1" });
  await new Promise((done) => setImmediate(done));
  const [{ id }] = store.pending();
  const server = new Server(REFUSED);
  const after = api(server, { store });
  const told = [];
  after.on("settled", (entry, answer) => told.push([entry.id, entry.action, entry.resumed, answer.state, answer.by_name]));
  after.resume();
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(told, [[id, "dispatch", true, "refused", "Zhou"]]);
  assert.equal(server.asked[0].body.id, id);
  assert.deepEqual(store.pending(), []);
});

test("a page that is opened much later only asks, and says that it has not happened", async () => {
  const store = new Store();
  const before = api(new Server(() => new Promise(() => {})), { store });
  before.act("o1", "dispatch");
  await new Promise((done) => setImmediate(done));
  const server = new Server(NONE);
  const after = api(server, { store, clock: { ms: 1000000 + 3600000 } });
  const told = [];
  after.on("settled", (_, answer) => told.push(answer.state));
  after.resume();
  await new Promise((done) => setImmediate(done));
  assert.deepEqual([told, server.asked.map(({ method }) => method)], [["none"], ["GET"]]);
});

test("an action that another tab is asking for is left to it, and taken over when that tab is gone", async () => {
  const store = new Store();
  const clock = { ms: 1000000 };
  api(new Server(() => new Promise(() => {})), { store, clock }).act("o1", "urge");
  await new Promise((done) => setImmediate(done));
  const server = new Server(DONE);
  const other = api(server, { store, tab: "other", clock });
  other.resume();
  await new Promise((done) => setImmediate(done));
  assert.equal(server.asked.length, 0);
  clock.ms += 31000;
  other.resume();
  await new Promise((done) => setImmediate(done));
  assert.equal(server.asked.length, 1);
});

test("who is logged in no longer is sent to log in, and the action waits in the storage", async () => {
  const asking = api(new Server([401, { error: "log in" }]));
  const end = await asking.act("o1", "urge");
  assert.deepEqual([end.state, asking.left, asking.store.pending().length], ["login", true, 1]);
});

test("an old token is asked for anew once, as long as it is the same person", async () => {
  let me = { name: "li", csrf: "fresh" };
  const server = new Server(({ method, headers }) => (method === "GET" ? [200, me] : headers["X-CSRFToken"] === "fresh" ? DONE : [400, { error: "csrf: The CSRF token is invalid." }]));
  assert.equal((await api(server).act("o1", "urge")).state, "done");
  me = { name: "zhou", csrf: "fresh" };
  const asking = api(server);
  assert.deepEqual([(await asking.act("o1", "urge")).state, asking.left], ["login", true]);
});

test("what the server does not understand or allow is not asked again", async () => {
  const server = new Server([403, { error: "not your right" }]);
  const end = await api(server).act("o1", "urge");
  assert.deepEqual([end.state, end.said, server.asked.length], ["wrong", "not your right", 1]);
});

test("many actions go in one request and each has an end of its own", async () => {
  let round = 0;
  const server = new Server(({ body }) => {
    round += 1;
    const state = (i) => (i === 1 && round === 1 ? "pending" : i === 2 ? "refused" : "done");
    return [200, { items: body.items.map((item, i) => ({ ...item, state: state(round === 1 ? i : 0), by_name: "Zhou" })) }];
  });
  const asking = api(server);
  const states = [];
  const ends = await asking.actMany(["a", "b", "c"].map((order) => ({ order, action: "dispatch", fields: {} })), { onState: (at, { state }) => states.push(`${at} ${state}`) });
  assert.deepEqual(ends.map(({ state }) => state), ["done", "done", "refused"]);
  assert.deepEqual(server.asked.map(({ body }) => body.items.map(({ order }) => order)), [["a", "b", "c"], ["b"]]);
  assert.ok(states.includes("1 doubt") && states.at(-1) === "1 done");
  assert.deepEqual(asking.store.pending(), []);
});

test("a report is sent until it is taken, however long that takes, under one id", async () => {
  let asked = 0;
  const server = new Server(() => ((asked += 1) < 40 ? [503, null] : [200, { state: "done", order: "GC-9" }]));
  const asking = api(server);
  const end = await asking.report({ text: "a hole" });
  assert.equal(end.order, "GC-9");
  assert.ok(asking.clock.ms - 1000000 > 120000);
  assert.deepEqual([new Set(server.asked.map(({ body }) => body.id)).size, new Set(server.asked.map(({ path }) => path)).size], [1, 1]);
});

test("a storage that is full or forbidden takes nothing from the action itself", async () => {
  const store = { getItem: () => null, setItem: () => { throw new Error("full"); }, removeItem: () => {} };
  assert.equal((await api(new Server(DONE), { store }).act("o1", "urge")).state, "done");
});

test("a read that fails says why", async () => {
  await assert.rejects(api(new Server([404, { error: "nobody knows it" }])).get("orders/x"), { status: 404, said: "nobody knows it" });
  await assert.rejects(api(new Server(BROKEN)).get("orders/x"), { status: 0 });
});
