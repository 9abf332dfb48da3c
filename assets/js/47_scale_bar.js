/** The scale bar of the look: a line with two ends, and its length in round metres. */
gridhall.leaflet.ready((L) => {
  "use strict";

  const WIDEST_PX = 150;

  /** The longest round length (1, 2, 5 × 10ⁿ m) that is at most `widest` px at `mpp` metres per pixel: `{metres, px, text}`. */
  function roundLength(mpp, widest = WIDEST_PX) {
    const limit = mpp * widest;
    const power = 10 ** Math.floor(Math.log10(limit));
    const metres = [5, 2, 1].map((digit) => digit * power).find((length) => length <= limit);
    return { metres, px: metres / mpp, text: metres >= 1000 ? `${metres / 1000} km` : `${metres} m` };
  }

  class ScaleBar extends L.Control {
    onAdd(map) {
      this.box = L.DomUtil.create("div", "gh-scale");
      this.box.style.cssText = "display:flex;align-items:center;gap:8px;color:var(--t2);pointer-events:none;" +
        "font:400 max(13px, var(--map-small, 13px)) var(--font);text-shadow:0 0 3px var(--land),0 0 3px var(--land)";
      this.bar = L.DomUtil.create("span", "", this.box);
      this.bar.style.cssText = "display:block;box-sizing:border-box;height:7px;border:1px solid var(--t2);border-top:0";
      this.label = L.DomUtil.create("span", "", this.box);
      this.show = () => this.#show();
      map.on("zoomend moveend", this.show);
      this.show();
      return this.box;
    }

    onRemove(map) {
      map.off("zoomend moveend", this.show);
    }

    #show() {
      const map = this._map;
      if (!gridhall.leaflet.stands(map)) return;
      const { px, text } = roundLength(gridhall.geo.metresPerPixel(map.getCenter().lat, map.getZoom()));
      this.bar.style.width = `${px}px`;
      this.label.textContent = text;
    }
  }

  gridhall.layers.ScaleBar = ScaleBar;
  gridhall.scaleBar = { roundLength };
});
