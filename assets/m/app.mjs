/** The handset's page: puts the parts together, goes from view to view, sends what waits, and says how the link is. */
import { Api } from "./api.mjs";
import { el } from "./dom.mjs";
import { Drafts } from "./drafts.mjs";
import { Fixes } from "./fixes.mjs";
import { Frame } from "./frame.mjs";
import { Mine } from "./mine.mjs";
import { Outbox } from "./outbox.mjs";
import { Position } from "./position.mjs";
import { prefer, preferred } from "./prefs.mjs";
import { Storage } from "./storage.mjs";
import { followUpdates, forgetAnswers, keepsAnswers, untilKept } from "./updates.mjs";
import { verdictOf } from "./verdict.mjs";
import { actView } from "./act.mjs";
import { gridView } from "./grid.mjs";
import { logInView, meView } from "./me.mjs";
import { orderView } from "./order.mjs";
import { ordersView } from "./orders.mjs";
import { reportView } from "./report.mjs";

const { words: w, format, geo } = globalThis.gridhall;

const VIEWS = { orders: ordersView, order: orderView, act: actView, report: reportView, grid: gridView, me: meView };
const MINE_EVERY_MS = 90_000;
const TICK_MS = 10_000; // positions go, and ages are painted anew
const LEAST_PAUSE_MS = 1000;

class App {
  config = globalThis.gridhall.config;
  me = null; // the person, as GET me tells
  link = "ok"; // ok | none: by the last answer
  sendsPosition = false;
  #mine;
  #asOfMs = null;
  #view = null;
  #showing = null;
  #pump = null;
  #wants = new Set();
  #stale = false;

  async start() {
    const judged = async (answer) => this.#judged(await answer);
    this.frame = new Frame(this.config.title);
    this.api = new Api(this.config.lang);
    this.#mine = new Mine(this.api);
    this.storage = await Storage.open();
    this.outbox = new Outbox({ store: this.storage, post: this.#post(judged), lock: oneWindow, online: () => navigator.onLine !== false });
    this.fixes = new Fixes({ store: this.storage, post: (fixes) => judged(this.api.positions(fixes)), distance: geo.distance });
    this.drafts = new Drafts(this.storage, () => this.me?.name);
    this.position = new Position();
    this.#follow();
    await this.#whoAmI();
    await this.#show();
  }

  /** The posts of the outbox. A photo is named in the entry that it belongs to; the server is told when it was filed. */
  #post(judged) {
    return {
      photo: (photo) => judged(this.api.photo(photo)),
      entry: ({ id, kind, order, action, fields, photos, made_at_ms: madeAtMs }) => {
        const all = photos.length ? { ...fields, photos: photos.join(";") } : fields;
        const told = { id, action, fields: all, at_ms: Math.round(madeAtMs - this.api.clockAheadMs) };
        return judged(kind === "report" ? this.api.report(told) : this.api.act(order, told));
      },
    };
  }

  #judged(answer) {
    this.heard(answer);
    return answer.status === 0 ? { kind: "later", said: "" } : verdictOf(answer);
  }

  // --- who I am -----------------------------------------------------------------------------------------------------------------

