"""Who asks: finds out the person of every request, refuses what is not his, and writes the audit log.

A person comes by the session cookie of a log-in (flask-login), a program by `Authorization: Bearer`. Every route needs one of
them but those that `is_public` names. Writes by cookie carry the CSRF token; requests with a bearer token need none, because
no browser adds that header by itself.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Flask, Response, g, has_request_context, jsonify, redirect, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf.csrf import CSRFProtect

from config.settings import Settings
from dashboard.auditwriter import AuditWriter
from domain.people import Person
from store import logins, people
from store.errors import StoreError
from store.logins import Known, LogIn
from store.people import Account

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

PUBLIC: Final = frozenset(("/login", "/enter", "/healthz", "/favicon.ico", "/m", "/api/v1/login", "/api/v1/enter"))
PUBLIC_BELOW: Final = ("/assets/", "/_dash-component-suites/", "/m/", "/_favicon.ico")
WITH_OLD_PASSWORD: Final = frozenset(("/password", "/logout", "/api/v1/me"))
"""What somebody may ask for whose password was given by somebody else, until he has set his own."""

OWN_FORMS: Final = frozenset(("/password", "/logout", "/account/end", "/bulletins", "/walls", "/walls/revoke"))
"""Forms of ours that a browser sends: from them it is led to the log-in, other writes are only told that they need one."""

TOUCH_MS: Final = 60_000
RETRY: Final = {"Retry-After": "2"}
FOR_EVER_MS: Final = 3650 * 86_400_000
COOKIE: Final = "gridhall"


def is_public(path: str) -> bool:
    """Paths that anybody may ask for: the doors, and the program's own files, which hold nothing of the city."""
    return path in PUBLIC or path.startswith(PUBLIC_BELOW)


class Forbidden(Exception):
    """The person of this request has not that right."""

    def __init__(self, right: str) -> None:
        super().__init__(right)
        self.right = right


class User(UserMixin):  # type: ignore[misc]
    """What flask-login holds: somebody whom a secret has proved."""

    def __init__(self, known: Known, secret: str) -> None:
        self.known, self.secret = known, secret

    def get_id(self) -> str:
        return self.secret


def person() -> Person:
    """The person of this request. AttributeError, a defect, on a public path without one."""
    found: Person = g.person
    return found


def need(right: str) -> None:
    """Raises Forbidden unless the person of this request has the right."""
    if not person().may(right):
        raise Forbidden(right)


def audit(what: str, subject: str = "", region: str = "", **detail: str | int) -> None:
    """Write a line of the audit log as the person of this request. Raises StoreUnavailable: then nothing may be answered.

    A line about another region than the person's own names his scope too, so that both auditors find it.
    """
    access: Access = g.access
    who = person()
    if region and region != who.scope:
        detail = {"scope": who.scope, **detail}
    access.write(what, who.name, subject, region or who.scope, detail)


