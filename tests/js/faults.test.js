"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { Faults, Emitter } = require("./load.js")("11_emitter", "13_faults");

const settled = () => new Promise((done) => setImmediate(done));

function made(given = {}) {
  const sent = [];
  const faults = new Faults({ ready: () => true, send: async (told) => sent.push(told) > 0, ...given });
  return { faults, sent };
}

test.beforeEach((t) => t.mock.method(console, "error", () => {}));

test("a fault is told to the server and in the console once, and counted each time", async () => {
  const { faults, sent } = made();
  for (let i = 0; i < 5; i += 1) faults.tell("panel top", new TypeError("x is not a function"));
  await settled();
  assert.equal(sent.length, 1);
  assert.equal(sent[0].where, "panel top");
  assert.equal(sent[0].cause, "TypeError: x is not a function");
  assert.match(sent[0].detail, /faults\.test\.js/);
  assert.equal(faults.total, 5);
  assert.equal(console.error.mock.callCount(), 1);
});

test("a page tells only so many different faults", async () => {
  const { faults, sent } = made();
  for (let i = 0; i < 200; i += 1) faults.tell("panel", new Error(`number ${i}`));
  await settled();
  assert.equal(sent.length, 20);
  assert.equal(faults.counts.size, 20);
});

test("what could not be told is told later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let linked = false;
  const sent = [];
  const { faults } = made({ send: async (told) => linked && sent.push(told) > 0 });
  faults.tell("a", new Error("1"));
  faults.tell("b", new Error("2"));
  await settled();
  assert.equal(sent.length, 0);
  linked = true;
  t.mock.timers.tick(30_000);
  await settled();
  assert.deepEqual(sent.map(({ where }) => where), ["a", "b"]);
});

test("a server that throws is no fault of the page", async (t) => {
  t.mock.method(console, "warn", () => {});
  const { faults } = made({ send: async () => { throw new Error("gone"); } });
  faults.tell("a", new Error("1"));
  await settled();
  assert.equal(faults.total, 1);
});

test("whatever is thrown can be told", async () => {
  const { faults, sent } = made();
  for (const odd of [undefined, null, "text", 7, { message: "plain" }, Symbol("s"), new Error("")]) faults.tell("odd", odd);
  await settled();
  assert.ok(sent.length >= 6);
  assert.ok(sent.every(({ cause }) => typeof cause === "string" && cause.length <= 300));
});

test("an attempt gives what its task gives, and outlives what it throws or refuses", async () => {
  const { faults } = made();
  assert.equal(faults.attempt("a", () => 7), 7);
  assert.equal(faults.attempt("a", () => { throw new Error("1"); }), undefined);
  assert.equal(await faults.attempt("a", () => Promise.reject(new Error("2"))), undefined);
  assert.equal(faults.total, 2);
});

test("a loop goes on after each failure, thrown or refused", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { faults } = made();
  let rounds = 0;
  const end = faults.every(1000, "tick", () => {
    rounds += 1;
    if (rounds % 2) throw new Error("odd");
    return Promise.reject(new Error("even"));
  });
  for (let i = 0; i < 10; i += 1) {
    t.mock.timers.tick(1000);
    await settled();
  }
  assert.equal(rounds, 10);
  end();
  t.mock.timers.tick(5000);
  await settled();
  assert.equal(rounds, 10);
});

test("what nobody has caught on the page is told, but not that an observer waits for the next frame", () => {
  const { faults } = made();
  const page = new EventTarget();
  faults.listen(page);
  page.dispatchEvent(Object.assign(new Event("error"), { message: "Uncaught x", error: new Error("x") }));
  page.dispatchEvent(Object.assign(new Event("error"), { message: "ResizeObserver loop completed with undelivered notifications." }));
  page.dispatchEvent(Object.assign(new Event("unhandledrejection"), { reason: "nobody" }));
  assert.deepEqual([...faults.counts.keys()], ["page Error: x", "promise nobody"]);
});

test("a listener that throws is told, and the others hear", async () => {
  const told = [];
  globalThis.gridhall.faults.tell = (where) => told.push(where);
  const emitter = new Emitter();
  let heard = 0;
  emitter.on("rows", () => { throw new Error("x"); });
  emitter.on("rows", () => (heard += 1));
  emitter.emit("rows");
  assert.deepEqual([heard, told], [1, ['listener of "rows"']]);
});
