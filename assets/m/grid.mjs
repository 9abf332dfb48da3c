/** My grid: its map with me and my orders on it, the switch for my position, and how the hall sees me. */
import { el, fill } from "./dom.mjs";
import { toggle } from "./forms.mjs";
import { SmallMap } from "./map.mjs";
import { lightOf } from "./orders.mjs";

const { geo, words: w, format } = globalThis.gridhall;

/** The switch "上报位置" with what comes of it. {node, paint}. */
export function positionSwitch(app) {
  const said = el("p", { class: "switch-said", role: "status" });
  const node = el("div", { class: "switch" });
  if (!app.me?.worker) return { node: el("p", { class: "hint" }, w("handset.position.no_worker")), paint: () => {} };
  node.append(toggle(w("handset.position"), app.sendsPosition, (on) => app.sendPosition(on), w("handset.position.means")), said);
  const paint = async () => {
    const { sent } = app.fixes;
    const waiting = (await app.fixes.waiting()).length;
    const parts = [app.positionSaid()];
    if (sent.refused) parts.push(w("handset.position.refused", { said: sent.refused }));
    else if (waiting > 1) parts.push(w("handset.position.waiting", { n: waiting }));
    else if (sent.at_ms) parts.push(w("handset.position.sent", { t: format.ago((Date.now() - sent.at_ms) / 1000) }));
    if (sent.rejected) parts.push(w("handset.position.rejected", { n: sent.rejected, said: sent.reason }));
    if (app.fixes.thinned) parts.push(w("handset.position.thinned", { n: app.fixes.thinned }));
    said.textContent = parts.join(" · ");
    const well = !app.sendsPosition || ["on", "asking"].includes(app.position.state);
    said.className = `switch-said ${well && !sent.refused ? "" : "warn"}`;
  };
  return { node, paint };
}

export async function gridView(app) {
  const head = el("div", { class: "grid-head" });
  const own = el("p", { class: "t3" });
  const sender = positionSwitch(app);
  const foot = el("div", {});
  const hole = el("div", {});
  const node = el("div", { class: "page" }, sender.node, head, hole, own, foot);
  let map = null;
  let drawn = null;

  async function paint() {
    const mine = app.mine();
    const grid = app.grid();
    await sender.paint();
    if (!mine) return fill(head, el("p", { class: "empty" }, w(app.link === "none" ? "handset.grid.unread" : "handset.loading")));
    if (grid !== drawn) {
      drawn = grid;
      map = grid?.outline ? new SmallMap({ grid, label: w("handset.map.grid") }) : null;
      fill(hole, map?.node);
    }
    const nowMs = app.nowMs();
    const open = mine.orders.filter((order) => order.open && order.mine === "handle");
    fill(head, el("h2", {}, grid?.name || w("handset.grid.none")), el("p", {}, countsOf(open, nowMs)));
    map?.set({ me: app.position.last, others: open.filter((order) => order.lon !== null).map((order) => ({ ...order, light: lightOf(order, nowMs) })) });
    own.textContent = seenOf(app, mine.worker, nowMs);
    fill(foot, outOf(app, grid) && el("p", { class: "bad" }, w("handset.grid.out")));
  }

  await paint();
  const stop = app.position.listen(() => paint());
  return { title: w("handset.grid"), tab: "grid", node, refresh: paint, tick: paint, close: stop };
}

function countsOf(open, nowMs) {
  const red = open.filter((order) => lightOf(order, nowMs) === "red").length;
  const yellow = open.filter((order) => lightOf(order, nowMs) === "yellow").length;
  return [
    w("handset.grid.open", { n: open.length }),
    red > 0 && el("span", { class: "bad" }, ` · ■ ${w("handset.grid.red", { n: red })}`),
    yellow > 0 && el("span", { class: "warn" }, ` · ▲ ${w("handset.grid.yellow", { n: yellow })}`),
  ].filter(Boolean);
}

/** How the hall sees me: it may be otherwise than I think. */
function seenOf(app, worker, nowMs) {
  if (!worker?.fixed_at_ms) return worker ? w("handset.seen.never") : "";
  return w("handset.seen", { state: w(`state.${worker.presence}`), t: format.ago((nowMs - worker.fixed_at_ms) / 1000) });
}

function outOf(app, grid) {
  const fix = app.position.last;
  if (!fix || !grid?.outline || !(fix.accuracy_m < 50)) return false;
  return !geo.inRings(geo.ringsOf(grid.outline), geo.mercatorX(fix.lon), geo.mercatorY(fix.lat));
}
