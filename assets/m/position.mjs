/**
 * Where the phone is, while the page is open: for the map, and for the server where the worker has switched that on.
 *
 * state: off | asking | on | denied | insecure | none (no receiver) | lost (a receiver, and no fix for a while)
 */
import { fixOf } from "./fixes.mjs";

const WATCH = { enableHighAccuracy: true, maximumAge: 2000, timeout: 30_000 };
const QUIET_MS = 25_000; // a phone that lies still may say nothing for long: then it is asked
const LOST_MS = 120_000;
const CODES = { 1: "denied", 2: "lost", 3: "lost" };

export class Position {
  #watch = null;
  #timer = null;
  #battery = null;
  #listeners = new Set();
  #geolocation;

  constructor({ geolocation = globalThis.navigator?.geolocation, secure = globalThis.isSecureContext } = {}) {
    this.#geolocation = secure ? geolocation : null;
    this.state = secure ? (geolocation ? "off" : "none") : "insecure";
    this.last = null; // newest fix
    globalThis.navigator?.getBattery?.().then((battery) => (this.#battery = battery)).catch(() => {});
  }

  /** Calls `heard(fix or null)` at each fix and each change of state; returns how to stop it. */
  listen(heard) {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  #tell(fix = null) {
    for (const heard of this.#listeners) heard(fix);
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#tell();
  }

  start() {
    if (!this.#geolocation || this.#watch !== null) return;
    this.#become("asking");
    this.#watch = this.#geolocation.watchPosition((found) => this.#hear(found), (fault) => this.#fail(fault), WATCH);
    this.#timer = setInterval(() => this.#poke(), QUIET_MS);
  }

  stop() {
    this.#release();
    if (this.#geolocation) this.#become("off");
  }

  #release() {
    if (this.#watch !== null) this.#geolocation.clearWatch(this.#watch);
    clearInterval(this.#timer);
    this.#watch = this.#timer = null;
  }

  #hear(found) {
    const fix = fixOf(found, this.#battery?.level ?? null);
    if (!fix) return;
    this.last = fix;
    this.state = "on";
    this.#tell(fix);
  }

  #fail({ code }) {
    const state = CODES[code] ?? "lost";
    const fresh = this.last && Date.now() - this.last.fixed_at_ms < LOST_MS;
    if (state === "denied" || !fresh) this.#become(state);
    if (state === "denied") this.#release(); // switched on again, it asks again
  }

  #poke() {
    const quiet = !this.last || Date.now() - this.last.fixed_at_ms >= QUIET_MS - 5000;
    if (quiet && document.visibilityState === "visible") {
      this.#geolocation.getCurrentPosition((found) => this.#hear(found), (fault) => this.#fail(fault), { ...WATCH, maximumAge: 0 });
    }
  }
}
