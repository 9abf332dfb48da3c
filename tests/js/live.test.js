"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { Live, frames, Emitter } = require("./load.js")("10_frames", "11_emitter", "13_faults", "18_tables", "20_live");

class FakeSocket extends Emitter {
  constructor() {
    super();
    this.connected = false;
    this.active = true;
    this.sent = [];
    this.connects = 0;
  }

  emit(event, ...values) {
    this.sent.push([event, ...values]);
  }

  fire(event, ...values) {
    super.emit(event, ...values);
  }

  connect() {
    this.connects += 1;
  }

  disconnect() {}

  link() {
    this.connected = true;
    this.fire("connect");
  }
}

function frame(from, to, rows, epoch = "e") {
  return frames.encode({
    table: "worker", epoch, scope: "zh:1", from, to, reset: from === 0, text_for: rows.map((_, i) => i), text: { id: rows.map(([slot]) => `w${slot}`) },
    columns: [["slot", "u4", rows.map(([slot]) => slot)], ["lon", "i4", rows.map(([, lon]) => lon)]],
  });
}

function linked() {
  const socket = new FakeSocket();
  const live = new Live();
  let options = null;
  live.connect({ io: (url, given) => ((options = { url, ...given }), socket) });
  live.watch({ region: "r1", lang: "zh", period: { key: "today", from: null, to: null } });
  socket.link();
  return { socket, live, options };
}

const answers = (socket, message) => {
  const given = [];
  socket.fire("frame", message, (answer) => given.push(answer));
  return given;
};

test("the link is websocket only and never gives up", () => {
  const { options } = linked();
  assert.equal(options.url, "/live");
  assert.deepEqual(options.transports, ["websocket"]);
  assert.equal(options.reconnectionAttempts, Infinity);
  assert.equal(options.reconnectionDelayMax, 30000);
});

test("each new link asks with the cursors that the tables hold", () => {
  const { socket, live } = linked();
  assert.deepEqual(socket.sent[0][1].cursors.worker, ["", 0, ""]);
  assert.equal(socket.sent[0][1].period, "today");
  answers(socket, { seq: 1, frames: [frame(0, 9, [[0, 5]])] });
  socket.connected = false;
  socket.fire("disconnect", "transport close");
  assert.equal(live.link.connected, false);
  socket.link();
  assert.deepEqual(socket.sent.at(-1)[1].cursors.worker, ["e", 9, "zh:1"]);
});

test("a frame is acknowledged after it stands in the table", () => {
  const { socket, live } = linked();
  const given = [];
  live.on("change", () => given.push("change"));
  socket.fire("frame", { seq: 3, frames: [frame(0, 9, [[0, 5]])] }, (answer) => given.push(answer));
  assert.equal(given[0], "change");
  assert.deepEqual([given[1].seq, given[1].cursors.worker], [3, ["e", 9, "zh:1"]]);
  assert.equal(live.tables.get("worker").row("w0").lon, 5);
});

test("after a gap the acknowledgement asks for the table from the beginning", () => {
  const { socket, live } = linked();
  answers(socket, { seq: 1, frames: [frame(0, 9, [[0, 5]])] });
  const [answer] = answers(socket, { seq: 2, frames: [frame(12, 13, [[0, 6]])] });
  assert.equal(answer.cursors.worker[1], 0);
  assert.equal(live.tables.get("worker").row("w0").lon, 5, "what was shown stays until the snapshot comes");
});

test("bytes that are no frame make every table start anew", () => {
  const { socket } = linked();
  answers(socket, { seq: 1, frames: [frame(0, 9, [[0, 5]])] });
  const [answer] = answers(socket, { seq: 2, frames: [new ArrayBuffer(3)] });
  assert.equal(answer.cursors.worker[1], 0);
});

test("figures are told, and the clock is the server's", () => {
  const { socket, live } = linked();
  let figures = null;
  live.on("figures", (value) => (figures = value));
  answers(socket, { seq: 1, now_ms: Date.now() + 60000, lag_ms: 400, figures: { as_of_ms: 1 } });
  assert.deepEqual(figures, { as_of_ms: 1 });
  assert.ok(Math.abs(live.now() - Date.now() - 60000) < 50);
  assert.equal(live.lagMs, 400);
});

test("a listener that throws stops neither the others nor the acknowledgement", (t) => {
  t.mock.method(console, "error", () => {});
  const { socket, live } = linked();
  live.on("change", () => {
    throw new Error("a panel is broken");
  });
  assert.equal(answers(socket, { seq: 1, frames: [frame(0, 9, [[0, 5]])] }).length, 1);
});

test("a server that hung up is called again", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { socket } = linked();
  socket.connected = false;
  socket.fire("disconnect", "io server disconnect");
  t.mock.timers.tick(60000);
  assert.equal(socket.connects, 1);
});

test("whose log-in has ended is led to the log-in, who meets a silent store only tries again", () => {
  const { socket, live } = linked();
  const told = [];
  globalThis.gridhall.api = { leave: () => told.push("leave") };
  live.on("refused", ({ code }) => told.push(code));
  socket.fire("error", { code: "unknown_region", detail: "r2" });
  socket.fire("connect_error", new Error("store_gone"));
  socket.fire("connect_error", new Error("websocket error"));
  assert.deepEqual(told, ["unknown_region"]);
  socket.fire("error", { code: "logged_out", detail: "" });
  socket.active = false;
  socket.fire("connect_error", new Error("logged_out"));
  assert.deepEqual(told, ["unknown_region", "logged_out", "leave", "logged_out", "leave"]);
  clearTimeout(live.retry);
  delete globalThis.gridhall.api;
});

