/**
 * The painters for machines without a graphics card. WorkersAside has pictures made in a thread of its own, so that the page is
 * never held up; WorkersCanvas makes them in the page, where there are no such threads.
 */
(function (gridhall) {
  "use strict";

  const { STRIDE } = gridhall.glides;
  const SCRIPT = globalThis.document?.currentScript?.src;

  class WorkersAside {
    late = true; // a picture is there later than it was asked for
    lost = false;
    largestPoint = Infinity;
    costMs = 0; // of the newest picture

    /**
     * Of two canvases, which show what the thread draws without the page's help, one is seen; a picture of another view is drawn on
     * the other, and then that one is seen, so that no sign ever stands where it does not belong. `fail(reason)`: no pictures come
     * any more. Throws where there are no threads that can draw.
     */
    constructor(canvas, fail) {
      if (!globalThis.Worker || !canvas.transferControlToOffscreen) throw new Error("no thread that could draw");
      this.thread = new Worker(new URL(`39_workers_thread.js${new URL(SCRIPT).search}`, SCRIPT));
      this.thread.onmessage = (event) => this.#take(event.data);
      this.thread.onerror = (event) => fail(event.message ?? "the painter's thread has failed");
      this.canvases = [canvas, canvas.cloneNode()];
      this.seen = 0;
      this.view = null; // of what stands on the one that is seen
      canvas.after(this.canvases[1]);
      this.canvases[1].style.visibility = "hidden";
      const screens = this.canvases.map((each) => each.transferControlToOffscreen());
      this.thread.postMessage({ screens }, screens);
      this.bytes = 0; // of the glides that the thread holds
      this.asked = null; // what is being drawn
      this.next = null; // what is to be drawn then: only the newest
    }

    get canvas() {
      return this.canvases[this.seen];
    }

    setAtlas({ canvas, columns, cellPixels }) {
      const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      this.thread.postMessage({ atlas: { image, columns, cellPixels } }, [image.data.buffer]);
    }

    /**
     * A picture that a newer one has overtaken is never made. Pictures of one `view`, an object, stand on the same canvas; of one of
     * another view `done()` is called as soon as its canvas can be seen.
     */
    draw(glides, scene, size, view, done) {
      const what = { glides, scene, size, view, done };
      if (this.asked) this.next = what;
      else this.#ask(what);
    }

    #ask(what) {
      const { glides, scene, size, view } = what;
      this.asked = what;
      this.next = null;
      const changed = this.#changed(glides);
      const on = this.view === view ? this.seen : 1 - this.seen;
      const told = { slots: glides.slots, length: glides.data.length, changed, scene, size, on, other: on !== this.seen };
      this.thread.postMessage(told, changed.map(([, data]) => data.buffer));
    }

    /** What the thread does not hold yet: `[slot, data]`. */
    #changed(glides) {
      const { data } = glides;
      const ranges = glides.takeDirty();
      if (this.bytes === data.byteLength) return ranges.map(([first, end]) => [first, data.slice(first * STRIDE, end * STRIDE)]);
      this.bytes = data.byteLength;
      return [[0, data.slice()]];
    }

    #take({ on, pace, costMs }) {
      const { view, done } = this.asked;
      this.asked = null;
      this.costMs = costMs;
      this.view = view;
      if (on !== this.seen) {
        this.canvas.style.visibility = "hidden";
        this.seen = on;
        this.canvas.style.visibility = "";
      }
      done(pace);
      if (this.next) this.#ask(this.next);
    }

    destroy() {
      this.thread.terminate();
      this.canvases[1 - this.seen].remove();
    }
  }

  class WorkersCanvas {
    lost = false;
    largestPoint = Infinity;
    costMs = 0;

    constructor(canvas) {
      this.ctx = canvas.getContext("2d", gridhall.signs.STAMPED);
      this.pixels = new gridhall.workersPixels.WorkersPixels(document.createElement("canvas").getContext("2d", gridhall.signs.STAMPED));
    }

    setAtlas({ canvas, columns, cellPixels }) {
      this.pixels.setAtlas({ image: canvas, columns, cellPixels });
    }

    draw(glides, scene, size, view, done) {
      const beganMs = performance.now();
      glides.takeDirty();
      const { image, margin, width, height } = this.pixels.picture(glides, scene, size);
      this.ctx.putImageData(image, -margin, -margin, margin, margin, width, height);
      this.costMs = performance.now() - beganMs;
      done();
    }

    destroy() {}
  }

  gridhall.workersAside = { WorkersAside, WorkersCanvas };
})((globalThis.gridhall ??= {}));
