"""The city's own vectors for the map: base map and outlines of a level, compressed once, fetched once per page."""

import functools
import gzip
import hashlib

import msgspec
from flask import Flask, Response, abort, request

from config.city import City


class MapData:
    """GeoJSON bytes of a city, gzip-compressed. A city's files do not change while the process runs."""

    def __init__(self, city: City) -> None:
        self._city = city
        self.level = functools.lru_cache(maxsize=None)(self._level)

    @functools.cached_property
    def base(self) -> bytes:
        return gzip.compress(self._city.basemap_bytes or b'{"type":"FeatureCollection","features":[]}', 6)

    def _level(self, key: str) -> bytes:
        """Outlines of all regions of a level. KeyError if there is no such level."""
        self._city.level(key)
        return gzip.compress(msgspec.json.encode(self._city.geojson(key)), 6)


def register(app: Flask, city: City) -> None:
    """`/city/basemap.geojson` and `/city/regions.geojson?level=`."""
    data = MapData(city)

    @app.get("/city/basemap.geojson")
    def basemap() -> Response:
        return _answer(data.base)

    @app.get("/city/regions.geojson")
    def regions() -> Response:
        level = request.args.get("level", "")
        if level not in {known.key for known in city.levels}:
            abort(404)
        return _answer(data.level(level))


def _answer(packed: bytes) -> Response:
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = Response(packed, mimetype="application/geo+json", headers={"Content-Encoding": "gzip"})
    else:
        response = Response(gzip.decompress(packed), mimetype="application/geo+json")
    response.headers.update({"Vary": "Accept-Encoding", "Cache-Control": "no-cache"})
    response.set_etag(hashlib.sha256(packed).hexdigest()[:20])
    return response.make_conditional(request)
