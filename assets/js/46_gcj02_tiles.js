/**
 * Tiles of a server that speaks GCJ-02 (AMap, Tencent…), laid so that WGS-84 signs fit: the whole picture is shifted by the offset
 * that GCJ-02 has at the middle of the view. A tile layer whose className holds "gcj02" is treated so, also dash-leaflet's.
 */
gridhall.leaflet.ready((L) => {
  "use strict";

  const RELAY_PX = 0.5; // the offset changes slowly; tiles are put anew when it is half a pixel off

  /** What to add to WGS-84 world pixels to get the server's, at a place and zoom. */
  function shiftAt(map, center, zoom) {
    const [lon, lat] = gridhall.geo.toGcj02(center.lng, center.lat);
    return map.project([lat, lon], zoom).subtract(map.project(center, zoom));
  }

  /** Makes an L.TileLayer a shifted one; before it is added to a map. Returns it. */
  function shift(layer) {
    if (layer.gcj02) return layer;
    const kind = Object.getPrototypeOf(layer);
    const offset = (zoom, center = layer._map.getCenter()) => {
      if (!layer.gcj02 || layer.gcj02.zoom !== zoom) layer.gcj02 = { zoom, by: shiftAt(layer._map, center, zoom) };
      return layer.gcj02.by;
    };
    layer._getTiledPixelBounds = function (center) {
      const bounds = kind._getTiledPixelBounds.call(this, center);
      const by = offset(this._tileZoom, center);
      return L.bounds(bounds.min.add(by), bounds.max.add(by));
    };
    layer._getTilePos = function (coords) {
      return kind._getTilePos.call(this, coords).subtract(offset(coords.z));
    };
    layer.on("add", () => layer._map.on("moveend", relay));
    layer.on("remove", () => layer._mapToRemove?.off("moveend", relay));

    function relay() {
      const zoom = layer._tileZoom;
      if (!layer._map || zoom === undefined) return;
      const by = shiftAt(layer._map, layer._map.getCenter(), zoom);
      if (layer.gcj02?.zoom === zoom && layer.gcj02.by.distanceTo(by) < RELAY_PX) return;
      layer.gcj02 = { zoom, by };
      for (const tile of Object.values(layer._tiles)) {
        if (tile.coords.z === zoom) L.DomUtil.setPosition(tile.el, layer._getTilePos(tile.coords));
      }
    }
    return layer;
  }

  L.TileLayer.addInitHook(function () {
    if (/\bgcj02\b/.test(this.options.className ?? "")) shift(this);
  });

  /** A shifted tile layer: `gridhall.gcj02.tileLayer(url, options)`. */
  gridhall.gcj02 = { shift, tileLayer: (url, options) => shift(L.tileLayer(url, options)), shiftAt };
});
