// What assets/m/storage.mjs keeps on a phone's disk, in memory: copies in, copies out, each write whole or not at all.
"use strict";

const KEYS = { entries: "id", photos: "id", fixes: "key", drafts: "key" };

module.exports = class MemoryStorage {
  constructor() {
    this.stores = Object.fromEntries(Object.keys(KEYS).map((name) => [name, new Map()]));
    this.full = false;
  }

  async list(name) {
    return [...this.stores[name].values()].map((record) => structuredClone(record));
  }

  async get(name, key) {
    return structuredClone(this.stores[name].get(key));
  }

  async change(name, key, change) {
    const held = this.stores[name].get(key);
    const next = held === undefined ? null : change(structuredClone(held));
    if (next) this.stores[name].set(key, structuredClone(next));
    return next;
  }

  async write(changes) {
    if (this.full) throw new Error("QuotaExceededError");
    for (const { store, put, remove } of structuredClone(changes)) {
      if (put) this.stores[store].set(put[KEYS[store]], put);
      else this.stores[store].delete(remove);
    }
  }
};
