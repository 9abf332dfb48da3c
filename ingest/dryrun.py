"""`--dry-run`: the gateway's own decoders, asked in this process. Nothing is sent and nothing is kept."""

from collections.abc import Callable
from typing import Final

import httpx

from config.city import City
from config.clock import now_ms
from ingest.gateway.access import Source, context_of
from ingest.sources import events, feeds, positions, tallies
from ingest.sources.base import Context, Decoded, Refused

DOORS: Final[dict[str, Callable[[bytes, Context], Decoded]]] = {
    "/api/v1/positions": positions.decode,
    "/api/v1/events": events.decode,
    "/api/v1/feeds": feeds.decode,
    "/api/v1/tallies": tallies.decode,
}
NOWHERE: Final = "http://dry-run"


class DryRun(httpx.AsyncBaseTransport):
    """Answers as a gateway of the city would, but for what only the store knows."""

    def __init__(self, city: City | None) -> None:
        self._city = city

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = b"".join([part async for part in request.stream])  # type: ignore[union-attr]
        try:
            decoded = DOORS[request.url.path](body, self._context())
        except Refused as refused:
            return httpx.Response(refused.status, json={"error": refused.message}, request=request)
        rejected = [{"index": one.index, "reason": one.reason} for one in decoded.rejects]
        return httpx.Response(200, json={"accepted": len(decoded.facts), "rejected": rejected}, request=request)

    def _context(self) -> Context:
        city = self._city
        if city is None:
            return Context(source="dry-run", received_at_ms=now_ms())
        return context_of(Source("dry-run"), city)