  async #whoAmI() {
    if (preferred("log_out") === "due") {
      if (await this.api.logOut()) prefer("log_out", "done");
      return this.#become(null);
    }
    const answer = await this.api.me();
    this.heard(answer);
    return this.#become(answer.status === 200 ? answer.body : null);
  }

  async #become(me) {
    this.me = me;
    this.outbox.setOwner(me?.name ?? null);
    this.fixes.setOwner(me?.worker ? me.name : null);
    if (!me) this.#mine.forget();
    this.#switchPosition(Boolean(me?.worker) && preferred(`position.${me.name}`) === "on");
    if (!me) return;
    if (me.must_change) return location.assign("/password?next=/m"); // nothing else is answered before
    this.frame.offer("report", me.rights.includes("report"));
    await this.refresh();
    this.#send();
  }

  /** Logs in; null when it worked, else what to tell the person. */
  async logIn(user, password) {
    const answer = await this.api.logIn(user, password);
    if (answer.status === 0) return w("handset.log_in.no_link");
    if (answer.status === 429) return w("handset.log_in.wait", { t: format.duration(Math.max(answer.retryAfterS, 60)) });
    if (answer.status !== 200) return answer.status === 401 || answer.status === 403 ? w("handset.log_in.wrong") : String(answer.body?.error ?? answer.status);
    await forgetAnswers();
    prefer("log_out", "done");
    await this.#whoAmI();
    if (!this.me) return w("handset.log_in.no_cookie");
    navigator.storage?.persist?.(); // so that a full phone does not throw away what was not sent
    await this.#show();
    return null;
  }

  async logOut() {
    const { waiting, refused } = await this.outbox.summary();
    const text = waiting + refused ? w("handset.log_out.kept", { n: waiting + refused }) : w("handset.log_out.sure");
    if (!(await this.frame.sure(text, w("handset.log_out")))) return;
    prefer("log_out", "due"); // until the server has heard it, and before anything else is asked of it
    await forgetAnswers();
    this.me = null;
    await this.#whoAmI();
    location.hash = "";
    await this.#show();
  }

  /** The server no longer knows us: what waits stays, and goes when somebody has logged in. */
  #loggedOut() {
    if (!this.me) return;
    this.#become(null);
    this.#show();
  }

  // --- what is mine ---------------------------------------------------------------------------------------------------------------

  mine = () => this.#mine.data;
  grid = () => this.#mine.grid;
  matters = () => this.mine()?.matters ?? [];
  matterName = (key) => this.matters().find((matter) => matter.key === key)?.name ?? "";
  departments = () => (this.mine()?.departments ?? []).map(({ key, name }) => ({ value: key, text: name }));
  nowMs = () => Date.now() - this.api.clockAheadMs;

  /** Asks for what is mine, and shows it. */
  async refresh() {
    if (!this.me) return;
    const answer = await this.#mine.ask();
    this.heard(answer);
    if (!this.me) return this.#mine.forget(); // logged out meanwhile
    if (answer.status === 200) {
      this.asOf(answer.kept_at_ms);
      this.#fetchRest(answer.kept_at_ms);
    }
    return this.#view?.refresh?.();
  }

  /** In the background, as nobody waits for it. */
  async #fetchRest(keptAtMs) {
    if (await this.#mine.fetchMap()) await this.#view?.refresh?.();
    if (!keptAtMs) await this.#mine.fetchOrders();
  }

  /** What the server says of an order, or said last; null: neither. */
  async order(number) {
    const answer = await this.api.order(number);
    this.heard(answer);
    return answer.status === 200 ? answer.body : null;
  }

  // --- the link -----------------------------------------------------------------------------------------------------------------

  /** Every answer passes here: it says whether there is a link, and whether we are still logged in. */
  heard(answer) {
    const link = answer.status === 0 || answer.kept_at_ms ? "none" : "ok";
    if (link !== this.link) {
      this.link = link;
      this.paintState();
    }
    if (answer.status === 401) this.#loggedOut();
  }

  /** When what is shown was true; null: now. */
  asOf(keptAtMs) {
    this.#asOfMs = keptAtMs;
    this.paintState();
  }

  async paintState() {
    const offline = navigator.onLine === false || this.link === "none";
    this.frame.say({ offline, as_of_ms: this.#asOfMs, ...(await this.outbox.summary()) });
  }

  // --- position -----------------------------------------------------------------------------------------------------------------

  positionSaid() {
    const { state, last } = this.position;
    if (state !== "on" || !last) return w(`handset.position.${state}`);
    return w("handset.position.on", { m: format.metres(last.accuracy_m), t: format.ago((Date.now() - last.fixed_at_ms) / 1000) });
  }

  /** The receiver runs as long as somebody wants it. */
  wantPosition(what, wanted) {
    if (wanted) this.#wants.add(what);
    else this.#wants.delete(what);
    if (this.#wants.size) this.position.start();
    else this.position.stop();
  }

  /** What the switch does. */
  sendPosition(on) {
    prefer(`position.${this.me.name}`, on ? "on" : "off");
    this.#switchPosition(on);
  }

  #switchPosition(on) {
    this.sendsPosition = on;
    this.wantPosition("send", on);
    if (on && this.position.last) this.#keepFix(this.position.last);
    this.#view?.tick?.();
  }

  /** The first one goes at once, so that the switch is seen to work. */
  async #keepFix(fix) {
    try {
      if ((await this.fixes.add(fix)) && !this.fixes.sent.at_ms) await this.#sendFixes();
    } catch (fault) {
      this.toast(this.storageSaid(fault));
    }
  }

  // --- sending ------------------------------------------------------------------------------------------------------------------

  /** Said after something was filed: it is on the phone, and now it goes. */
  filed() {
    this.toast(w(navigator.onLine === false ? "handset.filed.offline" : "handset.filed"));
    this.#send();
  }

  sendNow() {
    this.#send(true);
    this.#sendFixes();
  }

  async #send(eager = false) {
    clearTimeout(this.#pump);
    await this.outbox.run({ eager });
    const due = await this.outbox.dueInMs();
    clearTimeout(this.#pump);
    if (due !== null) this.#pump = setTimeout(() => this.#send(), Math.max(due, LEAST_PAUSE_MS));
  }

  async #sendFixes() {
    if (this.me && navigator.onLine !== false) await this.fixes.run();
    this.#view?.tick?.();
  }

  async #outboxSaid({ done, login, changed }) {
    if (done) this.toast(w("handset.sent", { what: done.kind === "report" ? done.answer.order : w(`action.${done.action}`) }));
    if (login) return this.#loggedOut();
    if (changed) this.#send();
    await this.paintState();
    if (done) return this.refresh();
    return (this.#view?.repaint ?? this.#view?.refresh)?.();
  }

  // --- going about ----------------------------------------------------------------------------------------------------------------

  #follow() {
    const visible = () => document.visibilityState === "visible";
    this.outbox.listen((what) => this.#outboxSaid(what));
    this.position.listen((fix) => fix && this.sendsPosition && this.#keepFix(fix));
    addEventListener("hashchange", () => this.#show());
    addEventListener("offline", () => this.paintState());
    addEventListener("online", () => this.#backOnline());
    document.addEventListener("visibilitychange", () => visible() && this.#backInSight());
    setInterval(() => visible() && this.refresh(), MINE_EVERY_MS);
    setInterval(() => this.#sendFixes(), TICK_MS);
    followUpdates(this.config.version, () => {
      this.#stale = true;
      this.toast(w("handset.update"));
    });
    if (!keepsAnswers()) untilKept().then(() => this.#askAgain());
  }

  /** The service worker has come: what was asked before it was there is asked again, and is kept. */
  async #askAgain() {
    if (preferred("log_out") === "due") return; // nothing of that person is to be kept any more
    await this.api.me(); // also while the first answer is on its way: nobody may be logged in yet as far as this page knows
    await this.refresh();
  }

  async #backOnline() {
    await this.paintState();
    if (!this.me) await this.#whoAmI().then(() => this.#show());
    this.sendNow();
    await this.refresh();
  }

  #backInSight() {
    const listing = this.#view?.tab && this.#view.tab !== "report";
    if (this.#stale && listing) return location.reload(); // no form is open
    this.#send();
    return this.refresh();
  }

  async #show() {
    const [name = "", ...args] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
    const showing = (this.#showing = {});
    this.#view?.close?.();
    this.#view = null;
    const view = await (this.me ? (VIEWS[name] ?? ordersView) : logInView)(this, args);
    if (this.#showing !== showing) return view.close?.(); // somewhere else by now
    this.#view = view;
    this.frame.put(view);
    return this.paintState();
  }

  /** On to a view in the place of a form that is done: the phone's back button does not lead into it again. */
  back(hash) {
    location.replace(hash);
  }

  toast = (text) => this.frame.toast(text);
  sure = (text, yes) => this.frame.sure(text, yes);
  storageSaid = (fault) => w(/quota/i.test(`${fault?.name}${fault?.message}`) ? "handset.storage.full" : "handset.storage.fault", { said: fault?.message ?? "" });

  chooseLanguage = (lang) => {
    prefer("lang", lang);
    if (lang !== this.config.lang) location.href = `${location.pathname}?lang=${lang}${location.hash}`;
  };

  chooseTheme = (theme) => {
    prefer("theme", theme);
    globalThis.gridhallPaint();
  };
}

/** Of several windows of this page one sends at a time. */
const oneWindow = (task) =>
  navigator.locks ? navigator.locks.request("gridhall-outbox", { ifAvailable: true }, (lock) => lock && task()) : task();

const app = new App();
globalThis.gridhall.handset = app;
app.start().catch((fault) => {
  document.body.append(el("p", { class: "fault" }, w("handset.storage.fault", { said: fault?.message ?? "" })));
  throw fault;
});
