"""The API of the web process, as the simulated people use it: each request with the token of the one who acts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final

import httpx
import msgspec

from ingest.delivery import retry_after_s

AWAY: Final = (502, 503, 504)
CONNECTIONS: Final = 4
TIMEOUT_S: Final = 30.0
STRANGER: Final = "401"
SENT_AGAIN: Final = 10  # an action that nobody has answered yet; after that it is looked at later

log = logging.getLogger(__name__)
Json = dict[str, Any]


class Done(msgspec.Struct, frozen=True):
    """What became of an action: `state` done, refused or pending; `why` the API's reason of a refusal, or its status."""

    state: str
    order: str = ""
    why: str = ""


class Web:
    """A client of one web process; while that is away, or its store is, requests wait. Use as `async with`.

    `transport` and `sleep` are there for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._sleep = sleep
        self._away = False
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=10)
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits, transport=transport, trust_env=False)

    async def __aenter__(self) -> "Web":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, secret: str, path: str, **params: str | int) -> Json | None:
        """The JSON of a page of the API; None for anything but 200."""
        answer = await self._ask(secret, "GET", path, params=params)
        return _object(answer) if answer.status_code == 200 else None

    async def post(self, secret: str, path: str, body: Json) -> Done:
        """An action, or a report. The same body again is the same action, so that it is sent until there is an answer."""
        for tries in range(SENT_AGAIN):
            answer = await self._ask(secret, "POST", path, json=body)
            told = _object(answer)
            if answer.status_code != 202:
                state = "done" if answer.status_code == 200 else "refused"
                why = str(told.get("reason") or answer.status_code)
                return Done(state, str(told.get("order", "")), "" if state == "done" else why)
            await self._sleep(min(1.0 + tries, 5.0))
        return Done("pending")

    async def put(self, secret: str, path: str, content: bytes, content_type: str) -> bool:
        """Whether a file was taken."""
        answer = await self._ask(secret, "PUT", path, content=content, kind=content_type)
        return answer.status_code in (200, 201)

    async def _ask(self, secret: str, method: str, path: str, *, kind: str = "", **more: Any) -> httpx.Response:
        mine = {"Authorization": f"Bearer {secret}", **({"Content-Type": kind} if kind else {})}
        tries = 0
        while True:
            answer, why = None, ""
            try:
                answer = await self._client.request(method, self.url + path, headers=mine, **more)
            except httpx.TransportError as lost:
                why = type(lost).__name__
            if answer is not None and answer.status_code not in AWAY:
                self._is_there()
                return answer
            self._is_away(why or f"answers {answer.status_code if answer is not None else 0}")
            await self._sleep(retry_after_s(answer, tries))
            tries += 1

    def _is_away(self, why: str) -> None:
        if not self._away:
            log.warning("%s is away (%s): the people of the simulation wait", self.url, why)
        self._away = True

    def _is_there(self) -> None:
        if self._away:
            log.info("%s is there again", self.url)
        self._away = False


def _object(answer: httpx.Response) -> Json:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
