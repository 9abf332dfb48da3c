/** One order: its state and limit, its story, where it is, and what I may do now. */
import { el, fill, icon, light } from "./dom.mjs";
import { entryCards, refusalSaid } from "./entries.mjs";
import { rowsAfter } from "./life.mjs";
import { SmallMap } from "./map.mjs";
import { lightOf, limitOf } from "./orders.mjs";
import { show } from "./overlay.mjs";
import { photoUrl } from "./api.mjs";

const { geo, words: w, format } = globalThis.gridhall;

/** What comes first under the thumb. */
const FIRST = ["take_up", "verify", "check", "feedback", "request_close", "resume", "self_handle", "progress", "note"];
const MAIN = new Set(FIRST.slice(0, -2)); // what moves the order on
const rank = ({ action }) => (FIRST.includes(action) ? FIRST.indexOf(action) : FIRST.length);

export async function orderView(app, [number]) {
  const node = el("div", { class: "page" });
  const foot = el("div", { class: "foot" });
  let page = null;
  let map = null;

  async function load() {
    const answer = await app.api.order(number);
    app.heard(answer);
    if (answer.status === 200 && answer.body) page = answer.body;
    else if (!page) return fill(node, el("p", { class: "empty" }, w(answer.status === 404 ? "handset.order.gone" : "handset.order.unread", { id: number })));
    app.asOf(answer.kept_at_ms);
    await paint();
  }

  async function paint() {
    if (!page) return;
    const entries = (await app.outbox.entries()).filter((entry) => (entry.order ?? entry.answer?.order) === number && entry.state !== "done");
    const { order } = page;
    map?.node.remove();
    map = order.lon === null ? null : new SmallMap({ grid: app.grid(), label: w("handset.map.order") });
    fill(node,
      headOf(app, order),
      entries.length > 0 && entryCards(app, entries, entries),
      factsOf(app, order, page),
      photosOf(page.photos ?? []),
      map && [map.node, el("p", { class: "hint" }, awayOf(app, order))],
      trailOf(page.trail ?? []));
    map?.set({ me: app.position.last, pin: { lon: order.lon, lat: order.lat } });
    const actions = actionsOf(app, page, entries);
    const primary = MAIN.has(actions.may[0]?.action) ? actions.may[0] : null;
    fill(foot,
      primary && el("a", { class: "button primary", href: addressOf(number, primary) }, primary.label),
      (actions.may.length > 1 || actions.not.length > 0) &&
        el("button", { type: "button", class: "button", onclick: () => sheet(number, actions) }, w(primary ? "handset.act.more" : "handset.act.none")));
    foot.hidden = !foot.childElementCount;
  }

  fill(node, el("p", { class: "empty" }, w("handset.loading")));
  await load();
  const stop = app.position.listen((fix) => fix && map && page && map.set({ me: fix }));
  return { title: w("handset.order"), back: "#/orders", node, foot, refresh: load, repaint: paint, close: stop };
}

const addressOf = (number, { action }) => `#/act/${encodeURIComponent(number)}/${action}`;

function headOf(app, order) {
  const nowMs = app.nowMs();
  const limit = limitOf(order, nowMs);
  return el("header", { class: "order-head" },
    el("h2", { class: "order-name" }, light(lightOf(order, nowMs)), order.title),
    el("p", { class: "order-now" }, el("span", { class: "tag" }, w(`status.${order.status}`)), el("span", { class: `order-big ${limit.kind}` }, order.open ? limit.text : "")),
    el("p", { class: "t3" }, order.order));
}

