/** The place of an emergency: rings around it under the signs, the hexagon above them all; one ring expands once, then all is still. */
gridhall.leaflet.ready(() => {
  "use strict";

  const ONCE_MS = 800;
  const POINT_SCALE = 2.2;
  const DISC_UNITS = 25;
  const PARTS = { rings: { pane: "gh-alarm-rings", zIndex: 370 }, point: { pane: "gh-alarm", zIndex: 432 } };

  class AlarmLayer extends gridhall.layers.CanvasLayer {
    /** `part`: "rings" or "point", of which each lies at its own height; `motion`: whether anything may expand. */
    initialize({ part, motion = true }) {
      gridhall.layers.CanvasLayer.prototype.initialize.call(this, { ...PARTS[part], margin: 0.15 });
      Object.assign(this, { part, motion, signSize: 1, alarm: null, beganMs: -Infinity });
    }

    stop() {
      cancelAnimationFrame(this.frame);
      this.frame = null;
    }

    setSignSize(size) {
      this.signSize = size;
      this.invalidate();
    }

    /** `{lon, lat, radii_m}` or null. The same place again does not expand again. */
    setAlarm(alarm) {
      const isNew = alarm && !(this.alarm?.lon === alarm.lon && this.alarm?.lat === alarm.lat);
      if (!isNew && String(alarm?.radii_m) === String(this.alarm?.radii_m)) return;
      this.alarm = alarm;
      if (isNew && this.motion && this.part === "point") this.beganMs = performance.now();
      this.invalidate();
    }

    isEmpty() {
      return !this.alarm;
    }

    draw(ctx, view) {
      const { lon, lat } = this.alarm;
      const { mercatorX, mercatorY, metresPerPixel } = gridhall.geo;
      const spot = { x: (mercatorX(lon) - view.x) * view.scale, y: (mercatorY(lat) - view.y) * view.scale };
      const colors = gridhall.palette.read();
      if (this.part === "rings") this.#rings(ctx, spot, metresPerPixel(lat, view.zoom), colors);
      else this.#point(ctx, spot, colors);
    }

    /** The nearest ring is whole and filled, those farther out are dashed; each says its radius. */
    #rings(ctx, { x, y }, mpp, colors) {
      const { fade } = gridhall.palette;
      (this.alarm.radii_m ?? []).forEach((metres, i) => {
        ctx.beginPath();
        ctx.arc(x, y, metres / mpp, 0, 2 * Math.PI);
        ctx.fillStyle = fade(colors.bad, 0.1);
        if (!i) ctx.fill();
        ctx.strokeStyle = i ? fade(colors.bad, 0.75) : colors.bad;
        ctx.lineWidth = (i ? 1.6 : 2) * this.signSize;
        ctx.setLineDash(i ? [9 * this.signSize, 7 * this.signSize] : []);
        ctx.stroke();
        ctx.setLineDash([]);
        this.#told(ctx, `${metres} m`, x, y - metres / mpp, colors);
      });
    }

    #told(ctx, text, x, y, colors) {
      const size = 18 * this.signSize;
      ctx.font = `400 ${size}px ${colors.font}`;
      ctx.textAlign = "center";
      ctx.textBaseline = "bottom";
      ctx.lineJoin = "round";
      ctx.lineWidth = 5;
      ctx.strokeStyle = gridhall.palette.fade(colors.land, 0.8);
      ctx.strokeText(text, x, y - 0.3 * size);
      ctx.fillStyle = colors.bad;
      ctx.fillText(text, x, y - 0.3 * size);
    }

    #point(ctx, { x, y }, colors) {
      ctx.translate(x, y);
      this.#expanding(ctx, colors);
      ctx.scale(this.signSize, this.signSize);
      ctx.beginPath();
      ctx.arc(0, 0, DISC_UNITS, 0, 2 * Math.PI);
      ctx.fillStyle = colors.bg0;
      ctx.fill();
      ctx.scale(POINT_SCALE, POINT_SCALE);
      gridhall.signs.alarm(ctx, colors);
    }

    #expanding(ctx, colors) {
      const share = (performance.now() - this.beganMs) / ONCE_MS;
      if (share >= 1) return;
      ctx.beginPath();
      ctx.arc(0, 0, (DISC_UNITS + 180 * (1 - (1 - share) ** 2)) * this.signSize, 0, 2 * Math.PI);
      ctx.strokeStyle = gridhall.palette.fade(colors.bad, 1 - share);
      ctx.lineWidth = 3 * this.signSize;
      ctx.stroke();
      this.invalidate();
    }
  }

  gridhall.layers.AlarmLayer = AlarmLayer;
});
