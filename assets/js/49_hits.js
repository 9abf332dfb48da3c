/** What lies under the pointer, and what comes next for the keyboard: the same index over all signs on the screen. */
(function (gridhall) {
  "use strict";

  const REACH_PX = 14;
  const FRESH_MS = 250; // while signs glide, the index may be so old
  const RANK_PX = 0.5; // of two signs as near, the worker wins over the order, the order over the camera

  class Hits {
    /** `sources`: `[{kind, layer, name(slot), id(slot)}]`, the topmost first; a layer has `places()`. */
    constructor(sources) {
      this.sources = sources;
      this.index = null;
      this.atMs = -Infinity;
    }

    /** The next search looks again where everything is. */
    forget() {
      this.atMs = -Infinity;
    }

    #build(nowMs) {
      if (this.index && nowMs - this.atMs < FRESH_MS) return;
      this.atMs = nowMs;
      const found = this.sources.map((source) => source.layer.places());
      const all = (name) => [].concat(...found.map((places) => places[name]));
      [this.slots, this.xs, this.ys, this.reach] = ["ids", "xs", "ys", "reach"].map(all);
      this.ranks = new Uint8Array(this.slots.length);
      let at = 0;
      found.forEach(({ ids }, rank) => this.ranks.fill(rank, at, (at += ids.length)));
      this.index = new gridhall.GridIndex(Uint32Array.from(this.slots.keys()), this.xs, this.ys, 2 * REACH_PX);
    }

    #answer(i) {
      const source = this.sources[this.ranks[i]];
      const slot = this.slots[i];
      const told = typeof slot === "object" ? slot : { kind: source.kind, id: source.id(slot), name: source.name(slot) };
      return { ...told, x: this.xs[i], y: this.ys[i] };
    }

    /** `{kind, id, name, x, y}` of the nearest sign within reach of a point on the map container, or null. */
    at(x, y, nowMs = performance.now()) {
      this.#build(nowMs);
      // measured from the sign's edge, so that a large sign is hit anywhere on it; inside several the upper one wins
      const cost = (distance, i) => Math.max(0, distance - this.reach[i]) + this.ranks[i] * RANK_PX;
      const hit = this.index.nearest(x, y, REACH_PX, cost);
      return hit && this.#answer(hit.id);
    }

    /** The sign after (step 1) or before (−1) the one with this kind and id, row by row over the screen; null without any. */
    next(current, step, nowMs = performance.now()) {
      this.#build(nowMs);
      if (!this.slots.length) return null;
      const { ranks, xs, ys } = this;
      const order = [...this.slots.keys()].sort((a, b) => ranks[a] - ranks[b] || ys[a] - ys[b] || xs[a] - xs[b]);
      const isCurrent = (i) => {
        const source = this.sources[this.ranks[i]];
        const slot = this.slots[i];
        const { kind, id } = typeof slot === "object" ? slot : { kind: source.kind, id: source.id(slot) };
        return kind === current.kind && id === current.id;
      };
      const at = current ? order.findIndex(isCurrent) : -1;
      const to = at < 0 ? (step > 0 ? 0 : order.length - 1) : (at + step + order.length) % order.length;
      return this.#answer(order[to]);
    }
  }

  gridhall.Hits = Hits;
  gridhall.hits = { REACH_PX };
})((globalThis.gridhall ??= {}));
