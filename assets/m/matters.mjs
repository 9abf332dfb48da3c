/** The catalogue of matters on a page of its own: search, the ones used last, all by class. */
import { found, leavesOf } from "./catalogue.mjs";
import { el, fill, icon } from "./dom.mjs";
import { show } from "./overlay.mjs";

const { words: w } = globalThis.gridhall;
const RECENT = "gridhall.matters";
const RECENT_KEPT = 6;

function recent() {
  try {
    return JSON.parse(localStorage.getItem(RECENT) ?? "[]");
  } catch {
    return [];
  }
}

function remember(key) {
  try {
    localStorage.setItem(RECENT, JSON.stringify([key, ...recent().filter((other) => other !== key)].slice(0, RECENT_KEPT)));
  } catch {
    // nothing is kept in this browser: then there is no list of the last ones
  }
}

/** Resolves with the key that was chosen, or null. */
export function openMatters(matters, chosen) {
  const leaves = leavesOf(matters);
  return new Promise((resolve) => {
    const list = el("div", { class: "matter-list" });
    const search = el("input", { class: "control", type: "search", placeholder: w("handset.matter.search"), "aria-label": w("handset.matter.search"), autocomplete: "off", oninput: paint });
    const overlay = el("div", { class: "overlay", role: "dialog", "aria-label": w("handset.matter") },
      el("div", { class: "overlay-head" }, search, el("button", { type: "button", class: "bar-button", "aria-label": w("close"), onclick: () => end(null) }, icon("close"))), list);

    let picked = null;
    function end(key) {
      if (key) remember(key);
      picked = key;
      close();
    }
    const row = (leaf, withPath) =>
      el("button", { type: "button", class: "matter", "aria-pressed": String(leaf.key === chosen), onclick: () => end(leaf.key) },
        el("span", {}, leaf.name), withPath && el("span", { class: "t3" }, leaf.path.join(" · ")));
    function paint() {
      const text = search.value.trim();
      if (text) {
        const rows = found(leaves, text).slice(0, 60).map((leaf) => row(leaf, true));
        return fill(list, rows.length ? rows : el("p", { class: "empty" }, w("handset.matter.none", { t: text })));
      }
      const last = recent().map((key) => leaves.find((leaf) => leaf.key === key)).filter(Boolean);
      const classes = new Map();
      for (const leaf of leaves) classes.set(leaf.path.join(" · "), [...(classes.get(leaf.path.join(" · ")) ?? []), leaf]);
      fill(list, last.length ? [el("h2", {}, w("handset.matter.recent")), last.map((leaf) => row(leaf, true))] : null,
        [...classes].map(([name, of]) => [name && el("h2", {}, name), of.map((leaf) => row(leaf, false))]));
    }
    paint();
    const close = show(overlay, () => resolve(picked));
  });
}
