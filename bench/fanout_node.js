// What socket.io's own server takes to send frames of a size to all who are connected: `node fanout_node.js PORT EVERY_MS TEXT BYTES`.
// It holds to the same rule as the live link: the next frame goes out when the one before has been acknowledged.
"use strict";

const { Server } = require("socket.io");

const [port, everyMs, text, size] = process.argv.slice(2).map(Number);
const io = new Server(port, { transports: ["websocket"], serveClient: false, perMessageDeflate: false });
const live = io.of("/live");
const free = new Set();
const bytes = Buffer.alloc(size, 7);
const header = JSON.stringify({});
bytes.writeUInt32LE(header.length + 2, 0);
bytes.write(`${header}  `, 4);
let seq = 0;

live.on("connection", (socket) => {
  socket.on("watch", () => free.add(socket));
  socket.on("disconnect", () => free.delete(socket));
});

setInterval(() => {
  seq += 1;
  const message = { seq, now_ms: Date.now(), lag_ms: 0, frames: [bytes], figures: "x".repeat(text) };
  for (const socket of free) {
    free.delete(socket);
    socket.emit("frame", message, () => free.add(socket));
  }
}, everyMs);
process.stdout.write("ready\n");
