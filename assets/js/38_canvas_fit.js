/** How many device pixels a canvas may have, and when that changes. */
(function (gridhall) {
  "use strict";

  const LIMITS = { side: 16384, area: 2 ** 26 }; // px of a canvas that every browser gives; 256 MB of memory

  /** Device pixels per css px that a canvas of `size` css px can have: the screen's, or fewer where a limit is in the way. */
  function fitRatio(size, ratio, { side, area }) {
    const width = Math.max(1, size.x);
    const height = Math.max(1, size.y);
    return Math.min(ratio, side / width, side / height, Math.sqrt(area / (width * height)));
  }

  /** Calls `task` whenever the device pixel ratio changes; returns the function that ends it. */
  function watchRatio(task) {
    let query = null;
    const changed = () => {
      follow();
      task();
    };
    const end = () => query?.removeEventListener("change", changed);
    function follow() {
      end();
      query = matchMedia(`(resolution: ${globalThis.devicePixelRatio}dppx)`);
      query.addEventListener("change", changed);
    }
    follow();
    return end;
  }

  gridhall.canvases = { LIMITS, fitRatio, watchRatio };
})((globalThis.gridhall ??= {}));
