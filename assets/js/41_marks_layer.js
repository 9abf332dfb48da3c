/** Orders as diamonds of their light, cameras turned to their heading. Both on canvas: they change seldom and do not move. */
gridhall.leaflet.ready((L) => {
  "use strict";

  const { signs, marksView } = gridhall;
  const LIGHT_CHECK_MS = 5000;
  const NEAR_CHOSEN_M = 300;
  const CONE_PX = 34;
  const NUMBER_UNITS = 17; // from the middle of a camera
  const LETTER_UNITS = 18;
  const UNKNOWN = 65535;
  const DEFAULT_FOV = 60;

  /** What both layers share: places from a table, stamps, and where each mark stands on the screen. */
  class MarksLayer extends gridhall.layers.CanvasLayer {
    initialize({ table, clock, size = 1, pane, zIndex }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane, zIndex, margin: 0.15 });
      Object.assign(this, { table, clock, signSize: size, mode: true, selected: null, marks: { slots: [], xs: [], ys: [] } });
    }

    start(canvas) {
      super.start(canvas);
      this.takeOff = this.table.on("rows", () => this.read());
      this.timer = setInterval(() => this.tick?.(), LIGHT_CHECK_MS);
      this.read();
    }

    stop() {
      this.takeOff();
      clearInterval(this.timer);
    }

    read() {
      this.marks = marksView.placed(this.table);
      this.invalidate();
    }

    isEmpty() {
      return !this.mode || !this.marks.slots.length;
    }

    setMode(mode) {
      this.mode = mode;
      this.invalidate();
    }

    setSelected(id) {
      this.selected = id;
      this.invalidate();
    }

    setSignSize(size) {
      this.signSize = size;
      this.stamp = null;
      this.invalidate();
    }

    stamps(ratio) {
      if (!this.stamp || this.stampRatio !== ratio) {
        this.stamp = signs.stamper(ratio * this.signSize * 2, gridhall.palette.read());
        this.stampRatio = ratio;
      }
      return this.stamp;
    }

    /** Calls `task(slot, x, y)` for each mark on the canvas. */
    each(view, task) {
      const { slots, xs, ys } = this.marks;
      for (let i = 0; i < slots.length; i += 1) {
        const [x, y] = [(xs[i] - view.x) * view.scale, (ys[i] - view.y) * view.scale];
        if (x > -30 && y > -30 && x < view.size.x + 30 && y < view.size.y + 30) task(slots[i], x, y);
      }
    }

    put(ctx, image, units, x, y, turn = 0) {
      const size = units * this.signSize;
      ctx.save();
      ctx.translate(x, y);
      if (turn) ctx.rotate(turn);
      ctx.drawImage(image, -size / 2, -size / 2, size, size);
      ctx.restore();
    }

    /** As of WorkersLayer. */
    places(box = null) {
      const [ids, xs, ys, reach] = [[], [], [], []];
      if (!this.hasView()) return { ids, xs, ys, reach };
      const view = this.view();
      const corner = this._map.layerPointToContainerPoint(this.corner);
      const { x: width, y: height } = this._map.getSize();
      const [left, top, right, bottom] = box ?? [0, 0, width, height];
      this.each(view, (slot, canvasX, canvasY) => {
        const [x, y] = [canvasX + corner.x, canvasY + corner.y];
        const radius = x < left || y < top || x > right || y > bottom ? null : this.reachOf(slot, view);
        if (radius === null) return;
        ids.push(slot);
        xs.push(x);
        ys.push(y);
        reach.push(radius);
      });
      return { ids, xs, ys, reach };
    }
  }

  class OrdersLayer extends MarksLayer {
    initialize(options) {
      MarksLayer.prototype.initialize.call(this, { ...options, pane: "gh-orders", zIndex: 430 });
      this.lights = "";
    }

    lightOf(slot) {
      const { clock_s: began, deadline_s: deadline } = this.table.columns;
      return marksView.lightOf(began[slot], deadline[slot], this.clock() / 1000);
    }

    tick() {
      const lights = this.marks.slots.map((slot) => this.lightOf(slot)[0]).join("");
      if (lights !== this.lights) {
        this.invalidate();
        this.onLights?.();
      }
      this.lights = lights;
    }

    /** [x, y, radius] of what is due soon or overdue, for labels to give way to. */
    urgent(view) {
      const found = [];
      this.each(view, (slot, x, y) => {
        const reach = this.lightOf(slot) === "green" ? null : this.reachOf(slot, view);
        if (reach !== null) found.push([x, y, reach]);
      });
      return found;
    }

    /** Radius of a sign in px; null where it is not drawn: of heat only the selected order is. */
    reachOf(slot, view) {
      const shown = marksView.orderShown(this.mode, view.mpp, this.table.text.id[slot] === this.selected);
      return shown ? 9 * signs.ORDER_SCALE[this.lightOf(slot)] * this.signSize : null;
    }

    draw(ctx, view) {
      const byLight = { green: [], yellow: [], red: [] };
      this.each(view, (slot, x, y) => this.reachOf(slot, view) && byLight[this.lightOf(slot)].push([slot, x, y]));
      const stamp = this.stamps(view.ratio);
      for (const light of marksView.LIGHTS) {
        const image = byLight[light].length && stamp(light, 36, (ctx, colors) => signs.order(ctx, light, colors));
        for (const [, x, y] of byLight[light]) this.put(ctx, image, 36, x, y);
      }
      for (const [slot, x, y] of Object.values(byLight).flat()) if (this.table.text.id[slot] === this.selected) this.#ring(ctx, stamp, x, y);
    }

    #ring(ctx, stamp, x, y) {
      const image = stamp("ring", 36, (ctx, colors) => {
        ctx.scale(1.15, 1.15);
        signs.selection(ctx, colors);
      });
      this.put(ctx, image, 36, x, y);
    }
  }

  class FeedsLayer extends MarksLayer {
    initialize(options) {
      MarksLayer.prototype.initialize.call(this, { ...options, pane: "gh-feeds", zIndex: 405 });
      this.mode = "near";
      this.near = null; // [lon, lat] of the chosen object: cameras around it show their view
      this.numbers = new Map(); // of cameras that bear one, by id: they show their view too
    }

    setNear(place) {
      this.near = place;
      this.invalidate();
    }

    setNumbers(ids) {
      this.numbers = new Map(ids.map((id, i) => [id, String(i + 1)]));
      this.invalidate();
    }

    isEmpty() {
      return super.isEmpty() || !this.hasView() || !marksView.feedSize(this.mode, this.view().mpp);
    }

    reachOf(slot, view) {
      const size = marksView.feedSize(this.mode, view.mpp);
      return size && (size === "full" ? 8 : 3) * this.signSize;
    }

    draw(ctx, view) {
      const size = marksView.feedSize(this.mode, view.mpp);
      if (!size) return;
      if (size === "small") return void this.#small(ctx, view);
      this.each(view, (slot, x, y) => this.#camera(ctx, view, slot, x, y));
    }

    #small(ctx, view) {
      const colors = gridhall.palette.read();
      const half = 2 * this.signSize;
      this.each(view, (slot, x, y) => {
        const status = signs.FEED_STATUSES[this.table.columns.status[slot]];
        ctx.fillStyle = colors.land;
        ctx.fillRect(x - half - 1, y - half - 1, 2 * half + 2, 2 * half + 2);
        ctx.fillStyle = { online: colors.t2, frozen: colors.warn }[status] ?? colors.off;
        ctx.fillRect(x - half, y - half, 2 * half, 2 * half);
      });
    }

    #camera(ctx, view, slot, x, y) {
      const { heading, status } = this.table.columns;
      const turn = heading[slot] === UNKNOWN ? 0 : (heading[slot] * Math.PI) / 180;
      const name = signs.FEED_STATUSES[status[slot]] ?? "offline";
      const id = this.table.text.id[slot];
      const [chosen, number] = [id === this.selected, this.numbers.get(id)];
      const stamp = this.stamps(view.ratio);
      if ((chosen || number || this.#isNear(slot)) && name === "online" && heading[slot] !== UNKNOWN) this.#cone(ctx, slot, x, y, turn);
      this.put(ctx, stamp(name, 24, (ctx, colors) => signs.camera(ctx, name, colors)), 24, x, y, turn);
      if (chosen) this.put(ctx, stamp("ring", 36, signs.selection), 36, x, y);
      if (number) this.#number(ctx, number, x - NUMBER_UNITS * this.signSize * Math.sin(turn), y + NUMBER_UNITS * this.signSize * Math.cos(turn));
    }

    /** Behind the camera, where its view is not. */
    #number(ctx, number, x, y) {
      const colors = gridhall.palette.read();
      const size = LETTER_UNITS * this.signSize;
      const style = { size, font: `700 ${size}px ${colors.font}`, color: colors.t1, halo: colors.bg0, haloWidth: 3 };
      new gridhall.labels.Labels().write(ctx, number, x, y, style);
    }

    #isNear(slot) {
      if (!this.near) return false;
      const { lon, lat } = this.table.columns;
      return gridhall.geo.distance(lon[slot] * 1e-7, lat[slot] * 1e-7, ...this.near) <= NEAR_CHOSEN_M;
    }

    #cone(ctx, slot, x, y, turn) {
      const fov = this.table.columns.fov[slot];
      const half = ((fov === UNKNOWN || !fov ? DEFAULT_FOV : fov) * Math.PI) / 360;
      const colors = gridhall.palette.read();
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.arc(x, y, CONE_PX * this.signSize, turn - Math.PI / 2 - half, turn - Math.PI / 2 + half);
      ctx.closePath();
      ctx.fillStyle = gridhall.palette.fade(colors.sel, 0.16);
      ctx.fill();
      ctx.strokeStyle = gridhall.palette.fade(colors.sel, 0.7);
      ctx.lineWidth = 1;
      ctx.stroke();
    }
  }

  Object.assign(gridhall.layers, { OrdersLayer, FeedsLayer });
});
