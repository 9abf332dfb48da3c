/** The fields of an action, by the names of the API. Values as the API wants them. */
import { choice, labelled, longField, matterField, photoField, placeField, select, textField, toggle } from "./forms.mjs";
import { el } from "./dom.mjs";

const { words: w, format } = globalThis.gridhall;
const HOUR_MS = 3_600_000;

const LONG = new Set(["text", "note", "reason", "quality"]);
const FLAGS = new Set(["urgent", "mass"]);
const ANSWERS = new Set(["contacted", "solved"]); // of a citizen who was called back
/** What a form on a phone asks besides what is needed, in this order; anything else is for a desk. */
const WELCOME = [...ANSWERS, "photos", "note"];

/** Names of the fields of a row of the API: {asked: [[name …] one of each], welcome: [name]}. */
export function namesOf({ needs, optional }) {
  const asked = needs.map((need) => need.split("|"));
  const all = new Set(asked.flat());
  return { asked, welcome: WELCOME.filter((name) => optional.includes(name) && !all.has(name)) };
}

/** The needs that are not filled in yet. `told`: {name: value}, `photos`: how many. */
export function missing(row, told, photos) {
  const has = (name) => (name === "photos" ? photos > 0 : told[name] !== undefined && told[name] !== "" && told[name] !== null);
  return namesOf(row).asked.filter((names) => !names.some(has)).map((names) => names[0]);
}

/**
 * One field. `draft`: {fields, photos}, written at every change, then `heard()`. Returns {node, close?}.
 * `order`: what it is about (its limit is where a longer one starts from).
 */
export function fieldOf(app, name, { draft, heard, need, order, action }) {
  const { fields } = draft;
  const keep = (value) => {
    if (value === "" || value === null || value === undefined) delete fields[name];
    else fields[name] = value;
    heard();
  };
  const text = w(`handset.field.${name}`);
  const label = (control, hint) => ({ node: labelled(text, control, { need, hint }) });
  if (name === "photos") {
    const node = photoField(draft.photos, async (photos) => {
      draft.photos = photos;
      await heard();
    }, app.toast);
    return { node: group(text, node, need) };
  }
  if (name === "lon" || name === "lat") return placeOf(app, draft, heard, text, need);
  if (name === "category") return label(matterField(app, fields.category, keep));
  if (name === "deadline_at_ms") return { node: group(text, momentField(fields[name], Math.max(order?.deadline_at_ms ?? 0, app.nowMs()), keep), need) };
  if (name === "department" || name === "co_handler" || name === "co_handlers") return label(select(app.departments(), fields[name], keep));
  if (name === "result") return { node: group(text, choice(options(`handset.result.${action}`, draft.results), fields[name], keep, text), need) };
  if (name === "satisfaction") return { node: group(text, choice(options("handset.satisfaction", app.config.choices[name]), fields[name], keep, text), need) };
  if (ANSWERS.has(name)) return label(select(options(`handset.result.${name}`, app.config.choices[name]), fields[name], keep));
  if (FLAGS.has(name)) return { node: toggle(text, Boolean(fields[name]), keep) };
  if (LONG.has(name)) return label(longField(fields[name], keep));
  return label(textField(fields[name], keep, name === "phone" ? { type: "tel" } : {}));
}

const options = (prefix, values) => values.map((value) => ({ value, text: w(`${prefix}.${value}`) }));

export const group = (text, node, need) =>
  el("div", { class: "field-row", role: "group", "aria-label": text },
    el("p", { class: "field-label" }, text, " ", el("span", { class: need ? "need" : "t3" }, w(need ? "handset.need" : "handset.optional"))), node);

function placeOf(app, draft, heard, text, need) {
  const place = placeField(app, draft.fields.lon === undefined ? null : { ...draft.fields, by: "map" }, ({ lon, lat }) => {
    Object.assign(draft.fields, { lon, lat });
    heard();
  });
  return { node: group(text, place.node, need), close: place.close };
}

/** An instant after `fromMs`: some usual ones, and the phone's own picker. */
function momentField(value, fromMs, heard) {
  const said = el("p", { class: "t1 place-said" });
  const tell = (ms) => {
    said.textContent = ms ? w("handset.until", { t: format.moment(ms) }) : picker.validity.badInput ? w("handset.until.unread") : "";
    heard(ms);
  };
  const usual = [[() => fromMs + 4 * HOUR_MS, "handset.plus.4h"],
    ...[[1, "handset.plus.1d"], [3, "handset.plus.3d"], [7, "handset.plus.7d"]].map(([days, key]) => [() => format.daysLater(fromMs, days), key])];
  const picker = el("input", { class: "control", type: "datetime-local", max: "9999-12-31T23:59", "aria-label": w("handset.until.pick"), onchange: (e) => tell(format.instantOf(e.target.value)) });
  if (value) said.textContent = w("handset.until", { t: format.moment(value) });
  const quick = usual.map(([at, key]) => el("button", { type: "button", class: "choice", onclick: () => tell(at()) }, w(key)));
  return el("div", { class: "moment" }, el("div", { class: "choices" }, quick), picker, said);
}
