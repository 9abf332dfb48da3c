"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { frames } = require("./load.js")("10_frames");

const sample = {
  table: "worker", epoch: "e1", scope: "zh:1", from: 0, to: 7, reset: true, now_ms: 5, text_for: [0, 1, 2],
  text: { id: ["a", "b", "c"], name: ["黄国华", "李", ""] },
  columns: [["slot", "u4", [0, 2, 9]], ["lon", "i4", [1131500000, -5, 2147483647]], ["heading", "u2", [0, 359, 65535]],
    ["presence", "u1", [0, 1, 6]], ["share", "f4", [0.5, 1, 2]], ["exact", "f8", [0.1, 0.2, 0.3]]],
  gone: [4, 5],
};

test("a frame comes back as it went in", () => {
  const frame = frames.decode(frames.encode(sample));
  assert.deepEqual([...frame.columns.slot], [0, 2, 9]);
  assert.deepEqual([...frame.columns.lon], [1131500000, -5, 2147483647]);
  assert.deepEqual([...frame.columns.heading], [0, 359, 65535]);
  assert.deepEqual([...frame.columns.presence], [0, 1, 6]);
  assert.deepEqual([...frame.columns.exact], [0.1, 0.2, 0.3]);
  assert.deepEqual([...frame.gone], [4, 5]);
  assert.equal(frame.text.name[0], "黄国华");
  assert.deepEqual([frame.from, frame.to, frame.reset, frame.scope], [0, 7, true, "zh:1"]);
});

test("columns are views of the frame's own memory, not copies", () => {
  const buffer = frames.encode(sample);
  const frame = frames.decode(buffer);
  for (const values of Object.values(frame.columns)) assert.equal(values.buffer, buffer);
});

test("a frame at an odd address is decoded all the same", () => {
  const bytes = new Uint8Array(frames.encode(sample));
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const frame = frames.decode(shifted.subarray(3));
  assert.deepEqual([...frame.columns.exact], [0.1, 0.2, 0.3]);
  assert.deepEqual([...frame.gone], [4, 5]);
});

test("a frame cut off at any byte is refused", () => {
  const bytes = new Uint8Array(frames.encode(sample));
  const gone = 8; // the last 8 bytes are the gone column, without padding
  for (let length = 0; length < bytes.length; length += 1) {
    assert.throws(() => frames.decode(bytes.slice(0, length)), frames.FrameError, `${length} of ${bytes.length} (${gone})`);
  }
});

test("random bytes are refused, never decoded", () => {
  for (let round = 0; round < 500; round += 1) {
    const bytes = Uint8Array.from({ length: round % 90 }, () => Math.floor(Math.random() * 256));
    assert.throws(() => frames.decode(bytes), frames.FrameError);
  }
});

test("an empty frame has no rows and no gone slots", () => {
  const frame = frames.decode(frames.encode({ ...sample, text: { id: [] }, text_for: [], columns: [["slot", "u4", []]], gone: [] }));
  assert.equal(frame.n, 0);
  assert.equal(frame.gone.length, 0);
});

test("texts that do not match the rows are refused", () => {
  assert.throws(() => frames.decode(frames.encode({ ...sample, text_for: [0] })), frames.FrameError);
  assert.throws(() => frames.decode(frames.encode({ ...sample, text_for: [0, 1, 3] })), frames.FrameError);
});

test("a deflated frame is told from a plain one and comes back as it was", async () => {
  const { deflateRawSync } = require("node:zlib");
  const plain = frames.encode({ table: "worker", epoch: "e", from: 0, to: 2, reset: true, text: { id: ["a"] }, columns: [["slot", "u4", [7]]] });
  const packed = Buffer.concat([Buffer.alloc(4), deflateRawSync(Buffer.from(plain))]);
  assert.equal(frames.isDeflated(plain), false);
  assert.equal(frames.isDeflated(packed), true);
  assert.equal(frames.isDeflated(new Uint8Array(packed)), true);
  assert.deepEqual(new Uint8Array(await frames.inflate(packed)), new Uint8Array(plain));
  await assert.rejects(frames.inflate(packed.subarray(0, packed.length - 3)), frames.FrameError);
});
