"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");

globalThis.window = globalThis;
const gridhall = require("./load.js")("69_ages");

const NOW = 1_700_000_000_000;
gridhall.shell = { now: () => NOW };
const live = (told) => (gridhall.live = { frameAtMs: NOW, offsetMs: 0, lagMs: 400, figuresAtMs: 0, heardStoreAtMs: NOW - 500, link: { connected: true }, ...told });

test("figures that the server has counted again and found the same are as new as that count", () => {
  live({ figuresAtMs: NOW - 2000 });
  const ages = gridhall.ages.seconds({ as_of_ms: NOW - 90000 });
  assert.equal(ages.orders, 2);
  assert.equal(ages.rates, 2);
});

test("a link that is up proves nothing: figures that nobody counts any more grow old, and so does a hall without its store", () => {
  live({ figuresAtMs: NOW - 80000, heardStoreAtMs: NOW - 70000, lagMs: 71000 });
  const ages = gridhall.ages.seconds({ as_of_ms: NOW - 90000 });
  assert.equal(ages.orders, 80);
  assert.equal(ages.video, 70);
  assert.equal(ages.positions, 71);
});

test("without a word of the server everything grows old by the same time", () => {
  live({ frameAtMs: NOW - 30000, figuresAtMs: NOW - 31000, heardStoreAtMs: NOW - 30500 });
  const ages = gridhall.ages.seconds({ as_of_ms: NOW - 31000 });
  assert.equal(ages.positions, 30.4);
  assert.equal(ages.orders, 31);
  assert.equal(ages.base, 30.5);
});

test("before the first position there is no age of positions", () => {
  live({ lagMs: null });
  assert.equal(gridhall.ages.seconds({ as_of_ms: NOW }).positions, null);
});
