/** The layer of all workers: fed by the live table, drawn by WebGL 2 (or a 2D canvas), only while something visibly moves. */
gridhall.leaflet.ready((L) => {
  "use strict";

  const { Glides, signs, workersView } = gridhall;
  const { STRIDE, LOOK } = gridhall.glides;
  const EDGE_PX = 32; // a point whose middle is off the canvas is not drawn at all: its middle is kept on
  const AGE_CHECK_MS = 5000;
  const CANVAS_MS = 250; // between two pictures of a 2D canvas
  const GIVE_UP_MS = 8000; // a lost context that has not come back by then is not waited for
  const ATLAS_UNITS = signs.CELL_UNITS * signs.COLUMNS;
  const LARGEST_AREA = 2 ** 27; // device px

  class WorkersLayer extends gridhall.layers.CanvasLayer {
    /** `table`: the live worker table; `clock()`: the server's time, ms; `motion`: glide or cut. */
    initialize({ table, clock, motion = true, size = 1 }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-workers", zIndex: 420, margin: EDGE_PX });
      Object.assign(this, { table, clock, motion, signSize: size, glides: new Glides(), selected: null });
      Object.assign(this, { chosenIds: [], ringedIds: [], far: "dots", shown: true, drawn: () => {}, older: 0, pictures: 0 });
      this.setFilter();
    }

    getEvents() {
      const events = super.getEvents();
      events.move = this.lay; // cheap enough to draw with every step of a drag: no empty margin
      events.zoom = this.lay;
      return events;
    }

    start(canvas) {
      this.painter = this.#painterOn(canvas);
      this.atlasPixels = 0;
      this.takeOff = this.table.on("rows", (change) => this.take(change));
      this.take({ slots: Uint32Array.from(this.table.slotOf.values()), gone: [], renewed: true });
      this.ageTimer = setInterval(() => this.#checkAges(), AGE_CHECK_MS);
    }

    stop() {
      this.takeOff();
      clearInterval(this.ageTimer);
      clearTimeout(this.timer);
      clearTimeout(this.lossTimer);
      cancelAnimationFrame(this.frame);
      this.frame = null;
      this.timer = null;
      const { painter } = this;
      this.painter = null;
      painter.destroy();
    }

    // --- the painter and its loss ---------------------------------------------------------------------------------------------

    #painterOn(canvas) {
      try {
        const painter = new gridhall.workersGl.WorkersGl(canvas);
        canvas.addEventListener("webglcontextlost", (event) => this.#lose(event, painter));
        canvas.addEventListener("webglcontextrestored", () => this.#restore(painter));
        return painter;
      } catch (error) {
        return this.#painterWithoutGl(error.message);
      }
    }

    /** A canvas that was asked for WebGL gives no other context: another takes its place. */
    #painterWithoutGl(reason) {
      console.info(`gridhall: drawing workers without WebGL (${reason})`);
      const { canvas } = this;
      this.canvas = canvas.cloneNode();
      canvas.replaceWith(this.canvas);
      return new gridhall.workersGl.WorkersCanvas(this.canvas);
    }

    #lose(event, painter) {
      event.preventDefault(); // else it is never given back
      painter.lost = true;
      clearTimeout(this.lossTimer);
      if (painter === this.painter) this.lossTimer = setTimeout(() => this.#giveUp("context lost"), GIVE_UP_MS);
    }

    #restore(painter) {
      if (painter !== this.painter) return;
      clearTimeout(this.lossTimer);
      try {
        painter.build();
        painter.lost = false;
        this.#drawAnew();
      } catch (error) {
        this.#giveUp(error.message);
      }
    }

    #giveUp(reason) {
      this.painter = this.#painterWithoutGl(reason);
      this.#drawAnew();
    }

    #drawAnew() {
      this.atlasPixels = 0;
      this.lay();
    }

    limits() {
      return this.painter?.largestSide ? { side: this.painter.largestSide, area: LARGEST_AREA } : super.limits();
    }

    // --- what is shown --------------------------------------------------------------------------------------------------------

    nowS() {
      return performance.now() / 1000;
    }

    /** Takes changed rows. Unseen (tab in the background) and without motion, everybody is put at once. */
    take(change) {
      const cut = !this.motion || document.hidden;
      if (!this.glides.take(this.table, change, this.nowS(), cut)) return;
      this.pace = null;
      this.#findChosen();
      this.invalidate();
    }

    #checkAges() {
      const older = this.glides.countOlder(this.clock() / 1000, workersView.OLD_S);
      if (older !== this.older) this.invalidate();
      this.older = older;
    }

    /** Shows only some presences and roles (names, null for all). */
    setFilter({ presences = null, roles = null } = {}) {
      this.presences = workersView.presenceMask(presences);
      this.roles = workersView.maskOf(roles, signs.ROLES);
      this.invalidate();
    }

    /** Hidden they keep following the table, and their context: a wall shows and hides them every minute for weeks. */
    setShown(shown) {
      this.shown = shown;
      this.invalidate();
    }

    isEmpty() {
      return !this.shown;
    }

    /** Far away: "donuts" (a ring per region, drawn by another layer), "dots", or "auto". */
    setFar(mode) {
      this.far = mode;
      this.invalidate();
    }

    setSelected(id) {
      this.selected = id;
      this.#findChosen();
      this.invalidate();
    }

    /** Workers drawn larger close up (the nearest of an order…); `ringed`: those with a ring. */
    setChosen(ids, ringed = []) {
      this.chosenIds = ids;
      this.ringedIds = ringed;
      this.#findChosen();
      this.invalidate();
    }

    #findChosen() {
      const ids = this.selected === null ? this.chosenIds : [...this.chosenIds, this.selected];
      if (ids.length || this.glides.chosen.size) this.glides.choose(this.#slotsOf(ids));
    }

    #slotsOf(ids) {
      return ids.map((id) => this.table.slotOf.get(id)).filter((slot) => slot !== undefined && this.glides.visible(slot));
    }

    setSignSize(size) {
      this.signSize = size;
      this.atlasPixels = 0;
      this.invalidate();
    }

    // --- drawing --------------------------------------------------------------------------------------------------------------

    /** What is drawn now: where, how large, from which masks. */
    scene() {
      const view = this.view();
      const [x, y] = this.glides.origin ?? [0, 0];
      const largest = this.painter.largestPoint / signs.CELL_UNITS / this.ratio;
      return {
        ...workersView.sizes(view.mpp, this.signSize, largest), size: view.size, scale: view.scale,
        offset: [(x - view.x) * view.scale, (y - view.y) * view.scale], clock: this.glides.clock(this.nowS()),
        oldBefore: this.clock() / 1000 - workersView.OLD_S - this.glides.originFixedS, mpp: view.mpp,
        rings: workersView.isRings(this.far, view.mpp, this.table.count, view.size), presences: this.presences, roles: this.roles,
        ringed: this.#slotsOf(this.selected === null ? this.ringedIds : [...this.ringedIds, this.selected]),
      };
    }

    lay() {
      this.pace = null;
      super.lay();
    }

    redraw() {
      if (!this.painter || this.painter.lost || !this.size) return;
      if (this.isEmpty() !== this.empty) this.fitCanvas();
      if (this.empty) return void this.drawn();
      this.#prepareAtlas();
      const scene = this.scene();
      this.painter.draw(this.glides, scene, this.ratio);
      this.pictures += 1;
      this.drawn();
      if (scene.clock < this.glides.endS) this.#goOn(scene);
    }

    #prepareAtlas() {
      // room for signs drawn larger, as far as a texture goes
      const pixels = Math.min(2 * this.ratio * this.signSize, (this.painter.largestSide ?? Infinity) / ATLAS_UNITS - 1);
      if (pixels === this.atlasPixels) return;
      this.atlasPixels = pixels;
      this.painter.setAtlas(signs.atlas(pixels, gridhall.palette.read()));
    }

    /** Plans the next picture: when those on the screen have visibly moved on. Nothing is planned while nobody there moves. */
    #goOn(scene) {
      clearTimeout(this.timer);
      this.timer = null;
      if (this.frame) return;
      this.pace ??= this.glides.pace(boxOf(scene), scene.clock);
      const { fastest, crowd } = this.pace;
      const least = this.painter instanceof gridhall.workersGl.WorkersCanvas ? CANVAS_MS : undefined;
      const wait = workersView.waitFor({ fastest: fastest * scene.scale, crowd: crowd * scene.scale }, least);
      if (wait === null) return;
      if (wait < 20) return void this.invalidate();
      this.timer = setTimeout(() => {
        this.timer = null;
        this.invalidate();
      }, wait - 8);
    }

    /**
     * Signs drawn now with their places on the map container and their radius, px: arrays `{ids (slots), xs, ys, reach}`; only those
     * in `box` (left, top, right, bottom on the container), by default all that are on the map.
     */
    places(box = null) {
      const found = { ids: [], xs: [], ys: [], reach: [] };
      if (!this.glides.origin || !this._map || !this.painter || !this.shown) return found;
      const { glides } = this;
      const scene = this.scene();
      const corner = this._map.layerPointToContainerPoint(this.corner);
      const { x: width, y: height } = this._map.getSize();
      const [left, top, right, bottom] = box ?? [0, 0, width, height];
      const spot = [0, 0];
      for (let slot = 0; slot < glides.slots; slot += 1) {
        const look = glides.data[slot * STRIDE + LOOK];
        if (look < 0) continue;
        glides.placeInto(spot, slot, scene.clock);
        const x = spot[0] * scene.scale + scene.offset[0] + corner.x;
        const y = spot[1] * scene.scale + scene.offset[1] + corner.y;
        if (x < left || y < top || x > right || y > bottom || !workersView.isShown(look, scene)) continue;
        found.ids.push(slot);
        found.xs.push(x);
        found.ys.push(y);
        found.reach.push(workersView.reachOf(look, scene));
      }
      return found;
    }
  }

  /** The canvas in Mercator, relative to the glides' origin. */
  function boxOf({ size, scale, offset }) {
    const [left, top] = [-offset[0] / scale, -offset[1] / scale];
    return [left, top, left + size.x / scale, top + size.y / scale];
  }

  gridhall.layers.WorkersLayer = WorkersLayer;
});
