"""All open websockets of a web process on one thread: it waits for all of them at once, and no screen keeps a thread.

What is sent goes to the network at once, from whichever thread sends it. What the network does not take waits as a view of the
bytes that are the same for every screen; a screen has one message in flight, so that is all that it can cost us.
"""

import contextlib
import logging
import secrets
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from config.faults import Faults
from dashboard.live import websocket
from dashboard.live.packets import PING
from dashboard.live.websocket import Broken, Reader

log = logging.getLogger(__name__)

LARGEST_MESSAGE: Final = 16_384
PING_EVERY_S: Final = 10.0
PONG_WITHIN_S: Final = 20.0
JOIN_WITHIN_S: Final = 10.0
SWEEP_S: Final = 0.5
AFTER_FAULT_S: Final = 0.05  # so that a fault that comes at each turn leaves the processor to others
SEND_BUFFER: Final = 1 << 18
"""What the system may hold for a screen that does not read; it would take megabytes by itself."""

MOST_WAITING: Final = 16
"""Pieces: one message, pings and a few refusals. Who makes more wait asks without reading the answers, and is cut."""


class Link:
    """One websocket. `guest` is who came by it (dashboard.live.socket); `joined`: it has said what it is here for."""

    def __init__(self, sock: socket.socket, guest: Any, known: bool) -> None:
        self.sid = secrets.token_urlsafe(15)
        self.sock, self.guest, self.known = sock, guest, known
        self.reader = Reader(LARGEST_MESSAGE)
        self.lock = threading.Lock()
        self.waiting: deque[memoryview] = deque()
        self.joined = False
        self.came_at_s = self.heard_at_s = self.pinged_at_s = time.monotonic()
        self.closed = threading.Event()


