/**
 * Live tables in the browser: one typed array per column, indexed by slot. A slot keeps its row for the life of the server's epoch,
 * so that a change touches exactly what changed.
 */
(function (gridhall) {
  "use strict";

  const MAX_SLOTS = 1 << 18;

  class Gap extends Error {}

  /** Whether the slots are some neighbours in their order, without a gap. */
  function followOn(slots) {
    for (let i = 1; i < slots.length; i += 1) if (slots[i] !== slots[0] + i) return false;
    return slots.length > 0;
  }

  const nextPower = (value) => 2 ** Math.ceil(Math.log2(Math.max(64, value)));

  class Table extends gridhall.Emitter {
    constructor(name, maxSlots = MAX_SLOTS) {
      super();
      Object.assign(this, { name, maxSlots, capacity: 0, columns: {}, text: {}, overflow: 0 });
      this.alive = new Uint8Array(0);
      this.#clear(null);
    }

    #clear(epoch) {
      this.epoch = epoch;
      this.version = 0;
      this.scope = "";
      this.count = 0;
      this.slots = 0; // one more than the highest slot ever used
      this.slotOf = new Map(); // id -> slot
      this.alive.fill(0);
      for (const values of Object.values(this.text)) values.length = 0;
    }

    /** What the server needs to know to continue: `[epoch, version, scope]`; version 0: nothing held. */
    get cursor() {
      return [this.epoch ?? "", this.version, this.scope];
    }

    /** The next frame asked for will be a snapshot. The rows stay on the screen until it comes. */
    distrust() {
      this.version = 0;
    }

    #reserve(frame) {
      let top = this.slots;
      for (const slot of frame.columns.slot) if (slot >= top && slot < this.maxSlots) top = slot + 1;
      if (top > this.capacity) {
        this.capacity = nextPower(top);
        const alive = new Uint8Array(this.capacity);
        alive.set(this.alive);
        this.alive = alive;
      }
      for (const [name, values] of Object.entries(frame.columns)) {
        const old = this.columns[name];
        if (name === "slot" || (old && old.length >= this.capacity)) continue;
        this.columns[name] = new values.constructor(this.capacity);
        if (old) this.columns[name].set(old);
      }
      this.slots = top;
    }

    #remove(slot) {
      if (!this.alive[slot]) return false;
      this.alive[slot] = 0;
      this.count -= 1;
      const id = this.text.id?.[slot];
      if (this.slotOf.get(id) === slot) this.slotOf.delete(id);
      for (const values of Object.values(this.text)) values[slot] = undefined;
      return true;
    }

    #copyColumns(frame) {
      const slots = frame.columns.slot;
      const inARow = followOn(slots) && slots.at(-1) < this.maxSlots; // as when everybody has moved: one copy per column
      for (const [name, values] of Object.entries(frame.columns)) {
        if (name === "slot") continue;
        const target = this.columns[name];
        if (inARow) target.set(values, slots[0]);
        else for (let i = 0; i < slots.length; i += 1) if (slots[i] < this.maxSlots) target[slots[i]] = values[i];
      }
      for (const slot of slots) {
        if (slot >= this.maxSlots) {
          this.overflow += 1;
        } else if (!this.alive[slot]) {
          this.alive[slot] = 1;
          this.count += 1;
        }
      }
    }

    #copyText(frame) {
      const slots = frame.columns.slot;
      for (const [name, values] of Object.entries(frame.text)) {
        const target = (this.text[name] ??= []);
        for (let i = 0; i < values.length; i += 1) {
          const slot = slots[frame.text_for ? frame.text_for[i] : i];
          if (slot >= this.maxSlots) continue;
          if (name === "id") {
            if (this.slotOf.get(target[slot]) === slot) this.slotOf.delete(target[slot]);
            this.slotOf.set(values[i], slot);
          }
          target[slot] = values[i];
        }
      }
    }

    /** After a snapshot: every row that it did not name is gone. */
    #removeOthers(kept) {
      const named = new Uint8Array(this.slots);
      for (const slot of kept) named[slot] = 1;
      const gone = [];
      for (let slot = 0; slot < this.slots; slot += 1) if (!named[slot] && this.#remove(slot)) gone.push(slot);
      return gone;
    }

    /**
     * Applies one decoded frame and emits "rows" with `{slots, gone, reset, renewed}`: the slots written, those taken away, whether
     * the frame was a snapshot, and whether the slots of before mean nothing any more (another epoch).
     * Throws Gap when the frame starts after what this table holds: ask again from 0.
     */
    apply(frame) {
      const renewed = frame.epoch !== this.epoch;
      const whole = frame.reset || frame.from === 0;
      if (!whole && (renewed || frame.from > this.version)) {
        throw new Gap(`${this.name}: frame from ${frame.from} of ${frame.epoch}, held ${this.version} of ${this.epoch}`);
      }
      if (renewed) this.#clear(frame.epoch);
      this.#reserve(frame);
      let gone = Array.from(frame.gone).filter((slot) => this.#remove(slot));
      this.#copyColumns(frame);
      this.#copyText(frame);
      if (whole && !renewed) gone = gone.concat(this.#removeOthers(frame.columns.slot));
      this.version = whole ? frame.to : Math.max(this.version, frame.to);
      this.scope = frame.scope;
      this.emit("rows", { slots: frame.columns.slot, gone, reset: whole, renewed });
    }

    /** One row as an object, or null. */
    row(id) {
      const slot = this.slotOf.get(id);
      return slot === undefined ? null : this.at(slot);
    }

    at(slot) {
      if (!this.alive[slot]) return null;
      const row = { slot };
      for (const [name, values] of Object.entries(this.columns)) row[name] = values[slot];
      for (const [name, values] of Object.entries(this.text)) row[name] = values[slot];
      return row;
    }
  }

  gridhall.tables = { Table, Gap, MAX_SLOTS };
})((globalThis.gridhall ??= {}));
