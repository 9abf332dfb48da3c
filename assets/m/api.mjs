/**
 * The server's API as the page asks it. Who we are comes with the session cookie; what writes carries the token of `me`.
 *
 * `ask` gives {status, body, kept_at_ms, retryAfterS}: `status` 0: no link. `kept_at_ms`: the service worker had no link and
 * answered with what the server last said, then.
 */

const BASE = "/api/v1/";
const JSON_TYPE = "application/json";
const PATIENCE_MS = { GET: 15_000, POST: 25_000, PUT: 120_000 };

export class Api {
  #csrf = "";
  #lang;

  constructor(lang) {
    this.#lang = lang;
    this.clockAheadMs = 0; // of the phone's clock, as far as answers tell
  }

  async ask(method, path, { json, bytes, headers = {}, fresh = false } = {}) {
    const url = `${BASE}${path}${path.includes("?") ? "&" : "?"}lang=${this.#lang}&ms=1`;
    const sent = { ...headers };
    if (json !== undefined) sent["Content-Type"] = JSON_TYPE;
    if (method !== "GET" && this.#csrf) sent["X-CSRFToken"] = this.#csrf;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS[method]);
    try {
      const response = await fetch(url, {
        method,
        headers: sent,
        body: json === undefined ? bytes : JSON.stringify(json),
        credentials: "same-origin",
        redirect: "error", // a log-in page of a network in between is no answer
        cache: fresh ? "no-store" : "default",
        signal: patience.signal,
      });
      return await this.#read(response);
    } catch {
      return { status: 0, body: null, kept_at_ms: null, retryAfterS: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(response) {
    const body = response.headers.get("Content-Type")?.includes(JSON_TYPE) ? await response.json().catch(() => null) : null;
    const kept = Number(response.headers.get("X-Kept-At")) || null;
    const date = Date.parse(response.headers.get("Date") ?? "");
    if (!kept && date) this.clockAheadMs = Date.now() - date;
    return { status: response.status, body, kept_at_ms: kept, retryAfterS: Number(response.headers.get("Retry-After")) || 0 };
  }

  /** The same for a write. Where the token was too old it is tried once more with a new one. */
  async tell(method, path, what) {
    if (!this.#csrf) await this.me({ fresh: true });
    return this.#again(method, path, what);
  }

  async #again(method, path, what) {
    const answer = await this.ask(method, path, what);
    if (answer.status !== 400 || !/^csrf/i.test(answer.body?.error ?? "")) return answer;
    const { status } = await this.me({ fresh: true });
    return status === 200 ? this.ask(method, path, what) : answer;
  }

  /** Who we are. `fresh`: from the server or not at all. */
  async me({ fresh = false } = {}) {
    const answer = await this.ask("GET", "me", { fresh });
    if (answer.status === 200 && answer.body && !answer.kept_at_ms) this.#csrf = answer.body.csrf ?? "";
    return answer;
  }

  /** Whoever was logged in before: a session that still holds asks for its token here too. */
  logIn = (user, password) => this.#again("POST", "login", { json: { user, password }, headers: { "X-Want": "cookie" } });

  /** Ends the session on the server; false: nobody knows whether it did. */
  async logOut() {
    const me = await this.me({ fresh: true });
    if (me.status !== 200) return me.status === 401;
    const headers = { "X-CSRFToken": this.#csrf };
    // the answer sends browsers on to a page of its own, which is none of ours
    const sent = fetch("/logout", { method: "POST", headers, credentials: "same-origin", redirect: "manual" });
    return sent.then((response) => response.type === "opaqueredirect" || response.ok, () => false);
  }

  mine = ({ map = false } = {}) => this.ask("GET", map ? "mine?map=1" : "mine");
  order = (order) => this.ask("GET", `orders/${path(order)}`);
  act = (order, told) => this.tell("POST", `orders/${path(order)}/actions`, { json: told });
  report = (told) => this.tell("POST", "reports", { json: told });
  positions = (fixes) => this.tell("POST", "positions", { json: fixes });

  photo = ({ id, bytes, type, name }) =>
    this.tell("PUT", `files/${id}`, { bytes, headers: { "Content-Type": type, "X-File-Name": encodeURIComponent(name) } });
}

/** An order's number in an address; it may hold slashes, which the server expects as they are. */
const path = (order) => order.split("/").map(encodeURIComponent).join("/");

export const photoUrl = (file, thumb) => `${BASE}files/${encodeURIComponent(file)}${thumb ? "?size=thumb" : ""}`;
