/** Labels on the map: what was placed first keeps its room, what would overlap is left out. */
(function (gridhall) {
  "use strict";

  class Labels {
    /** `shunned`: [x, y, radius] of signs that a label gives way to where it can. */
    constructor(shunned = []) {
      this.boxes = [];
      this.shunned = shunned;
    }

    /** The first of some places whose box meets no shunned sign; else the first of all. */
    clearest(places, width, height) {
      const meets = (x, y) => this.shunned.some(([sx, sy, r]) => Math.abs(sx - x) < r + width / 2 && Math.abs(sy - y) < r + height / 2);
      return places.find(([x, y]) => !meets(x, y)) ?? places[0];
    }

    /** Reserves the box around (x, y) of this width and height; false when it is taken. */
    claim(x, y, width, height) {
      const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
      for (const [left, top, right, bottom] of this.boxes) {
        if (box[0] < right && box[2] > left && box[1] < bottom && box[3] > top) return false;
      }
      this.boxes.push(box);
      return true;
    }

    /** Writes `text` around (x, y) with a halo when there is room; `style`: font, size, color, halo, turn. True when written. */
    write(ctx, text, x, y, style) {
      const { size, turn = 0 } = style;
      ctx.font = style.font;
      const length = ctx.measureText(text).width;
      const [width, height] = [Math.abs(Math.cos(turn)) * length + Math.abs(Math.sin(turn)) * size,
        Math.abs(Math.sin(turn)) * length + Math.abs(Math.cos(turn)) * size];
      if (!this.claim(x, y, width + 8, height + 4)) return false;
      ctx.save();
      ctx.translate(x, y);
      if (turn) ctx.rotate(turn);
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      ctx.lineWidth = 2 * (style.haloWidth ?? 4);
      ctx.strokeStyle = style.halo;
      ctx.strokeText(text, 0, 0);
      ctx.fillStyle = style.color;
      ctx.fillText(text, 0, 0);
      ctx.restore();
      return true;
    }
  }

  /** The middle of a polyline given on the screen (flat x, y…), and its direction there, turned so that text reads upright. */
  function middleOf(line, left, top, right, bottom) {
    let best = null;
    for (let i = 0; i + 3 < line.length; i += 2) {
      const [ax, ay, bx, by] = [line[i], line[i + 1], line[i + 2], line[i + 3]];
      const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
      if (x < left || x > right || y < top || y > bottom) continue;
      const length = Math.hypot(bx - ax, by - ay);
      if (!best || length > best.length) best = { x, y, length, turn: Math.atan2(by - ay, bx - ax) };
    }
    if (best && Math.abs(best.turn) > Math.PI / 2) best.turn -= Math.sign(best.turn) * Math.PI;
    return best;
  }

  const SUFFIX = /(社区居民委员会|社区居委会|村民委员会|居民委员会|居委会|村委会|社区)$/;

  /** A region's name as it stands on the map: without 社区 and the like, which the map says by its level. */
  function shortName(name) {
    const short = name.replace(SUFFIX, "");
    return short || name;
  }

  gridhall.labels = { Labels, middleOf, shortName };
})((globalThis.gridhall ??= {}));
