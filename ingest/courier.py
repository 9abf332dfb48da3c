"""The courier: posts what waits for the city's webhooks, signed, again and again until it is taken or given up.

One courier per partition at a time (a lease); one thread and one queue per webhook, so that a dead receiver keeps nobody
waiting but itself. Sent is at least once, under the same id each time: a courier killed between the receiver's answer and
its own note of it sends again, and the receiver knows the id.
"""

import asyncio
import logging
import os
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Final

import httpx
import msgspec

from config import clock
from config.city import City
from config.faults import Faults
from domain.notices import DELIVERED, FAILED, Delivery, Notice, contact_of
from ingest.noticebody import body_of, headers_of
from ingest.posting import FIRST_WAIT_S, LONGEST_WAIT_S, Answer, seconds_of, settled
from store import audit, notices
from store.errors import StoreUnavailable
from store.store import Store

log = logging.getLogger(__name__)

IDLE_S: Final = 0.5
LEASE_S: Final = 1.5
LONGEST_REST_S: Final = 60.0
END_S: Final = 3.0


class Endpoint:
    """One webhook: its queue over all partitions that this courier holds, one delivery after the other."""

    def __init__(
        self, store: Store, city: City, name: str, keys: tuple[str, ...], held: Callable[[], frozenset[int]],
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:  # fmt: skip
        self.name, self.hook = name, city.notices.webhooks[name]
        self._store, self._city, self._keys, self._held = store, city, keys, held
        self._first_wait_s = first_wait_s
        self._faults = Faults()
        self._failures = 0
        self._rest_until_s = 0.0
        self._outage = False

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        asyncio.run(self._run(stop))

    async def _run(self, stop: threading.Event) -> None:
        secure = ssl.create_default_context()  # the machine's own authorities: a gateway of the city may have one of its own
        async with httpx.AsyncClient(verify=secure, follow_redirects=False, trust_env=False, timeout=None) as http:
            while not stop.is_set():
                try:
                    worked = await self.step(http)
                    self._outage = False
                except StoreUnavailable as silent:
                    if not self._outage:
                        self._outage = True
                        log.error("webhook %s: the store does not answer, notices wait: %s", self.name, silent)
                    worked = False
                except Exception as failed:  # a defect of one delivery must not end the sending of all others
                    self._faults.note(f"webhook {self.name}", failed)
                    self._rest_until_s, worked = time.monotonic() + LONGEST_REST_S, False
                if not worked:
                    await asyncio.sleep(IDLE_S)

    async def step(self, http: httpx.AsyncClient) -> bool:
        """Try what waits longest; False: nothing is due, or the receiver is given a rest."""
        if time.monotonic() < self._rest_until_s:
            return False
        found = notices.due(self._store, self._held(), self.name, clock.now_ms())
        if found is None:
            return False
        delivery, notice = found
        answer = await self._try(http, delivery, notice)
        after = settled(delivery, answer, self.hook, clock.now_ms(), self._first_wait_s)
        notices.settle(self._store, after)
        self._tell(after)
        self._rest(answer)
        return True

    async def _try(self, http: httpx.AsyncClient, delivery: Delivery, notice: Notice) -> Answer:
        """A notice of which no body can be made must not end the sending of all others: it is a try that failed."""
        try:
            body = self._body(delivery, notice)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("webhook %s: notice %s of %s cannot be written", self.name, delivery.id, delivery.order)
            return Answer(why="fault")
        return await self._post(http, delivery.id, body)

    def _body(self, delivery: Delivery, notice: Notice) -> bytes:
        sending = next(one for one in notice.sendings if one.id == delivery.id)
        contact = ("", "")
        if sending.reporter:
            contact = contact_of(self._store.trail(notice.order))
            if not delivery.tries:  # before anything personal leaves, a line says so
                detail: dict[str, str | int] = {"webhook": self.name, "event": notice.event, "id": delivery.id}
                line = audit.Entry(
                    at_ms=clock.now_ms(), who="-", what="notice_sent", subject=notice.order, region=notice.region, detail=detail
                )
                audit.write(self._store, line)
        return body_of(self._city, notice, sending, contact, self.hook.lang)

    async def _post(self, http: httpx.AsyncClient, name: str, body: bytes) -> Answer:
        """One try. The whole of it has the webhook's time, however slowly the receiver answers; of the answer only the head
        is read.
        """
        headers = headers_of(name, body, self._keys, clock.now_ms() // 1000)
        post = http.build_request("POST", self.hook.url, content=body, headers=headers)
        try:
            async with asyncio.timeout(self.hook.timeout_s):
                told = await http.send(post, stream=True)
                await told.aclose()
            return Answer(told.status_code, "", seconds_of(told.headers.get("Retry-After", "")))
        except (TimeoutError, httpx.TimeoutException):
            return Answer(why="timeout")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as failed:
            log.debug("webhook %s: %s", self.name, failed)
            return Answer(why="unreachable")

    def _tell(self, after: Delivery) -> None:
        why = f"{after.why} {after.status or ''}".rstrip()
        if after.state == FAILED:
            log.error("webhook %s: notice %s of %s is given up: %s", self.name, after.id, after.order, why)
        elif after.state != DELIVERED and not self._failures:
            log.warning("webhook %s does not take notices (%s), they wait", self.name, why)
        elif after.state == DELIVERED and self._failures:
            log.warning("webhook %s takes notices again", self.name)

    def _rest(self, answer: Answer) -> None:
        """A receiver that fails is left alone for a while, longer each time, whatever else waits for it."""
        if answer.taken or answer.for_good:
            self._failures = 0
            return
        self._failures += 1
        rest_s = min(self._first_wait_s / 5 * 2.0 ** min(self._failures - 1, 30), LONGEST_REST_S)
        if answer.status in (429, 503):
            rest_s = max(rest_s, min(answer.retry_after_s, LONGEST_WAIT_S))  # what waits meanwhile must end some day
        self._rest_until_s = time.monotonic() + rest_s


class Courier:
    """One process; safe to run many: each partition is one's at a time."""

    def __init__(
        self, store: Store, city: City, keys: dict[str, tuple[str, ...]], owner: str = "", first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        self._store = store
        self._owner = owner or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._faults = Faults()
        self._held: dict[int, float] = {}  # partition → until when it is surely ours, by the monotonic clock
        self._hooks = frozenset(city.notices.webhooks)
        self.endpoints = [
            Endpoint(store, city, name, keys[name], self.held, first_wait_s) for name in sorted(self._hooks) if name in keys
        ]

    def held(self) -> frozenset[int]:
        """The partitions whose lease surely runs."""
        now_s = time.monotonic()
        return frozenset(partition for partition, until_s in self._held.items() if until_s > now_s)

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; a post that is on its way then has END_S to end, and else is sent again by the next courier."""
        threads = [threading.Thread(target=endpoint.run, args=(stop,), daemon=True) for endpoint in self.endpoints]
        for thread in threads:
            thread.start()
        while not stop.is_set():
            try:
                self.tick()
            except StoreUnavailable as silent:
                log.debug("no lease: %s", silent)  # the endpoints tell of the outage
            except Exception as failed:  # one partition's trouble; the leases of the others are kept at the next turn
                self._faults.note("courier", failed)
            stop.wait(LEASE_S)
        for thread in threads:
            thread.join(END_S)
        self._release()

    def tick(self) -> None:
        """Take or keep the partitions, give up what waits for a webhook that the city no longer has."""
        for partition in range(self._store.partitions):
            asked_s = time.monotonic()
            if notices.take_lease(self._store, partition, self._owner):
                self._held[partition] = asked_s + notices.LEASE_MS / 1000 - 1.0
            else:
                self._held.pop(partition, None)
        for partition in self.held():
            with self._faults.survive("courier", StoreUnavailable):
                notices.forget_failed(self._store, partition, clock.now_ms())
                for name in notices.names(self._store, partition) - self._hooks:
                    self._give_up(partition, name)

    def _give_up(self, partition: int, name: str) -> None:
        while (found := notices.due(self._store, [partition], name, 2**53)) is not None:
            at_ms = clock.now_ms()
            after = msgspec.structs.replace(found[0], state=FAILED, why="no_webhook", at_ms=at_ms, next_at_ms=None)
            notices.settle(self._store, after)
            log.error("notice %s of %s is given up: notices.yaml has no webhook %s", after.id, after.order, name)

    def _release(self) -> None:
        for partition in self.held():
            try:
                notices.give_back(self._store, partition, self._owner)
            except StoreUnavailable:
                return
