/** The layer of all workers: fed by the live table, drawn by WebGL 2 (or a 2D canvas), only while something moves. */
gridhall.leaflet.ready((L) => {
  "use strict";

  const { Glides, signs, workersView } = gridhall;
  const EDGE_PX = 32; // a point whose middle is off the canvas is not drawn at all: its middle is kept on
  const AGE_CHECK_MS = 5000;
  const STEP_PX = 0.3; // a picture for every so many pixels of the fastest worker's way
  const SLOWEST_MS = 125;
  const CANVAS_MS = 250;
  const OFF_PX = 20; // a sign so far off the canvas cannot be hit

  class WorkersLayer extends gridhall.layers.CanvasLayer {
    /** `table`: the live worker table; `clock()`: the server's time, ms; `motion`: glide or cut. */
    initialize({ table, clock, motion = true, size = 1 }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-workers", zIndex: 420, margin: EDGE_PX });
      Object.assign(this, { table, clock, motion, signSize: size, glides: new Glides(), selected: null, chosenIds: [] });
      this.presences = workersView.maskOf(null, signs.PRESENCES);
      this.roles = workersView.maskOf(null, signs.ROLES);
      this.older = 0;
      this.pictures = 0;
    }

    getEvents() {
      const events = super.getEvents();
      events.move = this.lay; // cheap enough to draw with every step of a drag: no empty margin
      events.zoom = this.lay;
      return events;
    }

    start(canvas) {
      const painter = this.#painterOn(canvas);
      this.painter = painter;
      canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault();
        painter.lost = true;
      });
      canvas.addEventListener("webglcontextrestored", () => {
        painter.build();
        painter.lost = false;
        this.atlasPixels = 0;
        this.invalidate();
      });
      this.atlasPixels = 0;
      this.takeOff = this.table.on("rows", (change) => this.take(change));
      this.take({ slots: Uint32Array.from(this.table.slotOf.values()), gone: [], renewed: true });
      this.ageTimer = setInterval(() => this.#checkAges(), AGE_CHECK_MS);
    }

    stop() {
      this.takeOff();
      clearInterval(this.ageTimer);
      clearTimeout(this.timer);
      cancelAnimationFrame(this.frame);
      this.frame = null;
      this.timer = null;
      this.painter.destroy();
      this.painter = null;
    }

    #painterOn(canvas) {
      try {
        return new gridhall.workersGl.WorkersGl(canvas);
      } catch (error) {
        console.info(`gridhall: drawing workers without WebGL (${error.message})`);
        this.canvas = canvas.cloneNode(); // a canvas that was asked for WebGL gives no other context
        canvas.replaceWith(this.canvas);
        return new gridhall.workersGl.WorkersCanvas(this.canvas);
      }
    }

    nowS() {
      return performance.now() / 1000;
    }

    /** Takes changed rows. Unseen (tab in the background) and without motion, everybody is put at once. */
    take(change) {
      const cut = !this.motion || document.hidden;
      if (this.glides.take(this.table, change, this.nowS(), cut)) this.invalidate();
      if (change.renewed || change.gone.length || change.slots.length) this.#findChosen();
    }

    #checkAges() {
      const older = this.glides.countOlder(this.clock() / 1000, workersView.OLD_S);
      if (older !== this.older) this.invalidate();
      this.older = older;
    }

    /** Shows only some presences and roles (names, null for all). */
    setFilter({ presences = null, roles = null } = {}) {
      this.presences = workersView.maskOf(presences, signs.PRESENCES);
      this.roles = workersView.maskOf(roles, signs.ROLES);
      this.invalidate();
    }

    setSelected(id) {
      this.selected = id;
      this.#findChosen();
      this.invalidate();
    }

    /** Workers drawn larger close up (the nearest of an order…). */
    setChosen(ids) {
      this.chosenIds = ids;
      this.#findChosen();
      this.invalidate();
    }

    #findChosen() {
      const ids = this.selected === null ? this.chosenIds : [...this.chosenIds, this.selected];
      if (!ids.length && !this.glides.chosen.size) return;
      this.glides.choose(ids.map((id) => this.table.slotOf.get(id)).filter((slot) => slot !== undefined && this.glides.visible(slot)));
    }

    setSignSize(size) {
      this.signSize = size;
      this.atlasPixels = 0;
      this.invalidate();
    }

    /** What is drawn now: where, how large, from which masks. */
    scene() {
      const view = this.view();
      const [x, y] = this.glides.origin ?? [0, 0];
      return {
        ...workersView.sizes(view.mpp, this.signSize), size: view.size, scale: view.scale,
        offset: [(x - view.x) * view.scale, (y - view.y) * view.scale], clock: this.glides.clock(this.nowS()),
        oldBefore: this.clock() / 1000 - workersView.OLD_S - this.glides.originFixedS,
        presences: this.presences, roles: this.roles,
        selected: this.selected === null ? -1 : this.table.slotOf.get(this.selected) ?? -1,
      };
    }

    redraw() {
      if (!this.painter || this.painter.lost || !this.size) return;
      this.#prepareAtlas();
      const scene = this.scene();
      this.painter.draw(this.glides, scene, this.ratio);
      this.pictures += 1;
      if (scene.clock < this.glides.endS) this.#goOn(scene);
    }

    #prepareAtlas() {
      const pixels = 2 * this.ratio * this.signSize; // room for signs drawn larger
      if (pixels === this.atlasPixels) return;
      this.atlasPixels = pixels;
      this.painter.setAtlas(signs.atlas(pixels, gridhall.palette.read()));
    }

    /** The next picture: as soon as the fastest worker has gone a third of a pixel, and not oftener than the screen. */
    #goOn(scene) {
      if (this.timer || this.frame) return;
      const pixelsPerS = this.glides.fastest * scene.scale;
      const slow = this.painter instanceof gridhall.workersGl.WorkersCanvas ? CANVAS_MS : 0;
      const wait = Math.max(slow, Math.min(SLOWEST_MS, (1000 * STEP_PX) / Math.max(pixelsPerS, 0.001)));
      if (wait < 20) return void this.invalidate();
      this.timer = setTimeout(() => {
        this.timer = null;
        this.invalidate();
      }, wait - 8);
    }

    /** Signs drawn now with their places on the map container and their radius, px: arrays `{ids (slots), xs, ys, reach}`. */
    places() {
      const found = { ids: [], xs: [], ys: [], reach: [] };
      if (!this.glides.origin || !this._map) return found;
      const { glides, size } = this;
      const scene = this.scene();
      const corner = this._map.layerPointToContainerPoint(this.corner);
      const spot = [0, 0];
      for (let slot = 0; slot < glides.slots; slot += 1) {
        const look = glides.data[slot * gridhall.glides.STRIDE + gridhall.glides.LOOK];
        if (!workersView.isShown(look, scene)) continue;
        glides.placeInto(spot, slot, scene.clock);
        const [x, y] = [spot[0] * scene.scale + scene.offset[0], spot[1] * scene.scale + scene.offset[1]];
        if (x < -OFF_PX || y < -OFF_PX || x > size.x + OFF_PX || y > size.y + OFF_PX) continue;
        found.ids.push(slot);
        found.xs.push(x + corner.x);
        found.ys.push(y + corner.y);
        found.reach.push(workersView.reachOf(look, scene));
      }
      return found;
    }
  }

  gridhall.layers.WorkersLayer = WorkersLayer;
});
