/**
 * Frames of the live tables: bytes -> typed arrays.
 *
 * Layout, little endian: u32 length of the header; the header, UTF-8 JSON padded with spaces so that the columns start at a
 * multiple of 8; the columns of `header.n` rows in the order of `header.cols`, each padded to a multiple of 8; last a column of
 * `header.gone` u4 slots that left this client's view.
 *
 * A length of 0 says that what follows is such a frame deflated (RFC 1951), as large ones are.
 */
(function (gridhall) {
  "use strict";

  const TYPES = {
    u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array, f8: Float64Array,
  };
  const MAX_ROWS = 1 << 20;

  class FrameError extends Error {}

  const utf8 = new TextDecoder("utf-8", { fatal: true });

  const bytesOf = (data) => (data instanceof Uint8Array ? data : new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength));
  const isDeflated = (data) => bytesOf(data).length > 4 && bytesOf(data).subarray(0, 4).every((byte) => byte === 0);

  /** The frame as it was before it was deflated; a promise. Rejects with FrameError. */
  async function inflate(data) {
    try {
      const stream = new Blob([bytesOf(data).subarray(4)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
      return await new Response(stream).arrayBuffer();
    } catch (error) {
      throw new FrameError(`deflated frame: ${error.message}`);
    }
  }

  /** A view of `length` values at `at`: no copy when the address allows it, one when it does not. */
  function column(bytes, at, type, length) {
    const Type = TYPES[type];
    if (!Type) throw new FrameError(`unknown column type ${type}`);
    const size = length * Type.BYTES_PER_ELEMENT;
    if (at + size > bytes.byteLength) throw new FrameError("frame ends inside a column");
    const address = bytes.byteOffset + at;
    if (address % Type.BYTES_PER_ELEMENT === 0) return new Type(bytes.buffer, address, length);
    return new Type(bytes.slice(at, at + size).buffer);
  }

  const padded = (size) => (size + 7) & ~7;

  function readHeader(bytes) {
    if (bytes.byteLength < 4) throw new FrameError("frame shorter than its length field");
    const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
    if (4 + length > bytes.byteLength) throw new FrameError("frame shorter than its header");
    let header;
    try {
      header = JSON.parse(utf8.decode(bytes.subarray(4, 4 + length)));
    } catch (error) {
      throw new FrameError(`header is not JSON: ${error.message}`);
    }
    const whole = (value) => Number.isInteger(value) && value >= 0 && value <= MAX_ROWS;
    if (!header || !whole(header.n) || !whole(header.gone ?? 0) || !Array.isArray(header.cols) || !header.table) {
      throw new FrameError("header lacks table, n or cols");
    }
    return [header, 4 + length];
  }

  function checkText(header) {
    const rows = header.text_for ? header.text_for.length : header.n;
    for (const [name, values] of Object.entries(header.text ?? {})) {
      if (!Array.isArray(values) || values.length !== rows) throw new FrameError(`text ${name} has not one value per row`);
    }
    if (header.text_for?.some((row) => !(row >= 0 && row < header.n))) throw new FrameError("text of a row that is not there");
  }

  /**
   * Decodes one frame (ArrayBuffer or Uint8Array). Returns
   * `{table, epoch, scope, from, to, reset, n, now_ms, columns: {name: typed array}, gone: Uint32Array, text: {name: string[]}, text_for}`;
   * `text_for` holds the row of each text value, `null` when every row has one. Throws FrameError.
   */
  function decode(data) {
    const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
    const [header, start] = readHeader(bytes);
    checkText(header);
    const columns = {};
    let at = start;
    for (const [name, type] of header.cols) {
      columns[name] = column(bytes, at, type, header.n);
      at += padded(columns[name].byteLength);
    }
    if (!columns.slot) throw new FrameError("frame without a slot column");
    const gone = column(bytes, at, "u4", header.gone ?? 0);
    return {
      table: header.table, epoch: header.epoch, scope: header.scope ?? "", from: header.from, to: header.to,
      reset: Boolean(header.reset), n: header.n, now_ms: header.now_ms ?? null, columns, gone, text: header.text ?? {}, text_for: header.text_for ?? null,
    };
  }

  /**
   * Encodes one frame; what tests and benches feed to `decode`. `columns` is `[[name, type, values]…]`, "slot" first.
   */
  function encode({ columns, gone = [], n = columns[0][2].length, ...rest }) {
    const head = { ...rest, n, gone: gone.length, cols: columns.map(([name, type]) => [name, type]) };
    let text = new TextEncoder().encode(JSON.stringify(head));
    const length = padded(4 + text.byteLength) - 4;
    const all = [...columns, ["gone", "u4", gone]];
    const sizes = all.map(([, type, values]) => padded(values.length * TYPES[type].BYTES_PER_ELEMENT));
    const size = sizes.reduce((sum, each) => sum + each, 4 + length);
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, length, true);
    bytes.fill(32, 4, 4 + length);
    bytes.set(text, 4);
    let at = 4 + length;
    for (const [, type, values] of all) {
      new TYPES[type](bytes.buffer, at, values.length).set(values);
      at += padded(values.length * TYPES[type].BYTES_PER_ELEMENT);
    }
    return bytes.buffer;
  }

  gridhall.frames = { decode, encode, inflate, isDeflated, FrameError };
})((globalThis.gridhall ??= {}));
