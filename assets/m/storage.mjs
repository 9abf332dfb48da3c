/** What the handset keeps on the phone's disk (IndexedDB): whatever was filed and not sent, and forms that are half filled in. */

const NAME = "gridhall-handset";
const STORES = { entries: "id", photos: "id", fixes: "key", drafts: "key" };

const answered = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Resolves when the transaction is on disk, and not before. */
const finished = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("the phone's storage failed"));
  });

function opened() {
  const request = globalThis.indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
  };
  return answered(request);
}

export class Storage {
  #db;

  /** Rejects where a browser keeps nothing (some private windows). */
  static async open() {
    const storage = new Storage();
    storage.#db = await opened();
    storage.#db.onversionchange = () => storage.#db.close();
    return storage;
  }

  list(name) {
    return answered(this.#db.transaction(name).objectStore(name).getAll());
  }

  get(name, key) {
    return answered(this.#db.transaction(name).objectStore(name).get(key));
  }

  /** All of it or nothing: [{store, put: record} | {store, remove: key}]. Rejects when the disk is full. */
  async write(changes) {
    if (!changes.length) return;
    const names = [...new Set(changes.map((change) => change.store))];
    const transaction = this.#db.transaction(names, "readwrite", { durability: "strict" });
    const done = finished(transaction);
    for (const { store, put, remove } of changes) {
      const target = transaction.objectStore(store);
      if (put) target.put(put);
      else target.delete(remove);
    }
    await done;
  }

  /** Puts `change(record)` in the record's place, with nobody in between; null from it, or no such record: left as it is. */
  async change(name, key, change) {
    const transaction = this.#db.transaction(name, "readwrite", { durability: "strict" });
    const done = finished(transaction);
    const target = transaction.objectStore(name);
    const held = await answered(target.get(key));
    const next = held === undefined ? null : change(held);
    if (next) target.put(next);
    await done;
    return next;
  }
}
