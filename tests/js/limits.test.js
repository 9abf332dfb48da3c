"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");

globalThis.window = globalThis;
const gridhall = require("./load.js")("60_words");
const WORDS = { left: "余 {t}", overrun: "超 {t}", "limit.marked": "{t}（暂定）", "limit.brief": "{t}*", "dur.h": "{h} 小时" };
Object.defineProperty(gridhall, "config", { value: { words: WORDS, lang: "zh", timezone: "Asia/Shanghai" } });
const HOUR_MS = 3_600_000;

test("what is left of a limit says when the limit is provisional, before its end and after it", () => {
  const { left, limit } = gridhall.format;
  assert.equal(left(5 * HOUR_MS, 0), "余 5 小时");
  assert.equal(left(5 * HOUR_MS, 0, false), "余 5 小时");
  assert.equal(left(5 * HOUR_MS, 0, true), "余 5 小时（暂定）");
  assert.equal(left(0, 5 * HOUR_MS, true), "超 5 小时（暂定）");
  assert.equal(left(0, 5 * HOUR_MS, "brief"), "超 5 小时*");
  assert.equal(limit("1月4日", true), "1月4日（暂定）");
});
