"""The pages without a map: log-in, a wall's entry, password, own account; and their JSON sisters for programs and phones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, g, redirect, render_template, request
from flask_wtf.csrf import CSRFError, generate_csrf

from config.settings import Settings
from config.words import LANGS, words
from dashboard.access import RETRY, Access, Forbidden, answer, audit, bearer, has_place, person, wants_page
from dashboard.briefs import department_name, region_name
from domain.calendar import local_at
from domain.people import Person
from store import logins, people
from store.errors import StoreBusy, StoreError
from store.people import Account

if TYPE_CHECKING:
    from dashboard.hall import Hall

MOST_NAME = 64
TOKEN = "token:"  # how the names of programs begin; no account's can, for want of the colon


def register(app: Flask, hall: "Hall", settings: Settings, access: Access) -> None:
    """/login, /logout, /enter, /password, /account and /api/v1/login, enter, me, sessions."""
    doors = Doors(hall, settings, access)
    app.before_request(go_home)
    app.register_error_handler(StoreError, doors.store_gone)
    app.register_error_handler(CSRFError, doors.stale)
    app.register_error_handler(Forbidden, doors.forbidden)
    app.add_url_rule("/login", "login", doors.login, methods=["GET", "POST"])
    app.add_url_rule("/logout", "logout", doors.logout, methods=["POST"])
    app.add_url_rule("/enter", "enter", doors.enter_page)
    app.add_url_rule("/password", "password", doors.password, methods=["GET", "POST"])
    app.add_url_rule("/account", "account", doors.account)
    app.add_url_rule("/account/end", "account_end", doors.end, methods=["POST"])
    app.add_url_rule("/api/v1/login", "api_login", doors.api_login, methods=["POST"])
    app.add_url_rule("/api/v1/enter", "api_enter", doors.api_enter, methods=["POST"])
    app.add_url_rule("/api/v1/me", "api_me", lambda: answer(doors.me()))
    app.add_url_rule("/api/v1/sessions", "api_sessions", lambda: answer({"items": doors.sessions()}))
    app.add_url_rule("/api/v1/sessions/<session>", "api_end", doors.api_end, methods=["DELETE"])


def go_home() -> Any:
    """The bare address leads everybody to the first screen that is his."""
    who: Person | None = g.get("person")
    if request.path != "/" or request.method != "GET" or who is None:
        return None
    query = request.query_string.decode(errors="replace")
    return redirect(home_of(who) + (f"?{query}" if query else ""))


def language(settings: Settings) -> str:
    """The language that this request's address asks for, else that of the settings."""
    wanted = request.args.get("lang", settings.lang)
    return wanted if wanted in LANGS else settings.lang


def home_of(who: Person) -> str:
    """Where somebody begins: the first screen that is his."""
    if "worker" in who.roles and not who.may("desk"):
        return "/m"
    if who.may("audit"):
        return "/audit"
    desk = who.may("desk") and "leader" not in who.roles
    return "/desk" if desk else "/wall" if who.may("wall") else "/account"


def safe_next(text: str, who: Person) -> str:
    """A path on this server, else the person's home: nobody is sent elsewhere by a link to the log-in."""
    inside = text.startswith("/") and text.isprintable() and "\\" not in text
    return text if inside and not text.startswith(("//", "/login", "/logout", "/api/")) else home_of(who)


def me_of(hall: "Hall", who: Person, lang: str) -> dict[str, Any]:
    """Who somebody is, for his screens: names in the language, rights, but no secret."""
    said = words(lang)
    scope = who.scope or hall.city.root
    return {
        "name": who.name,
        "title": who.title,
        "roles": list(who.roles),
        "role_names": [said[f"seat.{role}"] for role in who.roles],
        "scope": scope,
        "scope_name": region_name(hall.city, scope, lang),
        "department": who.department,
        "department_name": department_name(hall.city, who.department, lang),
        "worker": who.worker,
        "rights": sorted(who.rights()),
        "home": home_of(who),
    }


