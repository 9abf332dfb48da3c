/** Colours of everything drawn on canvas: read from the CSS variables of tokens.css, here and nowhere else. */
(function (gridhall) {
  "use strict";

  // of tokens.css, without the two dashes
  const NAMES = [
    "bg0", "bg1", "bg2", "bg3", "line", "line2", "ctl", "t1", "t2", "t3", "sel", "ok", "ok2", "warn", "bad", "mute", "off",
    "on-bad", "on-light", "worker-moving", "worker-still", "s1", "s2", "s3", "s4", "s5", "s6", "s7",
    "ramp1", "ramp2", "ramp3", "ramp4", "ramp5",
    "land", "outside", "water", "water-label", "green", "road-a", "road-b", "road-c", "lane", "road-out",
    "building", "building-line", "own", "street", "community", "grid", "grid-near", "cell", "font",
  ];
  const MISSING = "gray";

  let cached = null;

  /** Colours by name, as CSS strings. Read once; `refresh` after a change of theme. */
  function read() {
    if (cached) return cached;
    const style = getComputedStyle(document.documentElement);
    cached = {};
    for (const name of NAMES) cached[name] = style.getPropertyValue(`--${name}`).trim() || MISSING;
    return cached;
  }

  /** Forgets the colours, so that the next `read` sees the present theme. */
  function refresh() {
    cached = null;
    return read();
  }

  /** A CSS colour with an opacity, for canvas. */
  function fade(color, opacity) {
    return `color-mix(in srgb, ${color} ${Math.round(opacity * 100)}%, transparent)`;
  }

  gridhall.palette = { read, refresh, fade, NAMES };
})((globalThis.gridhall ??= {}));
