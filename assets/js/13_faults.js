/**
 * What fails on this page: counted, said in the console and told to the server once each (it stands in its log and on /status),
 * bounded. Nothing that fails stops a loop: `gridhall.faults.attempt(where, task)`, `.every(ms, where, task)`.
 */
(function (gridhall) {
  "use strict";

  const MOST = 20; // different faults that a page tells
  const AGAIN_MS = 30_000; // what could not be told is tried again
  const NO_FAULT = /^ResizeObserver loop/; // the browser's way to say "in the next frame"

  /** Where an error was raised, in one line; "" where it does not say. */
  const placeOf = (error) => (error?.stack ?? "").split("\n").slice(0, 4).map((line) => line.trim()).join(" < ").slice(0, 1000);

  class Faults extends gridhall.Emitter {
    /** Everything that a test wants to hold in its own hands can be given. `send(told)` resolves to whether it was taken. */
    constructor(given = {}) {
      super();
      this.send = given.send ?? (async (told) => (await gridhall.api?.answer("POST", "faults", {}, told))?.status === 202);
      this.ready = given.ready ?? (() => Boolean(gridhall.api?.me));
      this.counts = new Map(); // "where cause" → how often
      this.waiting = [];
    }

    /** How many there were in all. */
    get total() {
      return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
    }

    /** Something has failed. Never throws. */
    tell(where, error) {
      const cause = String(error?.message ? `${error.name ?? "Error"}: ${error.message}` : error).slice(0, 300);
      const key = `${where} ${cause}`;
      const before = this.counts.get(key) ?? 0;
      if (!before && this.counts.size >= MOST) return;
      this.counts.set(key, before + 1);
      if (before) return;
      console.error(`gridhall: ${where} failed`, error);
      this.waiting.push({ where: String(where).slice(0, 100), cause, detail: `${globalThis.location?.pathname ?? ""} ${placeOf(error)}`.trim() });
      this.#flush();
    }

    async #flush() {
      if (this.flushing) return;
      this.flushing = true;
      try {
        while (this.waiting.length && this.ready() && (await this.send(this.waiting[0]))) this.waiting.shift();
      } catch (error) {
        console.warn("gridhall: a fault could not be told", error);
      }
      this.flushing = false;
      clearTimeout(this.again);
      if (this.waiting.length) this.again = setTimeout(() => this.#flush(), AGAIN_MS);
      this.again?.unref?.();
    }

    /** Something has come to nothing; what the server or the network refuses (an ApiError) is no fault, and told elsewhere. */
    tellUnlessRefused(where, error) {
      if (error?.status === undefined) this.tell(where, error);
    }

    /** Does a task; what it throws, or its promise is refused with, is told. Returns what it returns, else undefined. */
    attempt(where, task) {
      try {
        const made = task();
        if (typeof made?.catch === "function") return made.catch((error) => this.tell(where, error));
        return made;
      } catch (error) {
        this.tell(where, error);
        return undefined;
      }
    }

    /** The same task, as a function that never throws: for timers and the listeners of others. */
    guarded(where, task) {
      return (...values) => this.attempt(where, () => task(...values));
    }

    /** A task for ever, each time `wait` ms (or as many as it says then) after the last one has ended. Returns what ends it. */
    every(wait, where, task) {
      let timer = 0;
      const ms = typeof wait === "function" ? wait : () => wait;
      const plan = () => {
        timer = setTimeout(run, ms());
        timer.unref?.();
      };
      const run = () => Promise.resolve(this.attempt(where, task)).then(plan);
      plan();
      return () => clearTimeout(timer);
    }

    /** Takes what nobody else has caught on the page. */
    listen(page = globalThis) {
      page.addEventListener?.("error", ({ error, message }) => {
        if (message && !NO_FAULT.test(message)) this.tell("page", error ?? message);
      });
      page.addEventListener?.("unhandledrejection", ({ reason }) => this.tell("promise", reason));
      return this;
    }
  }

  gridhall.Faults = Faults;
  gridhall.faults = new Faults();
  if (globalThis.document) gridhall.faults.listen();
})((globalThis.gridhall ??= {}));
