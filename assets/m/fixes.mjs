/**
 * Positions on their way to the server: kept on the phone's disk until the server has them on its own.
 *
 * A fix belongs to who was logged in and is sent only for that person. The queue is bounded: when it is full, every second fix
 * of its older half goes, so that a long way without a link becomes coarser and never loses its ends.
 *
 * fix: {key: "OWNER|ms", owner, fixed_at_ms, lon, lat, accuracy_m?, speed_mps?, heading_deg?, altitude_m?, battery_pct?}
 */
import { pauseMs } from "./verdict.mjs";

export const MOST_FIXES = 2000;
export const BATCH = 500; // the server takes no more at once
const LEAST_MS = 5000; // between two fixes that are kept
const LEAST_M = 8;
const LONGEST_MS = 20_000; // one is kept this often, moved or not

const RANGES = {
  accuracy_m: [0, 1e7], speed_mps: [0, 1e4], heading_deg: [0, 360], altitude_m: [-1e4, 1e6], battery_pct: [0, 100],
};

/** The fix of a browser's position, units as the server wants them; null: that is no place on earth. */
export function fixOf({ coords, timestamp }, batteryShare = null) {
  const { longitude: lon, latitude: lat } = coords;
  if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90) || !Number.isFinite(timestamp)) return null;
  const told = {
    accuracy_m: coords.accuracy, speed_mps: coords.speed, heading_deg: coords.heading, altitude_m: coords.altitude,
    battery_pct: batteryShare === null ? null : Math.round(batteryShare * 100),
  };
  const fix = { fixed_at_ms: Math.round(timestamp), lon, lat };
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const value = told[name];
    if (typeof value === "number" && value >= low && value <= high) fix[name] = value;
  }
  return fix;
}

/** Whether a fix says something that the last kept one does not; `distance`: metres between (lon, lat) and (lon, lat). */
export function worthKeeping(last, fix, distance) {
  if (!last) return true;
  const later = fix.fixed_at_ms - last.fixed_at_ms;
  if (later < LEAST_MS) return false;
  return later >= LONGEST_MS || distance(last.lon, last.lat, fix.lon, fix.lat) >= LEAST_M;
}

/** Of fixes by rising time, those that go when there are more than `most`: every second one of the older half. */
export function toDrop(fixes, most = MOST_FIXES) {
  if (fixes.length <= most) return [];
  return fixes.slice(0, Math.ceil(fixes.length / 2)).filter((_, n) => n % 2 === 1);
}

export class Fixes {
  #store;
  #post;
  #now;
  #random;
  #distance;
  #failures = 0;
  #pausedUntilMs = 0;
  #running = null;
  #lastKept = null;

  /** `post(fixes)`: promise of a verdict that never rejects. */
  constructor({ store, post, distance, now = Date.now, random = Math.random, most = MOST_FIXES }) {
    this.#store = store;
    this.#post = post;
    this.#distance = distance;
    this.#now = now;
    this.#random = random;
    this.most = most;
    this.owner = null;
    this.sent = { at_ms: null, accepted: 0, rejected: 0, reason: "", refused: "" };
    this.thinned = 0;
  }

  setOwner(owner) {
    this.owner = owner;
    this.#lastKept = null;
    this.sent = { ...this.sent, refused: "" };
  }

  /** Keeps a fix if it says something new; true if it was kept. */
  async add(fix) {
    if (!this.owner || !worthKeeping(this.#lastKept, fix, this.#distance)) return false;
    this.#lastKept = fix;
    const key = `${this.owner}|${String(fix.fixed_at_ms).padStart(14, "0")}`;
    await this.#store.write([{ store: "fixes", put: { key, owner: this.owner, ...fix } }]);
    const gone = toDrop(await this.waiting(), this.most);
    if (gone.length) {
      this.thinned += gone.length;
      await this.#store.write(gone.map((old) => ({ store: "fixes", remove: old.key })));
    }
    return true;
  }

  /** This owner's fixes, the oldest first. */
  async waiting() {
    const mine = (await this.#store.list("fixes")).filter((fix) => fix.owner === this.owner);
    return mine.sort((a, b) => a.fixed_at_ms - b.fixed_at_ms);
  }

  /** Sends what waits, in batches, until nothing does or the server does not take it. One run at a time. */
  run() {
    this.#running ??= this.#pass().finally(() => (this.#running = null));
    return this.#running;
  }

  async #pass() {
    while (this.owner && !this.sent.refused && this.#pausedUntilMs <= this.#now()) {
      const owner = this.owner;
      const batch = (await this.waiting()).slice(0, BATCH);
      if (!batch.length) return;
      const verdict = await this.#post(batch.map(({ key, owner: _, ...fix }) => fix));
      if (this.owner !== owner) return;
      await this.#settle(batch, verdict);
    }
  }

  async #settle(batch, verdict) {
    if (verdict.kind === "done") {
      const { accepted = 0, rejected = [] } = verdict.answer;
      await this.#store.write(batch.map((fix) => ({ store: "fixes", remove: fix.key })));
      this.#failures = 0;
      const reason = rejected[0]?.reason ?? (accepted ? "" : this.sent.reason);
      const lost = this.sent.rejected + rejected.length;
      this.sent = { ...this.sent, at_ms: this.#now(), accepted: this.sent.accepted + accepted, rejected: lost, reason };
    } else if (verdict.kind === "refused") {
      this.sent = { ...this.sent, refused: verdict.said || String(verdict.status) };
    } else {
      this.#failures += 1;
      this.#pausedUntilMs = this.#now() + Math.max(verdict.after_ms ?? 0, pauseMs(this.#failures, this.#random));
    }
  }
}
