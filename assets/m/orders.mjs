/** My orders: what I was told of, what waits to be sent, what I have to do, what I reported. */
import { el, fill, icon, light } from "./dom.mjs";
import { entryCards } from "./entries.mjs";
import { noticesOf } from "./notices.mjs";

const { words: w, format } = globalThis.gridhall;
const PARTS = ["handle", "check", "report"];

/** What is left of an order's limit, or how it ended: {text, kind}. */
export function limitOf(order, nowMs) {
  if (!order.open) return { text: w(`status.${order.status}`), kind: "t3" };
  if (order.deadline_at_ms === null) return { text: w("handset.no_limit"), kind: "t3" };
  const kind = { red: "bad", yellow: "warn" }[lightOf(order, nowMs)] ?? "t1";
  return { text: format.left(order.deadline_at_ms, nowMs, order.provisional), kind };
}

/** The light by the phone's clock: an answer that was kept may have been green then. */
export function lightOf(order, nowMs) {
  if (!order.open || order.deadline_at_ms === null) return order.light;
  return order.deadline_at_ms < nowMs ? "red" : order.light;
}

/** Where it is. In my own grid the address says enough. */
export const placeOf = (app, order) => (order.region === app.grid()?.code && order.address ? order.address : order.place) || w("handset.no_place");

export function orderRow(app, order, nowMs) {
  const limit = limitOf(order, nowMs);
  return el("a", { class: "order-row", href: `#/order/${encodeURIComponent(order.order)}`, "data-order": order.order },
    light(lightOf(order, nowMs)),
    el("span", { class: "order-main" },
      el("span", { class: "order-title" }, order.title),
      el("span", { class: "order-place" }, placeOf(app, order))),
    el("span", { class: "order-side" },
      el("span", { class: `order-limit ${limit.kind}` }, limit.text),
      order.open && el("span", { class: "t3" }, w(`status.${order.status}`))));
}

export async function ordersView(app) {
  const node = el("div", { class: "page" });
  const notices = noticesOf(app);

  async function paint() {
    const nowMs = app.nowMs();
    const orders = app.mine()?.orders ?? null;
    const entries = (await app.outbox.entries()).filter((entry) => entry.state !== "done");
    const waiting = entries.length && [
      el("h2", {}, w("handset.outbox"), el("span", { class: "count" }, entries.length)),
      entryCards(app, entries, entries),
    ];
    if (!orders) return fill(node, notices.node, waiting, el("p", { class: "empty" }, w(app.link === "none" ? "handset.orders.unread" : "handset.loading")));
    const parts = PARTS.map((part) => [part, orders.filter((order) => order.mine === part)]);
    fill(node, notices.node, waiting, parts.map(([part, rows]) => (rows.length || part === "handle") && [
      el("h2", {}, w(`handset.orders.${part}`), el("span", { class: "count" }, rows.length)),
      rows.length ? el("div", { class: "order-list" }, rows.map((order) => orderRow(app, order, nowMs))) : el("p", { class: "empty" }, w("handset.orders.none")),
    ]), app.me?.rights?.includes("report") && el("a", { class: "button primary wide-button", href: "#/report" }, icon("report"), w("handset.report")));
  }

  function refresh() {
    notices.ask(); // comes when it comes: what is known is painted at once
    return paint();
  }

  await refresh();
  return { title: w("handset.orders"), tab: "orders", node, refresh };
}
