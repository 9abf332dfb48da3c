/** Geometry in the plane of Web Mercator (x and y in 0…1, y down), lengths on the ground, and the Chinese datum. */
(function (gridhall) {
  "use strict";

  const RADIUS_M = 6371008.8;
  const EQUATOR_M = 40075016.68557849; // of Web Mercator's sphere, one world width
  const radians = (deg) => (deg * Math.PI) / 180;

  const mercatorX = (lon) => lon / 360 + 0.5;

  function mercatorY(lat) {
    const sine = Math.sin(radians(lat));
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  }

  const lonOf = (x) => (x - 0.5) * 360;
  const latOf = (y) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

  const WITHIN_DEG = 0.6; // so near the origin a series of four terms is exact to a millimetre

  /**
   * The Mercator plane around a place given in 1e-7 degrees: `x(lon)` and `y(lat)` of others in the same units, relative to `origin`;
   * `metres`: of ground in one Mercator unit there. Many times faster than the exact functions, which it uses only far away.
   */
  function planeAt(lon0, lat0) {
    const phi = radians(lat0 * 1e-7);
    const [sec, tan] = [1 / Math.cos(phi), Math.tan(phi)];
    const step = radians(1e-7);
    const turn = 2 * Math.PI;
    const c1 = (-sec * step) / turn;
    const c2 = (-sec * tan * step ** 2) / (2 * turn);
    const c3 = (-(2 * sec ** 3 - sec) * step ** 3) / (6 * turn);
    const c4 = (-(6 * sec ** 3 - sec) * tan * step ** 4) / (24 * turn);
    const origin = [mercatorX(lon0 * 1e-7), mercatorY(lat0 * 1e-7)];
    const within = WITHIN_DEG * 1e7;
    return {
      origin,
      metres: EQUATOR_M * Math.cos(phi),
      x: (lon) => (lon - lon0) / 3.6e9,
      y(lat) {
        const d = lat - lat0;
        return d < within && d > -within ? d * (c1 + d * (c2 + d * (c3 + d * c4))) : mercatorY(lat * 1e-7) - origin[1];
      },
    };
  }

  /** Metres of ground under one pixel of a 256-pixel tile pyramid. */
  const metresPerPixel = (lat, zoom) => (EQUATOR_M * Math.cos(radians(lat))) / (256 * 2 ** zoom);

  /** Great-circle distance in metres. */
  function distance(lonA, latA, lonB, latB) {
    const sinLat = Math.sin(radians(latB - latA) / 2);
    const sinLon = Math.sin(radians(lonB - lonA) / 2);
    const h = sinLat * sinLat + Math.cos(radians(latA)) * Math.cos(radians(latB)) * sinLon * sinLon;
    return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
  }

  /** True when (x, y) lies in the rings (outer and holes alike, even-odd). A ring is a flat array x, y, x, y… */
  function inRings(rings, x, y) {
    let inside = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const crosses = ring[i + 1] > y !== ring[j + 1] > y;
        if (crosses && x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
      }
    }
    return inside;
  }

  function distanceToRings(rings, x, y) {
    let best = Infinity;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const dx = ring[i] - ring[j];
        const dy = ring[i + 1] - ring[j + 1];
        const span = dx * dx + dy * dy;
        const share = span ? Math.min(1, Math.max(0, ((x - ring[j]) * dx + (y - ring[j + 1]) * dy) / span)) : 0;
        best = Math.min(best, (x - ring[j] - share * dx) ** 2 + (y - ring[j + 1] - share * dy) ** 2);
      }
    }
    return Math.sqrt(best);
  }

  function boundsOf(rings) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        box[0] = Math.min(box[0], ring[i]);
        box[1] = Math.min(box[1], ring[i + 1]);
        box[2] = Math.max(box[2], ring[i]);
        box[3] = Math.max(box[3], ring[i + 1]);
      }
    }
    return box;
  }

  const LABEL_POINTS = 160; // of a ring, at most, are looked at to place a label

  /** The ring with every so many-th of its points only: good enough to place a label by, at a tenth of the work. */
  function thinned(ring) {
    const points = ring.length / 2;
    if (points <= LABEL_POINTS) return ring;
    const thin = new Float64Array(LABEL_POINTS * 2);
    for (let i = 0; i < LABEL_POINTS; i += 1) {
      const at = 2 * Math.floor((i * points) / LABEL_POINTS);
      thin[2 * i] = ring[at];
      thin[2 * i + 1] = ring[at + 1];
    }
    return thin;
  }

  /** The place inside the rings that is farthest from every edge, nearly: where a label has most room. */
  function labelPoint(whole) {
    let [left, top, right, bottom] = boundsOf(whole);
    const rings = whole.map(thinned);
    let best = { x: (left + right) / 2, y: (top + bottom) / 2, room: -1 };
    for (let round = 0; round < 3; round += 1) {
      const stepX = (right - left) / 8;
      const stepY = (bottom - top) / 8;
      for (let i = 0; i <= 8; i += 1) {
        for (let j = 0; j <= 8; j += 1) {
          const x = left + i * stepX;
          const y = top + j * stepY;
          const room = inRings(rings, x, y) ? distanceToRings(rings, x, y) : -1;
          if (room > best.room) best = { x, y, room };
        }
      }
      [left, right, top, bottom] = [best.x - stepX, best.x + stepX, best.y - stepY, best.y + stepY];
    }
    return best;
  }

  /** All rings of a Polygon or MultiPolygon in Mercator, as flat arrays. */
  function ringsOf(geometry) {
    if (!geometry) return [];
    const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
    return polygons.flat().map((ring) => flatLine(ring));
  }

  function flatLine(points) {
    const flat = new Float64Array(points.length * 2);
    points.forEach(([lon, lat], i) => {
      flat[2 * i] = mercatorX(lon);
      flat[2 * i + 1] = mercatorY(lat);
    });
    return flat;
  }

  // The published approximation of the offset that GCJ-02 puts on WGS-84: Krasovsky ellipsoid, three wave series.
  const AXIS_M = 6378245;
  const ECCENTRICITY = 0.006693421622965943;

  function wave(x, y, terms) {
    const { sin, PI } = Math;
    let sum = ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
    for (const [size, length, of] of terms) sum += (size * 2 * sin((of === "x" ? x : y) * PI / length)) / 3;
    return sum;
  }

  const EAST_TERMS = [[20, 1, "x"], [40, 3, "x"], [150, 12, "x"], [300, 30, "x"]];
  const NORTH_TERMS = [[20, 1, "y"], [40, 3, "y"], [160, 12, "y"], [320, 30, "y"]];

  /** WGS-84 [lon, lat] to GCJ-02; a place outside China's box stays as it is. */
  function toGcj02(lon, lat) {
    if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
    const x = lon - 105;
    const y = lat - 35;
    const root = Math.sqrt(Math.abs(x));
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave(x, y, EAST_TERMS);
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave(x, y, NORTH_TERMS);
    const sine = Math.sin(radians(lat));
    const magic = 1 - ECCENTRICITY * sine * sine;
    const perLat = (AXIS_M * (1 - ECCENTRICITY)) / (magic * Math.sqrt(magic));
    const perLon = (AXIS_M / Math.sqrt(magic)) * Math.cos(radians(lat));
    return [lon + ((east / perLon) * 180) / Math.PI, lat + ((north / perLat) * 180) / Math.PI];
  }

  gridhall.geo = {
    mercatorX, mercatorY, planeAt, lonOf, latOf, metresPerPixel, distance, inRings, boundsOf, labelPoint, ringsOf, flatLine, toGcj02,
  };
})((globalThis.gridhall ??= {}));
