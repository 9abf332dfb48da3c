/** The city's own vectors, ready to draw and to search: base map and regions by level, as paths in chunks of about a kilometre. */
(function (gridhall) {
  "use strict";

  const { geo } = gridhall;
  const UNIT = 256 * 2 ** 14; // path units per Mercator width: near enough to pixels for 32-bit paths
  const CHUNK = 200; // path units

  /** Paths of one kind, cut into chunks so that only what is in view is drawn. */
  class Chunks {
    constructor(origin) {
      this.origin = origin;
      this.chunks = new Map();
    }

    #chunkOf(flat) {
      const x = (flat[0] - this.origin[0]) * UNIT;
      const y = (flat[1] - this.origin[1]) * UNIT;
      const key = `${Math.floor(x / CHUNK)},${Math.floor(y / CHUNK)}`;
      let chunk = this.chunks.get(key);
      if (!chunk) this.chunks.set(key, (chunk = { path: new Path2D(), box: [Infinity, Infinity, -Infinity, -Infinity] }));
      return chunk;
    }

    /** Adds rings of one area, or one open line; `flat`: Mercator x, y… */
    add(flats, closed) {
      const chunk = this.#chunkOf(flats[0]);
      for (const flat of flats) traceFlat(chunk.path, flat, this.origin, closed);
      const [left, top, right, bottom] = geo.boundsOf(flats);
      const { box } = chunk;
      chunk.box = [Math.min(box[0], left), Math.min(box[1], top), Math.max(box[2], right), Math.max(box[3], bottom)];
    }

    /** Calls `task(path)` for each chunk that meets the Mercator box. */
    each([left, top, right, bottom], task) {
      for (const { path, box } of this.chunks.values()) {
        if (box[0] <= right && box[2] >= left && box[1] <= bottom && box[3] >= top) task(path);
      }
    }
  }

  function traceFlat(path, flat, origin, closed) {
    for (let i = 0; i < flat.length; i += 2) {
      const [x, y] = [(flat[i] - origin[0]) * UNIT, (flat[i + 1] - origin[1]) * UNIT];
      if (i) path.lineTo(x, y);
      else path.moveTo(x, y);
    }
    if (closed) path.closePath();
  }

  /** Runs of edges that are not in `seen` yet: a border between two regions is one line, and its dashes stay dashes. */
  function freshRuns(ring, seen) {
    const runs = [];
    let run = null;
    const near = (value) => Math.round(value * 4e9); // a centimetre
    for (let i = 0; i + 3 < ring.length; i += 2) {
      const a = `${near(ring[i])},${near(ring[i + 1])}`;
      const b = `${near(ring[i + 2])},${near(ring[i + 3])}`;
      const key = a < b ? `${a};${b}` : `${b};${a}`;
      if (a === b) continue;
      if (seen.has(key)) {
        run = null;
        continue;
      }
      seen.add(key);
      if (run) run.push(ring[i + 2], ring[i + 3]);
      else runs.push((run = [ring[i], ring[i + 1], ring[i + 2], ring[i + 3]]));
    }
    return runs;
  }

  const linesOf = (geometry) => (geometry.type === "MultiLineString" ? geometry.coordinates : [geometry.coordinates]);

  class CityShapes {
    /** `origin`: Mercator place that paths are relative to. */
    constructor(origin) {
      this.origin = origin;
      this.kinds = new Map(); // class of the base map -> Chunks
      this.named = []; // {kind, name, nameEn, flat | rings}
      this.regions = new Map(); // code -> region
      this.levels = new Map(); // level -> {borders: Chunks, regions: []}
    }

    #kind(name) {
      if (!this.kinds.has(name)) this.kinds.set(name, new Chunks(this.origin));
      return this.kinds.get(name);
    }

    /** Takes the base map: GeoJSON whose features say `class` (land, water, green, building, road_a … lane) and `name`. */
    addBase(collection) {
      for (const { properties, geometry } of collection.features ?? []) {
        if (!geometry) continue;
        const { class: kind, name, name_en: nameEn } = properties;
        if (geometry.type.endsWith("Polygon")) this.#addArea(kind, name, nameEn, geometry);
        else if (geometry.type.endsWith("LineString")) this.#addLines(kind, name, nameEn, geometry);
      }
    }

    #addArea(kind, name, nameEn, geometry) {
      const rings = geo.ringsOf(geometry);
      if (rings.length) this.#kind(kind).add(rings, true);
      if (name && rings.length) this.named.push({ kind, name, nameEn, rings, box: geo.boundsOf(rings) });
    }

    #addLines(kind, name, nameEn, geometry) {
      for (const points of linesOf(geometry)) {
        const flat = geo.flatLine(points);
        this.#kind(kind).add([flat], false);
        if (name) this.named.push({ kind, name, nameEn, flat, box: geo.boundsOf([flat]) });
      }
    }

    /** Takes the regions of one level: GeoJSON whose features say code, name, name_en, level, parent. */
    addLevel(level, collection) {
      const regions = [];
      const borders = new Chunks(this.origin);
      const seen = new Set();
      for (const { properties, geometry } of collection.features ?? []) {
        const rings = geo.ringsOf(geometry);
        if (!rings.length) continue;
        const region = { ...properties, rings, box: geo.boundsOf(rings), path: null, label: null, geometry };
        regions.push(region);
        this.regions.set(region.code, region);
        for (const ring of rings) for (const run of freshRuns(ring, seen)) borders.add([run], false);
      }
      this.levels.set(level, { regions, borders });
    }

    pathOf(region) {
      if (!region.path) {
        region.path = new Path2D();
        for (const ring of region.rings) traceFlat(region.path, ring, this.origin, true);
      }
      return region.path;
    }

    labelOf(region) {
      region.label ??= geo.labelPoint(region.rings);
      return region.label;
    }

    childrenOf(code) {
      return [...this.regions.values()].filter((region) => region.parent === code);
    }

    /** The child of a region that holds (lon, lat), or null. */
    childAt(code, lon, lat) {
      const [x, y] = [geo.mercatorX(lon), geo.mercatorY(lat)];
      const holds = ({ box, rings }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] && geo.inRings(rings, x, y);
      return this.childrenOf(code).find(holds) ?? null;
    }
  }

  gridhall.shapes = { CityShapes, Chunks, freshRuns, UNIT };
})((globalThis.gridhall ??= {}));
