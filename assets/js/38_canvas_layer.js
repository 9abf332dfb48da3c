/**
 * A Leaflet layer that is one canvas over the visible map and a margin around it. While the map is dragged the pane carries it
 * along; while it zooms it is scaled; when the map rests it is laid anew and drawn. Subclasses write `draw(view)`.
 */
gridhall.leaflet.ready((L) => {
  "use strict";

  const COARSEST = [0.6, 1.8]; // a scaled picture stands for these scales
  const { LIMITS, fitRatio } = gridhall.canvases;

  class CanvasLayer extends L.Layer {
    /** `pane`: name, `zIndex`: of the pane, `margin`: around the map, a share of its size, or px from 1 on. */
    initialize({ pane, zIndex, margin = 0.1 }) {
      L.Util.setOptions(this, { pane, zIndex, margin });
    }

    getEvents() {
      const events = { viewreset: this.lay, moveend: this.lay, move: this.onMove, zoom: this.onZoom, resize: this.lay };
      if (this._map.options.zoomAnimation) events.zoomanim = (event) => this.scaleTo(event.center, event.zoom);
      return events;
    }

    onAdd(map) {
      const { pane, zIndex } = this.options;
      if (!map.getPane(pane)) {
        map.createPane(pane).style.zIndex = zIndex;
        map.getPane(pane).style.pointerEvents = "none";
      }
      this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated", map.getPane(pane));
      this.canvas.setAttribute("aria-hidden", "true");
      this.start(this.canvas);
      this.lay();
    }

    onRemove() {
      this.stop?.();
      cancelAnimationFrame(this.frame);
      this.frame = null;
      this.canvas.remove();
      this.canvas = null;
    }

    /** Whether it has a view: on a map, and laid. A layer that was taken off may still be told things. */
    hasView() {
      return Boolean(this._map && this.canvas && this.size);
    }

    /** Gets the drawing context. */
    start(canvas) {
      this.ctx = canvas.getContext("2d");
    }

    /** In a flight the picture is scaled, and drawn anew only when it has become too coarse or too small. */
    onZoom() {
      if (!this.hasView()) return;
      const scale = this._map.getZoomScale(this._map.getZoom(), this.stands.zoom);
      if (scale < COARSEST[0] || scale > COARSEST[1]) this.lay();
      else this.scaleTo(this._map.getCenter(), this._map.getZoom());
    }

    /** While dragged: the pane carries the canvas, until its margin is used up. */
    onMove() {
      const map = this._map;
      if (!this.hasView() || map.getZoom() !== this.zoom) return;
      const corner = map.layerPointToContainerPoint(this.corner);
      const view = map.getSize();
      if (corner.x > 0 || corner.y > 0 || corner.x + this.size.x < view.x || corner.y + this.size.y < view.y) this.lay();
    }

    scaleTo(center, zoom) {
      if (!this.stands || !this._map) return;
      const scale = this._map.getZoomScale(zoom, this.stands.zoom);
      const corner = this._map._latLngToNewLayerPoint(this.stands.northWest, zoom, center);
      L.DomUtil.setTransform(this.canvas, corner, scale);
    }

    /** Lays the canvas over the present view and draws. */
    lay() {
      const map = this._map;
      if (!map || !this.canvas) return;
      const size = map.getSize();
      const { margin: wide } = this.options;
      const margin = wide < 1 ? size.multiplyBy(wide).ceil() : L.point(wide, wide);
      const corner = map.containerPointToLayerPoint(margin.multiplyBy(-1)).round();
      this.size = size.add(margin.multiplyBy(2));
      this.corner = corner;
      this.zoom = map.getZoom();
      this.origin = map.getPixelOrigin(); // of this lay: Leaflet changes its own when a zoom animation begins
      this.stand({ corner, zoom: this.zoom, origin: this.origin, size: this.size, northWest: map.layerPointToLatLng(corner) });
      this.fitCanvas();
      this.redraw();
    }

    /** Puts the canvas where a picture belongs that is, or was a moment ago, of the present view. */
    stand(laid) {
      const map = this._map;
      this.stands = laid;
      if (map._animatingZoom) this.scaleTo(map._animateToCenter, map._animateToZoom);
      else if (map.getZoom() === laid.zoom && map.getPixelOrigin().equals(laid.origin)) L.DomUtil.setTransform(this.canvas, laid.corner, 1);
      else this.scaleTo(map.getCenter(), map.getZoom());
    }

    /** Limits of the canvas in device px. */
    limits() {
      return LIMITS;
    }

    /** Whether there is nothing to draw: then the canvas takes no memory. */
    isEmpty() {
      return false;
    }

    fitCanvas() {
      this.ratio = fitRatio(this.size, globalThis.devicePixelRatio || 1, this.limits());
      this.empty = this.isEmpty();
      const [width, height] = this.empty ? [1, 1] : [Math.floor(this.size.x * this.ratio), Math.floor(this.size.y * this.ratio)];
      const style = [this.empty ? "none" : "block", `${this.size.x}px`, `${this.size.y}px`];
      [this.canvas.style.display, this.canvas.style.width, this.canvas.style.height] = style;
      if (this.canvas.width === width && this.canvas.height === height) return;
      this.canvas.width = width;
      this.canvas.height = height;
    }

    /**
     * What drawing needs to know, where there is a view: `scale` px per Mercator unit, `x`, `y` Mercator place of the canvas's corner, `mpp` metres of
     * ground per px at the middle, `zoom`, `size`, `ratio`.
     */
    view() {
      const map = this._map;
      const scale = 256 * 2 ** this.zoom;
      const corner = this.origin.add(this.corner);
      const [x, y] = [corner.x / scale, corner.y / scale];
      const mpp = gridhall.geo.metresPerPixel(map.getCenter().lat, this.zoom);
      return { scale, x, y, mpp, zoom: this.zoom, size: this.size, ratio: this.ratio };
    }

    /** Draws now. */
    redraw() {
      if (!this.hasView()) return;
      if (this.isEmpty() !== this.empty) this.fitCanvas();
      if (this.empty) return;
      const view = this.view();
      this.ctx.setTransform(1, 0, 0, 1, 0, 0);
      this.ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.ctx.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
      this.draw(this.ctx, view);
    }

    /** Draws with the next picture of the browser; many calls are one. */
    invalidate() {
      if (this.frame || !this.canvas) return;
      this.frame = requestAnimationFrame(() => {
        this.frame = null;
        this.redraw();
      });
    }
  }

  gridhall.layers.CanvasLayer = CanvasLayer;
});
