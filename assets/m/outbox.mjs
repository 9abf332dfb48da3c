/**
 * What a person has filed and the server does not have yet: reports and actions, with their photos.
 *
 * An entry is made once, with the id that the server knows it by, and is sent again under that id until it has an answer; so
 * whatever breaks in between, it happens once. It is on the phone's disk before the person is told that it is filed. Nothing
 * leaves the outbox but by the server's yes or the person's own word: what the server refuses stays, with the reason.
 *
 * Order: as filed. Entries about one order wait for each other, also for one that was refused; others overtake it. Photos go
 * before the entry that names them. Entries belong to who filed them and are sent only while that person is logged in.
 *
 * entry: {id, owner, seq, kind: report | action, order, after, action, fields, photos: [id], title, made_at_ms,
 *         state: waiting | refused | done, begun, tries, next_at_ms, pending, trouble, refusal, answer, done_at_ms}
 * `after`: id of the report that an action follows, whose number `order` is filled in when the report has one.
 * photo: {id, entry, bytes: ArrayBuffer, type, name, sent}
 */
import { newId } from "./ids.mjs";
import { pauseMs } from "./verdict.mjs";

const DONE_KEPT = 20; // entries that were sent are kept for a while, to be seen
const ONE_AT_A_TIME = (task) => task();

export class Outbox {
  #store;
  #post;
  #now;
  #random;
  #lock;
  #online;
  #running = null;
  #again = false;
  #failures = 0;
  #pausedUntilMs = 0;
  #listeners = new Set();

  /**
   * `store`: see storage.mjs. `post`: {photo(record, entry), entry(entry)}, each a promise of a verdict (verdict.mjs) that never
   * rejects. `lock(task)`: runs the task unless another window of this phone is at it. `online()`: false when the phone knows
   * that it has no link: then nothing is tried, and what was never tried may still be changed.
   */
  constructor({ store, post, now = Date.now, random = Math.random, lock = ONE_AT_A_TIME, online = () => true }) {
    this.#store = store;
    this.#online = online;
    this.#post = post;
    this.#now = now;
    this.#random = random;
    this.#lock = lock;
    this.owner = null;
    this.login = false; // the server wants to know who we are first
  }

