/**
 * Asking the server: reads, writes and files below /api/v1, in the page's language and with the token that writes need.
 * What is done to orders, and must never stay in doubt, is in 16_acts.js on top of this.
 */
(function (gridhall) {
  "use strict";

  const ROOT = "/api/v1/";
  const FIRST_WAIT_MS = 500;
  const UPLOAD_TRIES = 5;

  /** Why a read, a write or an upload came to nothing. `status` 0: the server could not be reached. */
  class ApiError extends Error {
    constructor(status, said, retryAfterS = 0) {
      super(said || `HTTP ${status}`);
      Object.assign(this, { status, said, retryAfterS });
    }
  }

  /** 32 hex digits; also where the page is not served over TLS, so that crypto.randomUUID is missing. */
  function newId() {
    const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Whoever is logged in, as `GET me` says it: from the page's own script, or null. */
  function meOfPage() {
    const text = globalThis.document?.getElementById("gridhall-me")?.textContent;
    return text ? JSON.parse(text) : null;
  }

  /** Whose log-in has ended: the page goes dark at once, and then to the log-in; a wall to the door of its link, which says why. */
  function toDoor() {
    const { pathname, search } = globalThis.location;
    if (globalThis.document?.body) globalThis.document.body.style.display = "none";
    const door = meOfPage()?.name.startsWith("token:") ? "/enter" : "/login";
    const told = new URLSearchParams({ next: pathname + search });
    const lang = new URLSearchParams(search).get("lang");
    if (lang) told.set("lang", lang);
    globalThis.location.assign(`${door}?${told}`);
  }

  class Asking extends gridhall.Emitter {
    #me = null;

    /** Everything that a test wants to hold in its own hands can be given. */
    constructor(given = {}) {
      super();
      this.fetch = given.fetch ?? ((...asked) => globalThis.fetch(...asked));
      this.now = given.now ?? Date.now;
      this.sleep = given.sleep ?? ((ms) => this.#sleep(ms));
      this.readMe = given.me ?? meOfPage;
      this.leave = given.leave ?? toDoor;
      globalThis.addEventListener?.("online", () => this.wake?.());
    }

    get me() {
      return (this.#me ??= this.readMe());
    }

    /** For pages that ask who is logged in (`GET me`) instead of carrying it. */
    setMe(me) {
      this.#me = me;
    }

    #sleep(ms) {
      return new Promise((done) => {
        const timer = setTimeout(done, ms);
        this.wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }

    // --- reads and writes ---------------------------------------------------------------------------------------------------

    /** The JSON of a path below /api/v1. Throws ApiError. */
    get(path, params = {}) {
      return this.#ask("GET", path, params);
    }

    post(path, body, params = {}) {
      return this.#ask("POST", path, params, body);
    }

    put(path, body, params = {}) {
      return this.#ask("PUT", path, params, body);
    }

    async #ask(method, path, params, body) {
      const answer = await this.answer(method, path, params, body);
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      if (answer.status === 401) this.leave();
      throw new ApiError(answer.status, answer.body?.error ?? answer.body?.said, answer.retryAfterS);
    }

    /** `{status, body, retryAfterS}`; status 0: nobody answered. */
    async answer(method, path, params = {}, body = undefined) {
      const answer = await this.#once(method, path, params, body);
      if (answer.status !== 400 || !answer.body?.error?.startsWith?.("csrf")) return answer;
      const me = await this.#once("GET", "me"); // somebody has logged in anew in another tab: the page's token is an old one
      if (me.status !== 200 || me.body.name !== this.me?.name) return { ...answer, status: 401 };
      this.setMe(me.body);
      return this.#once(method, path, params, body);
    }

    async #once(method, path, params = {}, body = undefined) {
      const query = new URLSearchParams({ lang: gridhall.config?.lang ?? "zh", ...params });
      const headers = { Accept: "application/json" };
      if (method !== "GET") Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": this.me?.csrf ?? "" });
      try {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const answer = await this.fetch(`${ROOT}${path}?${query}`, { method, headers, body: text, credentials: "same-origin", cache: "no-store" });
        return { status: answer.status, body: await answer.json().catch(() => null), retryAfterS: Number(answer.headers?.get?.("Retry-After")) || 0 };
      } catch (error) {
        return { status: 0, body: { error: error.message }, retryAfterS: 0 };
      }
    }

    // --- files --------------------------------------------------------------------------------------------------------------

    /** Stores a file and gives `{file, type, name, size…}`; `onProgress(share)`. Throws ApiError. */
    async upload(file, { onProgress = () => {}, id = newId() } = {}) {
      for (let tries = 1; ; tries += 1) {
        const answer = await this.#put(file, id, onProgress);
        if (answer.status === 200 || answer.status === 201) return { file: id, ...answer.body };
        if (answer.status === 401) this.leave();
        const again = (answer.status === 0 || answer.status >= 500) && tries < UPLOAD_TRIES;
        if (!again) throw new ApiError(answer.status, answer.body?.error);
        await this.sleep(FIRST_WAIT_MS * 2 ** tries);
      }
    }

    #put(file, id, onProgress) {
      return new Promise((done) => {
        const request = new XMLHttpRequest();
        const answered = () => {
          let body = null;
          try {
            body = JSON.parse(request.responseText);
          } catch {
            body = null; // a proxy's page: the status says enough
          }
          done({ status: request.status, body });
        };
        request.open("PUT", `${ROOT}files/${id}`);
        request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
        request.setRequestHeader("X-File-Name", encodeURIComponent(file.name ?? ""));
        request.setRequestHeader("X-CSRFToken", this.me?.csrf ?? "");
        request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
        request.addEventListener("load", answered);
        for (const failed of ["error", "abort", "timeout"]) request.addEventListener(failed, answered);
        request.send(file);
      });
    }

    fileUrl(file, { thumb = false } = {}) {
      return `${ROOT}files/${encodeURIComponent(file)}${thumb ? "?size=thumb" : ""}`;
    }
  }

  gridhall.Asking = Asking;
  gridhall.ApiError = ApiError;
  gridhall.newId = newId;
})((globalThis.gridhall ??= {}));
