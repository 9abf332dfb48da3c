/**
 * The watchdog of a page that stays open for weeks: every ten seconds it measures how the page fares and tells the server
 * (`/status` shows it). When the page's own budget is broken it renews the page, behind a picture of what stands there
 * (assets/door/cover.js), while nobody touches it and the server answers; and it says so, here and to the server.
 */
(function (gridhall) {
  "use strict";

  const EVERY_MS = 10_000;
  const BURST = 20; // frames that a rate is measured over: asking for every frame would itself keep the page busy
  const BURST_MS = 3000;
  const QUIET_MS = 60_000; // nobody has touched the screen for so long
  const APART_MS = 30 * 60_000; // renewals that come sooner do not help: the fault is elsewhere
  const MOST = 3; // renewals within DAY_MS; then it is only told
  const DAY_MS = 86_400_000;
  const TOLD_MS = 90_000; // for how long a renewal stands on the screen
  const MEMORY = "gridhall.watchdog"; // in the tab's own storage: {renewed: [ms …], reloads, why, renewing}

  /** Frames per second over a few frames; null where none come, as in a tab that nobody sees. */
  function measureFps({ frames = BURST, within = BURST_MS } = {}) {
    return new Promise((done) => {
      if (globalThis.document.hidden) return done(null);
      let [first, count] = [0, 0];
      const late = setTimeout(() => done(count > 1 ? (count - 1) / (within / 1000) : null), within);
      const next = (at) => {
        first ||= at;
        count += 1;
        if (count <= frames) return requestAnimationFrame(next);
        clearTimeout(late);
        done((frames * 1000) / (at - first));
      };
      requestAnimationFrame(next);
    });
  }

  const round = (value, digits = 0) => (Number.isFinite(value) ? Math.round(value * 10 ** digits) / 10 ** digits : null);

  function heapMb() {
    const bytes = globalThis.performance.memory?.usedJSHeapSize; // Chromium's alone
    return bytes ? round(bytes / 1e6, 1) : null;
  }

  class Watchdog {
    /** Everything that a test wants to hold in its own hands can be given. */
    constructor(given = {}) {
      this.live = given.live ?? gridhall.live;
      this.storage = given.storage ?? globalThis.sessionStorage;
      this.now = given.now ?? Date.now;
      this.measure = given.measure ?? measureFps;
      this.heap = given.heap ?? heapMb;
      this.nodes = given.nodes ?? (() => globalThis.document.getElementsByTagName("*").length);
      this.renewPage = given.renew ?? (() => gridhall.renew());
      this.budget = new gridhall.Budget(given.limits);
      this.startedMs = this.now();
      this.touchedMs = -Infinity;
      this.losses = 0;
      this.memory = this.#remember();
      this.given = false; // whether it has given up, and said so
    }

    #remember() {
      let held = null;
      try {
        held = JSON.parse(this.storage.getItem(MEMORY));
      } catch {
        held = null; // a storage that is not allowed, or spoilt
      }
      const memory = { renewed: [], reloads: -1, why: "", ...held };
      const since = this.now() - DAY_MS;
      memory.renewed = memory.renewed.filter((at) => at > since).slice(-20);
      if (memory.renewing) this.justRenewed = memory.renewing;
      else memory.reloads += 1;
      delete memory.renewing;
      this.#keep(memory);
      return memory;
    }

    #keep(memory) {
      try {
        this.storage.setItem(MEMORY, JSON.stringify(memory));
      } catch {
        this.forgetful = true; // then nothing is renewed: it could not be counted
      }
    }

    touched() {
      this.touchedMs = this.now();
    }

    /** One round: measure, judge, tell; renew if that is due. */
    async round() {
      const sample = { fps: round(await this.measure(), 1), heap_mb: this.heap(), nodes: this.nodes() };
      const broken = this.budget.take(sample);
      this.live.report?.(this.health(sample));
      if (broken) await this.#answer(broken);
      return broken;
    }

    /** What `dashboard/live/health.py` reads. */
    health(sample) {
      const { live } = this;
      const scene = gridhall.scenes?.current?.() ?? "";
      return {
        scene, path: globalThis.location?.pathname.slice(0, 64) ?? "", width: globalThis.innerWidth ?? 0, height: globalThis.innerHeight ?? 0,
        dpr: round(globalThis.devicePixelRatio ?? 1, 2), fps: sample.fps, heap_mb: sample.heap_mb,
        last_message_age_ms: live.frameAtMs ? Math.max(0, this.now() - live.frameAtMs) : null,
        skew_ms: live.frameAtMs ? Math.round(live.offsetMs) : null, renewals: this.memory.renewed.length,
        reloads: Math.max(0, this.memory.reloads), losses: this.losses, since_ms: this.startedMs, why: this.memory.why.slice(0, 200),
      };
    }

    /** Whether renewing may help and disturbs nobody now; "" or why not. */
    hindrance() {
      const now = this.now();
      if (this.forgetful || this.memory.renewed.length >= MOST) return "often";
      if (now - this.startedMs < APART_MS) return "soon";
      if (now - this.touchedMs < QUIET_MS) return "touched";
      return this.live.link.connected ? "" : "unlinked";
    }

    async #answer(broken) {
      const hindrance = this.hindrance();
      if (hindrance === "often") this.#giveUp(broken);
      if (hindrance) return;
      const at = this.now();
      const memory = { ...this.memory, renewed: [...this.memory.renewed, at], why: `${broken} ${new Date(at).toISOString()}`, renewing: broken };
      this.#keep(memory);
      if (!(await this.renewPage())) this.#keep(this.memory); // the server did not answer: as if nothing had been
    }

    #giveUp(broken) {
      if (this.given) return;
      this.given = true;
      this.say(gridhall.words("watchdog.given_up", { why: gridhall.words(`watchdog.why.${broken}`) }), Infinity);
    }

    /** A line at the edge of the page, for `lasting` ms. */
    say(text, lasting = TOLD_MS) {
      const line = gridhall.kit.h("p", { class: "watchdog", role: "status" }, text);
      globalThis.document.body.append(line);
      if (lasting < Infinity) setTimeout(() => line.remove(), lasting);
    }

    /** After a renewal: says it as soon as there are words for it. */
    sayRenewed() {
      const at = gridhall.format.hm?.(this.startedMs) ?? new Date(this.startedMs).toTimeString().slice(0, 5);
      this.say(gridhall.words("watchdog.renewed", { why: gridhall.words(`watchdog.why.${this.justRenewed}`), at }));
    }

    start() {
      for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) globalThis.addEventListener(kind, () => this.touched(), { passive: true, capture: true });
      let linked = false;
      this.live.on("link", (link) => {
        if (linked && !link.connected) this.losses += 1;
        linked = link.connected;
      });
      gridhall.faults.every(EVERY_MS, "watchdog", () => this.round());
      this.#lift();
      return this;
    }

    // The picture of the page before is taken off when this one is complete.
    #lift() {
      if (!this.justRenewed) return;
      const whole = () => gridhall.config && gridhall.live.figures && gridhall.map?.of?.("map");
      const look = () => {
        if (!whole() && this.now() - this.startedMs < 20_000) return setTimeout(look, 100);
        setTimeout(() => {
          globalThis.gridhallCover?.lift();
          if (gridhall.config) this.sayRenewed();
        }, 1500); // the first picture of the map is drawn meanwhile
      };
      look();
    }
  }

  Object.assign(gridhall, { Watchdog, measureFps });
  if (globalThis.document && gridhall.live) gridhall.watchdog = new Watchdog().start();
})((globalThis.gridhall ??= {}));
