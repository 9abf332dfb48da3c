/** How densely points lie on the screen: each counts 1 at its place and fades out around it. Pure. */
(function (gridhall) {
  "use strict";

  const REACH = 2.5; // standard deviations after which a point counts no more

  /** Weights of a bell of this standard deviation (cells), 1 in the middle: `(2 reach + 1)` values of one side to the other. */
  function bell(deviation) {
    const reach = Math.ceil(REACH * deviation);
    return Float32Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)));
  }

  /**
   * `{columns, rows, values, peak}` of points `xs`, `ys` (px) on a field of `width` x `height` px in cells of `cell` px; `deviation`:
   * how far each spreads, px. A value is about the number of points within one deviation and a half.
   */
  function grid(xs, ys, { width, height, cell, deviation }) {
    const columns = Math.ceil(width / cell) + 1;
    const rows = Math.ceil(height / cell) + 1;
    const field = { columns, rows, values: new Float32Array(columns * rows), peak: 0 };
    const weights = bell(deviation / cell);
    for (let i = 0; i < xs.length; i += 1) spread(field, weights, Math.round(xs[i] / cell), Math.round(ys[i] / cell));
    for (const value of field.values) if (value > field.peak) field.peak = value;
    return field;
  }

  function spread({ columns, rows, values }, weights, column, row) {
    const reach = (weights.length - 1) / 2;
    const [left, right] = [Math.max(0, column - reach), Math.min(columns - 1, column + reach)];
    for (let y = Math.max(0, row - reach); y <= Math.min(rows - 1, row + reach); y += 1) {
      const weight = weights[y - row + reach];
      for (let x = left; x <= right; x += 1) values[y * columns + x] += weight * weights[x - column + reach];
    }
  }

  gridhall.density = { grid, bell };
})((globalThis.gridhall ??= {}));