test("a deflated frame is applied and acknowledged as a plain one; one that is cut off makes the tables start anew", async () => {
  const { deflateRawSync } = require("node:zlib");
  const { socket, live } = linked();
  const packed = Buffer.concat([Buffer.alloc(4), deflateRawSync(Buffer.from(frame(0, 9, [[0, 5]])))]);
  const [first] = await new Promise((done) => socket.fire("frame", { seq: 1, frames: [packed] }, (...answer) => done(answer)));
  assert.deepEqual(first.cursors.worker, ["e", 9, "zh:1"]);
  assert.equal(live.tables.get("worker").row("w0").lon, 5);
  const [second] = await new Promise((done) => socket.fire("frame", { seq: 2, frames: [packed.subarray(0, 20)] }, (...answer) => done(answer)));
  assert.equal(second.cursors.worker[1], 0);
});

test("of late and quick messages the quickest tells the clock, and a set clock of this computer changes nothing", (t) => {
  const { socket, live } = linked();
  const truth = Date.now() + 5000;
  answers(socket, { seq: 1, now_ms: truth });
  answers(socket, { seq: 2, now_ms: truth - 40000 }); // made long before it came
  assert.ok(Math.abs(live.now() - truth) < 500, "a late message does not set the clock back");
  const real = Date.now;
  t.after(() => (Date.now = real));
  Date.now = () => real() + 3600000;
  assert.ok(Math.abs(live.now() - truth) < 500, "nor does somebody who sets the computer's");
});

test("a silent link is asked, then made anew: nothing else tells of a sleep", (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "Date"], now: 1000000 });
  const { socket } = linked();
  let closed = 0;
  socket.io = { engine: { close: () => (closed += 1) } };
  answers(socket, { seq: 1, now_ms: 1000000 });
  const asked = () => socket.sent.filter(([event]) => event === "watch").length;
  const before = asked();
  t.mock.timers.tick(10000);
  assert.equal(asked(), before);
  t.mock.timers.tick(10000);
  assert.ok(asked() > before && closed === 0);
  t.mock.timers.tick(10000);
  assert.ok(closed > 0);
});

const meta = (more) => ({ seq: 1, now_ms: Date.now(), ready: true, connected: true, heard_ms: 1, frames: [], ...more });

test("it says what stands between the page and the present: starting, the store away, catching up, and nothing when all is well", () => {
  const { socket, live } = linked();
  assert.equal(live.standing, "");
  const say = (more) => (answers(socket, meta(more)), live.standing);
  assert.equal(say({ ready: false, connected: false, heard_ms: 0 }), "starting");
  assert.equal(say({ ready: false, connected: true }), "starting");
  assert.equal(say({}), "");
  assert.equal(say({ connected: false }), "store_away");
  assert.equal(say({ catching_up: true }), "catching_up");
  assert.equal(say({}), "");
  socket.fire("connect_error", new Error("store_gone"));
  assert.equal(live.standing, "store_away");
  clearTimeout(live.retry);
});

test("a table that did not fit is caught up with, until its snapshot has come", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, live } = linked();
  answers(socket, meta({ frames: [frame(0, 9, [[0, 5]])] }));
  answers(socket, meta({ frames: [frame(12, 13, [[0, 6]])] }));
  assert.equal(live.standing, "catching_up");
  answers(socket, meta({ frames: [frame(0, 13, [[0, 6]])] }));
  assert.equal(live.standing, "");
});

test("a refusal of what the page wants to see stands until it wants something else, and the operators are told", (t) => {
  t.mock.method(console, "error", () => {});
  const { socket, live } = linked();
  const told = [];
  t.mock.method(globalThis.gridhall.faults, "tell", (where, error) => told.push(`${where} ${error.message}`));
  answers(socket, meta({}));
  socket.fire("error", { code: "not_your_scene", detail: "cards" });
  assert.equal(live.standing, "refused");
  answers(socket, meta({}));
  assert.equal(live.standing, "refused", "what came was of the wish before");
  socket.fire("error", { code: "bad_health", detail: "x" });
  assert.deepEqual(told, ["live refused: bad_health x"], "what a page asked for is said on it");
  live.watch({ region: "r2" });
  assert.equal(live.standing, "");
});

test("a table that fails for a reason of ours is told, holds up no acknowledgement, and is asked for later and later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, live } = linked();
  const told = [];
  t.mock.method(globalThis.gridhall.faults, "tell", (where) => told.push(where));
  t.mock.method(live.tables.get("worker"), "apply", () => { throw new TypeError("a defect"); });
  const given = [];
  const send = (seq) => socket.fire("frame", meta({ seq, frames: [frame(0, 9, [[0, 5]])], figures: { as_of_ms: seq } }), (answer) => given.push(answer.seq));
  send(1);
  assert.deepEqual([given, told, live.figures], [[1], ["live table"], { as_of_ms: 1 }], "the figures of the message are there all the same");
  send(2);
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(given, [1], "the second in a row waits");
  t.mock.timers.tick(2000);
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(given, [1, 2]);
});
