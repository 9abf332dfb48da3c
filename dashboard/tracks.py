"""A worker's track as GeoJSON, and what there is to say about it."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dashboard.briefs import Json, region_name
from domain.facts import FixFlag
from domain.tracks import Run, length_m, lengths_m, reasons, runs, seconds, segments, stops, usable

if TYPE_CHECKING:
    from dashboard.hall import Hall

DEGREE = 1e-7
SILENT_U2 = 65535


def track_records(hall: "Hall", worker: str, from_ms: int, to_ms: int) -> NDArray[np.void]:
    """The worker's records in [from, to), by time; none without a store. Raises StoreUnavailable."""
    if hall.store is None:
        return np.empty(0, [("t", "<i8"), ("lon", "<i4"), ("lat", "<i4"), ("flags", "<u4")])
    return hall.store.track(worker, from_ms, to_ms)


def track_geojson(hall: "Hall", worker: str, from_ms: int, to_ms: int, include_all: bool = False) -> Json:
    """FeatureCollection with a LineString per segment; a segment of one fix is a Point.

    Segments are split at gaps over five minutes. `include_all` takes in the fixes that were set aside and gives each fix's
    flags. A feature's properties: times (ms), count, length_m, flags. The collection's: worker, count, set_aside,
    gaps, length_m over consecutive fixes (gaps included), length_within_m (segments only).
    """
    return geojson_of(worker, track_records(hall, worker, from_ms, to_ms), include_all)


def geojson_of(worker: str, records: NDArray[np.void], include_all: bool) -> Json:
    """`track_geojson` of records that are sorted by time."""
    good = usable(records["flags"])
    if not include_all:
        records = records[good]
    lons, lats = places(records)
    parts = segments(records["t"])
    lengths = lengths_m(lons, lats, parts)
    coordinates = np.column_stack((lons, lats)).tolist()
    times = records["t"].tolist()
    words = _flag_words(records["flags"]) if include_all else None
    features = [_feature(part, coordinates, times, words, length) for part, length in zip(parts, lengths, strict=True)]
    return {
        "type": "FeatureCollection",
        "properties": {
            "worker": worker,
            "count": len(records),
            "set_aside": int(np.count_nonzero(~good)),
            "gaps": max(len(parts) - 1, 0),
            "length_m": round(length_m(lons, lats), 3),
            "length_within_m": round(sum(lengths), 3),
        },
        "features": features,
    }


def _feature(part: Run, coordinates: list[Any], times: list[int], words: list[Any] | None, length: float) -> Json:
    low, high = part
    properties: Json = {"times": times[low:high], "count": high - low, "length_m": round(length, 3)}
    if words is not None:
        properties["flags"] = words[low:high]
    line = coordinates[low:high]
    geometry = {"type": "LineString", "coordinates": line} if len(line) > 1 else {"type": "Point", "coordinates": line[0]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def places(records: NDArray[np.void]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes in degrees, as exact as the records."""
    return np.round(records["lon"] * DEGREE, 7), np.round(records["lat"] * DEGREE, 7)


def _flag_words(flags: NDArray[np.uint32]) -> list[list[str]]:
    words = {value: reasons(value) for value in np.unique(flags).tolist()}
    return [words[value] for value in flags.tolist()]


def describe_track(hall: "Hall", worker: str, records: NDArray[np.void]) -> Json:
    """The track of a day in words and lines: track (GeoJSON), gaps, set_aside, stops, out_of_grid, and sums."""
    good = records[usable(records["flags"])]
    lons, lats = places(good)
    times = good["t"]
    parts = segments(times)
    outside = (good["flags"] & int(FixFlag.OUT_OF_GRID)) != 0
    everywhere = np.ones(len(good), bool)
    track = geojson_of(worker, records, include_all=False)
    return {
        "track": track,
        "fixes": len(good),
        "length_m": track["properties"]["length_within_m"],
        "first_at_ms": int(times[0]) if len(times) else None,
        "last_at_ms": int(times[-1]) if len(times) else None,
        "tracked_s": seconds(times, everywhere, parts),
        "in_grid_s": seconds(times, ~outside, parts),
        "gaps": [_gap(before, after, times, lons, lats) for (_, before), (after, _) in pairwise(parts)],
        "set_aside": _set_aside(records),
        "stops": _stops(hall, times, lons, lats),
        "out_of_grid": _stretches(outside, parts, times, lons, lats),
        "speeds": _speeds(good),
    }


def _gap(before: int, after: int, times: Any, lons: Any, lats: Any) -> Json:
    ends = [[float(lons[at]), float(lats[at])] for at in (before - 1, after)]
    from_ms, to_ms = int(times[before - 1]), int(times[after])
    return {"from_ms": from_ms, "to_ms": to_ms, "seconds": (to_ms - from_ms) / 1000, "from": ends[0], "to": ends[1]}


def _set_aside(records: NDArray[np.void]) -> list[Json]:
    bad = records[~usable(records["flags"])]
    lons, lats = places(bad)
    rows = zip(bad["t"].tolist(), lons.tolist(), lats.tolist(), _flag_words(bad["flags"]), strict=True)
    return [{"at_ms": at, "lon": lon, "lat": lat, "reasons": words} for at, lon, lat, words in rows]


def _stops(hall: "Hall", times: Any, lons: Any, lats: Any) -> list[Json]:
    found = stops(times, lons, lats, hall.city.limits.still_radius_m)
    codes = hall.city.locate(np.array([s.lon for s in found]), np.array([s.lat for s in found])) if found else []
    return [
        {
            "from_ms": stop.from_ms,
            "to_ms": stop.to_ms,
            "seconds": (stop.to_ms - stop.from_ms) / 1000,
            "lon": stop.lon,
            "lat": stop.lat,
            "region": code,
            "region_name": region_name(hall.city, code),
        }
        for stop, code in zip(found, codes, strict=True)
    ]


def _stretches(outside: NDArray[np.bool_], parts: list[Run], times: Any, lons: Any, lats: Any) -> list[Json]:
    found = []
    for low, high in parts:
        for first, last in runs(outside[low:high]):
            at = slice(low + first, low + last)
            from_ms, to_ms = int(times[at][0]), int(times[at][-1])
            found.append(
                {
                    "from_ms": from_ms,
                    "to_ms": to_ms,
                    "seconds": (to_ms - from_ms) / 1000,
                    "length_m": round(length_m(lons[at], lats[at]), 1),
                    "coordinates": np.column_stack((lons[at], lats[at])).tolist(),
                }
            )
    return found


def _speeds(good: NDArray[np.void]) -> Json:
    """Lanes of the timeline: speed as the device told it, and battery; None where it told nothing."""
    if "speed" not in (good.dtype.names or ()):
        return {"times": [], "speed_mps": [], "battery_pct": []}
    speed = [None if value == SILENT_U2 else value / 100 for value in good["speed"].tolist()]
    battery = [None if value == 255 else value for value in good["battery"].tolist()]
    return {"times": good["t"].tolist(), "speed_mps": speed, "battery_pct": battery}