class Links:
    """`receive(link, text)` is told each message, `ended(link)` that one has gone; both in the thread of this loop, which goes
    on whatever one of them, or one of its own jobs, raises.
    """

    def __init__(
        self, receive: Callable[[Link, bytes], None], ended: Callable[[Link], None], faults: Faults | None = None
    ) -> None:
        self._receive, self._ended = receive, ended
        self._faults = faults or Faults()
        self._links: dict[str, Link] = {}
        self._todo: deque[Callable[[], None]] = deque()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._links)

    def waiting(self) -> int:
        """How many pieces wait for screens that do not read."""
        return sum(len(link.waiting) for link in self._links.copy().values())

    def adopt(self, sock: socket.socket, guest: Any, known: bool, first: Callable[[str], bytes]) -> Link:
        """Keep a socket, and say `first` (of its id) on it. It is closed here from now on."""
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        link = Link(sock, guest, known)
        self._start()
        self._write(link, first(link.sid))
        self._links[link.sid] = link
        self._do(lambda: self._register(link))
        if self._stopped.is_set():
            self._end(link)
        return link

    def send(self, sid: str, data: bytes) -> None:
        """Send the bytes of websocket frames; never waits. Nothing happens when that screen has gone."""
        link = self._links.get(sid)
        if link is not None:
            self._write(link, data)

    def cut(self, sid: str) -> None:
        """End a connection, now; what still waits for it is not sent."""
        link = self._links.get(sid)
        if link is not None:
            self._cut(link)

    def counted(self, known: bool) -> int:
        """How many there are of those who could say who they are, or of those who could not."""
        return sum(link.known == known for link in self._links.copy().values())

    def stop(self) -> None:
        """Cut all and end the thread."""
        self._stopped.set()
        for link in self._links.copy().values():
            self._cut(link)
        self._wake()

    # any thread

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._selector = selectors.DefaultSelector()
                self._awake, self._call = socket.socketpair()
                self._awake.setblocking(False)
                self._call.setblocking(False)
                self._selector.register(self._awake, selectors.EVENT_READ, None)
                self._thread = threading.Thread(target=self._run, name="links", daemon=True)
                self._thread.start()

    def _do(self, job: Callable[[], None]) -> None:
        self._todo.append(job)
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # full: it wakes anyway; not there: nobody sleeps
            self._call.send(b"\0")

    def _write(self, link: Link, data: bytes) -> None:
        with link.lock:
            if link.waiting:
                link.waiting.append(memoryview(data))
                if len(link.waiting) > MOST_WAITING:
                    self._cut(link)
                return
            sent = self._sent(link, data)
            if sent < len(data):
                link.waiting.append(memoryview(data)[sent:])
                self._do(lambda: self._watch(link))

    def _sent(self, link: Link, data: bytes | memoryview) -> int:
        """How many bytes the network has taken."""
        try:
            return link.sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return len(data)  # it has gone, which its reading end will tell

    def _cut(self, link: Link) -> None:
        with contextlib.suppress(OSError):
            link.sock.shutdown(socket.SHUT_RDWR)

    # the loop's thread

    def _run(self) -> None:
        self._swept_at_s = time.monotonic()
        while not self._stopped.is_set():
            try:
                self._turn()
            except Exception as failed:
                self._faults.note("live links", failed)
                time.sleep(AFTER_FAULT_S)
        for link in self._links.copy().values():
            self._end(link)
        for each in (self._selector, self._awake, self._call):
            each.close()

    def _turn(self) -> None:
        """Wait for what comes, do what is to be done; a job that fails takes no other one with it."""
        for key, mask in self._selector.select(SWEEP_S if self._links else None):
            if key.data is None:
                with contextlib.suppress(OSError):
                    self._awake.recv(4096)
            else:
                self._attend(key.data, mask)
        while self._todo:
            job = self._todo.popleft()
            with self._faults.survive("live links"):
                job()
        if time.monotonic() - self._swept_at_s >= SWEEP_S:
            self._swept_at_s = time.monotonic()
            self._sweep(self._swept_at_s)

    def _register(self, link: Link) -> None:
        if link.sid in self._links:
            self._selector.register(link.sock, selectors.EVENT_READ, link)
            self._watch(link)

    def _watch(self, link: Link) -> None:
        """Wait for what the link needs: news of it, and room for what waits."""
        if link.closed.is_set() or link.sock not in self._selector.get_map():
            return
        with link.lock:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.waiting else 0)
            self._selector.modify(link.sock, wanted, link)

    def _attend(self, link: Link, mask: int) -> None:
        try:
            if mask & selectors.EVENT_WRITE:
                self._flush(link)
            if mask & selectors.EVENT_READ and not link.closed.is_set():
                self._read(link)
        except Exception as failed:  # one link's trouble is not the others'
            self._faults.note("live link", failed)
            self._end(link)

    def _flush(self, link: Link) -> None:
        with link.lock:
            while link.waiting:
                head = link.waiting[0]
                sent = self._sent(link, head)
                if sent < len(head):
                    link.waiting[0] = head[sent:]
                    return
                link.waiting.popleft()
        self._watch(link)

    def _read(self, link: Link) -> None:
        try:
            data = link.sock.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._end(link)
            return
        link.heard_at_s = time.monotonic()
        try:
            for opcode, payload in link.reader.feed(data):
                self._take(link, opcode, payload)
        except Broken as broken:
            self._write(link, websocket.closing(broken.code))
            self._end(link)

    def _take(self, link: Link, opcode: int, payload: bytes) -> None:
        if opcode == websocket.TEXT:
            self._receive(link, payload)
        elif opcode == websocket.PING:
            self._write(link, websocket.frame(websocket.PONG, payload))
        elif opcode == websocket.CLOSE:
            raise Broken(websocket.NORMAL, "it says good-bye")
        elif opcode == websocket.BINARY:
            raise Broken(websocket.WRONG, "no screen sends bytes")

    def _sweep(self, now_s: float) -> None:
        """Ask for a sign of life, and end those who give none or never joined."""
        for link in self._links.copy().values():
            silent_s = now_s - link.heard_at_s
            if silent_s > PING_EVERY_S + PONG_WITHIN_S or (not link.joined and now_s - link.came_at_s > JOIN_WITHIN_S):
                self._end(link)
            elif now_s - link.pinged_at_s > PING_EVERY_S:
                link.pinged_at_s = now_s
                self._write(link, PING)

    def _end(self, link: Link) -> None:
        if self._links.pop(link.sid, None) is None:
            return
        with contextlib.suppress(KeyError, ValueError, RuntimeError):  # never registered; or the loop itself has ended
            self._selector.unregister(link.sock)
        with link.lock:
            link.waiting.clear()
            self._cut(link)
            link.sock.close()
        link.closed.set()
        with self._faults.survive("live link"):
            self._ended(link)
