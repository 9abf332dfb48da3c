/** A fresh id for what a person files: 32 hex digits of a random UUID (version 4). Sent again, it is the same thing. */
export function newId(fill = (bytes) => globalThis.crypto.getRandomValues(bytes)) {
  const bytes = fill(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
