/**
 * The layer of all workers: fed by the live table, drawn by WebGL 2, or by the processor into a 2D canvas where no graphics card
 * would do it; only while something visibly moves.
 */
gridhall.leaflet.ready((L) => {
  "use strict";

  const { Glides, signs, workersView } = gridhall;
  const { STRIDE, LOOK } = gridhall.glides;
  const EDGE_PX = 32; // a point whose middle is off the canvas is not drawn at all: its middle is kept on
  const AGE_CHECK_MS = 5000;
  const SHARE = 0.05; // of the page's time that the processor may spend on pictures of a glide
  const GIVE_UP_MS = 8000; // a lost context that has not come back by then is not waited for
  const ATLAS_UNITS = signs.CELL_UNITS * signs.COLUMNS;
  const LARGEST_AREA = 2 ** 27; // device px

  class WorkersLayer extends gridhall.layers.CanvasLayer {
    /** `table`: the live worker table; `clock()`: the server's time, ms; `motion`: glide or cut; `painter`: "gl" or "pixels". */
    initialize({ table, clock, motion = true, size = 1, painter = null }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-workers", zIndex: 420, margin: EDGE_PX });
      Object.assign(this, { table, clock, motion, signSize: size, glides: new Glides(), selected: null, wanted: painter });
      Object.assign(this, { chosenIds: [], ringedIds: [], far: "dots", shown: true, drawn: () => {}, older: 0, pictures: 0 });
      this.setFilter();
    }

    getEvents() {
      const events = super.getEvents();
      events.move = this.lay; // cheap enough to draw with every step of a drag: no empty margin
      events.zoom = () => {
        if (this.painter.late) this.scaleTo(this._map.getCenter(), this._map.getZoom());
        this.lay();
      };
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
        if (this.wanted === "pixels") throw new Error("as asked for");
        const painter = new gridhall.workersGl.WorkersGl(canvas, this.wanted === "gl");
        canvas.addEventListener("webglcontextlost", (event) => this.#lose(event, painter));
        canvas.addEventListener("webglcontextrestored", () => this.#restore(painter));
        return painter;
      } catch (error) {
        return this.#painterWithoutGl(error.message);
      }
    }

    #painterWithoutGl(reason) {
      console.info(`gridhall: drawing workers without WebGL (${reason})`);
      try {
        return new gridhall.workersAside.WorkersAside(this.#anotherCanvas(), (failed) => this.#giveUp(failed, true));
      } catch (error) {
        return this.#painterOfPage(error.message);
      }
    }

    #painterOfPage(reason) {
      console.info(`gridhall: drawing workers in the page (${reason})`);
      return new gridhall.workersAside.WorkersCanvas(this.#anotherCanvas());
    }

    /** A canvas that was asked for one context gives no other: another takes its place. */
    #anotherCanvas() {
      const { canvas } = this;
      this.canvas = canvas.cloneNode();
      this.stands = null;
      canvas.replaceWith(this.canvas);
      return this.canvas;
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

    #giveUp(reason, threads = false) {
      if (!this.painter) return;
      this.painter.destroy();
      this.painter = threads ? this.#painterOfPage(reason) : this.#painterWithoutGl(reason);
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
      if (!this.painter || this.painter.lost || !this.hasView()) return;
      if (this.isEmpty() !== this.empty) this.fitCanvas();
      if (this.empty) return void this.drawn();
      this.#prepareAtlas();
      const scene = this.scene();
      const { painter, laid } = this;
      const [width, height] = [Math.floor(this.size.x * this.ratio), Math.floor(this.size.y * this.ratio)];
      painter.draw(this.glides, scene, { width, height, ratio: this.ratio }, laid, (pace) => {
        if (painter === this.painter) this.#show(painter, laid, scene, pace);
      });
    }

    /** Of a late painter: pictures bring the canvas to their place, so that signs stay on their streets. */
    stand(laid) {
      this.laid = laid;
      if (!this.painter?.late || !this.stands) super.stand(laid);
    }

    fitCanvas() {
      if (!this.painter?.late) return void super.fitCanvas();
      this.ratio = gridhall.canvases.fitRatio(this.size, globalThis.devicePixelRatio || 1, this.limits());
      this.empty = this.isEmpty();
      this.canvas.style.display = this.empty ? "none" : "block";
    }

    /** A picture is drawn; `pace`, where the painter has found it out: that of its scene. */
    #show(painter, laid, scene, pace = null) {
      if (painter.late) this.#bring(painter.canvas, laid);
      this.pictures += 1;
      this.drawn();
      if (pace) this.pace = pace;
      if (scene.clock < this.glides.endS) this.#goOn(scene);
    }

    #bring(canvas, laid) {
      this.canvas = canvas;
      canvas.style.display = this.isEmpty() ? "none" : "block";
      [canvas.style.width, canvas.style.height] = [`${laid.size.x}px`, `${laid.size.y}px`];
      super.stand(laid);
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
      this.pace ??= this.glides.pace(workersView.boxOf(scene), scene.clock);
      const { fastest, crowd } = this.pace;
      const least = this.painter.costMs && this.painter.costMs / SHARE;
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
      if (!this.glides.origin || !this.hasView() || !this.painter || !this.shown) return found;
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

  gridhall.layers.WorkersLayer = WorkersLayer;
});
