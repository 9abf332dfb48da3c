/** A worker's day as lines to draw: patrols, stretches out of grid, gaps, stops, fixes set aside. Pure; Mercator places. */
(function (gridhall) {
  "use strict";

  const { geo } = gridhall;
  const REST_MS = 30 * 60 * 1000; // a longer pause begins another patrol
  const PATROL_COLORS = ["ok2", "t1", "s4", "s5", "s6", "s7"];

  /** `{times, flat, flags}` of one segment of the track GeoJSON (LineString or Point with `times`). */
  function segmentOf({ geometry, properties }) {
    const points = geometry.type === "Point" ? [geometry.coordinates] : geometry.coordinates;
    return { times: Float64Array.from(properties.times), flat: geo.flatLine(points), flags: properties.flags ?? null };
  }

  const SET_ASIDE = ["mock", "future", "jump", "same_time", "inaccurate", "outside", "past"];

  /** Takes the fixes that were set aside out of a segment; they come back as marks. */
  function sift(segment) {
    if (!segment.flags) return [segment, []];
    const kept = [...segment.times.keys()].filter((i) => !segment.flags[i].some((flag) => SET_ASIDE.includes(flag)));
    const aside = [...segment.times.keys()].filter((i) => !kept.includes(i)).map((i) => ({
      at_ms: segment.times[i], x: segment.flat[2 * i], y: segment.flat[2 * i + 1], reasons: segment.flags[i],
    }));
    const good = {
      times: Float64Array.from(kept, (i) => segment.times[i]),
      flat: Float64Array.from(kept.flatMap((i) => [segment.flat[2 * i], segment.flat[2 * i + 1]])),
      flags: kept.map((i) => segment.flags[i]),
    };
    return [good, aside];
  }

  /** Numbers the segments by patrol: another one begins after a rest. */
  function numberPatrols(segments) {
    let patrol = 0;
    let end = null;
    for (const segment of segments) {
      if (end !== null && segment.times[0] - end > REST_MS) patrol += 1;
      segment.patrol = patrol;
      end = segment.times.at(-1);
    }
  }

  /**
   * Cuts a segment into runs that are wholly in or out of the own grid: `[{first, last, out}]`, ends shared so that the line has
   * no hole. `stretches`: `[{from_ms, to_ms}]`.
   */
  function cut(segment, stretches) {
    const isOut = (at) => stretches.some(({ from_ms: from, to_ms: to }) => at >= from && at <= to);
    const runs = [];
    for (let i = 0; i + 1 < segment.times.length; i += 1) {
      const out = isOut(segment.times[i]) || isOut(segment.times[i + 1]);
      const last = runs.at(-1);
      if (last && last.out === out) last.last = i + 1;
      else runs.push({ first: i, last: i + 1, out });
    }
    return runs;
  }

  function stretchesOf(data, segments) {
    if (data.out_of_grid) return data.out_of_grid;
    return segments.filter((segment) => segment.flags).flatMap((segment) => {
      const out = [...segment.times.keys()].filter((i) => segment.flags[i].includes("out_of_grid"));
      return out.map((i) => ({ from_ms: segment.times[i], to_ms: segment.times[i] }));
    });
  }

  const place = (item) => ({ ...item, x: geo.mercatorX(item.lon), y: geo.mercatorY(item.lat) });

  function gapsBetween(segments) {
    return segments.slice(1).map((segment, i) => {
      const before = segments[i];
      return { from_ms: before.times.at(-1), to_ms: segment.times[0], line: [...before.flat.slice(-2), ...segment.flat.slice(0, 2)] };
    });
  }

  /**
   * What to draw of a worker's day. `data`: the dossier (`track`, `stops`, `out_of_grid`, `set_aside`, `problems`), or the bare
   * GeoJSON of the track. → `{segments: [{times, flat, patrol, runs}], gaps, stops, aside, problems}`.
   */
  function read(data) {
    const collection = data.track ?? data;
    const sifted = (collection.features ?? []).map((feature) => sift(segmentOf(feature)));
    const segments = sifted.map(([good]) => good).filter((segment) => segment.times.length);
    const stretches = stretchesOf(data, segments);
    numberPatrols(segments);
    for (const segment of segments) segment.runs = cut(segment, stretches);
    const located = (items) => (items ?? []).filter((item) => item.lon !== null && item.lon !== undefined).map(place);
    return {
      segments, gaps: gapsBetween(segments), stops: located(data.stops),
      aside: [...sifted.flatMap(([, aside]) => aside), ...located(data.set_aside)],
      problems: numbered(located((data.problems ?? []).filter((problem) => problem.on_day !== false))),
      stretches,
    };
  }

  /** Problems in the order in which they were found, numbered from 1. */
  function numbered(problems) {
    const sorted = [...problems].sort((a, b) => (a.reported_at_ms ?? a.at_ms) - (b.reported_at_ms ?? b.at_ms));
    return sorted.map((problem, i) => ({ ...problem, number: problem.number ?? i + 1 }));
  }

  /** Where the worker was at an instant: `{x, y, heading, known}`; between two segments the last place known, null before all. */
  function placeAt(track, atMs) {
    let before = null;
    for (const segment of track.segments) {
      const { times, flat } = segment;
      if (atMs < times[0]) break;
      let low = 0;
      let high = times.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (times[middle] <= atMs) low = middle;
        else high = middle - 1;
      }
      before = between(segment, low, atMs);
      if (atMs <= times.at(-1)) return before;
      before = { x: flat.at(-2), y: flat.at(-1), heading: null, known: false };
    }
    return before;
  }

  function between({ times, flat }, i, atMs) {
    const [x, y] = [flat[2 * i], flat[2 * i + 1]];
    if (i + 1 >= times.length) return { x, y, heading: null, known: true };
    const share = (atMs - times[i]) / (times[i + 1] - times[i] || 1);
    const [dx, dy] = [flat[2 * i + 2] - x, flat[2 * i + 3] - y];
    return { x: x + dx * share, y: y + dy * share, heading: dx || dy ? Math.atan2(dx, -dy) : null, known: true };
  }

  /** Places of arrows along a line on the screen: `[{x, y, turn}]`, one each `step` px, the first after half a step. */
  function arrows(line, step = 200) {
    const found = [];
    let next = step / 2;
    let way = 0;
    for (let i = 0; i + 3 < line.length; i += 2) {
      const [dx, dy] = [line[i + 2] - line[i], line[i + 3] - line[i + 1]];
      const length = Math.hypot(dx, dy);
      while (length && next <= way + length) {
        const share = (next - way) / length;
        found.push({ x: line[i] + dx * share, y: line[i + 1] + dy * share, turn: Math.atan2(dx, -dy) });
        next += step;
      }
      way += length;
    }
    return found;
  }

  gridhall.trackModel = { read, placeAt, arrows, cut, PATROL_COLORS, SET_ASIDE };
})((globalThis.gridhall ??= {}));
