/**
 * Draws all workers pixel by pixel, without a graphics card. Signs are painted once per look, heading and half pixel, and then
 * copied. Runs in a page or beside it, in a thread of its own (39_workers_thread.js): knows no document.
 */
(function (gridhall) {
  "use strict";

  const { CHOSEN, HEADING, FIXED, LOOK, STRIDE, NO_HEADING } = gridhall.glides;
  const { CELL_UNITS, RING, WEDGE } = gridhall.signs;
  const STEPS = 2; // places within a pixel, in each direction
  const PHASES = STEPS * STEPS;
  const TURNS = 32; // headings that are told apart
  const LOOKS = 2 * CHOSEN;
  const NOWHERE = 255; // a layer
  const SPRITES = LOOKS * 2 * (TURNS + 1) * PHASES;

  // Pixels are those of ImageData, not premultiplied, as 32 bits with a sign (0xAABBGGRR): plain integers to the engine.
  const alphaOf = (pixel) => pixel >>> 24;
  /** n / 255, rounded, of what two bytes multiplied and added give. */
  const by255 = (n) => ((n + 128) * 257) >>> 16;

  /** One colour laid over another. */
  function over(color, under) {
    const a = alphaOf(color);
    const b = alphaOf(under);
    if (a === 255 || b === 0) return color;
    return b === 255 ? overSolid(color, under, a) : overSoft(color, under, a, b);
  }

  function overSolid(color, under, a) {
    const rest = 255 - a;
    const red = by255((color & 255) * a + (under & 255) * rest);
    const green = by255(((color >> 8) & 255) * a + ((under >> 8) & 255) * rest);
    const blue = by255(((color >> 16) & 255) * a + ((under >> 16) & 255) * rest);
    return -16777216 | (blue << 16) | (green << 8) | red;
  }

  function overSoft(color, under, a, b) {
    const kept = by255(b * (255 - a));
    const alpha = a + kept;
    const half = alpha >> 1;
    const red = (((color & 255) * a + (under & 255) * kept + half) / alpha) | 0;
    const green = ((((color >> 8) & 255) * a + ((under >> 8) & 255) * kept + half) / alpha) | 0;
    const blue = ((((color >> 16) & 255) * a + ((under >> 16) & 255) * kept + half) / alpha) | 0;
    return (alpha << 24) | (blue << 16) | (green << 8) | red;
  }

  /** A painted sign as the pixels of it that are there, the opaque ones apart from the others; its place is left and above. */
  function spriteOf({ data, width }, left, top, stride) {
    const pixels = new Int32Array(data.buffer);
    const there = [...pixels.keys()].filter((at) => alphaOf(pixels[at]));
    const part = (wanted) => {
      const found = there.filter((at) => (alphaOf(pixels[at]) === 255) === wanted);
      const offsets = Int32Array.from(found, (at) => (Math.floor(at / width) + top) * stride + (at % width) + left);
      return { offsets, colors: Int32Array.from(found, (at) => pixels[at]) };
    };
    return { solid: part(true), soft: part(false) };
  }

  /** A picture with a margin that nobody sees, so that no sign is cut. */
  class Plate {
    constructor(width, height, margin) {
      Object.assign(this, { width, height, margin, stride: width + 2 * margin });
      this.image = new ImageData(this.stride, height + 2 * margin);
      this.pixels = new Int32Array(this.image.data.buffer);
    }

    wipe() {
      this.pixels.fill(0);
    }

    /** Whether a place is so near to the plate that a sign there may be seen. */
    holds(x, y) {
      const { margin } = this;
      return x > -margin / 2 && y > -margin / 2 && x < this.width + margin / 2 && y < this.height + margin / 2;
    }

    /** Lays a sprite, none of which is farther from its place than half the margin, at whole pixels that the plate holds. */
    stamp({ solid, soft }, x, y) {
      const at = (y + this.margin) * this.stride + x + this.margin;
      const { pixels } = this;
      for (let { offsets, colors } = solid, i = 0; i < offsets.length; i += 1) pixels[at + offsets[i]] = colors[i];
      for (let { offsets, colors } = soft, i = 0; i < offsets.length; i += 1) {
        const to = at + offsets[i];
        pixels[to] = over(colors[i], pixels[to]);
      }
    }
  }

  class WorkersPixels {
    /** `brush`: a 2D context of a canvas that signs are painted on. */
    constructor(brush) {
      this.brush = brush;
      this.sprites = new Array(SPRITES);
      this.rings = new Array(PHASES);
      this.order = { slots: new Uint32Array(0), layers: new Uint8Array(0), xs: new Float32Array(0), ys: new Float32Array(0) };
      this.ends = new Uint32Array(gridhall.workersView.LAYERS + 1);
    }

    /** `image`: what can be drawn, with all signs on it; see signs.atlas. */
    setAtlas({ image, columns, cellPixels }) {
      this.atlas = { image, columns, cellPixels };
      this.made = "";
    }

    /** A picture of `width` × `height` device px, as the plate that it stands on: its image has a margin around it. */
    picture(glides, scene, { width, height, ratio }) {
      this.#prepare(scene, width, height, ratio);
      this.plate.wipe();
      this.#stamp(glides, scene, this.#sort(glides, scene, ratio));
      this.#ringsOf(glides, scene, ratio);
      return this.plate;
    }

    /** A plate of the picture's size; sprites are made anew when signs look otherwise. */
    #prepare(scene, width, height, ratio) {
      const { sign, chosenSign, far } = scene;
      const made = [width, height, ratio, sign, chosenSign, far].join();
      if (made === this.made) return;
      Object.assign(this, { made, ratio });
      this.sprites.fill(undefined);
      this.rings.fill(undefined);
      const margin = 2 * Math.ceil((CELL_UNITS / 2) * Math.max(sign, chosenSign) * ratio + 2);
      const { plate } = this;
      if (!plate || plate.width !== width || plate.height !== height || plate.margin < margin) this.plate = new Plate(width, height, margin);
    }

    /** Who is in the picture, where, and in which layer: `order.slots`, the layers one after the other. How many. */
    #sort(glides, scene, ratio) {
      const { order, ends, plate } = this;
      if (order.layers.length < glides.slots) {
        const size = 2 * glides.slots;
        Object.assign(order, { slots: new Uint32Array(size), layers: new Uint8Array(size), xs: new Float32Array(size), ys: new Float32Array(size) });
      }
      const { slots, layers, xs, ys } = order;
      const [scale, left, top] = [scene.scale * ratio, scene.offset[0] * ratio, scene.offset[1] * ratio];
      const spot = [0, 0];
      const { isShown, layerOf } = gridhall.workersView;
      ends.fill(0);
      for (let slot = 0; slot < glides.slots; slot += 1) {
        const code = glides.data[slot * STRIDE + LOOK];
        layers[slot] = NOWHERE;
        if (!isShown(code, scene)) continue;
        glides.placeInto(spot, slot, scene.clock);
        const x = spot[0] * scale + left;
        const y = spot[1] * scale + top;
        if (!plate.holds(x, y)) continue;
        xs[slot] = x;
        ys[slot] = y;
        layers[slot] = layerOf(code);
        ends[layers[slot] + 1] += 1;
      }
      for (let layer = 1; layer < ends.length; layer += 1) ends[layer] += ends[layer - 1];
      for (let slot = 0; slot < glides.slots; slot += 1) if (layers[slot] !== NOWHERE) slots[ends[layers[slot]]++] = slot;
      return ends.at(-1);
    }

    #stamp(glides, scene, count) {
      const { plate, order: { slots, xs, ys } } = this;
      for (let i = 0; i < count; i += 1) {
        const slot = slots[i];
        const x = Math.floor(xs[slot] * STEPS);
        const y = Math.floor(ys[slot] * STEPS);
        plate.stamp(this.#spriteAt(glides, slot, scene, x & 1, y & 1), x >> 1, y >> 1);
      }
    }

    #spriteAt(glides, slot, scene, halfX, halfY) {
      const at = slot * STRIDE;
      const look = glides.data[at + LOOK];
      const small = gridhall.workersView.isSmall(look, scene);
      const code = small ? look - (look % 8) : look; // a dot shows no role
      const heading = glides.data[at + HEADING];
      const old = glides.data[at + FIXED] < scene.oldBefore ? 1 : 0;
      const turned = !small && code % CHOSEN < 8 && heading < NO_HEADING;
      const turn = turned ? 1 + (Math.round((heading / (2 * Math.PI)) * TURNS) % TURNS) : 0;
      const key = (((code * 2 + old) * (TURNS + 1) + turn) * STEPS + halfY) * STEPS + halfX;
      return (this.sprites[key] ??= this.#make(gridhall.workersView.lookOf(glides, slot, scene), turn, halfX, halfY));
    }

    #make(look, turn, halfX, halfY) {
      const cells = [[look.cell, 0]];
      if (look.heading !== null) cells.push([WEDGE, ((turn - 1) / TURNS) * 2 * Math.PI]);
      return this.#painted(cells, look.size, look.opacity, halfX, halfY);
    }

    #ringsOf(glides, scene, ratio) {
      const spot = [0, 0];
      for (const slot of scene.ringed) {
        glides.placeInto(spot, slot, scene.clock);
        const [x, y] = [0, 1].map((axis) => Math.floor((spot[axis] * scene.scale + scene.offset[axis]) * ratio * STEPS));
        if (!this.plate.holds(x / STEPS, y / STEPS)) continue;
        const sprite = (this.rings[(y & 1) * STEPS + (x & 1)] ??= this.#painted([[RING, 0]], scene.chosenSign, 1, x & 1, y & 1));
        this.plate.stamp(sprite, x >> 1, y >> 1);
      }
    }

    /** Cells of the atlas, turned, one over the other, as a sprite whose place is so many half pixels inside its pixel. */
    #painted(cells, size, opacity, halfX, halfY) {
      const { brush, ratio, atlas: { image, columns, cellPixels } } = this;
      const units = CELL_UNITS * size;
      const half = Math.ceil((units * ratio) / 2) + 1;
      brush.canvas.width = brush.canvas.height = 2 * half; // which clears it
      brush.globalAlpha = opacity;
      for (const [cell, turn] of cells) {
        const [cos, sin] = [ratio * Math.cos(turn), ratio * Math.sin(turn)];
        brush.setTransform(cos, sin, -sin, cos, half + halfX / STEPS + 1 / (2 * STEPS), half + halfY / STEPS + 1 / (2 * STEPS));
        const [left, top] = [(cell % columns) * cellPixels, Math.floor(cell / columns) * cellPixels];
        brush.drawImage(image, left, top, cellPixels, cellPixels, -units / 2, -units / 2, units, units);
      }
      return spriteOf(brush.getImageData(0, 0, 2 * half, 2 * half), -half, -half, this.plate.stride);
    }
  }

  gridhall.workersPixels = { WorkersPixels, Plate, over, spriteOf };
})((globalThis.gridhall ??= {}));
