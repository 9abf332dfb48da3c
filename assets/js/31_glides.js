/**
 * How workers move on the screen: each glides from where it is shown to its newest fix, for as long as the two fixes lie apart but
 * at most 12 s, and then stands. Nothing is extrapolated. One flat array, ready for the graphics card.
 */
(function (gridhall) {
  "use strict";

  const STRIDE = 9;
  const [FROM_X, FROM_Y, TO_X, TO_Y, START, SPAN, HEADING, FIXED, LOOK] = Array(STRIDE).keys();
  const HIDDEN = -1;
  const NO_HEADING = 1000;
  const CHOSEN = 64; // added to the look
  const LONGEST_S = 12;
  const SHORTEST_S = 0.5;
  const CUT_M = 500; // nobody is seen to glide farther than this between two fixes
  const STALE_S = 90; // after so long without a fix a worker is put, not moved, unless it is near
  const NEAR_M = 60;
  const REBASE_S = 4096; // 32-bit seconds stay exact to 0.5 ms
  const BLOCK = 64; // slots that are marked as changed together
  const MANY_RANGES = 64; // more uploads than that cost more than one big one

  const UNKNOWN = 65535;
  const NO_PLACE = 2147483647;
  const RADIANS = Math.PI / 180;
  const SOS = 4; // of the table's flags: the alarm button was pressed
  const UNSEEN = gridhall.signs.PRESENCES.indexOf("unseen");
  const PACE_CLASSES = 40; // a class for each factor of √2, from SLOWEST_MPS on
  const SLOWEST_MPS = 0.01;

  /** The class of a speed on the ground: not slower than every speed in it is `SLOWEST_MPS` × √2 to the power of the class. */
  const paceClass = (mps) => Math.min(PACE_CLASSES - 1, Math.max(0, Math.ceil(2 * Math.log2(mps / SLOWEST_MPS))));

  /** Role + 8 × state: the state is the presence, or an alarm, which hides it. */
  function lookOf({ role, presence, flags }, slot) {
    const alarmed = flags !== undefined && (flags[slot] & SOS) !== 0 && presence[slot] !== UNSEEN;
    return role[slot] + 8 * (alarmed ? gridhall.signs.ALARM : presence[slot]);
  }

  class Glides {
    constructor() {
      this.data = new Float32Array(0);
      this.chosen = new Set(); // slots
      this.plane = null;
      this.origin = null; // Mercator x, y that the places are relative to
      this.originFixedS = 0;
      this.endS = 0; // when the last glide ends
      this.paces = new Uint32Array(PACE_CLASSES);
      this.slots = 0;
      this.metres = 1;
      this.dirty = new Uint8Array(0); // per block of slots: changed since `takeDirty`
      this.timeBase = null;
    }

    #reserve(slots) {
      this.slots = Math.max(this.slots, slots);
      if (slots * STRIDE <= this.data.length) return;
      const data = new Float32Array(2 ** Math.ceil(Math.log2(Math.max(1024, slots))) * STRIDE);
      for (let i = LOOK; i < data.length; i += STRIDE) data[i] = HIDDEN;
      data.set(this.data);
      this.data = data;
      this.dirty = new Uint8Array(data.length / STRIDE / BLOCK).fill(1);
    }

    #touch(slot) {
      this.dirty[Math.floor(slot / BLOCK)] = 1;
    }

    #anchor(lon, lat, fixedS) {
      this.plane = gridhall.geo.planeAt(lon, lat);
      this.origin = this.plane.origin;
      this.originFixedS = fixedS;
      this.metres = this.plane.metres;
    }

    /** Seconds on the layer's own clock, small enough for 32 bits. */
    clock(nowS) {
      this.timeBase ??= nowS;
      const since = nowS - this.timeBase;
      if (since < REBASE_S) return since;
      this.timeBase = nowS;
      for (let i = START; i < this.slots * STRIDE; i += STRIDE) this.data[i] -= since;
      this.endS -= since;
      this.dirty.fill(1);
      return 0;
    }

    /** Share of its way that a slot has gone at `clockS`, 0…1. */
    share(slot, clockS) {
      const at = slot * STRIDE;
      const span = this.data[at + SPAN];
      return span > 0 ? Math.min(1, Math.max(0, (clockS - this.data[at + START]) / span)) : 1;
    }

    /** Where a slot is shown at `clockS`, relative to the origin, into `spot`. */
    placeInto(spot, slot, clockS) {
      const at = slot * STRIDE;
      const done = this.share(slot, clockS);
      const { data } = this;
      spot[0] = data[at + FROM_X] + (data[at + TO_X] - data[at + FROM_X]) * done;
      spot[1] = data[at + FROM_Y] + (data[at + TO_Y] - data[at + FROM_Y]) * done;
    }

    /** Mercator x and y where a slot is shown at `clockS`. */
    shown(slot, clockS) {
      const spot = [0, 0];
      this.placeInto(spot, slot, clockS);
      return [this.origin[0] + spot[0], this.origin[1] + spot[1]];
    }

    visible(slot) {
      return this.data[slot * STRIDE + LOOK] !== HIDDEN;
    }

    /**
     * Takes changed rows of the worker table. `change` is what the table's "rows" event brings; `cut` puts everybody at once.
     * Returns true when something is to be drawn anew.
     */
    take(table, change, nowS, cut = false) {
      const clockS = this.clock(nowS);
      if (change.renewed) this.#hideAll();
      this.#reserve(table.slots);
      for (const slot of change.gone) this.#hide(slot);
      this.#moveAll(table, change.slots, clockS, cut || change.renewed);
      return change.slots.length > 0 || change.gone.length > 0 || change.renewed;
    }

    #hideAll() {
      for (let slot = 0; slot < this.slots; slot += 1) this.#hide(slot);
    }

    #hide(slot) {
      this.data[slot * STRIDE + LOOK] = HIDDEN;
      this.chosen.delete(slot);
      this.#touch(slot);
    }

    /** The hot path of every frame: no allocation, no trigonometry, plain numbers all the way. */
    #moveAll(table, slots, clockS, cut) {
      const { alive, columns } = table;
      for (let i = 0; i < slots.length; i += 1) if (alive[slots[i]]) this.#move(columns, slots[i], clockS, cut);
    }

    #move(columns, slot, clockS, cut) {
      const lon = columns.lon[slot];
      const fixedAt = columns.fixed_s[slot];
      if (!fixedAt || lon === NO_PLACE) return void this.#hide(slot);
      if (!this.plane) this.#anchor(lon, columns.lat[slot], fixedAt);
      const { data } = this;
      const at = slot * STRIDE;
      const x = Math.fround(this.plane.x(lon));
      const y = Math.fround(this.plane.y(columns.lat[slot]));
      const fixed = fixedAt - this.originFixedS;
      const heading = columns.heading[slot];
      if (data[at + LOOK] === HIDDEN || cut) this.#put(at, x, y, clockS);
      else if (x !== data[at + TO_X] || y !== data[at + TO_Y]) this.#send(at, x, y, fixed - data[at + FIXED], clockS);
      data[at + FIXED] = fixed;
      data[at + HEADING] = heading === UNKNOWN ? NO_HEADING : heading * RADIANS;
      data[at + LOOK] = lookOf(columns, slot) + (this.chosen.size && this.chosen.has(slot) ? CHOSEN : 0);
      this.#touch(slot);
    }

    #put(at, x, y, clockS) {
      this.data[at + FROM_X] = this.data[at + TO_X] = x;
      this.data[at + FROM_Y] = this.data[at + TO_Y] = y;
      this.data[at + START] = clockS;
      this.data[at + SPAN] = 0;
    }

    #send(at, x, y, apartS, clockS) {
      const { data } = this;
      const spanBefore = data[at + SPAN];
      const done = spanBefore > 0 ? Math.min(1, Math.max(0, (clockS - data[at + START]) / spanBefore)) : 1;
      const fromX = data[at + FROM_X] + (data[at + TO_X] - data[at + FROM_X]) * done;
      const fromY = data[at + FROM_Y] + (data[at + TO_Y] - data[at + FROM_Y]) * done;
      const metres = Math.sqrt((x - fromX) * (x - fromX) + (y - fromY) * (y - fromY)) * this.metres;
      if (metres > CUT_M || (apartS > STALE_S && metres > NEAR_M)) return void this.#put(at, x, y, clockS);
      const span = Math.min(LONGEST_S, Math.max(SHORTEST_S, apartS));
      data[at + FROM_X] = fromX;
      data[at + FROM_Y] = fromY;
      data[at + TO_X] = x;
      data[at + TO_Y] = y;
      data[at + START] = clockS;
      data[at + SPAN] = span;
      if (clockS + span > this.endS) this.endS = clockS + span;
    }

    /**
     * How fast those glide at `clockS` who are in `box` (Mercator left, top, right, bottom relative to the origin): `{fastest,
     * crowd}`, Mercator units a second; `crowd` is what all but one in a hundred do not exceed. Both 0 when nobody moves there.
     */
    pace([left, top, right, bottom], clockS) {
      const { data } = this;
      let count = 0;
      let fastest = 0;
      this.paces.fill(0);
      for (let at = 0; at < this.slots * STRIDE; at += STRIDE) {
        const span = data[at + SPAN];
        if (!(span > 0) || data[at + START] + span <= clockS || data[at + LOOK] < 0) continue;
        const x = data[at + TO_X];
        const y = data[at + TO_Y];
        if (x < left || y < top || x > right || y > bottom) continue;
        const [dx, dy] = [x - data[at + FROM_X], y - data[at + FROM_Y]];
        const speed = Math.sqrt(dx * dx + dy * dy) / span;
        if (speed > fastest) fastest = speed;
        this.paces[paceClass(speed * this.metres)] += 1;
        count += 1;
      }
      return { fastest, crowd: Math.min(fastest, this.#crowdPace(count)) };
    }

    #crowdPace(count) {
      let left = Math.floor(count / 100);
      for (let pace = this.paces.length - 1; pace >= 0; pace -= 1) {
        left -= this.paces[pace];
        if (left < 0) return (2 ** (pace / 2) * SLOWEST_MPS) / this.metres;
      }
      return 0;
    }

    /** Marks some slots as chosen (drawn larger close up). */
    choose(slots) {
      const before = this.chosen;
      this.chosen = new Set(slots);
      for (const slot of new Set([...before, ...this.chosen])) {
        const at = slot * STRIDE + LOOK;
        if (!(this.data[at] >= 0)) continue;
        this.data[at] = (this.data[at] % CHOSEN) + (this.chosen.has(slot) ? CHOSEN : 0);
        this.#touch(slot);
      }
    }

    /** How many fixes are older than `ageS` at `nowS` (epoch seconds of the server's clock). */
    countOlder(nowS, ageS) {
      const before = nowS - ageS - this.originFixedS;
      let count = 0;
      for (let at = 0; at < this.slots * STRIDE; at += STRIDE) if (this.data[at + LOOK] >= 0 && this.data[at + FIXED] < before) count += 1;
      return count;
    }

    /** Ranges of slots `[first, end]` that changed since the last call; a few, or one that covers them all. */
    takeDirty() {
      const ranges = [];
      const blocks = Math.ceil(this.slots / BLOCK);
      for (let block = 0; block < blocks; block += 1) {
        if (!this.dirty[block]) continue;
        const last = ranges.at(-1);
        const end = Math.min(this.slots, (block + 1) * BLOCK);
        if (last && last[1] === block * BLOCK) last[1] = end;
        else ranges.push([block * BLOCK, end]);
      }
      this.dirty.fill(0);
      return ranges.length > MANY_RANGES ? [[ranges[0][0], ranges.at(-1)[1]]] : ranges;
    }
  }

  gridhall.Glides = Glides;
  gridhall.glides = {
    STRIDE, FROM_X, FROM_Y, TO_X, TO_Y, START, SPAN, HEADING, FIXED, LOOK, HIDDEN, NO_HEADING, CHOSEN, LONGEST_S, CUT_M,
  };
})((globalThis.gridhall ??= {}));
