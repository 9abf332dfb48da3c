/** Parts of forms: big fields, photos, a place, a matter. Each gives its node and tells its value at every change. */
import { SmallMap } from "./map.mjs";
import { el, fill, icon } from "./dom.mjs";
import { openMatters } from "./matters.mjs";
import { show } from "./overlay.mjs";
import { MOST_PHOTOS, forget, photoOf, urlOf } from "./photos.mjs";

const { words: w, format } = globalThis.gridhall;
const ROUGH_M = 80; // worse than this, a tap on the map says more
let count = 0;

/** A label above a control. `need`: said beside it. */
export function labelled(text, control, { need = false, hint = "" } = {}) {
  count += 1;
  control.id ||= `field-${count}`;
  const mark = el("span", { class: need ? "need" : "t3" }, w(need ? "handset.need" : "handset.optional"));
  return el("div", { class: "field-row" }, el("label", { for: control.id }, text, " ", mark), control, hint && el("p", { class: "hint" }, hint));
}

export const textField = (value, heard, more = {}) =>
  el("input", { class: "control", type: "text", maxlength: 500, value: value ?? "", autocomplete: "off", oninput: (e) => heard(e.target.value), ...more });

/** Grows with what is written into it. */
export function longField(value, heard, more = {}) {
  const area = el("textarea", { class: "control", rows: "3", maxlength: 4000, value: value ?? "", ...more });
  const grow = () => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 4}px`;
  };
  area.addEventListener("input", () => {
    grow();
    heard(area.value);
  });
  requestAnimationFrame(grow);
  return area;
}

/** One of a few: [{value, text}], as big buttons. */
export function choice(options, chosen, heard, label) {
  const node = el("div", { class: "choices", role: "radiogroup", "aria-label": label });
  const paint = (value) =>
    fill(node, options.map((option) =>
      el("button", { type: "button", role: "radio", class: "choice", "aria-checked": String(option.value === value), onclick: () => {
        paint(option.value);
        heard(option.value);
      } }, option.text)));
  paint(chosen);
  return node;
}

/** One of many, by the phone's own list. */
export function select(options, chosen, heard) {
  const all = [{ value: "", text: w("handset.choose") }, ...options];
  const node = el("select", { class: "control", onchange: (e) => heard(e.target.value) },
    all.map(({ value, text }) => el("option", { value, selected: value === (chosen ?? "") }, text)));
  node.value = chosen ?? "";
  return node;
}

/** On or off, with what it means. */
export function toggle(text, on, heard, hint = "") {
  const button = el("button", { type: "button", class: "toggle", role: "switch", "aria-checked": String(on) },
    el("span", { class: "toggle-text" }, el("span", {}, text), hint && el("span", { class: "hint" }, hint)), el("span", { class: "toggle-track" }, el("span", {})));
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-checked") !== "true";
    button.setAttribute("aria-checked", String(now));
    heard(now);
  });
  return button;
}

// --- photos -------------------------------------------------------------------------------------------------------------------

/** Up to nine photos. `heard(photos)` also when one is taken away. `fault(text)`: what cannot be read. */
export function photoField(photos, heard, fault) {
  const list = el("div", { class: "photos" });
  const node = el("div", { class: "photo-field" }, list);
  const pick = (camera) => {
    const input = el("input", { type: "file", accept: "image/*", class: "visually-hidden", onchange: take, ...(camera ? { capture: "environment" } : { multiple: true }) });
    return el("label", { class: "button" }, icon(camera ? "camera" : "pictures"), w(camera ? "handset.photo.take" : "handset.photo.pick"), input);
  };
  const buttons = el("div", { class: "photo-buttons" }, pick(true), pick(false));
  const busy = el("p", { class: "hint", role: "status" });
  node.append(buttons, busy);
  let current = [...photos];

  async function take({ target }) {
    const files = [...target.files];
    target.value = "";
    const room = MOST_PHOTOS - current.length;
    if (files.length > room) fault(w("handset.photo.most", { n: MOST_PHOTOS }));
    for (const [n, file] of files.slice(0, room).entries()) {
      busy.textContent = w("handset.photo.reading", { n: n + 1, all: Math.min(files.length, room) });
      try {
        current = [...current, await photoOf(file)];
        await heard(current);
        paint();
      } catch {
        fault(w("handset.photo.unreadable", { name: file.name }));
      }
    }
    busy.textContent = "";
  }

  async function drop(photo) {
    current = current.filter((other) => other !== photo);
    forget(photo);
    await heard(current);
    paint();
  }

  function paint() {
    fill(list, current.map((photo, n) =>
      el("figure", {}, el("img", { src: urlOf(photo), alt: w("handset.photo.n", { n: n + 1 }) }),
        el("button", { type: "button", class: "photo-drop", "aria-label": w("handset.photo.drop", { n: n + 1 }), onclick: () => drop(photo) }, icon("close")))));
    list.hidden = !current.length;
    buttons.hidden = current.length >= MOST_PHOTOS;
  }
  paint();
  return node;
}

// --- matter -------------------------------------------------------------------------------------------------------------------

/** The matter of a report, chosen on a page of its own. `known`: its name, while the list is not there yet. */
export function matterField(app, chosen, heard, known = "") {
  const name = (key) => app.matterName(key) || known || w("handset.matter.choose");
  const text = el("span", {}, name(chosen));
  return el("button", { type: "button", class: `control picker ${chosen ? "" : "unset"}`, onclick: async (event) => {
    const button = event.currentTarget;
    const key = await openMatters(app.matters(), chosen);
    if (!key) return;
    chosen = key;
    text.textContent = name(key);
    button.classList.remove("unset");
    heard(key);
  } }, text, icon("next"));
}

// --- place --------------------------------------------------------------------------------------------------------------------

/**
 * A place: where I am, until it is moved by a tap on the map. `value`: {lon, lat, by: "me" | "map", accuracy_m, at_ms} or null.
 * Returns {node, close}.
 */
export function placeField(app, value, heard) {
  let place = value;
  const said = el("p", { class: "place-said" });
  const mine = el("button", { type: "button", class: "button", onclick: () => here(true) }, icon("target"), w("handset.place.here"));
  const larger = el("button", { type: "button", class: "button", onclick: enlarge }, icon("wide"), w("handset.place.map"));
  const map = new SmallMap({ grid: app.grid(), onTap: tapped, label: w("handset.map.pick") });
  const node = el("div", { class: "place-field" }, said, map.node, el("div", { class: "place-buttons" }, mine, larger));
  const stop = app.position.listen((fix) => fix && here(false));
  app.wantPosition("place", true);

  function set(next) {
    place = next;
    heard(place);
    paint();
  }
  function tapped(lon, lat) {
    set({ lon, lat, by: "map" });
  }
  /** `asked`: by the person; else a new fix, which moves only what still follows the phone. */
  function here(asked) {
    const fix = app.position.last;
    if (asked && !fix) app.wantPosition("place", true);
    if (!fix || (!asked && place && place.by !== "me")) return paint();
    set({ lon: fix.lon, lat: fix.lat, by: "me", accuracy_m: fix.accuracy_m ?? null, at_ms: fix.fixed_at_ms });
  }
  function enlarge() {
    const wide = new SmallMap({ grid: app.grid(), wide: true, label: w("handset.map.pick"), onTap: (lon, lat) => {
      tapped(lon, lat);
      wide.set({ me: app.position.last, pin: place });
    } });
    const done = el("button", { type: "button", class: "button primary", onclick: () => close() }, w("handset.place.done"));
    const overlay = el("div", { class: "overlay", role: "dialog", "aria-label": w("handset.map.pick") },
      el("p", { class: "overlay-hint" }, w("handset.map.hint")), wide.node, el("div", { class: "foot" }, done));
    const close = show(overlay);
    wide.set({ me: app.position.last, pin: place });
  }
  function paint() {
    map.set({ me: app.position.last, pin: place });
    map.node.hidden = !map.known;
    larger.hidden = !map.known;
    const rough = place?.by === "me" && !(place.accuracy_m <= ROUGH_M);
    const by = place?.by === "map" ? w("handset.place.by_map") : w("handset.place.by_me", { m: format.metres(place?.accuracy_m) });
    said.textContent = place ? by + (rough ? ` · ${w("handset.place.rough")}` : "") : app.positionSaid();
    said.className = `place-said ${place && !rough ? "t1" : "warn"}`;
  }
  const stopState = app.position.listen(() => paint());
  here(false);
  paint();
  return { node, close: () => {
    stop();
    stopState();
    app.wantPosition("place", false);
  } };
}
