/**
 * What a page may use of its browser, measured against what it used when it had warmed up: heap, elements, frames per second.
 * Each verdict looks at a window of samples, so that a collection that is late, or one slow picture, breaks no budget.
 */
(function (gridhall) {
  "use strict";

  const LIMITS = {
    samples: 30, // of a window; a sample comes every ten seconds
    heapTimes: 2, // the window's smallest heap (what no collection takes) against that of the first window …
    heapMoreMb: 150, // … and by how much it must be larger besides
    nodesTimes: 3,
    nodesMore: 5000,
    fpsShare: 0.25, // the window's middle rate against that of the first window …
    fpsBelow: 8, // … which a picture that is merely calm never falls below
  };

  const known = (window, name) => window.map((sample) => sample[name]).filter(Number.isFinite);
  const least = (values) => (values.length ? Math.min(...values) : null);
  function middle(values) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted.length ? sorted[Math.floor(sorted.length / 2)] : null;
  }

  class Budget {
    constructor(limits = {}) {
      this.limits = { ...LIMITS, ...limits };
      this.window = [];
      this.base = null; // what the first full window used; the one before it is the start, which counts for nothing
      this.taken = 0;
    }

    #used() {
      return { heap_mb: least(known(this.window, "heap_mb")), nodes: least(known(this.window, "nodes")), fps: middle(known(this.window, "fps")) };
    }

    /** A sample `{heap_mb, nodes, fps}`, null for what cannot be told. What is broken: "heap", "nodes", "fps", or null. */
    take(sample) {
      const { samples } = this.limits;
      this.window.push(sample);
      if (this.window.length > samples) this.window.shift();
      this.taken += 1;
      if (this.taken < 2 * samples) return null;
      const used = this.#used();
      if (!this.base) this.base = used;
      return this.#broken(used);
    }

    #broken(used) {
      const { heapTimes, heapMoreMb, nodesTimes, nodesMore, fpsShare, fpsBelow } = this.limits;
      const over = (name, times, more) => used[name] !== null && this.base[name] !== null && used[name] > Math.max(this.base[name] * times, this.base[name] + more);
      if (over("heap_mb", heapTimes, heapMoreMb)) return "heap";
      if (over("nodes", nodesTimes, nodesMore)) return "nodes";
      const slow = used.fps !== null && this.base.fps !== null && used.fps < Math.min(fpsBelow, this.base.fps * fpsShare);
      return slow ? "fps" : null;
    }
  }

  gridhall.Budget = Budget;
})((globalThis.gridhall ??= {}));
