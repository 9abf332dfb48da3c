/** What lies under the pointer, and what comes next for the keyboard: always where the signs are at that instant. */
(function (gridhall) {
  "use strict";

  const REACH_PX = 14; // from a sign's middle, for a pointer
  const TOUCH_PX = 22; // for a finger
  const EDGE_PX = 4; // beyond the edge of a sign that is larger than that
  const LARGEST_PX = 90; // no sign's radius is more
  const RANK_PX = 0.5; // of two signs as near, the worker wins over the order, the order over the camera
  const MIDDLE = 0.01; // of two signs of a kind that both hold the pointer, the one whose middle is nearer

  class Hits {
    /** `sources`: `[{kind, layer, name(slot), id(slot)}]`, the topmost first; a layer has `places(box)`. */
    constructor(sources) {
      this.sources = sources;
    }

    #told(rank, slot) {
      if (typeof slot === "object") return slot;
      const { kind, id, name } = this.sources[rank];
      return { kind, id: id(slot), name: name(slot) };
    }

    #answer({ rank, slot, x, y }) {
      return { ...this.#told(rank, slot), x, y };
    }

    /** `{kind, id, name, x, y}` of the nearest sign within reach of a point on the map container, or null. `touch`: by a finger. */
    at(x, y, { touch = false } = {}) {
      const within = touch ? TOUCH_PX : REACH_PX;
      const far = LARGEST_PX + within;
      let best = null;
      this.sources.forEach(({ layer }, rank) => {
        const { ids, xs, ys, reach } = layer.places([x - far, y - far, x + far, y + far]);
        for (let i = 0; i < ids.length; i += 1) {
          const distance = Math.sqrt((xs[i] - x) ** 2 + (ys[i] - y) ** 2);
          if (distance > Math.max(within, reach[i] + EDGE_PX)) continue;
          // measured from the sign's edge, so that a large sign is hit anywhere on it
          const cost = Math.max(0, distance - reach[i]) + rank * RANK_PX + distance * MIDDLE;
          if (!best || cost < best.cost) best = { cost, rank, slot: ids[i], x: xs[i], y: ys[i] };
        }
      });
      return best && this.#answer(best);
    }

    /** The sign after (step 1) or before (−1) the one with this kind and id, row by row over the screen; null without any. */
    next(current, step) {
      const all = this.sources.flatMap(({ layer }, rank) => {
        const { ids, xs, ys } = layer.places();
        return Array.from(ids, (slot, i) => ({ rank, slot, x: xs[i], y: ys[i] }));
      });
      if (!all.length) return null;
      all.sort((a, b) => a.rank - b.rank || a.y - b.y || a.x - b.x);
      const at = current ? all.findIndex(({ rank, slot }) => this.#is(rank, slot, current)) : -1;
      const to = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
      return this.#answer(all[to]);
    }

    #is(rank, slot, { kind, id }) {
      const told = this.#told(rank, slot);
      return told.kind === kind && told.id === id;
    }
  }

  gridhall.Hits = Hits;
  gridhall.hits = { REACH_PX, TOUCH_PX };
})((globalThis.gridhall ??= {}));
