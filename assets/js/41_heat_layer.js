/** Open orders as heat: where many lie. Under the workers, on the ramp of densities; few orders never look like many. */
gridhall.leaflet.ready(() => {
  "use strict";

  const { marksView, density } = gridhall;
  const CELL_PX = 6;
  const DEVIATION_PX = 18;
  const LEAST_TOP = 4; // so many orders at one place are needed for the brightest step
  const SHADES = 256;
  const STOPS = [[0, "ramp2", 0], [0.12, "ramp2", 0.5], [0.35, "ramp3", 0.75], [0.65, "ramp4", 0.85], [1, "ramp5", 0.92]];

  class HeatLayer extends gridhall.layers.CanvasLayer {
    /** `table`: the live table whose rows are counted. */
    initialize({ table, size = 1 }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-heat", zIndex: 355, margin: 0.15 });
      Object.assign(this, { table, signSize: size, on: false, marks: { slots: [], xs: [], ys: [] } });
    }

    start(canvas) {
      super.start(canvas);
      this.takeOff = this.table.on("rows", () => this.read());
      this.read();
    }

    stop() {
      this.takeOff();
    }

    read() {
      if (!this.on) return;
      this.marks = marksView.placed(this.table);
      this.invalidate();
    }

    setOn(on) {
      this.on = on;
      this.read();
      this.invalidate();
    }

    setSignSize(size) {
      this.signSize = size;
      this.invalidate();
    }

    isEmpty() {
      return !this.on || !this.marks.slots.length;
    }

    draw(ctx, view) {
      const cell = CELL_PX * this.signSize;
      const { xs, ys } = this.marks;
      const screen = (values, from) => Float64Array.from(values, (value) => (value - from) * view.scale);
      const options = { width: view.size.x, height: view.size.y, cell, deviation: DEVIATION_PX * this.signSize };
      const field = density.grid(screen(xs, view.x), screen(ys, view.y), options);
      if (!field.peak) return;
      ctx.imageSmoothingEnabled = true;
      ctx.imageSmoothingQuality = "high";
      ctx.drawImage(this.#picture(field), -cell / 2, -cell / 2, field.columns * cell, field.rows * cell);
    }

    /** A field as a small picture, a pixel a cell. */
    #picture({ columns, rows, values, peak }) {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [columns, rows];
      const ctx = canvas.getContext("2d", gridhall.signs.STAMPED);
      const image = ctx.createImageData(columns, rows);
      const colors = new Uint32Array(image.data.buffer);
      const shades = this.#shades();
      const top = Math.max(peak, LEAST_TOP);
      for (let i = 0; i < values.length; i += 1) colors[i] = shades[Math.min(SHADES - 1, Math.floor((values[i] / top) * SHADES))];
      ctx.putImageData(image, 0, 0);
      return canvas;
    }

    /** The ramp as pixels, from nothing to the densest. */
    #shades() {
      const palette = gridhall.palette.read();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [SHADES, 1];
      const ctx = canvas.getContext("2d", gridhall.signs.STAMPED);
      const ramp = ctx.createLinearGradient(0, 0, SHADES, 0);
      for (const [at, name, opacity] of STOPS) ramp.addColorStop(at, gridhall.palette.fade(palette[name], opacity));
      ctx.fillStyle = ramp;
      ctx.fillRect(0, 0, SHADES, 1);
      return new Uint32Array(ctx.getImageData(0, 0, SHADES, 1).data.buffer);
    }
  }

  gridhall.layers.HeatLayer = HeatLayer;
});
