/** Far out a ring per child region says how many workers it has and in which states, instead of their dots. */
gridhall.leaflet.ready(() => {
  "use strict";

  const { donuts, workersView } = gridhall;
  const COUNT_MS = 1000; // rings are counted anew so often at most
  const RING = 5; // units; states of whom nothing fresh is known are half as wide
  const HOLLOW = ["silent", "frozen", "offline"];
  const COLORS = { alarm: "bad", out_of_grid: "bad", frozen: "warn", silent: "mute", offline: "off", still: "worker-still", moving: "worker-moving" };
  const LEAST_UNITS = 13; // inner radius
  const TEXT_UNITS = 18;
  const GAP_PX = 1.5; // between two arcs

  class DonutsLayer extends gridhall.layers.CanvasLayer {
    /** `workers`: the layer whose workers are counted; `childOf(code)`: the child of the own region that holds a region, or null. */
    initialize({ workers, shapes, childOf }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-donuts", zIndex: 415, margin: 0.15 });
      Object.assign(this, { workers, shapes, childOf, signSize: 1, groups: new Map(), rings: [], told: "", shown: "" });
    }

    start(canvas) {
      super.start(canvas);
      this.takeOff = this.workers.table.on("rows", () => this.#countSoon());
    }

    stop() {
      this.takeOff();
      clearTimeout(this.timer);
      this.timer = null;
    }

    /** Whether rings are drawn at this view. */
    isOn() {
      const { workers, _map: map } = this;
      if (!workers.shown || !this.hasView()) return false;
      const mpp = gridhall.geo.metresPerPixel(map.getCenter().lat, map.getZoom());
      return workersView.isRings(workers.far, mpp, workers.table.count, this.size ?? undefined);
    }

    /** In a flight the rings come and go where the dots go and come. */
    onZoom() {
      if (this.isOn() === this.empty) this.lay();
      else super.onZoom();
    }

    isEmpty() {
      return !this.isOn();
    }

    #countSoon() {
      if (!this.isOn()) return;
      this.timer ??= setTimeout(() => {
        this.timer = null;
        this.recount();
      }, COUNT_MS);
    }

    setSignSize(size) {
      this.signSize = size;
      this.invalidate();
    }

    lay() {
      this.count();
      super.lay();
    }

    /** After a change of region, filter or rule. */
    recount() {
      this.count();
      if (this.told !== this.shown) this.invalidate();
    }

    count() {
      const { table, glides, presences, roles } = this.workers;
      if (!this._map || !this.canvas) return;
      const codes = new Map(); // each region's child is looked up once
      const childOf = (code) => {
        if (!codes.has(code)) codes.set(code, this.childOf(code));
        return codes.get(code);
      };
      const regions = table.text.region ?? [];
      this.groups = donuts.count(glides, (slot) => childOf(regions[slot]), (look) => workersView.passes(look, { presences, roles }));
      this.told = [...this.groups].map(([code, { counts }]) => `${code} ${counts}`).join(";");
    }

    /** Mercator place of a group: the middle of its region, or of those who are in none. */
    #placeOf(code, group) {
      const region = code && this.shapes.regions.get(code);
      if (region) return this.shapes.labelOf(region);
      const [x, y] = this.workers.glides.origin;
      return { x: x + group.sumX / group.total, y: y + group.sumY / group.total };
    }

    #inner(ctx, text) {
      return Math.max(LEAST_UNITS * this.signSize, ctx.measureText(text).width / 2 + 4 * this.signSize);
    }

    /** Rings as they stand on the canvas: `[{codes, counts, total, x, y, radius}]`; they do not overlap. */
    #arrange(ctx, view) {
      const radiusOf = (total) => this.#inner(ctx, total.toLocaleString("en")) + (RING + 1) * this.signSize;
      const rings = [...this.groups].map(([code, group]) => {
        const spot = this.#placeOf(code, group);
        return { ...group, x: (spot.x - view.x) * view.scale, y: (spot.y - view.y) * view.scale, radius: radiusOf(group.total) };
      });
      return donuts.merge(rings, radiusOf);
    }

    draw(ctx, view) {
      const colors = gridhall.palette.read();
      ctx.font = `700 ${TEXT_UNITS * this.signSize}px ${colors.font}`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      this.rings = this.#arrange(ctx, view);
      this.shown = this.told;
      for (const ring of this.rings) this.#ring(ctx, ring, colors);
      this.placed?.();
    }

    #ring(ctx, ring, colors) {
      const text = ring.total.toLocaleString("en");
      const inner = this.#inner(ctx, text);
      const wide = RING * this.signSize;
      disc(ctx, ring.x, ring.y, inner + wide + this.signSize, colors.land);
      for (const arc of donuts.arcs(ring)) this.#arc(ctx, ring, arc, inner, wide, colors);
      ctx.fillStyle = colors.t1;
      ctx.fillText(text, ring.x, ring.y + 0.05 * TEXT_UNITS * this.signSize);
    }

    #arc(ctx, { x, y, counts }, { state, from, to }, inner, wide, colors) {
      const width = HOLLOW.includes(state) ? wide / 2 : wide;
      const radius = inner + wide - width / 2;
      const whole = to - from > 2 * Math.PI - 0.001;
      const gap = whole ? 0 : Math.min(GAP_PX / radius / 2, (to - from) / 4);
      ctx.beginPath();
      ctx.arc(x, y, radius, from + gap, to - gap);
      ctx.lineWidth = width;
      ctx.lineCap = "butt";
      ctx.strokeStyle = colors[COLORS[state]];
      ctx.setLineDash(state === "silent" ? [3 * this.signSize, 2 * this.signSize] : []);
      ctx.stroke();
      ctx.setLineDash([]);
    }

    /** Radius in px of the ring that stands at a region's middle, 0 where there is none: names go below it. */
    radiusAt(code) {
      return this.isOn() ? this.rings.find(({ codes }) => codes.length === 1 && codes[0] === code)?.radius ?? 0 : 0;
    }

    /** `{codes, total, counts (by state)}` of the ring at a place on the map container, or null. */
    at(x, y) {
      if (!this._map || !this.isOn()) return null;
      const corner = this._map.layerPointToContainerPoint(this.corner);
      return this.rings.find((ring) => Math.hypot(ring.x + corner.x - x, ring.y + corner.y - y) <= ring.radius) ?? null;
    }
  }

  function disc(ctx, x, y, radius, color) {
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fillStyle = color;
    ctx.fill();
  }

  gridhall.layers.DonutsLayer = DonutsLayer;
});
