"""The live sessions: who watches what, how far each screen has come, and the one ticker that serves them all.

A screen has one message in flight at most; the next is made when it has acknowledged that one. So a slow screen skips
what it is too slow for, and nothing ever queues for it. What a screen holds is what it says that it holds: its cursors.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from dashboard.filters import BadQuery, read_period
from dashboard.hall import Hall
from dashboard.live import frame as frames
from dashboard.live.health import EVERY_MS
from dashboard.live.said import Refused, Said, TableName, Watch, WireCursor, ack_of, health_of, watch_of
from dashboard.live.scope import Scope
from dashboard.live.screen import Came, Cursor, Key, Message, Session, is_dead, is_due, told
from dashboard.live.shared import Figures, SharedFigures
from dashboard.live.table import LiveTable
from domain.people import Person
from store.errors import StoreError

log = logging.getLogger(__name__)

TICK_S: Final = 0.05
SHORTEST_SPACING_S: Final = 0.1  # also for a screen that changes its region all the time
IDLE_S: Final = 3.0  # a screen hears of us that often although nothing changed
RECHECK_S: Final = 3.0  # a screen lives on so long after its log-in has ended

class Sessions:
    """All screens of this process. `emit(sid, message)` must not wait; `drop(sid)` cuts a dead screen's connection.

    `attempt(person, code, detail)` is told when a screen asks for what is not its person's; `end(sid)` tells a screen that it
    is logged out.
    """

    def __init__(
        self,
        hall: Hall,
        emit: Callable[[str, Message], None],
        drop: Callable[[str], None],
        figures: SharedFigures | None = None,
        frames_per_s: float = 2.0,
        clock_s: Callable[[], float] = time.monotonic,
        attempt: Callable[[Person, str, str], None] = lambda person, code, detail: None,
        end: Callable[[str], None] = lambda sid: None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._hall = hall
        self._emit = emit
        self._drop = drop
        self._figures = figures
        self._spacing_s = 1 / frames_per_s
        self._clock_s = clock_s
        self._attempt, self._end, self._close = attempt, end, close
        self._sessions: dict[str, Session] = {}
        self._frames: dict[tuple[Any, ...], bytes | None] = {}
        self._news_of: dict[tuple[Any, ...], tuple[list[bytes], dict[str, Cursor]]] = {}
        self._messages: dict[tuple[Any, ...], tuple[Figures | None, Message]] = {}
        self._last_seq = 0
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.counts = dict.fromkeys(("messages", "frames", "bytes", "refused", "dropped"), 0)

    def __len__(self) -> int:
        return len(self._sessions)

    def join(
        self, sid: str, person: Person, again: Callable[[], Person | None], address: str = "", agent: str = ""
    ) -> None:
        """A screen of `person` has connected; `again` finds out once more who it is, None: nobody any more.

        The first one starts the ticker.
        """
        with self._lock:
            self._sessions[sid] = Session(sid, person, again, Came(self._hall.now_ms(), address, agent))
            if self._thread is None:
                self._start()

    def leave(self, sid: str) -> None:
        with self._lock:
            self._sessions.pop(sid, None)

    def watch(self, sid: str, message: object) -> None:
        """A screen says what it wants to see, and (unless something is in flight) what it holds. Raises Refused."""
        watch = self._counting(watch_of, message)
        with self._lock:
            session = self._sessions.get(sid)
            if session is None:
                return
            person = session.person
            scope = self._hall.scopes.find(watch.region, watch.lang, person)
            if scope is None:
                self._attempt(person, "watch", watch.region)
                raise self._refusal("unknown_region", watch.region)
            if not session.in_flight:
                self._believe(session, watch.cursors)
            session.scope = scope
            session.tables = tuple(dict.fromkeys(watch.tables))
            period = self._counting(self._period, watch)
            shown = person.may("wall") or person.may("statistics")
            whole = person.scope or self._hall.city.root
            parts = self._parts(person, watch.parts)
            session.key = Key(scope.region, period, watch.lang, whole, scope.clear, parts) if shown and watch.figures else None
            session.due_at_s = min(session.due_at_s, session.sent_at_s + SHORTEST_SPACING_S)
        self._wake.set()

    def _period(self, watch: Watch) -> str | tuple[int | None, int | None]:
        """A name, which moves on with the days, or the two ends that it has. Raises Refused."""
        if watch.period:
            return watch.period
        try:
            found = read_period(self._hall.city, {"from": watch.from_, "to": watch.to}, self._hall.now_ms())
        except BadQuery as wrong:
            raise Refused("bad_watch", str(wrong)) from wrong
        return found.from_ms, found.to_ms

    def _parts(self, person: Person, asked: tuple[str, ...]) -> tuple[str, ...]:
        """The parts of the figures for a screen, sorted; () are the overview's. Who came by a link that is bound to scenes is
        told what these need, and no more. Raises Refused.
        """
        if not person.scenes:
            return tuple(sorted(set(asked)))
        scenes = self._hall.city.scenes
        bound = scenes.of(person.scenes).scenes
        known = {part for scene in bound.values() for part in scene.parts}
        more = "alarm:" if scenes.emergency.scene in bound else None
        foreign = [part for part in asked if part not in known and not (more and part.startswith(more))]
        if foreign:
            self._attempt(person, "watch", foreign[0])
            raise self._refusal("not_your_scene", foreign[0])
        return tuple(sorted(set(asked) or known))

    def ack(self, sid: str, message: object) -> None:
        """A screen has taken (or could not take) the message in flight. Raises Refused."""
        ack = self._counting(ack_of, message)
        with self._lock:
            session = self._sessions.get(sid)
            if session is None or not session.in_flight or session.seq != ack.seq:
                return
            session.in_flight = False
            session.acked_at_ms = self._hall.now_ms()
            self._believe(session, ack.cursors)

    def health(self, sid: str, message: object) -> None:
        """A screen tells how it is; sooner than EVERY_MS after the time before it is not listened to. Raises Refused."""
        health = self._counting(health_of, message)
        session, now_ms = self._sessions.get(sid), self._hall.now_ms()
        if session is not None and now_ms - session.health_at_ms >= EVERY_MS * 0.9:
            session.health, session.health_at_ms = health, now_ms

    def screens(self) -> list[dict[str, Any]]:
        """All open screens, the newest last, in plain values; `acked_ms` 0: it has acknowledged nothing yet, `health` None:
        it has told nothing of itself. `region` is what it shows, `scope` what it may see ("" is the whole city).
        """
        return [told(session, self._clock_s()) for session in list(self._sessions.copy().values())]

    def _refusal(self, code: str, detail: str) -> Refused:
        self.counts["refused"] += 1
        return Refused(code, detail)

    def _counting(self, read: Callable[[object], Said], message: object) -> Said:
        try:
            return read(message)
        except Refused:
            self.counts["refused"] += 1
            raise

    def _believe(self, session: Session, cursors: dict[TableName, WireCursor | None]) -> None:
        """Hold what the screen says; a table whose cursor nobody can place is begun anew."""
        known = (session.sent, session.held)
        held = {name: self._place(session.person, name, cursor, known) for name, cursor in cursors.items()}
        session.held = {name: cursor for name, cursor in held.items() if cursor is not None}
        session.sent = session.held

    def _place(
        self, person: Person, name: str, cursor: WireCursor | None, known: tuple[dict[str, Cursor], ...]
    ) -> Cursor | None:
        """[epoch, version, scope token]; without the token it must be one that this session knows of.

        A scope that is not this person's is no cursor: the table begins anew. If its region is not his (and not only rights
        that he had before), the attempt is told.
        """
        epoch, version, token = (*(cursor or ()), None, None, None)[:3]
        table = self._hall.tables[name]
        if epoch != table.epoch or not isinstance(version, int) or not 0 < version <= table.version:
            return None
        if isinstance(token, str):
            scope = self._hall.scopes.of_token(token, person)
            if scope is None and not self._hall.scopes.allows(token.split(":")[1] if ":" in token else "", person):
                self._attempt(person, "cursor", token[:80])
            return Cursor(table.epoch, version, scope) if scope else None
        mine = (cursors.get(name) for cursors in known)
        return next((one for one in mine if one and (one.epoch, one.version) == (epoch, version)), None)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()
        threading.Thread(target=self._keep_checking, name="log-ins", daemon=True).start()
        if self._figures:
            self._figures.start()

    def recheck(self) -> None:
        """Find out anew who every screen is; one whose log-in has ended, or whose rights have changed, is cut."""
        for session in list(self._sessions.copy().values()):
            try:
                now = session.again()
            except StoreError:
                raise
            except Exception as failed:  # a defect of ours: one wall must not go dark for it, nor keep the others unasked
                self._hall.faults.note("log-ins", failed)
                continue
            if now == session.person:
                continue
            if now is None:
                self._end(session.sid)
            self._cut(session)

    def end_of(self, name: str) -> int:
        """End every screen of the person of that name, now, telling it that it is logged out; how many."""
        theirs = [session for session in self._sessions.copy().values() if session.person.name == name]
        for session in theirs:
            self._end(session.sid)
            self._cut(session)
        return len(theirs)

    def _keep_checking(self) -> None:
        while not self._stopped.wait(RECHECK_S):
            try:
                self.recheck()
            except StoreError as silent:
                log.debug("who the screens are cannot be found out: %s", silent)  # the hall itself tells of the outage
            except Exception as failed:  # the thread must outlive it: nobody else finds out whose log-in has ended
                self._hall.faults.note("log-ins", failed)

    def stop(self) -> None:
        """Cut every connection and end the threads."""
        self._stopped.set()
        self._wake.set()
        if self._figures:
            self._figures.stop()
        for sid in list(self._sessions):
            self._drop(sid)
        self._close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(TICK_S if self._sessions else IDLE_S)
            self._wake.clear()
            with self._hall.faults.survive("live"):
                self.tick()

    def tick(self) -> None:
        """Serve every screen that is ready for it, the one that has waited longest first; drop the dead."""
        for shared in (self._frames, self._news_of, self._messages):
            shared.clear()  # only between screens that are equally far, within one round
        now_s = self._clock_s()
        waiting = [session for session in self._sessions.copy().values() if is_due(session, now_s)]
        for session in sorted(waiting, key=lambda s: s.sent_at_s):
            try:
                self._attend(session)
            except Exception as error:  # one screen's trouble is not the others'; it connects anew and starts from its cursors
                self._hall.faults.tell("live", "screen", error, session.sid)
                self._cut(session)

    def _attend(self, session: Session) -> None:
        with self._lock:
            now_s = self._clock_s()
            if session.in_flight:
                if is_dead(session, now_s):
                    self._cut(session)
            elif session.scope is not None and now_s >= session.due_at_s:
                self._serve(session, session.scope, now_s)

    def _cut(self, session: Session) -> None:
        self.counts["dropped"] += 1
        self.leave(session.sid)
        self._drop(session.sid)

    def _serve(self, session: Session, scope: Scope, now_s: float) -> None:
        news, sent = self._all_news(session, scope) if self._hall.ready.is_set() else ([], session.held)
        figures = self._new_figures(session, now_s)
        if not news and figures is None and now_s - session.sent_at_s < IDLE_S:
            return
        message = self._message(news, figures, session.key)
        session.seq = message["seq"]
        session.sent, session.in_flight = sent, True
        session.sent_at_s, session.due_at_s = now_s, self._next_beat_s(now_s)
        size = sum(map(len, news))
        session.messages += 1
        session.bytes += size
        self.counts["messages"] += 1
        self.counts["frames"] += len(news)
        self.counts["bytes"] += size
        self._emit(session.sid, message)

    def _next_beat_s(self, now_s: float) -> float:
        """All screens are served on the same beats, so that those of one view are equally far and get the same bytes."""
        return (math.floor(now_s / self._spacing_s + 0.5) + 1) * self._spacing_s

    def _all_news(self, session: Session, scope: Scope) -> tuple[list[bytes], dict[str, Cursor]]:
        """What brings a screen from what it holds to now, and what it will then hold."""
        key = (session.tables, scope, tuple(map(session.held.get, session.tables)))
        found = self._news_of.get(key)
        if found is None:
            sent = dict(session.held)
            made = (self._news(self._hall.tables[name], sent, scope) for name in session.tables)
            found = self._news_of[key] = [data for data in made if data], sent
        return found

    def _message(self, news: list[bytes], figures: Figures | None, of: Key | None) -> Message:
        """The same object for all who are told the same; `seq` names it.

        `as_of_ms` says how new what the screen shows of figures is, though they be the same as before and not sent again.
        """
        newest = self._figures.get(of) if self._figures and of else None
        as_of_ms = newest.value.get("as_of_ms") if newest else None
        key = (*map(id, news), id(figures), as_of_ms)
        found = self._messages.get(key)
        if found is None:
            self._last_seq += 1
            message = Message(
                seq=self._last_seq,
                now_ms=self._hall.now_ms(),
                lag_ms=self._hall.lag_ms,
                ready=self._hall.ready.is_set(),
                connected=self._hall.connected,
                catching_up=self._hall.catching_up,
                heard_ms=self._hall.heard_at_ms,
                as_of_ms=as_of_ms,
                frames=news,
            )
            if figures is not None:
                message["figures"] = figures.value
            found = self._messages[key] = figures, message  # with the figures, so that no others get their id meanwhile
        return found[1]

    def _news(self, table: LiveTable, sent: dict[str, Cursor], scope: Scope) -> bytes | None:
        """The bytes that bring a screen from its cursor to now, which is then its cursor in `sent`; None: nothing new."""
        name = table.shape.name
        held = sent.get(name)
        with self._hall.lock:
            now = Cursor(table.epoch, table.version, scope)
            if held == now:
                return None
            if held and held.epoch != table.epoch:
                held = None
            key = (name, now.version, scope.token, held and (held.version, held.scope.token))
            if key not in self._frames:
                change = table.changes(held.version, scope, held.scope) if held else table.changes(0, scope)
                self._frames[key] = None if change.empty else frames.encode(change, self._hall.now_ms())
        data = self._frames[key]
        if data is not None:
            sent[name] = now
        return data

    def _new_figures(self, session: Session, now_s: float) -> Figures | None:
        if self._figures is None or session.key is None or not self._hall.ready.is_set():
            return None
        figures = self._figures.get(session.key)
        if figures is None:
            return None
        same = session.figures == (session.key, figures.digest)
        if same and now_s - session.figures_at_s < IDLE_S:
            return None
        session.figures, session.figures_at_s = (session.key, figures.digest), now_s
        return figures
