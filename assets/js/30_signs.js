/**
 * The signs: shape is the role, fill and ring are the state, colour only repeats it. Paths in a box of 24 units around 0,0, y down,
 * heading 0 up. Everything that draws a sign, on WebGL or on canvas, takes it from here.
 */
(function (gridhall) {
  "use strict";

  const ROLES = ["lead", "full", "part", "inspector", "police", "fire", "volunteer", "other"];
  const PRESENCES = ["moving", "still", "out_of_grid", "silent", "frozen", "offline", "unseen"];
  const STATES = [...PRESENCES, "alarm"]; // an alarm hides the presence
  const ALARM = STATES.indexOf("alarm");
  const CASING = 1.2;
  const TAU = 2 * Math.PI;

  // --- outlines -------------------------------------------------------------------------------------------------------------

  const circle = (radius) => (ctx) => ctx.arc(0, 0, radius, 0, TAU);

  function square(ctx) {
    ctx.roundRect(-4.6, -4.6, 9.2, 9.2, 1.5);
  }

  function shield(ctx) {
    ctx.moveTo(-5, -5);
    ctx.lineTo(5, -5);
    ctx.lineTo(5, 1);
    ctx.bezierCurveTo(5, 4, 2, 6, 0, 7);
    ctx.bezierCurveTo(-2, 6, -5, 4, -5, 1);
    ctx.closePath();
  }

  function drop(ctx) {
    // the two straight sides touch the bowl of radius 5 around (0, 2) where they are tangent to it
    const reach = Math.asin(5 / 9.5);
    ctx.moveTo(0, -7.5);
    ctx.lineTo(5 * Math.cos(reach), 2 - 5 * Math.sin(reach));
    ctx.arc(0, 2, 5, -reach, Math.PI + reach);
    ctx.closePath();
  }

  function plus(ctx) {
    const [arm, half] = [1.9, 5.5];
    const corners = [[-arm, -half], [arm, -half], [arm, -arm], [half, -arm], [half, arm], [arm, arm], [arm, half], [-arm, half],
      [-arm, arm], [-half, arm], [-half, -arm], [-arm, -arm]];
    corners.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.closePath();
  }

  const OUTLINES = {
    lead: circle(5), full: circle(5), part: circle(3.7), inspector: square, police: shield, fire: drop, volunteer: plus,
    other: circle(5),
  };

  function trace(ctx, outline) {
    ctx.beginPath();
    outline(ctx);
  }

  function stroke(ctx, color, width, dash = []) {
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.setLineDash(dash);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function fill(ctx, color) {
    ctx.fillStyle = color;
    ctx.fill();
  }

  function ring(ctx, radius, color, width, dash = []) {
    ctx.beginPath();
    ctx.arc(0, 0, radius, 0, TAU);
    stroke(ctx, color, width, dash);
  }

  // --- workers --------------------------------------------------------------------------------------------------------------

  function solid(ctx, role, color, colors) {
    const outline = OUTLINES[role];
    trace(ctx, outline);
    stroke(ctx, colors.land, 2 * CASING);
    if (role === "lead") {
      ring(ctx, 8, colors.land, 1.6 + 2 * CASING);
      ring(ctx, 8, color, 1.6);
    }
    trace(ctx, outline);
    fill(ctx, color);
  }

  function outOfGrid(ctx, role, colors) {
    const radius = role === "lead" ? 12.5 : 10;
    const [arc, gap] = [(9 * radius) / 10, (6.7 * radius) / 10];
    ring(ctx, radius, colors.land, 2.2 + 2 * CASING);
    ring(ctx, radius, colors.bad, 2.2, [arc, gap]);
    solid(ctx, role, colors.bad, colors);
  }

  function hexagon(ctx, radius) {
    ctx.beginPath();
    for (let corner = 0; corner < 6; corner += 1) {
      const turn = (corner * TAU) / 6;
      ctx.lineTo(radius * Math.sin(turn), -radius * Math.cos(turn));
    }
    ctx.closePath();
  }

  /** Who has pressed the alarm button: the own sign in red, in a hexagon. */
  function alarmed(ctx, role, colors) {
    const radius = role === "lead" ? 13 : 11;
    ctx.lineJoin = "miter";
    hexagon(ctx, radius);
    fill(ctx, colors.land);
    stroke(ctx, colors.land, 2.4 + 2 * CASING);
    stroke(ctx, colors.bad, 2.4);
    solid(ctx, role, colors.bad, colors);
  }

  /** The hexagon of an alarm with its "!", radius 9: of sensors, and larger of an emergency's place. */
  function alarm(ctx, colors) {
    ctx.save();
    ctx.lineJoin = "miter";
    hexagon(ctx, 9);
    stroke(ctx, colors.bg0, 5);
    fill(ctx, colors.bad);
    exclamation(ctx, colors["on-bad"]);
    ctx.restore();
  }

  function hollow(ctx, role, color, width, dash, colors) {
    const outline = OUTLINES[role];
    ctx.lineJoin = "round";
    trace(ctx, outline);
    stroke(ctx, colors.land, width + 2 * CASING);
    trace(ctx, outline);
    fill(ctx, colors.land);
    stroke(ctx, color, width, dash);
    if (role === "lead") ring(ctx, 8, color, 1.6, dash);
  }

  function frozen(ctx, role, colors) {
    hollow(ctx, role, colors.warn, 2, [], colors);
    const [apart, half] = role === "part" || role === "volunteer" ? [1.1, 1.4] : [1.7, 2.2];
    const middle = role === "fire" ? 2 : 0;
    ctx.fillStyle = colors.warn;
    for (const side of [-1, 1]) ctx.fillRect(side * apart - 0.7, middle - half, 1.4, 2 * half);
  }

  function offline(ctx, role, colors) {
    hollow(ctx, role, colors.off, 1.8, [], colors);
    ctx.beginPath();
    ctx.moveTo(-4.5, 4.5);
    ctx.lineTo(4.5, -4.5);
    stroke(ctx, colors.off, 1.8);
  }

  /** Paints one worker's sign at the origin, in units; `presence`: one of STATES. The heading wedge is a sign of its own (`wedge`). */
  function worker(ctx, role, presence, colors) {
    ctx.save();
    if (presence === "moving") solid(ctx, role, colors["worker-moving"], colors);
    else if (presence === "still") solid(ctx, role, colors["worker-still"], colors);
    else if (presence === "out_of_grid") outOfGrid(ctx, role, colors);
    else if (presence === "silent") hollow(ctx, role, colors.mute, 2, [3, 2], colors);
    else if (presence === "frozen") frozen(ctx, role, colors);
    else if (presence === "offline") offline(ctx, role, colors);
    else if (presence === "alarm") alarmed(ctx, role, colors);
    ctx.restore();
  }

  function wedge(ctx, color, colors) {
    const [from, to] = [(-120 * Math.PI) / 180, (-60 * Math.PI) / 180];
    ctx.beginPath();
    ctx.moveTo(0, -11.5);
    ctx.arc(0, 0, 7.2, to, from, true);
    ctx.closePath();
    stroke(ctx, colors.land, CASING);
    fill(ctx, color);
  }

  /** Seen from far away: dots, and hollow rings for those of whom nothing fresh is known. */
  function far(ctx, presence, colors) {
    const rings = { silent: [colors.mute, [2.1, 1.4]], frozen: [colors.warn, []], offline: [colors.off, []] };
    const dots = { moving: colors["worker-moving"], still: colors["worker-still"] };
    ctx.save();
    ctx.beginPath();
    if (dots[presence]) {
      ctx.arc(0, 0, 2.9, 0, TAU);
      stroke(ctx, colors.land, 2 * CASING);
      fill(ctx, dots[presence]);
    } else if (rings[presence]) {
      ctx.arc(0, 0, 3.2, 0, TAU);
      stroke(ctx, colors.land, 1.4 + 2 * CASING);
      fill(ctx, colors.land);
      stroke(ctx, rings[presence][0], presence === "frozen" ? 1.8 : 1.4, rings[presence][1]);
    }
    ctx.restore();
  }

  // --- orders, cameras, sensors ---------------------------------------------------------------------------------------------

  function diamond(ctx, half) {
    ctx.beginPath();
    ctx.moveTo(0, -half);
    ctx.lineTo(half, 0);
    ctx.lineTo(0, half);
    ctx.lineTo(-half, 0);
    ctx.closePath();
  }

  const ORDER_SCALE = { green: 0.72, yellow: 1.05, red: 1.35 };

  /** Paints an order's diamond, already in the size of its urgency. `light`: green, yellow or red. */
  function order(ctx, light, colors) {
    ctx.save();
    ctx.scale(ORDER_SCALE[light], ORDER_SCALE[light]);
    ctx.lineJoin = "miter";
    diamond(ctx, 9);
    stroke(ctx, colors.bg0, 5);
    if (light === "green") {
      fill(ctx, colors.land);
      diamond(ctx, 7.6);
      stroke(ctx, colors.ok, 2.2);
    } else if (light === "yellow") {
      fill(ctx, colors.bg0);
      diamond(ctx, 7.6);
      stroke(ctx, colors.warn, 2.2);
      ctx.beginPath();
      ctx.moveTo(-8.6, 0);
      ctx.lineTo(8.6, 0);
      ctx.lineTo(0, 8.6);
      ctx.closePath();
      fill(ctx, colors.warn);
    } else {
      fill(ctx, colors.bad);
      exclamation(ctx, colors["on-bad"]);
    }
    ctx.restore();
  }

  function exclamation(ctx, color) {
    ctx.fillStyle = color;
    ctx.fillRect(-1.1, -5, 2.2, 6);
    ctx.beginPath();
    ctx.arc(0, 3.6, 1.35, 0, TAU);
    ctx.fill();
  }

  const FEED_STATUSES = ["online", "offline", "frozen", "fault"];

  /** Paints a camera looking up; the caller turns it to its heading. `status`: one of FEED_STATUSES. */
  function camera(ctx, status, colors) {
    const color = { online: colors.t1, frozen: colors.warn }[status] ?? colors.off;
    const outline = () => {
      ctx.beginPath();
      ctx.moveTo(-5.5, -8.5);
      ctx.lineTo(5.5, -8.5);
      ctx.lineTo(2.6, -1.5);
      ctx.lineTo(-2.6, -1.5);
      ctx.closePath();
      ctx.roundRect(-4.4, -0.7, 8.8, 8, 1);
    };
    ctx.save();
    outline();
    stroke(ctx, colors.land, 2 * CASING);
    outline();
    fill(ctx, color);
    if (status === "fault") {
      ctx.beginPath();
      ctx.moveTo(-6, 6);
      ctx.lineTo(6, -6);
      stroke(ctx, colors.bad, 1.8);
    }
    ctx.restore();
  }

  function selection(ctx, colors) {
    ring(ctx, 14, colors.bg0, 5);
    ring(ctx, 14, colors.sel, 3);
  }

  // --- the atlas ------------------------------------------------------------------------------------------------------------

  // A picture that is stamped a thousand times must lie in plain memory: without a graphics card each stamp would wait for one.
  const STAMPED = { willReadFrequently: true };

  const CELL_UNITS = 36;
  const COLUMNS = 12;
  const FAR = STATES.length * ROLES.length;
  const WEDGE = FAR + STATES.length;
  const RING = WEDGE + 1;
  const CELLS = WEDGE + 2;

  /** Cell of a worker's full sign; far away: FAR + state. */
  const cellOf = (role, state) => state * ROLES.length + role;

  function painters(colors) {
    const list = [];
    for (const state of STATES) for (const role of ROLES) list.push((ctx) => worker(ctx, role, state, colors));
    for (const state of STATES) list.push((ctx) => far(ctx, state, colors));
    list.push((ctx) => wedge(ctx, colors["worker-moving"], colors));
    list.push((ctx) => selection(ctx, colors));
    return list;
  }

  /** All worker signs on one canvas, `pixels` device pixels to the unit: `{canvas, columns, rows, cellPixels}`. */
  function atlas(pixels, colors) {
    const cellPixels = Math.ceil(CELL_UNITS * pixels);
    const rows = Math.ceil(CELLS / COLUMNS);
    const canvas = document.createElement("canvas");
    canvas.width = COLUMNS * cellPixels;
    canvas.height = rows * cellPixels;
    const ctx = canvas.getContext("2d", STAMPED);
    painters(colors).forEach((paint, cell) => {
      const x = ((cell % COLUMNS) + 0.5) * cellPixels;
      const y = (Math.floor(cell / COLUMNS) + 0.5) * cellPixels;
      ctx.setTransform(cellPixels / CELL_UNITS, 0, 0, cellPixels / CELL_UNITS, x, y);
      paint(ctx);
    });
    return { canvas, columns: COLUMNS, rows, cellPixels };
  }

  /** One painted sign as a small canvas of `units` x `units`, kept: what canvas layers stamp. */
  function stamper(pixels, colors) {
    const kept = new Map();
    return function stamp(key, units, paint) {
      let canvas = kept.get(key);
      if (canvas) return canvas;
      canvas = document.createElement("canvas");
      canvas.width = canvas.height = Math.ceil(units * pixels);
      const ctx = canvas.getContext("2d", STAMPED);
      ctx.setTransform(pixels, 0, 0, pixels, canvas.width / 2, canvas.height / 2);
      paint(ctx, colors);
      kept.set(key, canvas);
      return canvas;
    };
  }

  gridhall.signs = {
    ROLES, PRESENCES, STATES, ALARM, FEED_STATUSES, ORDER_SCALE, CELL_UNITS, COLUMNS, CELLS, FAR, WEDGE, RING,
    cellOf, worker, wedge, far, order, alarm, camera, selection, atlas, stamper, STAMPED,
  };
})((globalThis.gridhall ??= {}));