function factsOf(app, order, page) {
  const facts = [
    [w("order_fact.category"), order.category_name],
    [w("order_fact.place"), order.place],
    [w("order_fact.department"), order.department_name],
    [w("order_fact.handler"), order.handler && order.handler === app.me.worker ? app.me.title : order.handler_name ?? order.handler],
    [w("order_fact.source"), order.source],
    [w("order_fact.reported"), order.reported_at_ms && format.moment(order.reported_at_ms)],
    [w("order_fact.deadline"), order.deadline_at_ms && format.limit(format.moment(order.deadline_at_ms), order.provisional)],
  ].filter(([, value]) => value);
  const asked = page.life?.asked;
  return el("section", {},
    order.text && el("p", { class: "order-text" }, order.text),
    asked && el("p", { class: "warn" }, w(`handset.asked.${asked}`)),
    el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
}

function awayOf(app, order) {
  const fix = app.position.last;
  return fix ? w("handset.away", { m: format.metres(geo.distance(fix.lon, fix.lat, order.lon, order.lat)) }) : "";
}

function photosOf(photos) {
  if (!photos.length) return null;
  return el("section", {}, el("h2", {}, w("handset.photos"), el("span", { class: "count" }, photos.length)),
    el("div", { class: "photos" }, photos.map((photo, n) =>
      el("button", { type: "button", class: "photo", "aria-label": w("handset.photo.n", { n: n + 1 }), onclick: () => enlarge(photo) },
        el("img", { src: photoUrl(photo.file, true), alt: photo.name ?? "", loading: "lazy" }),
        photo.at_ms && el("span", { class: "photo-when" }, format.moment(photo.at_ms))))));
}

function enlarge(photo) {
  const closing = el("button", { type: "button", class: "bar-button photo-close", "aria-label": w("close"), onclick: () => close() }, icon("close"));
  const close = show(el("div", { class: "overlay dark", role: "dialog" }, closing, el("img", { class: "photo-large", src: photoUrl(photo.file, false), alt: photo.name ?? "" })));
}

/** What a new calendar of holidays has made of the limit. */
function recomputedSaid({ action, fields = {} }) {
  if (action !== "recompute") return [];
  return [fields.calendar && w("desk.said.calendar", { day: fields.calendar }),
    fields.deadline_was_ms && w("desk.said.deadline_was", { at: format.moment(fields.deadline_was_ms) }),
    fields.deadline_at_ms && w("desk.said.deadline", { at: format.moment(fields.deadline_at_ms) })];
}

function trailOf(steps) {
  return el("section", {}, el("h2", {}, w("trail"), el("span", { class: "count" }, steps.length)),
    el("ol", { class: "trail" }, [...steps].reverse().map((step) => {
      const who = [step.actor_name ?? step.actor ?? step.handler, step.unit_name ?? step.department_name].filter(Boolean).join(" · ");
      const said = [step.note, step.reason, step.text ?? step.fields?.text, step.fields?.reason, ...recomputedSaid(step)].filter(Boolean);
      return el("li", {},
        el("p", { class: "trail-head" }, el("b", {}, step.action ? w(`action.${step.action}`) : w(`status.${step.status}`)), el("span", { class: "t3" }, step.at_ms ? format.moment(step.at_ms) : w("time_unknown"))),
        who && el("p", {}, who), [...new Set(said)].map((text) => el("p", { class: "trail-said" }, text)));
    })));
}

/** {may: [{action, label, rows}], not: [{label, said}]}: of the server's word, or, while something waits, what will follow it. */
export function actionsOf(app, page, entries) {
  const waiting = entries.filter((entry) => entry.state === "waiting");
  const all = page.actions ?? [];
  const next = waiting.length ? rowsAfter(app.config.life, page.order.status, waiting) : null;
  if (next) return { may: next.map((row) => ({ ...row, label: w(`action.${row.action}`) })).sort((a, b) => rank(a) - rank(b)), not: [], later: true };
  const may = all.filter((one) => one.may).sort((a, b) => rank(a) - rank(b));
  const not = all.filter((one) => !one.may).map((one) => ({ label: one.label, said: one.said || refusalSaid(one) }));
  return { may, not, later: false };
}

/** Everything that may be done, and, for who asks, why the rest may not. */
function sheet(number, { may, not, later }) {
  const list = el("div", { class: "sheet", role: "dialog", "aria-label": w("handset.act.more") },
    later && el("p", { class: "hint" }, w("handset.act.later")),
    may.map((one, n) => el("button", { type: "button", class: `button ${n ? "" : "primary"}`, onclick: () => {
      go = addressOf(number, one);
      close();
    } }, one.label)),
    not.length > 0 && el("details", { class: "why-not" }, el("summary", {}, w("handset.act.why")),
      el("dl", { class: "facts" }, not.map(({ label, said }) => [el("dt", {}, label), el("dd", {}, said)]))),
    el("button", { type: "button", class: "button", onclick: () => close() }, w("close")));
  let go = null;
  const close = show(el("div", { class: "overlay shade", onclick: (event) => event.target === event.currentTarget && close() }, list), () => {
    if (go) location.hash = go;
  });
}
