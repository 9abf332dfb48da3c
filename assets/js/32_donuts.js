/** Rings by state: how many workers of each state belong to each region, which rings stand too close, how a ring is cut. Pure. */
(function (gridhall) {
  "use strict";

  // in the order of the look, worst first; unseen ones are on no map
  const ORDER = ["alarm", "out_of_grid", "frozen", "silent", "offline", "still", "moving"];
  const STATES = ORDER.map((name) => gridhall.signs.STATES.indexOf(name));
  const NOWHERE = "";

  const empty = (code) => ({ codes: [code], counts: new Uint32Array(gridhall.signs.STATES.length), total: 0, sumX: 0, sumY: 0 });

  /**
   * Counts those that pass `passes(look)` by region: Map of code → `{codes, counts (by state), total, sumX, sumY}`. `regionOf(slot)`: code
   * of the region that a slot belongs to, "" for none; sums are of the places that they are heading for, relative to the glides' origin.
   */
  function count(glides, regionOf, passes) {
    const { STRIDE, LOOK, TO_X, TO_Y, CHOSEN } = gridhall.glides;
    const found = new Map();
    for (let slot = 0; slot < glides.slots; slot += 1) {
      const at = slot * STRIDE;
      const look = glides.data[at + LOOK];
      if (look < 0 || !passes(look)) continue;
      const code = regionOf(slot) ?? NOWHERE;
      let group = found.get(code);
      if (!group) found.set(code, (group = empty(code)));
      group.counts[(look % CHOSEN) >> 3] += 1;
      group.total += 1;
      group.sumX += glides.data[at + TO_X];
      group.sumY += glides.data[at + TO_Y];
    }
    return found;
  }

  function join(a, b, radiusOf) {
    const total = a.total + b.total;
    return {
      codes: [...a.codes, ...b.codes], counts: a.counts.map((value, i) => value + b.counts[i]), total,
      x: (a.x * a.total + b.x * b.total) / total, y: (a.y * a.total + b.y * b.total) / total, radius: radiusOf(total),
    };
  }

  /**
   * Joins rings (`{codes, counts, total, x, y, radius}`, px) that would overlap, until none does: the largest take in the others.
   * `radiusOf(total)`: of a ring with so many in it.
   */
  function merge(rings, radiusOf) {
    const kept = [];
    for (let ring of [...rings].sort((a, b) => b.total - a.total)) {
      let hit = -1;
      while ((hit = kept.findIndex((other) => Math.hypot(other.x - ring.x, other.y - ring.y) < other.radius + ring.radius)) >= 0) {
        ring = join(kept.splice(hit, 1)[0], ring, radiusOf);
      }
      kept.push(ring);
    }
    return kept;
  }

  /** Arcs of a ring in the order of the look: `[{state (name), from, to}]`, radians from the top clockwise, together a full turn. */
  function arcs({ counts, total }) {
    const found = [];
    let turn = -Math.PI / 2;
    STATES.forEach((state, i) => {
      if (!counts[state]) return;
      const span = (2 * Math.PI * counts[state]) / total;
      found.push({ state: ORDER[i], from: turn, to: turn + span });
      turn += span;
    });
    return found;
  }

  gridhall.donuts = { count, merge, arcs, ORDER };
})((globalThis.gridhall ??= {}));
