/** Who I am; what waits to be sent and what was; language, light or dark; log out. */
import { choice } from "./forms.mjs";
import { el, fill } from "./dom.mjs";
import { entryCards } from "./entries.mjs";
import { positionSwitch } from "./grid.mjs";
import { preferred } from "./prefs.mjs";

const { words: w, format } = globalThis.gridhall;
const CLOCK_OFF_MS = 60_000;

export async function meView(app) {
  const outbox = el("section", {});
  const warn = el("p", { class: "warn" });
  const sender = positionSwitch(app);
  const { me } = app;
  const who = [
    [w("handset.me.account"), me.name], [w("handset.me.roles"), (me.role_names ?? me.roles ?? []).join(w("handset.comma"))],
    [w("handset.me.scope"), me.scope_name], [w("worker_id"), me.worker], [w("department"), me.department_name],
  ].filter(([, value]) => value);

  async function paint() {
    await sender.paint();
    const entries = await app.outbox.entries();
    const open = entries.filter((entry) => entry.state !== "done");
    const done = entries.filter((entry) => entry.state === "done").reverse();
    const { others } = await app.outbox.summary();
    const ahead = app.api.clockAheadMs;
    warn.textContent = Math.abs(ahead) > CLOCK_OFF_MS ? w(ahead > 0 ? "handset.clock.fast" : "handset.clock.slow", { t: format.duration(Math.abs(ahead) / 1000) }) : "";
    fill(outbox,
      el("h2", {}, w("handset.outbox"), el("span", { class: "count" }, open.length)),
      open.length ? [entryCards(app, open, open),
        el("button", { type: "button", class: "button", onclick: () => app.sendNow() }, w("handset.outbox.now"))] : el("p", { class: "empty" }, w("handset.outbox.empty")),
      others > 0 && el("p", { class: "hint" }, w("handset.outbox.others", { n: others })),
      done.length > 0 && el("details", { class: "sent" }, el("summary", {}, w("handset.outbox.sent", { n: done.length })), entryCards(app, done, [])));
  }

  const node = el("div", { class: "page" },
    el("header", { class: "me-head" }, el("h2", {}, me.title || me.name), el("dl", { class: "facts" }, who.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))),
    warn, outbox, sender.node,
    el("section", {},
      el("h2", {}, w("handset.language")), choice([{ value: "zh", text: "中文" }, { value: "en", text: "English" }], app.config.lang, app.chooseLanguage, w("handset.language")),
      el("h2", {}, w("handset.theme")),
      choice(["auto", "light", "dark"].map((value) => ({ value, text: w(`handset.theme.${value}`) })), preferred("theme") ?? "auto", app.chooseTheme, w("handset.theme"))),
    el("button", { type: "button", class: "button quiet-bad wide-button", onclick: () => app.logOut() }, w("handset.log_out")),
    el("p", { class: "hint version" }, `${app.config.title} · ${app.config.version}`));
  await paint();
  return { title: w("handset.me"), tab: "me", node, refresh: paint, tick: paint };
}

/** Logging in. What waits on this phone stays. */
export async function logInView(app) {
  const said = el("p", { class: "bad", role: "alert" });
  const user = el("input", { class: "control", type: "text", name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, id: "login-user" });
  const password = el("input", { class: "control", type: "password", name: "password", autocomplete: "current-password", required: true, id: "login-password" });
  const show = el("button", { type: "button", class: "button", onclick: () => {
    password.type = password.type === "password" ? "text" : "password";
    show.textContent = w(password.type === "password" ? "handset.log_in.show" : "handset.log_in.hide");
  } }, w("handset.log_in.show"));
  const button = el("button", { type: "submit", class: "button primary wide-button" }, w("handset.log_in"));
  const { waiting, others } = await app.outbox.summary();

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    said.textContent = "";
    const answer = await app.logIn(user.value.trim(), password.value);
    button.disabled = false;
    if (answer) said.textContent = answer;
  }

  const node = el("form", { class: "page form log-in", onsubmit: submit },
    el("h1", {}, app.config.title), el("p", {}, w("handset.about")),
    waiting + others > 0 && el("p", { class: "warn" }, w("handset.log_in.kept", { n: waiting + others })),
    el("div", { class: "field-row" }, el("label", { for: user.id }, w("handset.me.account")), user),
    el("div", { class: "field-row" }, el("label", { for: password.id }, w("handset.password")), el("div", { class: "password" }, password, show)),
    said, button,
    el("div", { class: "log-in-lang" }, choice([{ value: "zh", text: "中文" }, { value: "en", text: "English" }], app.config.lang, app.chooseLanguage, w("handset.language"))));
  return { title: "", bare: true, node };
}