def bearer() -> str:
    """The secret of `Authorization: Bearer …`, "" without one. Other schemes are a proxy's own and say nothing to us."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def has_place(who: Person, city: "City") -> bool:
    """Whether somebody can be anybody here: his scope is a region of the city, if he walks he is on its roster, and his name is
    no other worker's id there (an order knows a worker by that id).
    """
    walks = not who.worker or who.worker in city.roster
    return walks and (who.scope or city.root) in city.regions and (who.name not in city.roster or who.name == who.worker)


class Access:
    """The access control of one web process."""

    def __init__(self, hall: "Hall", settings: Settings) -> None:
        self._hall = hall
        self._idle_ms = settings.session_idle_minutes * 60_000
        self._length_ms = settings.session_hours * 3_600_000
        self._writer = AuditWriter(lambda: self.store, lambda: hall.now_ms(), hall.faults)
        self._csrf = CSRFProtect()

    @property
    def store(self) -> Any:
        """The store itself: people, log-ins and the audit log are nobody's sight."""
        return self._hall.store

    def register(self, app: Flask, settings: Settings) -> None:
        """Put the checks before every request of the app."""
        app.config.update(
            SECRET_KEY=people.web_secret(self.store),
            SESSION_COOKIE_NAME=COOKIE,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_SECURE=settings.web_proxy,
            WTF_CSRF_CHECK_DEFAULT=False,
            WTF_CSRF_TIME_LIMIT=None,
            WTF_CSRF_SSL_STRICT=False,  # the Guard has compared the origin with the host already
        )
        manager = LoginManager()
        manager.init_app(app, add_context_processor=False)  # the pages for a silent store must not ask it who is there
        manager.session_protection = None  # phones change their address all the time
        manager.user_loader(self._by_session)
        manager.request_loader(self._by_bearer)
        self._csrf.init_app(app)
        app.before_request(self._before)

    # who it is

    def _by_session(self, secret: str) -> User | None:
        if bearer():
            return None
        known = logins.known_by_session(self.store, secret, self._hall.now_ms(), self._idle_ms)
        self._touch(secret, known)
        return User(known, secret) if known else None

    def _by_bearer(self, _request: Any) -> User | None:
        secret = bearer()
        known = self._of_secret(secret) if secret else None
        return User(known, secret) if known else None

    def _of_secret(self, secret: str) -> Known | None:
        """By a program's token, or by the secret of a log-in that a phone's own app holds."""
        now_ms = self._hall.now_ms()
        known = logins.known_by_session(self.store, secret, now_ms, self._idle_ms)
        self._touch(secret, known)
        return known or logins.known_by_token(self.store, secret, now_ms)

    def _touch(self, secret: str, known: Known | None) -> None:
        now_ms = self._hall.now_ms()
        if known is not None and known.log_in is not None and now_ms - known.log_in.seen_at_ms > TOUCH_MS:
            logins.touch(self.store, secret, known.log_in, now_ms)

    def _known(self) -> Known | None:
        """Whoever this request's secret proves and who has a place in this city. Raises StoreUnavailable."""
        user = current_user._get_current_object()
        known: Known | None = user.known if isinstance(user, User) else None
        return known if known is not None and has_place(known.person, self._hall.city) else None

    # before every request

    def _before(self) -> Any:
        g.access = self
        public = is_public(request.path)
        try:
            known = self._known()
        except StoreError:
            if public:
                return None
            raise
        if known is None:
            return None if public else self._ask_who()
        g.person, g.log_in, g.must_change = known.person, known.log_in, known.must_change
        if known.must_change and not (public or request.path in WITH_OLD_PASSWORD):
            return self._first_a_password()
        if self._is_write_by_cookie():
            self._csrf.protect()
        return None

    def check_csrf(self) -> None:
        """For the doors, where nobody has logged in yet. Raises CSRFError."""
        self._csrf.protect()

    def _is_write_by_cookie(self) -> bool:
        reads = request.method in ("GET", "HEAD", "OPTIONS") or request.path == "/_dash-update-component"
        return not reads and not bearer()

    def _ask_who(self) -> Any:
        if bearer():
            self.write("login_refused", "-", "", "", {"reason": "token", "path": request.path})
        if request.method == "POST" and request.path in OWN_FORMS and "text/html" in request.headers.get("Accept", ""):
            return redirect("/login", 303)
        if wants_page():
            here, lang = request.full_path.rstrip("?"), request.args.get("lang", "")
            told = {"next": here if here != "/" else "", "lang": lang}
            return redirect("/login?" + urlencode({key: text for key, text in told.items() if text}))
        return jsonify(error="log in, or bring a token (Authorization: Bearer …)"), 401, {"WWW-Authenticate": "Bearer"}

    def _first_a_password(self) -> Any:
        return redirect("/password") if wants_page() else (jsonify(error="set a password of your own first: /password"), 403)

    # logging in and out

    def log_in(self, account: Account) -> tuple[str, int]:
        """Begin a session of somebody who has proved who he is: (its secret, when it ends). Cookies are `set_cookie`'s."""
        new = self._new(account.name, self._length_ms)
        return self._keep(new, account.scope), new.ends_at_ms

    def enter(self, token_secret: str, who: Person) -> str:
        """Begin a session of a wall that has shown its token, and end it with that token: the session's secret."""
        return self._keep(self._new(who.name, FOR_EVER_MS, people.hashed(token_secret)), who.scope)

    def _new(self, name: str, length_ms: int, token: str = "") -> LogIn:
        now_ms, agent = self._hall.now_ms(), request.headers.get("User-Agent", "")
        return LogIn(
            id=secrets.token_hex(8), name=name, token=token, made_at_ms=now_ms, seen_at_ms=now_ms,
            ends_at_ms=now_ms + length_ms, address=self.address, agent=agent[:200],
        )  # fmt: skip

    def _keep(self, new: LogIn, scope: str) -> str:
        secret = f"ghs_{secrets.token_urlsafe(32)}"
        logins.log_in(self.store, secret, new, new.made_at_ms)
        self.write("login", new.name, "", scope, {"session": new.id})
        return secret

    def set_cookie(self, secret: str) -> None:
        """Put a session into this browser's cookie, in place of all that was in it: the one before ends."""
        known = logins.known_by_session(self.store, secret, self._hall.now_ms(), self._idle_ms)
        if known is None:
            return
        if before := session.get("_user_id"):
            logins.end_session(self.store, before)
        session.clear()
        login_user(User(known, secret))

    def log_out(self) -> None:
        """End the session of this request."""
        user = current_user._get_current_object()
        if isinstance(user, User):
            logins.end_session(self.store, user.secret)
            audit("logout")
        session.clear()

    # the audit log

    @property
    def address(self) -> str:
        """Of who asks; "" where a live screen answers, which is no request."""
        return (request.remote_addr or "") if has_request_context() else ""

    def write(self, what: str, who: str, subject: str, region: str, detail: dict[str, str | int]) -> None:
        """A line of the audit log from this request's address. Raises StoreUnavailable."""
        self._writer.write(what, who, subject, region, self.address, detail)

    # the door of the live link

    def enter_live(self) -> tuple[Person, Callable[[], Person | None]] | None:
        """The person of a connecting socket, and how to find him out again. Raises StoreUnavailable, now and then."""
        user, known = current_user._get_current_object(), self._known()
        if known is None or known.must_change:
            return None
        secret: str = user.secret

        def again() -> Person | None:
            now = self._of_secret(secret)
            here = now is not None and not now.must_change and has_place(now.person, self._hall.city)
            return now.person if now is not None and here else None

        return known.person, again

    def attempt(self, who: Person, code: str, detail: str) -> None:
        """A live screen has asked for what is not its person's."""
        self._writer.write_later("refused", who.name, f"live {code}", who.scope, self.address, {"asked": detail})


class LiveDoor:
    """The live link's side of the access control."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def enter(self) -> tuple[Person, Callable[[], Person | None]] | None:
        return self._access.enter_live()

    def attempt(self, person: Person, code: str, detail: str) -> None:
        self._access.attempt(person, code, detail)


def wants_page() -> bool:
    """Whether a browser asks for a page to look at."""
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/")


def answer(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer of the doors."""
    response = jsonify(value)
    response.status_code = status
    response.headers.update(headers)
    return response
