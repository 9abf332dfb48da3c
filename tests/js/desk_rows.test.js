"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");

globalThis.window = globalThis;
const gridhall = require("./load.js")("12_geo", "35_marks_view", "panels/desk_rows");
const { rowOf, matches, counts, factsOf, placeOf } = gridhall.deskRows;

const NOW_S = 1_800_000_000;
const WORDS = { "desk.at.registered": "待派遣", "desk.at.handling": "处置中", "channel.12345": "12345 热线" };
Object.assign(gridhall, {
  words: (key) => WORDS[key] ?? key,
  config: {
    root: "s", statuses: ["reported", "registered", "handling"], levels: ["street", "community", "grid"],
    regions: { s: { name: "桂城街道", level: 0 }, c: { name: "平东社区", short: "平东", level: 1, parent: "s" }, g: { name: "平东社区03网格", short: "03网格", level: 2, parent: "c" } },
  },
  shell: { path: (code) => (code === "g" ? ["s", "c", "g"] : ["s"]), shortName: (code, name) => gridhall.config.regions[code]?.short ?? name, regionName: (code) => gridhall.config.regions[code]?.name ?? code },
  desk: { data: { turns: { registered: ["dispatcher", "supervisor"], handling: ["department"] }, titles: { 占道经营: "Street vending" } } },
});

const order = (more) => ({
  id: "o1", title: "井盖缺失", category: "井盖", status: 1, flags: 0, own: 1, clock_s: NOW_S - 800, deadline_s: NOW_S + 200, reported_s: NOW_S - 900, since_s: NOW_S - 800,
  region: "g", region_name: "平东社区03网格", address: "平东社区夏平路 5 号", channel: "12345", department: "", proposal: "市政", holder: "桂城街道", handler: "", lon: 1, lat: 2, ...more,
});
const supervisor = { name: "li", title: "李", roles: ["supervisor"], department_name: "" };
const at = (more, me = supervisor) => rowOf(order(more), NOW_S * 1000, me);

test("a row says light, share of the limit, stage and proposal", () => {
  const row = at();
  assert.deepEqual([row.light, row.used, row.at, row.proposal, row.unit, row.source], ["yellow", 0.8, "待派遣", "市政", "", "12345 热线"]);
});

test("a limit that a calendar may still move is marked", () => {
  assert.deepEqual([at().provisional, at({ flags: 32768 }).provisional, at({ flags: 32768 + 8 }).tags], [false, true, ["urgent"]]);
});

test("the worst light comes first, within it who has least time left, and last what has no limit", () => {
  const rows = [at({ deadline_s: 0 }), at({ deadline_s: NOW_S + 9000 }), at(), at({ deadline_s: NOW_S - 5 }), at({ deadline_s: NOW_S - 500 })];
  const sorted = [...rows].sort((a, b) => a.rank - b.rank);
  assert.deepEqual(sorted, [rows[4], rows[3], rows[2], rows[1], rows[0]]);
});

test("the place is the address without its region, and the community", () => {
  assert.equal(placeOf(order()), "夏平路 5 号 · 平东");
  assert.equal(placeOf(order({ region: "", region_name: "", address: "夏平路" })), "夏平路");
});

test("mine is what waits for one of my roles, a department's only what is its own, and never an outside order", () => {
  const department = { name: "d", title: "", roles: ["department"], department_name: "环卫所" };
  assert.ok(at().mine);
  assert.ok(!at({ own: 0 }).mine);
  assert.ok(!at({ status: 2 }).mine);
  assert.ok(at({ status: 2, department: "环卫所" }, department).mine);
  assert.ok(!at({ status: 2, department: "市政" }, department).mine);
});

test("a title that is a matter's name is said in the page's language", () => {
  assert.equal(at({ title: "占道经营" }).title, "Street vending");
  assert.equal(at({ title: "" }).title, "井盖");
});

test("filters and search choose what they say, and the counts are of the filters", () => {
  const rows = [at({ flags: 16 }), at({ id: "o2", status: 2, deadline_s: NOW_S - 1 })];
  assert.ok(matches(rows[0], { show: "dispatch", text: "" }) && !matches(rows[1], { show: "dispatch", text: "" }));
  assert.ok(matches(rows[0], { show: "all", text: "夏平 井盖" }) && !matches(rows[0], { show: "all", text: "夏平 路灯" }));
  const found = counts(rows);
  assert.deepEqual([found.all, found.dispatch, found.handle, found.red, found.yellow, found.supervised], [2, 1, 1, 1, 1, 1]);
});

test("what only time changes is no news", () => {
  assert.equal(factsOf(order()), factsOf(order({ clock_s: 5, reported_s: 7 })));
  assert.notEqual(factsOf(order()), factsOf(order({ status: 2 })));
  assert.notEqual(factsOf(order()), factsOf(order({ handler: "梁" })));
});
