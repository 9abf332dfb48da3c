/**
 * Half-filled forms, kept on the phone's disk at every change: opening the camera may cost a cheap phone the page. The photos,
 * which are large, lie apart and are written only when they change.
 *
 * draft: {key: "OWNER|what", …} and {key: "OWNER|what|photos", photos: [photo]}
 */

export class Drafts {
  #storage;
  #owner;
  #queue = Promise.resolve();

  constructor(storage, owner) {
    this.#storage = storage;
    this.#owner = owner;
  }

  #key = (what) => `${this.#owner()}|${what}`;

  /** What was filled in, with its photos; null: nothing. */
  async get(what) {
    const [draft, photos] = await Promise.all(["", "|photos"].map((part) => this.#storage.get("drafts", this.#key(what) + part)));
    return draft || photos ? { ...draft, photos: photos?.photos ?? [] } : null;
  }

  /** Keeps all but the photos; rejects when the disk is full. */
  keep(what, { photos: _, ...draft }) {
    return this.#write([{ store: "drafts", put: { ...draft, key: this.#key(what) } }]);
  }

  keepPhotos(what, photos) {
    return this.#write([{ store: "drafts", put: { key: `${this.#key(what)}|photos`, photos } }]);
  }

  drop(what) {
    return this.#write(["", "|photos"].map((part) => ({ store: "drafts", remove: this.#key(what) + part })));
  }

  /** One after the other, so that the newest is the last. */
  #write(changes) {
    this.#queue = this.#queue.catch(() => {}).then(() => this.#storage.write(changes));
    return this.#queue;
  }
}
