/** The light of an order, and which camera is drawn how: rules only. */
(function (gridhall) {
  "use strict";

  const NO_PLACE = 2147483647;
  const YELLOW_FROM = 0.8;
  const LIGHTS = ["green", "yellow", "red"];
  const FEED_FULL_MPP = 2.5;
  const ORDER_NEAR_MPP = 4;

  /** green, yellow from 80 % of the time limit on, red after it; an order without a deadline is green. Epoch seconds. */
  function lightOf(reportedS, deadlineS, nowS) {
    if (!deadlineS) return "green";
    if (nowS > deadlineS) return "red";
    return nowS - reportedS >= YELLOW_FROM * (deadlineS - reportedS) ? "yellow" : "green";
  }

  /** How cameras are drawn: "full", "small" or null. `mode`: true (always), false (never), "near" (only close up). */
  function feedSize(mode, mpp) {
    if (!mode) return null;
    if (mpp <= FEED_FULL_MPP) return "full";
    return mode === true ? "small" : null;
  }

  /** Whether an order has its own sign. `mode`: true or "points" (always), "near" (close up), "heat" or false (only if selected). */
  function orderShown(mode, mpp, isSelected) {
    if (mode === "near") return isSelected || mpp <= ORDER_NEAR_MPP;
    return mode === true || mode === "points" || (mode === "heat" && isSelected);
  }

  /** Slots of a table that have a place, with Mercator x and y: `{slots, xs, ys}`. */
  function placed(table) {
    const { lon, lat } = table.columns;
    const [slots, xs, ys] = [[], [], []];
    for (const slot of table.slotOf.values()) {
      if (lon[slot] === NO_PLACE) continue;
      slots.push(slot);
      xs.push(gridhall.geo.mercatorX(lon[slot] * 1e-7));
      ys.push(gridhall.geo.mercatorY(lat[slot] * 1e-7));
    }
    return { slots, xs, ys };
  }

  gridhall.marksView = { lightOf, feedSize, orderShown, placed, LIGHTS };
})((globalThis.gridhall ??= {}));
