"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");

const load = require("./load.js");

globalThis.ImageData ??= class {
  constructor(width, height) {
    Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
  }
};
const { Glides, glides: { STRIDE }, workersPixels: { Plate, WorkersPixels, over, spriteOf } } = load("30_signs", "12_geo", "31_glides", "36_workers_view", "39_workers_pixels");

const RED = 0xff0000ff | 0;
const image = (width, height) => new ImageData(width, height);

/** A square sign of `side` px around its place. */
function square(side, color, stride) {
  const sprite = image(side, side);
  new Int32Array(sprite.data.buffer).fill(color);
  return spriteOf(sprite, -side / 2, -side / 2, stride);
}

test("a colour over another mixes as browsers do: opaque hides, on nothing it stands alone", () => {
  const bytes = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, pixel >>> 24];
  assert.equal(over(RED, 0xff00ff00 | 0), RED);
  assert.equal(over(0x800000ff | 0, 0), 0x800000ff | 0);
  let seed = 3;
  const random = () => (seed = (seed * 16807) % 2147483647) % 256;
  for (let round = 0; round < 2000; round += 1) {
    const [color, under] = [0, 1].map(() => (random() << 24) | (random() << 16) | (random() << 8) | random());
    const [above, below, found] = [bytes(color), bytes(under), bytes(over(color, round % 2 ? under : under | (255 << 24)))];
    const [a, b] = [above[3] / 255, round % 2 ? below[3] / 255 : 1];
    const alpha = a + b * (1 - a);
    assert.ok(Math.abs(found[3] - 255 * alpha) <= 1, `${found} of ${above} over ${below}`);
    if (alpha < 0.1) continue; // of next to nothing no colour is seen
    const colors = [0, 1, 2].map((i) => (above[i] * a + below[i] * b * (1 - a)) / alpha);
    colors.forEach((wanted, i) => assert.ok(Math.abs(found[i] - wanted) <= 1 + 0.5 / alpha, `${found} of ${above} over ${below}`));
  }
});

test("a sprite keeps only the pixels that are there, opaque and others", () => {
  const sprite = image(3, 2);
  new Int32Array(sprite.data.buffer).set([0, RED, 0, 0x80000000 | 0]);
  const { solid, soft } = spriteOf(sprite, -1, -1, 100);
  assert.deepEqual([[...solid.offsets], [...solid.colors]], [[-100], [RED]]);
  assert.deepEqual([[...soft.offsets], [...soft.colors]], [[-1], [0x80000000 | 0]]);
});

test("signs lie where they stand, over the margin too, and a wiped plate holds none", () => {
  const plate = new Plate(50, 30, 40);
  const sprites = [square(6, RED, plate.stride), square(10, 0x8000ff00 | 0, plate.stride)];
  const at = (x, y) => plate.pixels[(y + plate.margin) * plate.stride + x + plate.margin];
  for (const [x, y, held] of [[-20, 5, false], [-19, 5, true], [69, 49, true], [70, 5, false], [5, 50, false]]) assert.equal(plate.holds(x, y), held);
  plate.stamp(sprites[0], 10, 10);
  plate.stamp(sprites[1], 69, 49);
  assert.deepEqual([at(7, 7), at(12, 12), at(13, 12), at(6, 7)], [RED, RED, 0, 0]);
  assert.deepEqual([at(69, 49), at(64, 44)], [0x8000ff00 | 0, 0x8000ff00 | 0]);
  plate.stamp(sprites[1], 10, 10);
  assert.equal(at(10, 10), over(0x8000ff00 | 0, RED));
  plate.wipe();
  assert.ok(plate.pixels.every((pixel) => pixel === 0));
});

test("the later layers lie over the earlier ones, and what is not asked for is not there", () => {
  const glides = new Glides();
  glides.data = new Float32Array(4 * STRIDE);
  glides.slots = 4;
  const worker = (slot, look, x) => glides.data.set([x, 5, x, 5, 0, 0, 1000, 0, look], slot * STRIDE);
  [worker(0, 16, 5), worker(1, 0, 5), worker(2, 24, 20), worker(3, -1, 30)];
  const scene = { scale: 1, offset: [0, 0], clock: 0, oldBefore: -1, sign: 0.2, chosenSign: 0.2, far: false, rings: false, presences: 0b0111, roles: 255, ringed: [] };
  const stamped = [];
  const pixels = new WorkersPixels(brush((left) => stamped.push(left)));
  pixels.setAtlas({ image: null, columns: 12, cellPixels: 1 });
  const plate = pixels.picture(glides, scene, { width: 50, height: 30, ratio: 1 });
  const at = (x, y) => plate.pixels[(y + plate.margin) * plate.stride + x + plate.margin];
  assert.equal(at(5, 5), (255 << 24) | 17, "out of the grid lies over moving");
  assert.deepEqual([at(20, 5), at(30, 5)], [0, 0]);
  assert.deepEqual(stamped, [0, 16 % 12], "each sign is painted once");
  pixels.picture(glides, scene, { width: 50, height: 30, ratio: 1 });
  assert.equal(stamped.length, 2);
});

/** A 2D context whose signs are single pixels of the colour cell + 1 | opaque-less 0; tells each cell's column. */
function brush(tell) {
  let painted = null;
  return {
    canvas: {}, setTransform() {},
    drawImage(_, left, top) {
      tell(left);
      painted = (255 << 24) | (top * 12 + left + 1);
    },
    getImageData(x, y, width, height) {
      const found = image(width, height);
      new Int32Array(found.data.buffer)[(height / 2) * width + width / 2] = painted;
      return found;
    },
  };
}
