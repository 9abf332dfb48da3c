/**
 * A small map as a drawing: the grid's outline, the streets around it, where I am, where the thing is. Metres in a plane around
 * the middle, y down. A tap moves the pin (`onTap`); two buttons zoom. `wide` fills the screen and may be dragged.
 */
import { el, fill, icon, svg } from "./dom.mjs";

const { geo, words: w } = globalThis.gridhall;
const EQUATOR_M = 256 * geo.metresPerPixel(0, 0);
const MARGIN = 1.12;
const LEAST_M = 60; // width of the closest view
const FAR_M = 1500; // what is farther from the grid than this is not fitted in
const AREAS = ["green", "water", "building"];
const ROADS = ["lane", "road_n", "road_c", "road_b", "road_a"];
const SCALES_M = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

export class SmallMap {
  #lon0;
  #lat0;
  #k;
  #box;
  #view;
  #me = null;
  #pin = null;
  #others = [];
  #names = []; // roads: {name, x, y, long, turn}
  #svg = svg("svg", { class: "map-drawing", role: "img" });
  #ground = svg("g");
  #signs = svg("g");
  #scale = el("span", { class: "map-scale" });
  #onTap;

  /** `grid`: {outline, base} of `mine`; `onTap(lon, lat)`: where the pin is wanted. */
  constructor({ grid, onTap = null, wide = false, label = "" }) {
    this.#onTap = onTap;
    const rings = geo.ringsOf(grid?.outline);
    const [left, top, right, bottom] = rings.length ? geo.boundsOf(rings) : [0.5, 0.5, 0.5, 0.5];
    this.known = rings.length > 0;
    this.#centre((left + right) / 2, (top + bottom) / 2);
    this.#box = this.known ? [this.#x(left), this.#y(top), this.#x(right), this.#y(bottom)] : null;
    this.#svg.setAttribute("aria-label", label);
    this.#svg.append(this.#ground, this.#signs);
    this.#drawGround(grid, rings);
    this.node = el("div", { class: `map ${wide ? "wide" : ""} ${onTap ? "tappable" : ""}` }, this.#svg, this.#scale, this.#buttons());
    if (onTap) this.#listen(wide);
    new ResizeObserver(() => this.#show()).observe(this.node);
  }

  #centre(x, y) {
    this.#lon0 = x;
    this.#lat0 = y;
    this.#k = EQUATOR_M * Math.cos((geo.latOf(y) * Math.PI) / 180);
  }

  #x = (mercator) => (mercator - this.#lon0) * this.#k;
  #y = (mercator) => (mercator - this.#lat0) * this.#k;
  #at = ({ lon, lat }) => [this.#x(geo.mercatorX(lon)), this.#y(geo.mercatorY(lat))];

  // --- what is drawn ----------------------------------------------------------------------------------------------------------

  #drawGround(grid, rings) {
    const features = grid?.base?.features ?? [];
    const path = (kind, closed) => {
      const flats = features.filter((f) => f.properties.class === kind).flatMap(({ geometry }) => flatsOf(geometry));
      return flats.map((flat) => this.#d(flat, closed)).join("");
    };
    for (const kind of AREAS) this.#ground.append(svg("path", { class: kind, d: path(kind, true), "fill-rule": "evenodd" }));
    for (const kind of ROADS) this.#ground.append(svg("path", { class: `road ${kind}`, d: path(kind, false) }));
    this.#names = namesOf(features).map(({ name, flat }) => ({ name, ...this.#longest(flat) }));
    if (!rings.length) return;
    const d = rings.map((ring) => this.#d(ring, true)).join("");
    const sheet = "M-1e5 -1e5H1e5V1e5H-1e5Z"; // all that is not my grid lies in shade
    this.#ground.append(svg("path", { class: "beyond", d: sheet + d, "fill-rule": "evenodd" }), svg("path", { class: "own-casing", d }), svg("path", { class: "own", d }));
  }

  #d(flat, closed) {
    let d = "";
    for (let i = 0; i < flat.length; i += 2) d += `${i ? "L" : "M"}${this.#x(flat[i]).toFixed(1)} ${this.#y(flat[i + 1]).toFixed(1)}`;
    return closed ? `${d}Z` : d;
  }

  /** The longest straight piece of a line: where its name has room. */
  #longest(flat) {
    let best = { long: -1 };
    for (let i = 0; i + 3 < flat.length; i += 2) {
      const [x0, y0, x1, y1] = [this.#x(flat[i]), this.#y(flat[i + 1]), this.#x(flat[i + 2]), this.#y(flat[i + 3])];
      const long = Math.hypot(x1 - x0, y1 - y0);
      if (long <= best.long) continue;
      const turn = (Math.atan((y1 - y0) / (x1 - x0 || 1e-9)) * 180) / Math.PI;
      best = { long, turn, x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
    }
    return best;
  }

  /** Names of roads that fit on their road and do not meet each other. */
  #drawNames(mpp) {
    const taken = [];
    return this.#names.filter(({ name, x, y, long }) => {
      const room = name.length * 14;
      if (long / mpp < room || taken.some((t) => t.name === name || Math.hypot(t.x - x, t.y - y) / mpp < room)) return false;
      return taken.push({ name, x, y });
    }).map(({ name, x, y, turn }) => svg("g", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${mpp.toFixed(4)}) rotate(${turn.toFixed(1)})` }, svg("text", { class: "road-name", dy: 5 }, name)));
  }

  /** `me`: newest fix or null; `pin`: {lon, lat} or null; `others`: [{lon, lat, light}]. */
  set({ me = this.#me, pin = this.#pin, others = this.#others }) {
    [this.#me, this.#pin, this.#others] = [me, pin, others];
    if (!this.known && (me || pin)) {
      const { lon, lat } = pin ?? me;
      this.#centre(geo.mercatorX(lon), geo.mercatorY(lat));
      this.known = true;
    }
    this.#show();
  }

  #show() {
    const { clientWidth: width, clientHeight: height } = this.node;
    if (!width || !height) return;
    this.#view ??= this.#fitted(width, height);
    const { x, y, across } = this.#view;
    const mpp = across / width;
    this.#svg.setAttribute("viewBox", [x - across / 2, y - (mpp * height) / 2, across, mpp * height].map((n) => n.toFixed(2)).join(" "));
    fill(this.#signs, this.#drawNames(mpp), this.#drawSigns(mpp));
    const scale = SCALES_M.filter((m) => m / mpp <= width / 3).pop() ?? SCALES_M[0];
    this.#scale.style.width = `${scale / mpp}px`;
    this.#scale.textContent = scale < 1000 ? `${scale} m` : `${scale / 1000} km`;
  }

  /** The grid, and with it what belongs to the question if it is not far off. */
  #fitted(width, height) {
    const box = this.#box ? [...this.#box] : [0, 0, 0, 0];
    const near = ([x, y]) => !this.#box || (x > box[0] - FAR_M && x < box[2] + FAR_M && y > box[1] - FAR_M && y < box[3] + FAR_M);
    const spots = [this.#pin, this.#me].filter(Boolean).map(this.#at).filter(near);
    for (const [x, y] of spots) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
    const [w0, h0] = [Math.max(box[2] - box[0], LEAST_M * 2), Math.max(box[3] - box[1], LEAST_M * 2)];
    return { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, across: Math.max(w0, (h0 * width) / height) * MARGIN };
  }

  #drawSigns(mpp) {
    const drawn = this.#others.map((order) => place(this.#at(order), mpp, diamond(order.light)));
    if (this.#me) {
      const reach = this.#me.accuracy_m ?? 0;
      const [x, y] = this.#at(this.#me);
      if (reach / mpp > 14) drawn.push(svg("circle", { class: "reach", cx: x, cy: y, r: reach }));
      drawn.push(place([x, y], mpp, svg("circle", { class: "me-casing", r: 11 }), svg("circle", { class: "me", r: 8 })));
    }
    if (this.#pin) drawn.push(place(this.#at(this.#pin), mpp, svg("path", { class: "pin", d: PIN }), svg("circle", { class: "pin-eye", cy: -27, r: 5 })));
    return drawn;
  }

  // --- zoom, tap, drag --------------------------------------------------------------------------------------------------------

  #buttons() {
    const button = (name, text, act) => el("button", { type: "button", class: "map-button", "aria-label": text, onclick: act }, icon(name));
    return el("div", { class: "map-buttons" },
      button("plus", w("zoom_in"), () => this.#zoom(0.55)),
      button("minus", w("zoom_out"), () => this.#zoom(1 / 0.55)),
      button("target", w("handset.map.me"), () => this.#goTo(this.#me)));
  }

  #zoom(share) {
    const view = this.#view;
    if (!view) return;
    if (share < 1 && this.#pin) [view.x, view.y] = this.#at(this.#pin);
    else if (share < 1 && this.#me) [view.x, view.y] = this.#at(this.#me);
    view.across = Math.min(Math.max(view.across * share, LEAST_M), 20_000);
    this.#show();
  }

  #goTo(spot) {
    if (!spot || !this.#view) return;
    [this.#view.x, this.#view.y] = this.#at(spot);
    this.#show();
  }

  /** All of it again, as at first. */
  refit() {
    this.#view = null;
    this.#show();
  }

  #listen(wide) {
    let from = null;
    const drag = (event) => {
      if (!from) return;
      from.far = Math.max(from.far, Math.hypot(event.clientX - from.left, event.clientY - from.top));
      if (!wide || from.far < 8) return;
      const mpp = this.#view.across / this.node.clientWidth;
      [this.#view.x, this.#view.y] = [from.x - (event.clientX - from.left) * mpp, from.y - (event.clientY - from.top) * mpp];
      this.#show();
    };
    this.#svg.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary) return;
      from = { left: event.clientX, top: event.clientY, x: this.#view.x, y: this.#view.y, far: 0 };
      if (wide) this.#svg.setPointerCapture(event.pointerId);
    });
    this.#svg.addEventListener("pointermove", drag);
    this.#svg.addEventListener("pointercancel", () => (from = null));
    this.#svg.addEventListener("pointerup", (event) => {
      if (from && from.far < 8) this.#tap(event);
      from = null;
    });
  }

  #tap(event) {
    const box = this.node.getBoundingClientRect();
    const mpp = this.#view.across / box.width;
    const x = this.#view.x + (event.clientX - box.left - box.width / 2) * mpp;
    const y = this.#view.y + (event.clientY - box.top - box.height / 2) * mpp;
    const [lon, lat] = [geo.lonOf(this.#lon0 + x / this.#k), geo.latOf(this.#lat0 + y / this.#k)];
    this.#onTap(Number(lon.toFixed(6)), Number(lat.toFixed(6)));
  }
}

const PIN = "M0 0C-4 -8 -13 -15 -13 -26A13 13 0 0 1 13 -26C13 -15 4 -8 0 0Z";
const DIAMOND = "M0 -9L9 0L0 9L-9 0Z";
const SIZES = { green: 0.85, yellow: 1.05, red: 1.35 };

const place = ([x, y], mpp, ...children) => svg("g", { transform: `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${mpp.toFixed(4)})` }, children);

/** An order's sign: hollow, half filled, solid with an exclamation mark. */
function diamond(light) {
  const parts = [svg("path", { class: "diamond-casing", d: DIAMOND }), svg("path", { class: `diamond ${light ?? "ended"}`, d: DIAMOND })];
  if (light === "yellow") parts.push(svg("path", { class: "diamond-half", d: "M-8.6 0H8.6L0 8.6Z" }));
  if (light === "red") parts.push(svg("path", { class: "diamond-mark", d: "M-1.1 -5h2.2v6h-2.2z M-1.3 2.4h2.6v2.6h-2.6z" }));
  return svg("g", { transform: `scale(${SIZES[light] ?? 0.85})` }, parts);
}

/** The named roads, each piece: {name, flat}. */
function namesOf(features) {
  const english = globalThis.gridhall.format.english();
  return features.filter(({ properties }) => ROADS.includes(properties.class) && properties.name).flatMap(({ properties, geometry }) =>
    flatsOf(geometry).map((flat) => ({ name: (english && properties.name_en) || properties.name, flat })));
}

function flatsOf(geometry) {
  if (!geometry) return [];
  if (geometry.type.endsWith("Polygon")) return geo.ringsOf(geometry);
  return (geometry.type === "MultiLineString" ? geometry.coordinates : [geometry.coordinates]).map((line) => geo.flatLine(line));
}
