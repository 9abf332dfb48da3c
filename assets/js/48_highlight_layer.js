/** Single regions on top of the borders: the one under the pointer, and the responsible grid of the selected worker. */
gridhall.leaflet.ready(() => {
  "use strict";

  class HighlightLayer extends gridhall.layers.CanvasLayer {
    initialize({ shapes }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-highlight", zIndex: 360, margin: 0.15 });
      Object.assign(this, { shapes, hovered: null, duty: null });
    }

    setHovered(code) {
      if (code === this.hovered) return;
      this.hovered = code;
      this.invalidate();
    }

    setDuty(code) {
      this.duty = code;
      this.invalidate();
    }

    isEmpty() {
      return !this.hovered && !this.duty;
    }

    draw(ctx, view) {
      const colors = gridhall.palette.read();
      const unit = gridhall.shapes.UNIT;
      const k = (view.ratio * view.scale) / unit;
      const [x, y] = this.shapes.origin;
      ctx.setTransform(k, 0, 0, k, (x - view.x) * view.scale * view.ratio, (y - view.y) * view.scale * view.ratio);
      const px = unit / view.scale;
      this.#area(ctx, this.duty, colors.ok, 0.07, 2.5 * px);
      this.#area(ctx, this.hovered, colors.t1, 0.06, 1.6 * px);
    }

    #area(ctx, code, color, opacity, width) {
      const region = code && this.shapes.regions.get(code);
      if (!region) return;
      const path = this.shapes.pathOf(region);
      ctx.fillStyle = gridhall.palette.fade(color, opacity);
      ctx.fill(path, "evenodd");
      ctx.strokeStyle = color;
      ctx.lineWidth = width;
      ctx.lineJoin = "round";
      ctx.stroke(path);
    }
  }

  gridhall.layers.HighlightLayer = HighlightLayer;
});
