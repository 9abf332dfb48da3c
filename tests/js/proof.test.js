"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");

globalThis.window = globalThis;
globalThis.document = { getElementById: () => null };
const gridhall = require("./load.js")("60_words", "61_proof");
const { title, params, zone } = gridhall.proof;

const WORDS = {
  "figure.closure_rate": "结案率", "figure.closure_rate.what": "结案 / 应结案", "figure.open": "未结", "figure.open.what": "还有人要办的工单",
  "proof.what": "{name}：{what}", "proof.rate": "分子 {num} / 分母 {den} = {shown}", "proof.count": "计数 {n}", "proof.share": "占 {n} 件的 {p}%",
  "proof.open": "未结 {n} 件", "proof.window": "时段 {t}", "proof.as_of": "截至 {t}（{zone}）", "basis.report": "按上报时间",
};
Object.defineProperty(gridhall, "config", { value: { words: WORDS, timezone: "Asia/Shanghai", lang: "zh" } });
const AT = Date.parse("2026-11-26T10:35:41Z");

test("a rate says what it is, both its parts, what is open, its window and its moment with the zone", () => {
  assert.deepEqual(title("closure_rate", { num: 368002, den: 368267, open: 265, window: "本年", basis: "report", asOf: AT }).split("\n"), [
    "结案率：结案 / 应结案", "分子 368,002 / 分母 368,267 = 99.93 %", "未结 265 件", "时段 本年 · 按上报时间", "截至 2026-11-26 18:35:41（UTC+08:00 Asia/Shanghai）",
  ]);
});

test("a rate without a base is a dash, and one that lacks something is never a hundred", () => {
  assert.match(title("closure_rate", { num: 0, den: 0 }), /分母 0 = —$/);
  assert.match(title("closure_rate", { num: 99_996, den: 100_000 }), /= 99.99 %$/);
  assert.match(title("closure_rate", { num: 100_000, den: 100_000 }), /= 100.00 %$/);
});

test("a count says its number, and its share where it is a part", () => {
  assert.deepEqual(title("open", { num: 1431, of: 3182 }).split("\n").slice(1), ["计数 1,431", "占 3,182 件的 44.97%"]);
});

test("a rate opens its denominator unless told otherwise, a count itself, always as of its moment", () => {
  assert.deepEqual(params({ figure: "open", num: 3, filters: { region: "a" }, asOf: AT }), { figure: "open", part: null, region: "a", as_of: AT });
  assert.equal(params({ figure: "closure_rate", num: 3, den: 4, asOf: AT }).part, "den");
  assert.equal(params({ figure: "closure_rate", num: 3, den: 4, part: "num", asOf: AT }).part, null);
});

test("the zone is said with its offset of that day", () => {
  assert.equal(zone(AT), "UTC+08:00 Asia/Shanghai");
  gridhall.config.timezone = "America/New_York";
  assert.equal(zone(Date.parse("2026-07-01T12:00:00Z")), "UTC−04:00 America/New_York");
  assert.equal(zone(Date.parse("2026-12-01T12:00:00Z")), "UTC−05:00 America/New_York");
});
