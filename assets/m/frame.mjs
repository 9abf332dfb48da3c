/** What stands around every view: the bar, the strip that says what is not well, the foot, the tabs; and what is said in passing. */
import { el, fill, icon } from "./dom.mjs";
import { show } from "./overlay.mjs";

const { words: w, format } = globalThis.gridhall;
const TABS = [["orders", "handset.tab.orders"], ["grid", "handset.tab.grid"], ["report", "handset.tab.report"], ["me", "handset.tab.me"]];
const TOAST_MS = 4500;

export class Frame {
  #title = el("h1", { class: "bar-title" });
  #back = el("a", { class: "bar-button", "aria-label": w("handset.back") }, icon("back"));
  #sign = el("span", { class: "link-sign", role: "status" });
  #strip = el("a", { class: "strip", href: "#/me", hidden: true });
  #main = el("main", { id: "main" });
  #foot = el("div", { class: "foot-hole" });
  #tabs = el("nav", { class: "tabs", "aria-label": w("handset.tabs") }, TABS.map(([name, key]) =>
    el("a", { class: `tab ${name}`, href: `#/${name}`, "data-tab": name }, icon(name), el("span", {}, w(key)))));
  #bar = el("header", { class: "bar" }, this.#back, this.#title, this.#sign);
  #toasts = el("div", { class: "toasts", role: "status", "aria-live": "polite" });

  constructor(title) {
    this.title = title;
    fill(document.body, this.#bar, this.#strip, this.#main, this.#foot, this.#tabs, this.#toasts);
  }

  /** `view`: {title, node, foot?, tab?, back?: address, bare?: no frame}. */
  put(view) {
    this.#title.textContent = view.title;
    document.title = view.title ? `${view.title} · ${this.title}` : this.title;
    this.#bar.hidden = this.#tabs.hidden = Boolean(view.bare);
    this.#back.hidden = !view.back;
    if (view.back) this.#back.href = view.back;
    for (const tab of this.#tabs.children) {
      if (tab.dataset.tab === view.tab) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    fill(this.#main, view.node);
    fill(this.#foot, view.foot);
    this.#main.scrollTop = 0;
  }

  /** Whether there is a tab for what is not everybody's. */
  offer(name, may) {
    for (const tab of this.#tabs.children) if (tab.dataset.tab === name) tab.hidden = !may;
  }

  /** `as_of_ms`: when what is shown was true, if that is not now; `waiting`, `refused`, `since_ms`: of the outbox. */
  say({ offline, as_of_ms: asOf, waiting, refused, since_ms: since }) {
    this.#sign.className = `link-sign ${offline ? "warn" : "ok"}`;
    this.#sign.textContent = offline ? `▲ ${w("handset.offline")}` : `● ${w("handset.online")}`;
    const parts = [
      refused > 0 && el("span", { class: "bad" }, `■ ${w("handset.strip.refused", { n: refused })}`),
      offline && asOf && el("span", { class: "warn" }, `▲ ${w("handset.strip.as_of", { t: format.hm(asOf) })}`),
      waiting > 0 && el("span", { class: "warn" }, `▲ ${w("handset.strip.waiting", { n: waiting, t: format.hm(since) })}`),
    ].filter(Boolean);
    fill(this.#strip, parts);
    this.#strip.hidden = !parts.length;
  }

  toast = (text) => {
    const node = el("p", { class: "toast" }, text);
    fill(this.#toasts, node);
    setTimeout(() => node.remove(), TOAST_MS);
  };

  /** Asks; true for yes. */
  sure(text, yes) {
    return new Promise((resolve) => {
      let answer = false;
      const agree = () => {
        answer = true;
        close();
      };
      const sheet = el("div", { class: "sheet", role: "alertdialog", "aria-label": text }, el("p", { class: "t1" }, text),
        el("button", { type: "button", class: "button primary", onclick: agree }, yes),
        el("button", { type: "button", class: "button", onclick: () => close() }, w("handset.cancel")));
      const close = show(el("div", { class: "overlay shade" }, sheet), () => resolve(answer));
    });
  }
}
