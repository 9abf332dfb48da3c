/** How what waits to be sent looks, and what a person may do about it. */
import { el, icon } from "./dom.mjs";
import { waitsFor } from "./outbox.mjs";

const { words: w, format } = globalThis.gridhall;

/** What an entry is, in words: 上报 · 占道经营, 处置反馈 · 桂-0031. */
export function nameOf(entry) {
  const what = entry.kind === "report" ? w("handset.report") : w(`action.${entry.action}`);
  return [what, entry.title].filter(Boolean).join(" · ");
}

/** Where it is on its way, as {sign, text, kind: bad | warn | ok}. `before`: the entry that it waits for; `login`: for a log-in. */
export function stateOf(entry, { before, login }) {
  if (entry.state === "done") return { sign: "●", kind: "ok", text: w("handset.entry.done", { t: format.hm(entry.done_at_ms) }) };
  if (entry.state === "refused") return { sign: "■", kind: "bad", text: w("handset.entry.refused", { said: refusalSaid(entry.refusal) }) };
  if (entry.pending) return { sign: "▲", kind: "warn", text: w("handset.entry.pending") };
  if (entry.trouble) return { sign: "▲", kind: "warn", text: w("handset.entry.trouble", { said: entry.trouble }) };
  if (before?.state === "refused") return { sign: "▲", kind: "warn", text: w("handset.entry.held") };
  if (before?.kind === "report") return { sign: "▲", kind: "warn", text: w("handset.entry.after") };
  return { sign: "▲", kind: "warn", text: w(login ? "handset.entry.login" : "handset.entry.waiting") };
}

/** The server's reason, in its own words, and who was quicker. */
export function refusalSaid(refusal) {
  const said = refusal.said || (refusal.reason ? w(`refusal.${refusal.reason}`) : "") || w("handset.refused.status", { n: refusal.status });
  if (!refusal.by || said.includes(refusal.by)) return said;
  const did = refusal.did ? w(`action.${refusal.did}`) : "";
  return `${said} (${[refusal.by, did].filter(Boolean).join(" ")})`;
}

/** Entries with their states, and buttons where there is something to decide. `all`: what else waits. */
export const entryCards = (app, entries, all) => el("div", { class: "entries" }, entries.map((entry) => entryCard(app, entry, all)));

function entryCard(app, entry, all) {
  const state = stateOf(entry, { before: waitsFor(entry, all), login: app.outbox.login });
  const number = entry.answer?.order ?? entry.order;
  const head = el("p", { class: "entry-name" }, nameOf(entry));
  const said = el("p", { class: `entry-state ${state.kind}` }, el("span", { class: "entry-sign", "aria-hidden": "true" }, state.sign), state.text);
  const when = el("p", { class: "t3" }, w("handset.entry.made", { t: format.moment(entry.made_at_ms) }),
    entry.photos.length ? ` · ${w("handset.photos_n", { n: entry.photos.length })}` : "");
  const about = number && el("p", { class: "t3" }, number);
  return el("article", { class: `entry ${entry.state}`, "data-entry": entry.id }, head, said, when, about, buttons(app, entry));
}

function buttons(app, entry) {
  if (entry.state === "done") {
    const order = entry.answer?.order;
    return order && el("a", { class: "button", href: `#/order/${encodeURIComponent(order)}` }, w("handset.entry.open"), icon("next"));
  }
  if (!app.outbox.mayChange(entry)) return null;
  return el("div", { class: "entry-buttons" },
    el("a", { class: "button", href: mendAddress(entry) }, w(entry.state === "refused" ? "handset.entry.mend" : "handset.entry.change")),
    el("button", { type: "button", class: "button quiet-bad", onclick: () => drop(app, entry) }, w("handset.entry.drop")));
}

const mendAddress = (entry) =>
  entry.kind === "report" ? `#/report/${entry.id}` : `#/act/${encodeURIComponent(entry.order ?? "")}/${entry.action}/${entry.id}`;

async function drop(app, entry) {
  const following = (await app.outbox.entries()).filter((other) => other.after === entry.id && other.state !== "done").length;
  const text = w(following ? "handset.drop.sure_n" : "handset.drop.sure", { name: nameOf(entry), n: following });
  if (await app.sure(text, w("handset.entry.drop"))) await app.outbox.dismiss(entry.id);
}