class Doors:
    """The views; `hall` gives the city's names and the clock."""

    def __init__(self, hall: "Hall", settings: Settings, access: Access) -> None:
        self._hall, self._settings, self._access = hall, settings, access

    def _page(self, name: str, title: str, status: int = 200, **more: Any) -> Any:
        lang = language(self._settings)
        city = self._hall.city.title_en if lang == "en" else self._hall.city.title
        said = words(lang)
        return render_template(f"{name}.html", lang=lang, w=said, city=city, title=said[title], page=name, **more), status

    # what any page may meet

    def store_gone(self, silent: StoreError) -> Any:
        """The answer of whatever the store did not let end: nothing of it has been told."""
        if wants_page() or request.mimetype == "application/x-www-form-urlencoded":
            fault = words(language(self._settings))[_why_gone(silent)]
            body, status = self._page("gone", "door.gone", 503, fault=fault, again="" if request.method == "GET" else "/")
            return body, status, RETRY
        return answer({"error": f"the store does not answer: {silent}"}, 503, **RETRY)

    def stale(self, wrong: CSRFError) -> Any:
        """A write without the token of a page of ours. On the log-in page that is mostly one that was left open for long."""
        if request.path == "/login":
            said = words(language(self._settings))
            return self._login_page(request.form.get("user", ""), request.values.get("next", ""), said["door.stale"], 400)
        return answer({"error": f"csrf: {wrong.description}"}, 400)

    def forbidden(self, wrong: Forbidden) -> Any:
        """The answer to somebody who has not the right; that he asked is a line of the audit log."""
        try:
            audit("refused", request.path, reason=f"right {wrong.right}")
        except StoreError as silent:
            return self.store_gone(silent)
        if wants_page():
            return self._page("fault", "page.no_right", 403, text=words(language(self._settings))["page.no_right"])
        return answer({"error": f"your roles do not have the right: {wrong.right}"}, 403)

    # in

    def login(self) -> Any:
        wanted = request.values.get("next", "")
        if request.method == "GET":
            known: Person | None = g.get("person")
            return redirect(safe_next(wanted, known)) if known else self._login_page("", wanted)
        self._access.check_csrf()
        user, said = request.form.get("user", ""), words(language(self._settings))
        try:
            proved, wait_s = self._try(user, request.form.get("password", ""))
            if proved is not None:
                self._access.set_cookie(self._access.log_in(proved)[0])
        except StoreError as silent:
            body, status = self._login_page(user, wanted, said[_why_gone(silent)], 503)
            return body, status, RETRY
        if proved is None:
            text = said["door.too_often"].format(n=-(-wait_s // 60)) if wait_s else said["door.wrong"]
            body, status = self._login_page(user, wanted, text, 429 if wait_s else 403)
            return body, status, {"Retry-After": str(wait_s)} if wait_s else {}
        return redirect("/password?" + urlencode({"next": wanted}) if proved.must_change else safe_next(wanted, proved.person))

    def _login_page(self, user: str, wanted: str, fault: str = "", status: int = 200) -> Any:
        demo = (self._settings.data_dir / "demo.people").exists()
        return self._page("login", "door.login", status, user=user[:MOST_NAME], next=wanted, fault=fault, demo=demo)

    def _try(self, user: str, password: str) -> tuple[Account | None, int]:
        """(who it is, 0), or (None, seconds to wait before the next try; 0: at once). Raises StoreUnavailable."""
        store, address, name = self._access.store, self._access.address, people.plain_name(user)[:MOST_NAME]
        begun = logins.begin_try(store, name, address)
        found = None if begun.wait_s else people.proved(store, name, password)
        if found is not None and has_place(found.person, self._hall.city):
            logins.was_right(store, name, address)
            return found, 0
        if begun.tell:
            self._tell_refused(name, "too often" if begun.wait_s else "wrong")
        return None, begun.wait_s

    def _tell_refused(self, name: str, reason: str) -> None:
        """A name that nobody has is not written down: it may be a password, typed into the wrong field."""
        known = people.account(self._access.store, name)
        who, region = (known.name, known.scope) if known else ("-", "")
        self._access.write("login_refused", who, "", region, {"reason": reason})

    def api_login(self) -> Any:
        """{user, password} → {token, ends_at_ms, person}; with `X-Want: cookie` the session goes into a cookie instead."""
        told = request.get_json(silent=True)
        if not isinstance(told, dict) or not all(isinstance(told.get(key), str) for key in ("user", "password")):
            return answer({"error": "a JSON object with the texts user and password is wanted"}, 400)
        proved, wait_s = self._try(told["user"], told["password"])
        if proved is None:
            if wait_s:
                return answer({"error": "too many attempts"}, 429, **{"Retry-After": str(wait_s)})
            return answer({"error": words(language(self._settings))["door.wrong"]}, 403)
        secret, ends_at_ms = self._access.log_in(proved)
        mine = me_of(self._hall, proved.person, language(self._settings)) | {"must_change": proved.must_change}
        if request.headers.get("X-Want") == "cookie":
            self._access.set_cookie(secret)
            return answer({"person": mine})
        return answer({"token": secret, "ends_at_ms": ends_at_ms, "person": mine})

    def enter_page(self) -> Any:
        return self._page("enter", "door.login")

    def api_enter(self) -> Any:
        """{token} of a program or wall → its session in the cookie."""
        self._access.check_csrf()
        told = request.get_json(silent=True)
        secret = str(told.get("token", "")) if isinstance(told, dict) else ""
        store, address = self._access.store, self._access.address
        begun = logins.begin_try(store, "", address)
        if begun.wait_s:
            return answer({"error": "too many attempts"}, 429, **{"Retry-After": str(begun.wait_s)})
        known = logins.known_by_token(store, secret, self._hall.now_ms())
        if known is None or not has_place(known.person, self._hall.city):
            self._access.write("login_refused", "-", "", "", {"reason": "token", "path": request.path})
            return answer({"error": "no such token"}, 403)
        logins.was_right(store, "", address)
        self._access.set_cookie(self._access.enter(secret, known.person))
        return answer({"person": me_of(self._hall, known.person, language(self._settings))})

    # out

    def logout(self) -> Any:
        self._access.log_out()
        return redirect(f"/login?lang={language(self._settings)}")

    # the own account

    def me(self) -> dict[str, Any]:
        mine = me_of(self._hall, person(), language(self._settings))
        csrf = "" if bearer() else generate_csrf()
        return mine | {"must_change": g.must_change, "csrf": csrf}

    def sessions(self) -> list[dict[str, Any]]:
        """The log-ins of this person; `mine` is the one of this request."""
        here = g.log_in.id if g.log_in else ""
        found = logins.log_ins(self._access.store, person().name)
        fields = ("id", "made_at_ms", "seen_at_ms", "ends_at_ms", "address", "agent")
        return [{key: getattr(one, key) for key in fields} | {"mine": one.id == here} for one in found]

    def account(self) -> Any:
        who, lang = person(), language(self._settings)
        mine = me_of(self._hall, who, lang)
        shown = [
            one | {key: self._moment(one[f"{key}_at_ms"]) for key in ("made", "seen", "ends")} for one in self.sessions()
        ]
        return self._page(
            "account", "door.account", person=who, roles=" · ".join(mine["role_names"]), scope=mine["scope_name"],
            department=mine["department_name"], sessions=shown, home=home_of(who), token=who.name.startswith(TOKEN),
        )  # fmt: skip

    def _moment(self, at_ms: int) -> str:
        return local_at(at_ms, self._hall.city.zone).strftime("%Y-%m-%d %H:%M")

    def end(self) -> Any:
        self._end(request.form.get("session", ""))
        return redirect(f"/account?lang={language(self._settings)}")

    def api_end(self, session: str) -> Any:
        return answer({}, 204) if self._end(session) else answer({"error": "no such log-in"}, 404)

    def _end(self, session: str) -> int:
        ended = logins.end_log_ins(self._access.store, person().name, only=session) if session else 0
        if ended:
            audit("session_ended", session)
        return ended

    def password(self) -> Any:
        who, form = person(), request.form
        if who.name.startswith(TOKEN):
            return redirect("/account")
        if request.method == "GET":
            return self._password_page("")
        fault, status = self._password_fault(who, form)
        if fault:
            return self._password_page(fault, status)
        people.change_account(self._access.store, who.name, password=form["new"], must_change=False)
        logins.end_log_ins(self._access.store, who.name, but=g.log_in.id if g.log_in else "")
        audit("password_changed")
        return redirect(safe_next(form.get("next", ""), who))

    def _password_fault(self, who: Person, form: Mapping[str, str]) -> tuple[str, int]:
        """(what is wrong, as a sentence, and its status); ("", 200) when the new password may stand."""
        said, new, address = words(language(self._settings)), form.get("new", ""), self._access.address
        begun = logins.begin_try(self._access.store, who.name, address)
        if begun.wait_s:
            return said["door.too_often"].format(n=-(-begun.wait_s // 60)), 429
        if people.proved(self._access.store, who.name, form.get("old", "")) is None:
            self._tell_refused(who.name, "wrong")
            return said["door.wrong_old"], 403
        logins.was_right(self._access.store, who.name, address)
        if new != form.get("again"):
            return said["door.not_equal"], 400
        fault = "door.same" if new == form.get("old") else people.password_faults(who.name, new)
        return (said[fault], 400) if fault else ("", 200)

    def _password_page(self, fault: str, status: int = 200) -> Any:
        wanted = request.values.get("next", "")
        return self._page(
            "password", "door.new_password", status, person=person(), must=g.must_change, fault=fault, next=wanted
        )


def _why_gone(silent: StoreError) -> str:
    """A key of the catalogue."""
    return "door.busy" if isinstance(silent, StoreBusy) else "door.store_gone"
