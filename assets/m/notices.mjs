/** What I was told of and have not read, newest first: each line opens its order, which reads it. */
import { el, fill } from "./dom.mjs";

const { words: w, format } = globalThis.gridhall;
const MOST = 20;
let telling = Promise.resolve(); // that some are read: who asks meanwhile waits, else what was just opened would come back

/** {node, ask}: a part of a page that fills itself when asked to; with nothing unread, or without a link, it is empty. */
export function noticesOf(app) {
  const node = el("section", { class: "notices" });

  async function read(body) {
    telling = app.api.tell("POST", "notices/read", { json: body });
    await ask();
  }

  function row(notice) {
    const said = [notice.clock_name, notice.reason, notice.by].filter(Boolean).join(" · ");
    return el("a", { class: "notice-row", href: `#/order/${encodeURIComponent(notice.order)}`, onclick: () => read({ ids: [notice.id] }) },
      el("b", {}, notice.event_name), el("span", { class: "t1" }, notice.title), el("span", { class: "t3" }, format.moment(notice.at_ms)),
      said && el("span", { class: "notice-said" }, said));
  }

  async function ask() {
    await telling;
    const { status, body } = await app.api.ask("GET", `notices?limit=${MOST}`, { fresh: true });
    if (status !== 200 || !body) return;
    const unread = body.items.filter((notice) => !notice.read);
    if (!unread.length) { fill(node); return; }
    fill(node, el("h2", {}, w("notices.title"), el("span", { class: "count" }, body.unread)), el("div", { class: "order-list" }, unread.map(row)),
      el("button", { type: "button", class: "button", onclick: () => read({ upto: body.cursor }) }, w("notices.read_all")));
  }

  return { node, ask };
}
