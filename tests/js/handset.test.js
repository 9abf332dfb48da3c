// The handset's small rules: what a worker may do next, what the position says, what is found in the catalogue.
"use strict";

const assert = require("node:assert");
const path = require("node:path");
const { test } = require("node:test");

const page = (name) => import(path.join(__dirname, "..", "..", "assets", "m", name));

const LIFE = {
  dispatched: { take_up: [{ to: "handling", choice: "", needs: [] }], return: [{ to: "returned", choice: "", needs: ["reason"] }] },
  handling: { progress: [{ to: "=", choice: "", needs: ["note"] }], feedback: [{ to: "feedback", choice: "", needs: ["note"] }] },
  checking: { check: [{ to: "=", choice: "passed", needs: ["result"] }, { to: "rework", choice: "failed", needs: ["result", "reason"] }] },
};
const act = (action, fields = {}) => ({ action, fields });

test("while something waits, what will follow it is offered; when nothing moves the order, the server is asked", async () => {
  const { rowsAfter, stateAfter } = await page("life.mjs");
  const taken = rowsAfter(LIFE, "dispatched", [act("take_up")]);
  assert.deepStrictEqual(taken.map((row) => row.action), ["progress", "feedback"]);
  assert.deepStrictEqual(taken[0].rows, [{ choice: "", needs: ["note"], optional: ["photos"] }]);
  assert.strictEqual(rowsAfter(LIFE, "handling", [act("progress", { note: "on it" })]), null);
  assert.deepStrictEqual(rowsAfter(LIFE, "dispatched", [act("take_up"), act("feedback", { note: "done" })]), []);
  assert.strictEqual(stateAfter(LIFE, "checking", [act("check", { result: "failed" })]), "rework");
  assert.strictEqual(stateAfter(LIFE, "checking", [act("check", { result: "passed" })]), "checking");
  assert.strictEqual(stateAfter(LIFE, "closed", [act("note")]), "closed");
});

class Receiver {
  watchPosition(found, failed) {
    this.found = found;
    this.failed = failed;
    this.watching = true;
    return 7;
  }

  clearWatch() {
    this.watching = false;
  }
}

test("the position says why there is none: switched off, not secure, no receiver, denied, no signal", async () => {
  const { Position } = await page("position.mjs");
  assert.strictEqual(new Position({ geolocation: new Receiver(), secure: false }).state, "insecure");
  assert.strictEqual(new Position({ geolocation: undefined, secure: true }).state, "none");
  const receiver = new Receiver();
  const position = new Position({ geolocation: receiver, secure: true });
  const heard = [];
  position.listen((fix) => heard.push(fix ? "fix" : position.state));
  position.start();
  receiver.failed({ code: 3 });
  receiver.found({ coords: { longitude: 113.1, latitude: 23, accuracy: 9 }, timestamp: Date.now() });
  receiver.failed({ code: 3 }); // a fresh fix stands
  assert.strictEqual(position.state, "on");
  receiver.failed({ code: 1 });
  assert.deepStrictEqual(heard, ["asking", "lost", "fix", "denied"]);
  assert.strictEqual(receiver.watching, false);
  position.start(); // switched on again it asks again
  assert.strictEqual(receiver.watching, true);
  position.stop();
  assert.deepStrictEqual([position.state, receiver.watching], ["off", false]);
});

test("only the leaves of the catalogue can be chosen, and every word that is looked for must fit", async () => {
  const { found, leavesOf } = await page("catalogue.mjs");
  const leaves = leavesOf([
    { key: "01", name: "城市管理", parent: "" }, { key: "0101", name: "街面秩序", parent: "01" },
    { key: "010101", name: "占道经营", parent: "0101" }, { key: "010102", name: "乱堆物料", parent: "0101" }, { key: "09", name: "其他", parent: "" },
  ]);
  assert.deepStrictEqual(leaves.map((leaf) => leaf.key), ["010101", "010102", "09"]);
  assert.deepStrictEqual(leaves[0].path, ["城市管理", "街面秩序"]);
  assert.deepStrictEqual(found(leaves, " 街面 占道 ").map((leaf) => leaf.key), ["010101"]);
  assert.deepStrictEqual(found(leaves, "占道 物料"), []);
  assert.strictEqual(found(leaves, "").length, 3);
});
