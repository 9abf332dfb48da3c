/** Which sign a worker gets at which scale: the zoom rules of the look, once for both ways of drawing and for hit-testing. */
(function (gridhall) {
  "use strict";

  const { HIDDEN, CHOSEN, HEADING, FIXED, LOOK, STRIDE, NO_HEADING } = gridhall.glides;
  const FAR_MPP = 4; // above: dots
  const FULL_MPP = 2.5; // from here on: signs at their own size
  const NEAR_MPP = 1.2; // from here on: chosen ones larger
  const NEAR_FACTOR = 1.7;
  const NAMES_MPP = 0.6; // from here on: names beside the signs
  const RINGS_MPP = 12; // above: a ring per region instead of dots, where dots would be a crowd
  const DOT_PX2 = 64; // what a dot and the gap around it take
  const CROWD = 0.25; // of the map's surface that dots may take
  const MANY = 20000; // more than so many are rings from FAR_MPP on
  const BETWEEN = 0.8;
  const OLD_S = 60;
  const OLD_OPACITY = 0.7;
  const [MOVING, STILL, OUT, SILENT, FROZEN, OFFLINE, UNSEEN, ALARM] = gridhall.signs.STATES.keys();
  const CHOSEN_LAYER = 7;
  const LAYERS = CHOSEN_LAYER + 1;
  const LAYER = { [MOVING]: 0, [STILL]: 1, [OFFLINE]: 2, [SILENT]: 3, [FROZEN]: 4, [OUT]: 5, [ALARM]: 6 };

  /**
   * Size of signs in css px per unit, at `mpp` metres per pixel; `size`: the wall's own factor, `largest`: what the graphics card
   * can draw, css px per unit.
   */
  function sizes(mpp, size = 1, largest = Infinity) {
    const between = mpp > FULL_MPP && mpp <= FAR_MPP;
    const share = between ? (FAR_MPP - mpp) / (FAR_MPP - FULL_MPP) : 1;
    const sign = Math.min(largest, size * (BETWEEN + (1 - BETWEEN) * share));
    return { far: mpp > FAR_MPP, sign, chosenSign: Math.min(largest, mpp <= NEAR_MPP ? size * NEAR_FACTOR : size) };
  }

  /**
   * Whether a ring per region stands for the dots; `mode`: "donuts", "dots" or "auto"; `count`: of workers on the screen's table;
   * `size`: of the map, px. A town's wall shows everybody; a city's, where dots would lie upon each other, shows rings.
   */
  function isRings(mode, mpp, count, size = { x: 1920, y: 1080 }) {
    const crowded = count * DOT_PX2 > CROWD * size.x * size.y;
    return mode === "donuts" || (mode === "auto" && ((mpp > RINGS_MPP && crowded) || (mpp > FAR_MPP && count > MANY)));
  }

  /** Numbers of the roles or states in `names` as a bit mask; null: all. */
  function maskOf(names, all) {
    if (!names) return (1 << all.length) - 1;
    return names.reduce((mask, name) => mask | (1 << all.indexOf(name)), 0);
  }

  /** The same for presences: an alarm is shown whatever is asked for. */
  const presenceMask = (names) => maskOf(names && [...names, "alarm"], gridhall.signs.STATES);

  const isUrgent = (state) => state === OUT || state === ALARM;

  /** Whether a look (role + 8 state + 64 chosen) passes the masks of a scene. */
  function passes(code, scene) {
    const state = (code % CHOSEN) >> 3;
    return code !== HIDDEN && state !== UNSEEN && Boolean(scene.presences >> state & 1) && Boolean(scene.roles >> code % 8 & 1);
  }

  /** Whether a look is drawn as a sign: behind rings only the urgent and the chosen are. */
  function isShown(code, scene) {
    return passes(code, scene) && (!scene.rings || code >= CHOSEN || isUrgent(code >> 3));
  }

  const isSmall = (code, scene) => scene.far && code < CHOSEN && !isUrgent(code >> 3);

  /** Radius in px within which a shown sign is hit at once. */
  function reachOf(code, scene) {
    if (isSmall(code, scene)) return 3.5 * scene.sign;
    return (code >= CHOSEN ? scene.chosenSign : scene.sign) * (isUrgent((code % CHOSEN) >> 3) ? 11 : 6);
  }

  /** The later layers lie over the earlier ones: the urgent come last. */
  const layerOf = (code) => (code >= CHOSEN ? CHOSEN_LAYER : LAYER[code >> 3]);

  /** `{cell, size, opacity, heading}` of one slot in a scene, null when it is not drawn. */
  function lookOf(glides, slot, scene) {
    const at = slot * STRIDE;
    const code = glides.data[at + LOOK];
    if (!isShown(code, scene)) return null;
    const state = (code % CHOSEN) >> 3;
    const small = isSmall(code, scene);
    const heading = glides.data[at + HEADING];
    return {
      cell: small ? gridhall.signs.FAR + state : gridhall.signs.cellOf(code % 8, state),
      size: code >= CHOSEN ? scene.chosenSign : scene.sign,
      opacity: glides.data[at + FIXED] < scene.oldBefore && state < SILENT ? OLD_OPACITY : 1,
      heading: !small && state === MOVING && heading < NO_HEADING ? heading : null,
    };
  }

  /** The canvas in Mercator, relative to the glides' origin: left, top, right, bottom. */
  function boxOf({ size, scale, offset }) {
    const [left, top] = [-offset[0] / scale, -offset[1] / scale];
    return [left, top, left + size.x / scale, top + size.y / scale];
  }

  const LEAST_WAIT_MS = 16;
  const SLOWEST_MS = 2000; // while anybody moves at all there is a picture so often
  const OUTLIER_MS = 125; // a few that are much faster than the others get so many pictures
  const STEP_PX = 0.3;

  /**
   * Milliseconds until the next picture is worth drawing: as soon as the crowd has gone a third of a pixel. `pace`: of Glides in px
   * a second, `least`: what the painter needs. Null when nobody moves on the screen.
   */
  function waitFor({ fastest, crowd }, least = 0) {
    if (!fastest) return null;
    const forCrowd = (1000 * STEP_PX) / crowd;
    const forFew = Math.max(OUTLIER_MS, (1000 * STEP_PX) / fastest);
    return Math.min(SLOWEST_MS, Math.max(LEAST_WAIT_MS, least, Math.min(forCrowd, forFew)));
  }

  gridhall.workersView = {
    sizes, isRings, maskOf, presenceMask, passes, isShown, isSmall, layerOf, LAYERS, reachOf, lookOf, boxOf, waitFor, OLD_S, FAR_MPP, FULL_MPP, NEAR_MPP, NAMES_MPP, OUT, ALARM,
  };
})((globalThis.gridhall ??= {}));
