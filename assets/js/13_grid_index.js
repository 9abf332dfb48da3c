/** Points in the plane, found by nearness: a grid of square cells in typed arrays, built in two passes (counting sort). */
(function (gridhall) {
  "use strict";

  const MAX_CELLS = 1 << 16;

  class GridIndex {
    /** `ids`, `xs`, `ys`: one entry per point; `cell`: width of a cell, at least the radius of later searches. */
    constructor(ids, xs, ys, cell) {
      Object.assign(this, { ids, xs, ys, size: ids.length });
      let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = 0; i < ids.length; i += 1) {
        if (xs[i] < left) left = xs[i];
        if (xs[i] > right) right = xs[i];
        if (ys[i] < top) top = ys[i];
        if (ys[i] > bottom) bottom = ys[i];
      }
      this.left = left;
      this.top = top;
      const area = Math.max(right - left, 0) * Math.max(bottom - top, 0);
      this.cell = Math.max(cell, Math.sqrt(area / MAX_CELLS) || 0, (right - left) / MAX_CELLS || 0, (bottom - top) / MAX_CELLS || 0);
      this.columns = ids.length ? Math.floor((right - left) / this.cell) + 1 : 0;
      this.rows = ids.length ? Math.floor((bottom - top) / this.cell) + 1 : 0;
      this.#sort();
    }

    #sort() {
      const starts = new Uint32Array(this.columns * this.rows + 1);
      const cells = new Uint32Array(this.size);
      for (let i = 0; i < this.size; i += 1) {
        const column = Math.floor((this.xs[i] - this.left) / this.cell);
        cells[i] = Math.floor((this.ys[i] - this.top) / this.cell) * this.columns + column;
        starts[cells[i] + 1] += 1;
      }
      for (let i = 1; i < starts.length; i += 1) starts[i] += starts[i - 1];
      this.order = new Uint32Array(this.size);
      const next = starts.slice();
      for (let i = 0; i < this.size; i += 1) this.order[next[cells[i]]++] = i;
      this.starts = starts;
    }

    /** The id with the least `cost(distance, id)` (by default the distance) within `radius` of (x, y), and that cost; or null. */
    nearest(x, y, radius, cost = (distance) => distance) {
      let best = null;
      const reach = (value, origin, count) => Math.min(count, Math.max(-1, Math.floor((value - origin) / this.cell)));
      const lastRow = Math.min(this.rows - 1, reach(y + radius, this.top, this.rows));
      const lastColumn = Math.min(this.columns - 1, reach(x + radius, this.left, this.columns));
      for (let row = Math.max(0, reach(y - radius, this.top, this.rows)); row <= lastRow; row += 1) {
        for (let column = Math.max(0, reach(x - radius, this.left, this.columns)); column <= lastColumn; column += 1) {
          const cell = row * this.columns + column;
          for (let k = this.starts[cell]; k < this.starts[cell + 1]; k += 1) {
            const i = this.order[k];
            const distance = Math.hypot(this.xs[i] - x, this.ys[i] - y);
            if (distance > radius) continue;
            const price = cost(distance, this.ids[i]);
            if (best === null || price < best.cost) best = { id: this.ids[i], cost: price, distance };
          }
        }
      }
      return best;
    }
  }

  gridhall.GridIndex = GridIndex;
})((globalThis.gridhall ??= {}));
