/** Which sign a worker gets at which scale: the zoom rules of the look, once for both ways of drawing and for hit-testing. */
(function (gridhall) {
  "use strict";

  const { HIDDEN, CHOSEN, HEADING, FIXED, LOOK, STRIDE, NO_HEADING } = gridhall.glides;
  const FAR_MPP = 4; // above: dots
  const FULL_MPP = 2.5; // from here on: signs at their own size
  const NEAR_MPP = 1.2; // from here on: chosen ones larger
  const NEAR_FACTOR = 1.7;
  const BETWEEN = 0.8;
  const OLD_S = 60;
  const OLD_OPACITY = 0.7;
  const [MOVING, STILL, OUT, SILENT, FROZEN, OFFLINE, UNSEEN] = gridhall.signs.PRESENCES.keys();
  const LAYER = { [MOVING]: 0, [STILL]: 1, [OFFLINE]: 2, [SILENT]: 3, [FROZEN]: 4, [OUT]: 5 };

  /** Size of signs in css px per unit, at `mpp` metres per pixel; `size`: the wall's own factor. */
  function sizes(mpp, size = 1) {
    const between = mpp > FULL_MPP && mpp <= FAR_MPP;
    const share = between ? (FAR_MPP - mpp) / (FAR_MPP - FULL_MPP) : 1;
    const sign = size * (BETWEEN + (1 - BETWEEN) * share);
    return { far: mpp > FAR_MPP, sign, chosenSign: mpp <= NEAR_MPP ? size * NEAR_FACTOR : size };
  }

  /** Numbers of the presences or roles in `names` as a bit mask; null: all. */
  function maskOf(names, all) {
    if (!names) return (1 << all.length) - 1;
    return names.reduce((mask, name) => mask | (1 << all.indexOf(name)), 0);
  }

  /** Whether a look (role + 8 presence + 64 chosen) is drawn in a scene at all. */
  function isShown(code, scene) {
    const presence = (code % CHOSEN) >> 3;
    return code !== HIDDEN && presence !== UNSEEN && Boolean(scene.presences >> presence & 1) && Boolean(scene.roles >> code % 8 & 1);
  }

  const isSmall = (code, scene) => scene.far && code < CHOSEN && code >> 3 !== OUT;

  /** Radius in px within which a shown sign is hit at once. */
  function reachOf(code, scene) {
    if (isSmall(code, scene)) return 3.5 * scene.sign;
    return (code >= CHOSEN ? scene.chosenSign : scene.sign) * ((code % CHOSEN) >> 3 === OUT ? 11 : 6);
  }

  /** `{cell, size, opacity, heading, layer}` of one slot in a scene, null when it is not drawn. */
  function lookOf(glides, slot, scene) {
    const at = slot * STRIDE;
    const code = glides.data[at + LOOK];
    if (!isShown(code, scene)) return null;
    const presence = (code % CHOSEN) >> 3;
    const small = isSmall(code, scene);
    const heading = glides.data[at + HEADING];
    return {
      cell: small ? gridhall.signs.FAR + presence : gridhall.signs.cellOf(code % 8, presence),
      size: code >= CHOSEN ? scene.chosenSign : scene.sign,
      opacity: glides.data[at + FIXED] < scene.oldBefore && presence < SILENT ? OLD_OPACITY : 1,
      heading: !small && presence === MOVING && heading < NO_HEADING ? heading : null,
      layer: LAYER[presence],
    };
  }

  gridhall.workersView = { sizes, maskOf, isShown, reachOf, lookOf, OLD_S, FAR_MPP, FULL_MPP, NEAR_MPP };
})((globalThis.gridhall ??= {}));
