/**
 * Actions on orders, and reports: done once, or not at all, and told which.
 *
 * An action gets its id before it is sent, and the server does nothing twice under the same id. So after any doubt (no network,
 * no answer in time, a server that ended) it is sent again, until there is an answer. What has no answer yet is kept in
 * localStorage, so that a page that was reloaded goes on asking and can say what came of it.
 */
(function (gridhall) {
  "use strict";

  const RESEND_MS = 120000; // an action older than this is asked after and not sent again: its hour is past
  const QUIET_MS = 20000; // so long after the last sending nothing of it can be on its way any more
  const OTHERS_MS = 30000; // an action of another tab that this tab has not heard of for so long is taken over
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 15000;
  const { newId } = gridhall;

  class Api extends gridhall.Asking {
    constructor(given = {}) {
      super(given);
      this.storage = given.storage ?? (() => globalThis.localStorage);
      this.tab = given.tab ?? tabName();
      this.entries = new Map(); // id -> entry: what this tab is asking for
    }

    /**
     * Does something with an order and finds out for certain what came of it. `onState` is told sending, doubt (asking again)
     * and the end; the promise gives the end:
     * `{state: "done", order, status, at}` · `{state: "refused", reason, said, did?, by?, by_name?, at?}` ·
     * `{state: "none"}`: it has not happened · `{state: "wrong", said}`: it was not understood or not allowed ·
     * `{state: "login"}`: the log-in has ended; it is asked for again after the next one.
     */
    async act(order, action, fields = {}, { onState, id } = {}) {
      const [answer] = await this.actMany([{ order, action, fields, id }], { onState: (_, state) => onState?.(state), alone: true });
      return answer;
    }

    /** A new report; as `act`, with the new order's number in `order`. The same id always gives the same order. */
    async report(fields, { onState, id } = {}) {
      const entry = this.#keep({ kind: "report", order: "", action: "report", fields, id });
      const [answer] = await this.#settle([entry], (_, state) => onState?.(state), true);
      return answer;
    }

    /** Several actions in one request, `[{order, action, fields}]`; their ends in the same order. `onState(index, state)`. */
    actMany(items, { onState, alone = false } = {}) {
      const entries = items.map((item) => this.#keep({ kind: "act", ...item }));
      const at = (entry) => entries.indexOf(entry);
      return this.#settle(entries, (entry, state) => onState?.(at(entry), state), alone);
    }

    /** Goes on asking for what had no answer when the page was left. Each end is told by the event "settled". */
    resume() {
      const kept = this.#read();
      for (const stored of kept) {
        if (this.entries.has(stored.id)) continue;
        if (stored.tab !== this.tab && this.now() - (stored.beat ?? 0) < OTHERS_MS) continue;
        const entry = { ...stored, tab: this.tab, resumed: true };
        this.entries.set(entry.id, entry);
        this.#write(entry);
        this.#settle([entry], () => {}, true);
      }
      return kept.length;
    }

    /** What this tab is asking for now: `[{id, order, action, at, doubt}]`, oldest first. */
    pending() {
      return [...this.entries.values()];
    }

    #keep({ kind, order, action, fields, id }) {
      const entry = { id: id ?? newId(), kind, order, action, fields, at: this.now(), tab: this.tab, sent: 0, doubt: false };
      this.entries.set(entry.id, entry);
      this.#write(entry);
      this.emit("pending", this.pending());
      return entry;
    }

    async #settle(entries, tell, alone) {
      const ends = new Map();
      let left = entries;
      for (const entry of left) tell(entry, { state: "sending" });
      for (let tries = 0; ; tries += 1) {
        const { found, retryAfterS } = await this.#round(left, alone);
        for (const [entry, answer] of found) {
          ends.set(entry, answer);
          this.#end(entry, answer, tell);
        }
        left = left.filter((entry) => !ends.has(entry));
        if (!left.length) return entries.map((entry) => ends.get(entry));
        for (const entry of left) this.#doubt(entry, tell);
        const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.75 + Math.random() / 2);
        await this.sleep(Math.max(wait, retryAfterS * 1000));
      }
    }

    /** One question for each of the entries: what has an end now, and how long the server wants to be left alone. */
    async #round(entries, alone) {
      const young = entries.filter((entry) => entry.kind === "report" || this.now() - entry.at < RESEND_MS);
      const old = entries.filter((entry) => !young.includes(entry));
      const found = [];
      let retryAfterS = 0;
      if (young.length) {
        for (const entry of young) this.#write(Object.assign(entry, { sent: this.now(), beat: this.now() }));
        const answer = await (alone ? this.#sendOne(young[0]) : this.#sendMany(young));
        retryAfterS = answer.retryAfterS ?? 0;
        for (const entry of young) {
          const end = alone || answer.status !== 200 ? endOf(answer.status, answer.body) : endIn(answer.body, entry);
          if (end) found.push([entry, end]);
        }
      }
      for (const entry of old) {
        const end = await this.#look(entry);
        if (end) found.push([entry, end]);
      }
      return { found, retryAfterS };
    }

    #sendOne({ kind, id, order, action, fields }) {
      if (kind === "report") return this.answer("POST", "reports", {}, { id, fields });
      return this.answer("POST", `orders/${encodeURIComponent(order)}/actions`, {}, { id, action, fields });
    }

    #sendMany(entries) {
      const items = entries.map(({ id, order, action, fields }) => ({ id, order, action, fields }));
      return this.answer("POST", "actions", {}, { items });
    }

    /** Asks after an action that is too old to be sent again. */
    async #look(entry) {
      this.#write(Object.assign(entry, { beat: this.now() }));
      const { status, body } = await this.answer("GET", `orders/${encodeURIComponent(entry.order)}/actions/${encodeURIComponent(entry.id)}`);
      if (status === 200 && body?.state === "none") return this.now() - entry.sent > QUIET_MS ? { state: "none" } : null;
      return endOf(status, body);
    }

    #doubt(entry, tell) {
      entry.doubt = true;
      tell(entry, { state: "doubt" });
      this.emit("pending", this.pending());
    }

    #end(entry, answer, tell) {
      this.entries.delete(entry.id);
      if (answer.state !== "login") this.#write(entry, true);
      tell(entry, answer);
      this.emit("pending", this.pending());
      this.emit("settled", entry, answer);
      if (answer.state === "login") this.leave();
    }

    // --- what is kept over a reload -------------------------------------------------------------------------------------------

    /** One person's on this machine: nobody goes on asking in another's name. */
    get #key() {
      return `gridhall.pending.${this.me?.name ?? ""}`;
    }

    #read() {
      try {
        const kept = JSON.parse(this.storage().getItem(this.#key) ?? "[]");
        return Array.isArray(kept) ? kept : [];
      } catch {
        return []; // no storage here, or somebody else's text in it
      }
    }

    #write(entry, gone = false) {
      const others = this.#read().filter((kept) => kept.id !== entry.id);
      const { resumed, doubt, ...stored } = entry;
      try {
        const all = gone ? others : [...others, stored];
        if (all.length) this.storage().setItem(this.#key, JSON.stringify(all));
        else this.storage().removeItem(this.#key);
      } catch {
        // no storage: the action is still asked for as long as the page is open
      }
    }
  }

  const STATUS_OF = { done: 200, refused: 409, pending: 202 };

  /** The end of one entry in the answer to several. */
  function endIn(body, entry) {
    const own = body?.items?.find((item) => item.id === entry.id);
    if (own?.state) return endOf(STATUS_OF[own.state], own);
    return own?.error ? endOf(400, own) : null;
  }

  /** The end that an answer means, or null when it is none: pending, unreachable, busy. */
  function endOf(status, body) {
    const said = body?.said ?? body?.error;
    if (status === 200) return body?.state === "done" || body?.state === "refused" ? body : null;
    if (status === 401) return { state: "login" };
    if (status === 409) return { ...body, state: "refused" };
    if (status === 404) return { reason: "no_such_order", ...body, state: "refused", said };
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) return { state: "wrong", said: said ?? `HTTP ${status}` };
    return null;
  }

  /** A name for this tab that outlives a reload and no more. */
  function tabName() {
    try {
      const kept = globalThis.sessionStorage.getItem("gridhall.tab") ?? newId();
      globalThis.sessionStorage.setItem("gridhall.tab", kept);
      return kept;
    } catch {
      return newId();
    }
  }

  gridhall.api = new Api();
  gridhall.Api = Api;
})((globalThis.gridhall ??= {}));