  /** Calls `heard({done: entry} | {refused: entry} | {login: true} | {changed: true} | {})` at each change; returns how to stop it. */
  listen(heard) {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  #tell(what = {}) {
    for (const heard of this.#listeners) heard(what);
  }

  /** From now on entries are `owner`'s, and only his are sent; null: nobody's. */
  setOwner(owner) {
    this.owner = owner;
    this.login = false;
    this.#tell();
  }

  // --- filing -----------------------------------------------------------------------------------------------------------

  /** Files a report, and actions that are to follow it; returns its entry once it is on disk. */
  async report({ fields, photos = [], title = "", then = [] }) {
    const report = { kind: "report", order: null, after: null, action: "report", fields, title };
    return this.#file([[report, photos], ...then.map((act) => [{ kind: "action", order: null, title, ...act }, act.photos ?? []])]);
  }

  /** Files an action on an order that has a number; returns its entry once it is on disk. */
  async act({ order, action, fields, photos = [], title = "" }) {
    return this.#file([[{ kind: "action", order, after: null, action, fields, title }, photos]]);
  }

  async #file(told) {
    if (!this.owner) throw new Error("nobody is logged in");
    const last = Math.max(0, ...(await this.#store.list("entries")).map((entry) => entry.seq));
    const made = this.#now();
    const changes = [];
    const entries = told.map(([given, photos], n) => {
      const entry = { id: newId(), owner: this.owner, seq: last + 1 + n, made_at_ms: made, ...FRESH, ...given };
      entry.photos = photos.map((photo) => photo.id);
      changes.push({ store: "entries", put: entry });
      for (const photo of photos) changes.push({ store: "photos", put: { ...photo, entry: entry.id, sent: false } });
      return entry;
    });
    for (const entry of entries.slice(1)) entry.after = entries[0].id;
    await this.#store.write(changes);
    this.#tell();
    return entries[0];
  }

  // --- what a person decides about what was refused -------------------------------------------------------------------------

  /** The same anew: other fields, other photos, a new id, the old place in the queue. Only of what was refused, or never tried. */
  async revise(id, { fields, photos, title }) {
    const old = await this.#claim(id);
    if (!old) return null;
    const entry = { ...old, ...FRESH, id: newId(), fields, title: title ?? old.title, photos: photos.map((photo) => photo.id) };
    const changes = [{ store: "entries", remove: id }, { store: "entries", put: entry }];
    for (const photo of photos) changes.push({ store: "photos", put: { ...photo, entry: entry.id, sent: false } });
    for (const photo of await this.photosOf(old)) {
      if (!entry.photos.includes(photo.id)) changes.push({ store: "photos", remove: photo.id });
    }
    for (const next of await this.#following(id)) changes.push({ store: "entries", put: { ...next, after: entry.id } });
    await this.#store.write(changes);
    this.#tell({ changed: true });
    return entry;
  }

  /** Takes back what was refused, or never tried, and what was to follow it. */
  async dismiss(id) {
    const entry = await this.#claim(id);
    if (!entry) return;
    const gone = [entry, ...(await this.#following(id))];
    const photos = (await Promise.all(gone.map((one) => this.photosOf(one)))).flat();
    await this.#store.write([
      ...gone.map((one) => ({ store: "entries", remove: one.id })),
      ...photos.map((photo) => ({ store: "photos", remove: photo.id })),
    ]);
    this.#tell({ changed: true });
  }

  /** What may have reached the server is no longer the phone's to change. */
  mayChange(entry) {
    return entry.state === "refused" || (entry.state === "waiting" && !entry.begun);
  }

  /** The entry, in a state in which no run sends it; null if it is no longer ours to change. */
  #claim(id) {
    const free = (entry) => entry.owner === this.owner && this.mayChange(entry);
    return this.#store.change("entries", id, (entry) => (free(entry) ? { ...entry, state: "refused" } : null));
  }

  async #following(id) {
    return (await this.#store.list("entries")).filter((entry) => entry.after === id && entry.state !== "done");
  }

  // --- what there is --------------------------------------------------------------------------------------------------------

  async photosOf(entry) {
    const found = await Promise.all(entry.photos.map((id) => this.#store.get("photos", id)));
    return found.filter(Boolean);
  }

  /** This owner's entries as filed, those that are done too. */
  async entries() {
    return (await this.#all()).filter((entry) => entry.owner === this.owner);
  }

  async #all() {
    return (await this.#store.list("entries")).sort((a, b) => a.seq - b.seq);
  }

  /** {waiting, refused, since_ms: when the oldest of both was filed, others: entries of other people on this phone}. */
  async summary() {
    const open = (await this.#all()).filter((entry) => entry.state !== "done");
    const mine = open.filter((entry) => entry.owner === this.owner);
    const refused = mine.filter((entry) => entry.state === "refused").length;
    const since = mine.length ? Math.min(...mine.map((entry) => entry.made_at_ms)) : null;
    return { waiting: mine.length - refused, refused, since_ms: since, others: open.length - mine.length };
  }

  // --- sending --------------------------------------------------------------------------------------------------------------

  /** Milliseconds until there is something to try; null: nothing waits. */
  async dueInMs() {
    if (!this.owner || this.login) return null;
    const open = (await this.entries()).filter((entry) => entry.state !== "done");
    const free = open.filter((entry) => entry.state === "waiting" && !blocked(entry, open));
    if (!free.length) return null;
    const soonest = Math.min(...free.map((entry) => entry.next_at_ms));
    return Math.max(0, soonest - this.#now(), this.#pausedUntilMs - this.#now());
  }

  /** Tries what is due; `eager`: also what would still be waiting for its turn. One run at a time; asked meanwhile, once more. */
  async run({ eager = false } = {}) {
    if (eager) this.#pausedUntilMs = 0;
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = (async () => {
      do {
        this.#again = false;
        await this.#lock(() => this.#pass(eager));
      } while (this.#again);
    })();
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #pass(eager) {
    const tried = new Set();
    while (this.owner && !this.login && this.#online() && this.#pausedUntilMs <= this.#now()) {
      const open = (await this.entries()).filter((entry) => entry.state !== "done");
      const ready = (entry) => entry.state === "waiting" && (eager || entry.next_at_ms <= this.#now());
      const next = open.find((entry) => ready(entry) && !tried.has(entry.id) && !blocked(entry, open));
      if (!next) return;
      tried.add(next.id);
      const owner = this.owner;
      const begun = await this.#store.change("entries", next.id, (e) => (e.state === "waiting" ? { ...e, begun: true } : null));
      if (!begun) continue; // taken back at this very moment
      const verdict = await this.#send(begun);
      if (this.owner !== owner) return; // logged out meanwhile: asked again under the same id when he is back
      await this.#settle(begun, verdict);
    }
  }

  async #send(entry) {
    for (const photo of await this.photosOf(entry)) {
      if (photo.sent) continue;
      const verdict = await this.#post.photo(photo, entry);
      if (verdict.kind !== "done") return { ...verdict, photo: photo.id };
      await this.#store.write([{ store: "photos", put: { ...photo, sent: true } }]);
    }
    const verdict = await this.#post.entry(entry);
    const nameless = verdict.kind === "done" && entry.kind === "report" && !verdict.answer.order;
    return nameless ? { kind: "trouble", said: "" } : verdict;
  }

  async #settle(entry, verdict) {
    const now = this.#now();
    if (verdict.kind === "done") {
      this.#failures = 0;
      const sent = { ...entry, state: "done", done_at_ms: now, answer: verdict.answer, pending: false, trouble: "" };
      await this.#store.write(await this.#afterDone(sent));
      this.#tell({ done: sent });
    } else if (verdict.kind === "refused") {
      this.#failures = 0;
      const { kind, ...refusal } = verdict;
      const kept = { ...entry, state: "refused", refusal: { ...refusal, at_ms: now }, pending: false, trouble: "" };
      await this.#store.write([{ store: "entries", put: kept }]);
      this.#tell({ refused: kept });
    } else if (verdict.kind === "login") {
      this.login = true;
      this.#tell({ login: true });
    } else if (verdict.kind === "later") {
      this.#failures += 1;
      this.#pausedUntilMs = now + Math.max(verdict.after_ms ?? 0, pauseMs(this.#failures, this.#random));
      this.#tell();
    } else {
      const tries = entry.tries + 1;
      const wait = pauseMs(tries, this.#random);
      const kept = { ...entry, tries, next_at_ms: now + wait, pending: verdict.kind === "pending", trouble: verdict.said ?? "" };
      await this.#store.write([{ store: "entries", put: kept }]);
      this.#tell();
    }
  }

  /** One write: the entry is done, its photos leave the phone, what followed it has its order, the oldest done ones go. */
  async #afterDone(sent) {
    const changes = [{ store: "entries", put: sent }];
    for (const photo of sent.photos) changes.push({ store: "photos", remove: photo });
    for (const next of await this.#following(sent.id)) {
      changes.push({ store: "entries", put: { ...next, order: sent.answer.order } });
    }
    const done = (await this.entries()).filter((entry) => entry.state === "done");
    for (const old of done.slice(0, Math.max(0, done.length + 1 - DONE_KEPT))) changes.push({ store: "entries", remove: old.id });
    return changes;
  }
}

const FRESH = {
  state: "waiting", begun: false, tries: 0, next_at_ms: 0, pending: false, trouble: "", refusal: null, answer: null, done_at_ms: null,
};

/** The earlier one of `open` that an entry has to wait for; undefined: none. */
export const waitsFor = (entry, open) =>
  open.find((other) => other.seq < entry.seq && other.state !== "done" && sameOrder(other, entry));

const blocked = (entry, open) => (entry.kind === "action" && !entry.order) || waitsFor(entry, open) !== undefined;

function sameOrder(a, b) {
  return (a.order !== null && a.order === b.order) || b.after === a.id || (a.after !== null && a.after === b.after);
}
