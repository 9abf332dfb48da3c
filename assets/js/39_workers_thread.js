/**
 * The thread that makes pictures of workers: told what has changed and what to draw, it draws on one of two canvases of the page.
 * Loaded with all others by a page too, where it does nothing.
 */
(function () {
  "use strict";

  if (typeof importScripts !== "function") return;
  importScripts(...["12_geo", "30_signs", "31_glides", "36_workers_view", "39_workers_pixels"].map((name) => `${name}.js${location.search}`));

  const { Glides, glides: { STRIDE }, signs: { STAMPED } } = gridhall;
  const glides = new Glides();
  const pixels = new gridhall.workersPixels.WorkersPixels(new OffscreenCanvas(1, 1).getContext("2d", STAMPED));
  let screens = [];

  function setAtlas({ image, columns, cellPixels }) {
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext("2d", STAMPED).putImageData(image, 0, 0);
    pixels.setAtlas({ image: canvas, columns, cellPixels });
  }

  function draw({ slots, length, changed, scene, size, on, other }) {
    const beganMs = performance.now();
    if (glides.data.length !== length) glides.data = new Float32Array(length);
    for (const [slot, data] of changed) glides.data.set(data, slot * STRIDE);
    glides.slots = slots;
    const { image, margin, width, height } = pixels.picture(glides, scene, size);
    const screen = screens[on];
    if (screen.canvas.width !== width || screen.canvas.height !== height) Object.assign(screen.canvas, { width, height });
    screen.putImageData(image, -margin, -margin, margin, margin, width, height);
    const pace = glides.pace(gridhall.workersView.boxOf(scene), scene.clock);
    const costMs = performance.now() - beganMs;
    const tell = () => postMessage({ on, pace, costMs });
    if (other) requestAnimationFrame(() => requestAnimationFrame(tell)); // when the canvas shows it
    else tell();
  }

  onmessage = ({ data }) => {
    if (data.screens) screens = data.screens.map((screen) => screen.getContext("2d", STAMPED));
    else if (data.atlas) setAtlas(data.atlas);
    else draw(data);
  };
})();
