/** Draws a worker's day: a colour for each patrol, arrows, red dashes out of grid, dots where no fix came, stops, problems. */
gridhall.leaflet.ready((L) => {
  "use strict";

  const { trackModel, signs } = gridhall;
  const ARROW_STEP_PX = 200;
  const MINUTE_MS = 60000;
  const LEAST_STOP_MS = 5 * MINUTE_MS;
  const AHEAD_OPACITY = 0.3;

  const words = (key, values) => gridhall.words?.(key, values) ?? Object.values(values ?? {}).join(" ");

  class TracksLayer extends gridhall.layers.CanvasLayer {
    initialize({ timezone = "Asia/Shanghai" } = {}) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { pane: "gh-tracks", zIndex: 410, margin: 0.15 });
      Object.assign(this, { track: null, atMs: null });
      this.clock = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hour: "2-digit", minute: "2-digit" });
    }

    show(data) {
      this.track = data ? trackModel.read(data) : null;
      this.atMs = null;
      this.invalidate();
    }

    setTime(atMs) {
      this.atMs = atMs;
      this.invalidate();
    }

    /** [[south, west], [north, east]] of everything drawn, or null. */
    bounds() {
      const flats = this.track?.segments.map((segment) => segment.flat) ?? [];
      if (!flats.length) return null;
      const { latOf, lonOf, boundsOf } = gridhall.geo;
      const [left, top, right, bottom] = boundsOf(flats);
      return [[latOf(bottom), lonOf(left)], [latOf(top), lonOf(right)]];
    }

    isEmpty() {
      return !this.track;
    }

    draw(ctx, view) {
      const colors = gridhall.palette.read();
      ctx.lineJoin = ctx.lineCap = "round";
      this.track.gaps.forEach((gap) => this.#gap(ctx, view, gap, colors));
      for (const segment of this.track.segments) this.#segment(ctx, view, segment, colors);
      this.labels = new gridhall.labels.Labels();
      this.track.stops.forEach((stop) => this.#stop(ctx, view, stop, colors));
      this.track.aside.forEach((fix) => this.#aside(ctx, view, fix, colors));
      this.track.problems.forEach((problem) => this.#problem(ctx, view, problem, colors));
      this.#ends(ctx, view, colors);
      this.#outNotes(ctx, view, colors);
      this.#playhead(ctx, view, colors);
    }

    #screen(view, { x, y }) {
      return [(x - view.x) * view.scale, (y - view.y) * view.scale];
    }

    #line(view, { flat }, first, last) {
      const line = [];
      for (let i = first; i <= last; i += 1) line.push((flat[2 * i] - view.x) * view.scale, (flat[2 * i + 1] - view.y) * view.scale);
      return line;
    }

    #stroke(ctx, line, color, width, dash = []) {
      ctx.beginPath();
      for (let i = 0; i < line.length; i += 2) ctx.lineTo(line[i], line[i + 1]);
      ctx.setLineDash(dash);
      ctx.strokeStyle = color;
      ctx.lineWidth = width;
      ctx.stroke();
      ctx.setLineDash([]);
    }

    #gap(ctx, view, { line, from_ms: from }, colors) {
      const screen = line.map((value, i) => (value - (i % 2 ? view.y : view.x)) * view.scale);
      ctx.globalAlpha = this.#opacity(from);
      this.#stroke(ctx, screen, colors.t3, 1.8, [0.1, 6]);
      ctx.globalAlpha = 1;
    }

    /** What lies ahead of the playhead lies back. */
    #opacity(fromMs) {
      return this.atMs !== null && fromMs > this.atMs ? AHEAD_OPACITY : 1;
    }

    #segment(ctx, view, segment, colors) {
      const own = colors[trackModel.PATROL_COLORS[segment.patrol % trackModel.PATROL_COLORS.length]];
      for (const run of segment.runs) {
        for (const [first, last, ahead] of this.#atPlayhead(segment, run)) {
          const line = this.#line(view, segment, first, last);
          ctx.globalAlpha = ahead ? AHEAD_OPACITY : 1;
          this.#stroke(ctx, line, colors.land, run.out ? 6 : 5);
          this.#stroke(ctx, line, run.out ? colors.bad : own, run.out ? 3 : 2.2, run.out ? [8, 6] : []);
          for (const arrow of trackModel.arrows(line, ARROW_STEP_PX)) this.#arrow(ctx, arrow, run.out ? colors.bad : own, colors.land);
        }
      }
      ctx.globalAlpha = 1;
    }

    /** `[first, last, ahead of the playhead]`: a run, or two where the playhead stands in it. */
    #atPlayhead({ times }, { first, last }) {
      if (this.atMs === null || times[last] <= this.atMs) return [[first, last, false]];
      if (times[first] > this.atMs) return [[first, last, true]];
      let middle = first;
      while (times[middle + 1] <= this.atMs) middle += 1;
      return middle === first ? [[first, last, true]] : [[first, middle, false], [middle, last, true]];
    }

    #arrow(ctx, { x, y, turn }, color, casing) {
      ctx.save();
      ctx.translate(x, y);
      ctx.rotate(turn);
      ctx.beginPath();
      ctx.moveTo(0, -7);
      ctx.lineTo(4.5, 5);
      ctx.lineTo(0, 2.5);
      ctx.lineTo(-4.5, 5);
      ctx.closePath();
      ctx.strokeStyle = casing;
      ctx.lineWidth = 2.4;
      ctx.stroke();
      ctx.fillStyle = color;
      ctx.fill();
      ctx.restore();
    }

    #text(ctx, text, x, y, color, weight = 400, always = false) {
      const { font, land } = gridhall.palette.read();
      ctx.font = `${weight} 14px ${font}`;
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      const width = ctx.measureText(text).width;
      if (!this.labels.claim(x + width / 2, y, width + 4, 16) && !always) return;
      ctx.lineWidth = 5;
      ctx.strokeStyle = land;
      ctx.strokeText(text, x, y);
      ctx.fillStyle = color;
      ctx.fillText(text, x, y);
    }

    #stop(ctx, view, stop, colors) {
      const lasted = stop.to_ms - stop.from_ms;
      if (lasted < LEAST_STOP_MS) return;
      const [x, y] = this.#screen(view, stop);
      ctx.globalAlpha = this.#opacity(stop.from_ms);
      ctx.beginPath();
      ctx.arc(x, y, 10, 0, 2 * Math.PI);
      ctx.fillStyle = colors.land;
      ctx.fill();
      this.#ring(ctx, x, y, 10, colors.t3, 2);
      ctx.fillStyle = colors.t1;
      for (const side of [-3, 3]) ctx.fillRect(x + side - 1, y - 4.5, 2, 9);
      this.#text(ctx, words("dur.m", { m: Math.round(lasted / MINUTE_MS) }), x + 16, y, colors.t2);
      ctx.globalAlpha = 1;
    }

    #ring(ctx, x, y, radius, color, width) {
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
      ctx.strokeStyle = color;
      ctx.lineWidth = width;
      ctx.stroke();
    }

    #aside(ctx, view, fix, colors) {
      const [x, y] = this.#screen(view, fix);
      this.#ring(ctx, x, y, 4, colors.land, 4.5);
      this.#ring(ctx, x, y, 4, colors.mute, 1.6);
    }

    #problem(ctx, view, problem, colors) {
      const [x, y] = this.#screen(view, problem);
      ctx.save();
      ctx.globalAlpha = this.#opacity(problem.reported_at_ms ?? problem.at_ms);
      ctx.translate(x, y);
      ctx.scale(1.25, 1.25);
      signs.order(ctx, problem.light === "yellow" || problem.light === "red" ? problem.light : "green", colors);
      ctx.restore();
      this.#text(ctx, `${problem.number}`, x + 18, y, colors.t1, 700, true);
    }

    /** A ring and the hour at the beginning and the end of each patrol. */
    #ends(ctx, view, colors) {
      const patrols = Map.groupBy(this.track.segments, (segment) => segment.patrol);
      for (const [number, segments] of patrols) {
        const color = colors[trackModel.PATROL_COLORS[number % trackModel.PATROL_COLORS.length]];
        const [first, last] = [segments[0], segments.at(-1)];
        const ends = [[first.times[0], first.flat[0], first.flat[1]], [last.times.at(-1), last.flat.at(-2), last.flat.at(-1)]];
        for (const [at, mx, my] of ends) {
          const [x, y] = this.#screen(view, { x: mx, y: my });
          this.#ring(ctx, x, y, 4.5, colors.land, 5);
          ctx.fillStyle = colors.land;
          ctx.fill();
          this.#ring(ctx, x, y, 4.5, color, 2);
          this.#text(ctx, this.clock.format(at), x + 10, y - 12, color);
        }
      }
    }

    #outNotes(ctx, view, colors) {
      for (const stretch of this.track.stretches) {
        const minutes = Math.round((stretch.to_ms - stretch.from_ms) / MINUTE_MS);
        const spot = minutes >= 1 && trackModel.placeAt(this.track, (stretch.from_ms + stretch.to_ms) / 2);
        if (!spot) continue;
        const [x, y] = this.#screen(view, spot);
        const text = `${this.clock.format(stretch.from_ms)} ${words("state.out_of_grid")} ${words("dur.m", { m: minutes })}`;
        this.#text(ctx, text, x + 12, y - 10, colors.bad, 700);
      }
    }

    #playhead(ctx, view, colors) {
      const spot = this.atMs === null ? null : trackModel.placeAt(this.track, this.atMs);
      if (!spot) return;
      const [x, y] = this.#screen(view, spot);
      ctx.save();
      ctx.translate(x, y);
      ctx.scale(1.7, 1.7);
      signs.worker(ctx, "full", spot.known ? (spot.heading === null ? "still" : "moving") : "silent", colors);
      if (spot.heading !== null) {
        ctx.save();
        ctx.rotate(spot.heading);
        signs.wedge(ctx, colors["worker-moving"], colors);
        ctx.restore();
      }
      signs.selection(ctx, colors);
      ctx.restore();
    }

    /** Marks to hit, as of WorkersLayer; ids are objects `{kind: "order", id, name}` or `{kind: "fix", name}`. */
    places() {
      const [ids, xs, ys, reach] = [[], [], [], []];
      if (!this.track || !this.hasView()) return { ids, xs, ys, reach };
      const view = this.view();
      const corner = this._map.layerPointToContainerPoint(this.corner);
      const add = (id, item, radius) => {
        const [x, y] = this.#screen(view, item);
        ids.push(id);
        xs.push(x + corner.x);
        ys.push(y + corner.y);
        reach.push(radius);
      };
      for (const fix of this.track.aside) {
        const why = fix.reasons.map((reason) => gridhall.words?.(`fix.${reason}`) ?? reason).join(" ");
        add({ kind: "fix", id: null, name: `${this.clock.format(fix.at_ms)} ${why}` }, fix, 4);
      }
      for (const problem of this.track.problems) {
        add({ kind: "order", id: problem.order, name: `${problem.number} ${problem.title}` }, problem, 11);
      }
      return { ids, xs, ys, reach };
    }
  }

  gridhall.layers.TracksLayer = TracksLayer;
});
