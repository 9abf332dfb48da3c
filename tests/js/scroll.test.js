"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");

globalThis.window = globalThis;
const page = new EventTarget();
Object.assign(page, { hidden: false });
globalThis.document = page;
globalThis.gridhall = { kit: { unit: () => 1, motion: () => false } };
const { scroll } = require("./load.js")("11_emitter", "13_faults", "panels/02_scroll");

// A list of rows 40 high in a box of a height, as far as the helper asks about it.
class Box extends EventTarget {
  constructor(rows, height) {
    super();
    Object.assign(this, { childElementCount: rows, clientHeight: height, scrollTop: 0, isConnected: true, focused: false, props: {} });
    this.classList = { add() {} };
    this.style = { setProperty: (name, value) => { this.props[name] = value; } };
  }
  matches() { return this.focused; }
  scrollTo({ top }) { this.scrollTop = top; }
}
const point = (kind, pointerType) => Object.assign(new Event(kind), { pointerType });
const clock = (context) => context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
const wait = (context, seconds) => { for (let i = 0; i < seconds * 4; i += 1) context.mock.timers.tick(250); };
// A timer that runs out with nothing to move is the last one.
const leave = (context, box) => { box.isConnected = false; wait(context, 10); };
const draw = (box, more) => scroll.lines(box, { rowU: 40, everyS: 3, ...more });

test("whole rows are shown, and the list steps on by one row, from the end back to the top", (context) => {
  clock(context);
  const box = new Box(6, 170);
  const told = [];
  assert.deepEqual(draw(box, { onShown: ({ first }) => told.push(first) }), { first: 0, shown: 4, all: 6 });
  assert.deepEqual(box.props, { "--row-px": "40px", "--rest-px": "10px" });
  wait(context, 12);
  assert.deepEqual(told, [0, 1, 2, 0, 1]);
  leave(context, box);
});

test("a list that fits stands still, and its timer sleeps", (context) => {
  clock(context);
  const box = new Box(4, 170);
  draw(box);
  wait(context, 30);
  assert.equal(box.scrollTop, 0);
});

test("who points at it or has the focus in it holds it, and it goes on afterwards", (context) => {
  clock(context);
  const box = new Box(9, 80);
  draw(box);
  box.dispatchEvent(point("pointerenter", "mouse"));
  wait(context, 30);
  assert.equal(box.scrollTop, 0);
  box.dispatchEvent(point("pointerleave", "mouse"));
  wait(context, 3);
  assert.equal(box.scrollTop, 40);
  box.focused = true;
  wait(context, 30);
  assert.equal(box.scrollTop, 40);
  box.focused = false;
  wait(context, 6);
  assert.ok(box.scrollTop > 40);
  leave(context, box);
});

test("a mouse that was left on a list does not hold it for ever, and where a finger has put it, it stays a while", (context) => {
  clock(context);
  const box = new Box(90, 80);
  draw(box);
  box.dispatchEvent(point("pointermove", "mouse"));
  wait(context, 130);
  assert.ok(box.scrollTop > 0);
  box.dispatchEvent(point("pointerdown", "touch"));
  box.scrollTop = 400;
  wait(context, 15);
  assert.equal(box.scrollTop, 400);
  wait(context, 9);
  assert.ok(box.scrollTop > 400);
  leave(context, box);
});

test("nothing moves while the page is hidden or the list is taken away; its next drawing brings it back", (context) => {
  clock(context);
  const box = new Box(9, 80);
  draw(box);
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  wait(context, 60);
  assert.equal(box.scrollTop, 0);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  wait(context, 3);
  assert.equal(box.scrollTop, 40);
  box.clientHeight = 0;
  wait(context, 60);
  assert.equal(box.scrollTop, 40);
  box.clientHeight = 80;
  draw(box);
  wait(context, 6);
  assert.ok(box.scrollTop > 40);
  leave(context, box);
});

test("with fewer rows than before the list stands where there are some", (context) => {
  clock(context);
  const box = new Box(9, 80);
  draw(box);
  wait(context, 15);
  assert.equal(box.scrollTop, 200);
  box.childElementCount = 3;
  assert.deepEqual(draw(box), { first: 1, shown: 2, all: 3 });
  assert.equal(box.scrollTop, 40);
  leave(context, box);
});
