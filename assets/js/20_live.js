/**
 * The live link: Socket.IO namespace /live, websocket only.
 *
 * The page says what it watches and how far it has read ("watch"); the server answers with "frame" and sends the next one only
 * after the acknowledgement, which this side gives when the frame stands in the tables. So neither side ever holds a queue.
 * Every new link begins with a "watch" that carries the cursors: nothing is loaded twice, nothing is missed.
 */
(function (gridhall) {
  "use strict";

  const NAMESPACE = "/live";
  const FIRST_DELAY_MS = 1000;
  const LAST_DELAY_MS = 30000;
  const TABLES = ["worker", "order", "feed"];
  const RESYNC_DELAY_MS = 500; // a server that keeps sending nonsense is asked twice a second, not in a tight loop
  const DOZE_MS = 15000; // a server says something every few seconds: after so long without a word it is asked anew
  const DEAF_MS = 25000; // and after so long the link is taken for dead (a sleep, a pulled cable) and made anew
  const LISTEN_MS = 5000;
  const OF_WATCH = new Set(["bad_watch", "unknown_region", "not_your_scene"]); // refusals of what a page wants to see
  const OF_LOG_IN = new Set(["logged_out", "store_gone"]); // and of who it is: no fault
  const CLOCKS = 20; // messages of which the quickest tells the server's clock

  class Live extends gridhall.Emitter {
    constructor() {
      super();
      this.tables = new Map(TABLES.map((name) => [name, new gridhall.tables.Table(name)]));
      this.figures = null;
      this.lagMs = null;
      this.server = { ready: false, connected: false, catchingUp: false }; // what the web process says of its own link to the store
      this.refusal = null; // of what this page wants to see, {code, detail}
      this.behind = new Set(); // tables that did not fit and are asked for anew
      this.misfits = 0; // messages in a row of which something did not fit: the next one is asked for later and later
      this.link = { connected: false, since_ms: Date.now(), attempts: 0, reason: "" };
      this.socket = null;
      this.wish = null;
      this.frameAtMs = 0; // when the last message came, by this computer's clock
      this.figuresAtMs = 0; // as of when the server has counted what the figures show, by its own clock
      this.heardStoreAtMs = 0; // when the web process last heard its store, by its own clock
      this.clocks = []; // the server's clock minus performance.now(), of the last messages
    }

    /** The server's clock, ms UTC. This computer's own may be wrong, or be set meanwhile. */
    now() {
      return this.clocks.length ? performance.now() + this.clock : Date.now();
    }

    /** The server's clock minus this one. */
    get offsetMs() {
      return this.now() - Date.now();
    }

    /** Opens the link and keeps it open for ever. `io` is socket.io-client's; calling again changes nothing. */
    connect({ url = "", io = globalThis.io } = {}) {
      if (this.socket) return this;
      if (!io) throw new Error("gridhall: socket.io-client is not on the page");
      this.socket = io(url + NAMESPACE, {
        transports: ["websocket"], reconnection: true, reconnectionAttempts: Infinity,
        reconnectionDelay: FIRST_DELAY_MS, reconnectionDelayMax: LAST_DELAY_MS, randomizationFactor: 0.5,
      });
      this.socket.on("connect", () => this.#linked());
      this.socket.on("disconnect", (reason) => this.#lost(reason));
      this.socket.on("connect_error", (error) => this.#failed(error));
      this.socket.on("error", (refusal) => this.#refused(refusal));
      this.socket.on("frame", (...parts) => gridhall.faults.attempt("live frame", () => this.#receive(parts)));
      globalThis.document?.addEventListener("visibilitychange", () => this.resume());
      for (const event of ["online", "pageshow", "focus"]) globalThis.addEventListener?.(event, () => this.resume());
      this.listening = setInterval(gridhall.faults.guarded("live", () => this.#listen()), LISTEN_MS);
      this.listening.unref?.();
      return this;
    }

    /**
     * What this page wants to see: `{region, period: {key} or {from, to} as in an address or null, lang, tables}`; a key (today … all) moves
     * on with the days. Replaces the wish before.
     */
    watch(wish) {
      this.refusal = null;
      this.wish = { ...this.wish, figures: true, ...wish };
      this.#ask();
    }

    /** A tab in front again: link at once instead of after the back-off, and ask if nothing came for a while. */
    resume() {
      if (!this.socket || globalThis.document?.hidden) return;
      if (!this.socket.connected) this.socket.connect();
      else if (Date.now() - this.frameAtMs > DOZE_MS) this.#ask();
    }

    /** Tells the server how this screen is (dashboard/live/health.py); once in ten seconds is heard. False: there is no link. */
    report(health) {
      if (!this.socket?.connected) return false;
      this.socket.emit("health", health);
      return true;
    }

    /** Nothing tells a page that its computer has slept, or that a cable was pulled; silence does. */
    #listen() {
      if (!this.socket?.connected || !this.wish) return;
      const silentMs = Date.now() - Math.max(this.frameAtMs, this.link.since_ms);
      if (silentMs < 0) this.frameAtMs = this.link.since_ms = Date.now(); // the clock was set back
      else if (silentMs > DEAF_MS) this.socket.io?.engine?.close();
      else if (silentMs > DOZE_MS) this.#ask();
    }

    close() {
      clearInterval(this.listening);
      this.socket?.disconnect();
      this.socket = null;
    }

    cursors() {
      const wanted = this.wish?.tables ?? TABLES;
      return Object.fromEntries(wanted.map((name) => [name, this.tables.get(name).cursor]));
    }

    #ask() {
      if (!this.wish || !this.socket?.connected) return;
      const { region = "", period = null, lang = "zh", tables = TABLES, parts = [], figures = true } = this.wish;
      const key = period?.key && period.key !== "custom" ? period.key : "";
      const [from, to] = key ? [null, null] : [period?.from ?? null, period?.to ?? null];
      this.socket.emit("watch", { region, period: key, from, to, lang, tables, parts, figures, cursors: this.cursors() });
    }

    #setLink(connected, reason) {
      const changed = connected !== this.link.connected;
      const attempts = connected ? 0 : this.link.attempts + (changed ? 0 : 1);
      this.link = { connected, reason, attempts, since_ms: changed ? Date.now() : this.link.since_ms };
      this.emit("link", this.link);
    }

    #linked() {
      this.#setLink(true, "");
      this.#ask();
    }

    #lost(reason) {
      this.#setLink(false, reason);
      // socket.io leaves it at that when the server itself hung up
      if (reason === "io server disconnect") this.#later();
    }

    /** The server will not follow. Whose log-in has ended is led to the log-in: what stands here is no longer his to see. */
    #refused(refusal) {
      const code = refusal?.code ?? "";
      if (OF_WATCH.has(code)) this.refusal = refusal; // the page says so: it comes of what somebody asked for
      else if (!OF_LOG_IN.has(code)) gridhall.faults.tell("live", new Error(`refused: ${code} ${refusal?.detail ?? ""}`));
      this.emit("refused", refusal);
      if (code === "logged_out") gridhall.api?.leave?.();
    }

    /**
     * What stands between this page and the present, worst first: "refused" (see `refusal`), "store_away", "starting" (the server
     * is reading the city), "catching_up" (it, or this page, reads something anew); "" where nothing does. A lost link: `link`.
     */
    get standing() {
      const { ready, connected, catchingUp } = this.server;
      if (this.refusal) return "refused";
      if (this.link.reason === "store_gone") return "store_away";
      if (!this.frameAtMs) return "";
      if (!connected && (ready || this.heardStoreAtMs)) return "store_away";
      if (!ready) return "starting";
      return catchingUp || this.behind.size ? "catching_up" : "";
    }

    #failed(error) {
      this.#setLink(false, error.message);
      if (error.message === "logged_out") this.#refused({ code: error.message });
      if (!this.socket?.active) this.#later(); // refused by the server: socket.io would not try again
    }

    #later() {
      const delay = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.link.attempts, 5));
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.socket?.connect(), delay * (0.5 + Math.random()));
    }

    /** One message: the meta object, the frames' bytes (in it, beside it, or in an array) and, last, the acknowledgement. */
    async #receive(parts) {
      const reply = typeof parts.at(-1) === "function" ? parts.pop() : null;
      const socket = this.socket;
      const isBytes = (part) => part instanceof ArrayBuffer || ArrayBuffer.isView(part);
      const flat = parts.flat();
      const meta = flat.find((part) => part && typeof part === "object" && !isBytes(part)) ?? {};
      const frames = flat.filter(isBytes).concat(meta.frames ?? []);
      if (frames.some(gridhall.frames.isDeflated)) {
        const whole = frames.map((bytes) => (gridhall.frames.isDeflated(bytes) ? gridhall.frames.inflate(bytes) : bytes));
        const inflated = await Promise.all(whole.map((one) => Promise.resolve(one).catch(() => new ArrayBuffer(0))));
        if (this.socket !== socket || !socket.connected) return; // a new link has asked anew meanwhile
        this.receive(meta, inflated);
      } else {
        this.receive(meta, frames);
      }
      if (this.misfits > 1) {
        await new Promise((done) => setTimeout(done, Math.min(LAST_DELAY_MS, RESYNC_DELAY_MS * 2 ** this.misfits)));
        if (this.socket !== socket) return;
      }
      const answer = { seq: meta.seq, cursors: this.cursors() };
      if (reply) reply(answer);
      else this.socket?.emit("ack", answer);
    }

    /** Applies one message to the tables and tells the listeners. A frame that does not fit makes that table start anew. */
    receive(meta, frames) {
      this.frameAtMs = Date.now();
      // what came late makes the server's clock seem slow: the quickest of the last messages is nearest to the truth
      if (Number.isFinite(meta.now_ms)) {
        this.clocks = [...this.clocks.slice(1 - CLOCKS), meta.now_ms - performance.now()];
        this.clock = Math.max(...this.clocks);
      }
      this.figuresAtMs = meta.as_of_ms ?? this.figuresAtMs;
      this.heardStoreAtMs = meta.heard_ms ?? this.heardStoreAtMs;
      this.lagMs = meta.lag_ms ?? this.lagMs;
      this.server = { ready: meta.ready ?? true, connected: meta.connected ?? true, catchingUp: meta.catching_up ?? false };
      const changed = new Set();
      let broken = false;
      for (const bytes of frames) {
        const name = this.#apply(bytes);
        if (name) changed.add(name);
        else broken = true;
      }
      if (meta.figures) {
        this.figures = meta.figures;
        this.emit("figures", this.figures);
      }
      if (changed.size) this.emit("change", changed);
      this.misfits = broken ? this.misfits + 1 : 0;
      if (broken) setTimeout(() => this.#ask(), RESYNC_DELAY_MS);
    }

    /** The name of the table that took the frame, or null when it did not fit. */
    #apply(bytes) {
      let frame = null;
      try {
        frame = gridhall.frames.decode(bytes);
        this.tables.get(frame.table)?.apply(frame);
        this.behind.delete(frame.table);
        return frame.table;
      } catch (error) {
        const isOfTheLink = error instanceof gridhall.frames.FrameError || error instanceof gridhall.tables.Gap;
        if (!isOfTheLink) gridhall.faults.tell("live table", error);
        const doubted = frame ? [this.tables.get(frame.table)] : this.tables.values();
        for (const table of doubted) table.distrust();
        for (const name of frame ? [frame.table] : this.wish?.tables ?? []) this.behind.add(name);
        this.emit("resync", error.message);
        return null;
      }
    }
  }

  gridhall.live = new Live();
  gridhall.Live = Live;

  // The rows of a wall come while its page is still being made: which they are stands in the address.
  if (globalThis.location?.pathname === "/wall" && globalThis.io) {
    const params = new URLSearchParams(globalThis.location.search);
    gridhall.live.watch({ region: params.get("region") ?? "", lang: params.get("lang") === "en" ? "en" : "zh", figures: false });
    gridhall.live.connect();
  }
})((globalThis.gridhall ??= {}));
