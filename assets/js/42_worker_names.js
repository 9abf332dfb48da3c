/** Texts beside workers: letters of the chosen ones at every scale, names close up. Drawn with each picture of their layer. */
gridhall.leaflet.ready(() => {
  "use strict";

  const { workersView } = gridhall;
  const MOST = 120; // names; a crowd closer than that is not read anyway
  const NAME_UNITS = 16;
  const LETTER_UNITS = 22;
  const BESIDE_UNITS = 10; // from the middle of a sign to its name
  const RINGED_UNITS = 17; // to what stands outside the ring of a selection
  const LETTER_HALF = 0.36; // of its size: half a letter's width

  class WorkerNamesLayer extends gridhall.layers.CanvasLayer {
    /** `workers`: the layer whose workers are named. */
    initialize({ workers }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-worker-names", zIndex: 425, margin: 32 });
      Object.assign(this, { workers, letters: new Map(), named: new Set(), spot: [0, 0] });
    }

    getEvents() {
      const events = super.getEvents();
      events.move = events.zoom = this.lay; // as the workers themselves
      return events;
    }

    start(canvas) {
      super.start(canvas);
      this.workers.drawn = () => this.redraw();
    }

    stop() {
      this.workers.drawn = () => {};
    }

    /** Letters by worker's id. */
    setLetters(letters) {
      this.letters = letters;
      this.invalidate();
    }

    #isClose() {
      return this.view().mpp <= workersView.NAMES_MPP;
    }

    isEmpty() {
      return !this.hasView() || !this.workers.shown || !(this.letters.size || this.workers.selected !== null || this.#isClose());
    }

    redraw() {
      if (!this.hasView()) return;
      if (this.isEmpty()) this.named.clear();
      super.redraw();
    }

    draw(ctx) {
      if (!this.workers.glides.origin || !this.workers.painter) return;
      const scene = this.workers.scene();
      const colors = gridhall.palette.read();
      const room = new gridhall.labels.Labels();
      const size = this.workers.signSize;
      const style = (weight, units, more) => ({ size: units * size, font: `${weight} ${units * size}px ${colors.font}`, ...more });
      this.#letters(ctx, scene, room, style(700, LETTER_UNITS, { color: colors.t1, halo: colors.bg0, haloWidth: 3 }));
      const halo = gridhall.palette.fade(colors.land, 0.8);
      this.#names(ctx, scene, room, style(400, NAME_UNITS, { color: colors.t2, halo, haloWidth: 2.5 }));
    }

    #letters(ctx, scene, room, style) {
      for (const [id, letter] of this.letters) {
        const slot = this.workers.table.slotOf.get(id);
        const spot = slot !== undefined && this.#spot(slot, scene);
        const units = this.#isRinged(id) ? RINGED_UNITS : BESIDE_UNITS;
        if (spot) room.write(ctx, letter, spot.x + units * scene.chosenSign + LETTER_HALF * style.size, spot.y, style);
      }
    }

    #isRinged(id) {
      return id === this.workers.selected || this.workers.ringedIds.includes(id);
    }

    /** Who had a name in the picture before keeps it where there is room, so that names do not jump from one to another. */
    #names(ctx, scene, room, style) {
      const { table, selected } = this.workers;
      const close = this.#isClose();
      const shown = close ? this.#inView(scene) : [];
      const chosen = selected === null ? undefined : table.slotOf.get(selected);
      const first = shown.filter((slot) => this.named.has(slot));
      const wanted = new Set([...(chosen === undefined ? [] : [chosen]), ...first, ...shown]);
      this.named = new Set();
      for (const slot of wanted) {
        if (this.named.size >= MOST) break;
        if (this.#write(ctx, scene, room, slot, style, slot === chosen)) this.named.add(slot);
      }
    }

    #write(ctx, scene, room, slot, style, isChosen) {
      const spot = this.#spot(slot, scene);
      const text = this.workers.table.text.name?.[slot];
      if (!spot || !text) return false;
      ctx.font = style.font;
      const beside = (isChosen ? RINGED_UNITS * scene.chosenSign : BESIDE_UNITS * spot.size) + ctx.measureText(text).width / 2;
      return room.write(ctx, text, spot.x + beside, spot.y, style);
    }

    #inView(scene) {
      const { glides } = this.workers;
      const found = [];
      for (let slot = 0; slot < glides.slots && found.length < 4 * MOST; slot += 1) if (this.#spot(slot, scene)) found.push(slot);
      return found;
    }

    /** `{x, y, size}` on the canvas of a worker who is drawn on it, or null. Both canvases have the same corner. */
    #spot(slot, scene) {
      const { glides } = this.workers;
      const look = glides.data[slot * gridhall.glides.STRIDE + gridhall.glides.LOOK];
      if (!(look >= 0)) return null;
      glides.placeInto(this.spot, slot, scene.clock);
      const x = this.spot[0] * scene.scale + scene.offset[0];
      const y = this.spot[1] * scene.scale + scene.offset[1];
      if (x < 0 || y < 0 || x > scene.size.x || y > scene.size.y || !workersView.isShown(look, scene)) return null;
      return { x, y, size: look >= gridhall.glides.CHOSEN ? scene.chosenSign : scene.sign };
    }
  }

  gridhall.layers.WorkerNamesLayer = WorkerNamesLayer;
});
