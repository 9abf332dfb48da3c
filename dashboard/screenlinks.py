"""/walls: links that open a wall without a log-in, made, listed and revoked by administrators of their scope; page and API.

A link is a token of the role `wall`, bound to a region and to scenes. It stands behind the # of an address, so that no log has
it; only its hash is kept, and it is shown once. Who revokes one ends its open screens with it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from flask import Flask, redirect, render_template, request

from config.settings import Settings
from config.words import words
from dashboard.access import Access, answer, audit, need, person
from dashboard.api import NotThere, json_response, refusals_spoken
from dashboard.briefs import Json, region_name
from dashboard.doors import TOKEN, home_of, language
from dashboard.filters import BadQuery, UnknownRegion, region_code
from dashboard.sight import Sight, sight
from domain.bounds import DAY_MS
from domain.calendar import local_at
from domain.people import WALL
from store import logins, people
from store.people import Token

if TYPE_CHECKING:
    from dashboard.hall import Hall

MOST_LINKS: Final = 500
DAYS: Final = 365  # that the form proposes: a link that nobody thinks of any more ends by itself


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link that is to be made. `region`: code or unique name, "" the maker's scope; `scenes` () all; `days` 0: never ends."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    region: Annotated[str, msgspec.Meta(max_length=64)] = ""
    scenes: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] = ()
    days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = DAYS


def register(app: Flask, hall: "Hall", settings: Settings, access: Access) -> None:
    """/walls, /walls/revoke and /api/v1/walls."""
    links = Links(app, hall, settings, access)
    app.add_url_rule("/walls", "walls", refusals_spoken(hall, links.page), methods=["GET"])
    app.add_url_rule("/walls", "walls_make", refusals_spoken(hall, links.make), methods=["POST"])
    app.add_url_rule("/walls/revoke", "walls_revoke", refusals_spoken(hall, links.revoke), methods=["POST"])
    app.add_url_rule("/api/v1/walls", "api_walls", refusals_spoken(hall, links.api), methods=["GET", "POST"])
    app.add_url_rule("/api/v1/walls/<name>", "api_walls_revoke", refusals_spoken(hall, links.api_revoke), methods=["DELETE"])


class Links:
    """The views."""

    def __init__(self, app: Flask, hall: "Hall", settings: Settings, access: Access) -> None:
        self._app, self._hall, self._settings, self._access = app, hall, settings, access

    # what there is

    def _tokens(self, seen: Sight) -> list[Token]:
        """The links whose region lies in the asker's scope."""
        found = people.tokens(self._access.store)
        return [one for one in found if WALL in one.roles and seen.inside(one.scope or self._hall.city.root)]

    def _told(self, one: Token, lang: str) -> Json:
        city, name = self._hall.city, f"{TOKEN}{one.name}"
        used = logins.log_ins(self._access.store, name)
        scenes = city.scenes.scenes
        return {
            "name": one.name,
            "region": one.scope or city.root,
            "region_name": region_name(city, one.scope or city.root, lang),
            "scenes": list(one.scenes),
            "scene_names": [scene_name(scenes[key], lang) if key in scenes else f"▲ {key}" for key in one.scenes],
            "made_at_ms": one.made_at_ms,
            "ends_at_ms": one.ends_at_ms or None,
            "used_at_ms": max((log_in.seen_at_ms for log_in in used), default=None),
            "screens": sum(screen["name"] == name for screen in self._app.extensions["gridhall"].screens()),
            "demo": one.demo,
        }

    # asking for a new one, and taking one back

    def _make(self, seen: Sight, given: Any, lang: str) -> tuple[Token, str]:
        """(the new link's token, its address). Raises UnknownRegion, and BadQuery in words."""
        new = self._checked(seen, given, words(lang))
        try:
            secret = people.add_token(self._access.store, new)
        except ValueError as wrong:
            raise BadQuery(f"{words(lang)['walls.fault.name']} ({wrong})") from wrong
        told = {"scenes": " ".join(new.scenes), "until": self._day(new.ends_at_ms) if new.ends_at_ms else ""}
        audit("token", new.name, new.scope, did="add", roles=WALL, **{key: text for key, text in told.items() if text})
        return new, f"{request.host_url}enter#{secret}"  # told only now that the log knows of it

    def _checked(self, seen: Sight, given: Any, w: Mapping[str, str]) -> Token:
        try:
            wanted = msgspec.convert(given, Wanted)
        except msgspec.ValidationError as wrong:
            raise BadQuery(f"{w['walls.fault.form']} ({wrong})") from wrong
        region = region_code(seen.city, wanted.region)
        if region not in seen.city.regions:
            raise UnknownRegion(wanted.region)
        known = self._hall.city.scenes.scenes
        if lost := [key for key in wanted.scenes if key not in known]:
            raise BadQuery(f"{w['walls.fault.scene']}: {', '.join(lost)[:200]}")
        if len(self._tokens(seen)) >= MOST_LINKS:
            raise BadQuery(w["walls.fault.many"].format(n=MOST_LINKS))
        now_ms = self._hall.now_ms()
        return Token(
            name=people.plain_name(wanted.name), roles=(WALL,), scope=region, scenes=tuple(dict.fromkeys(wanted.scenes)),
            made_at_ms=now_ms, ends_at_ms=now_ms + wanted.days * DAY_MS if wanted.days else 0,
        )  # fmt: skip

    def _revoke(self, seen: Sight, name: str) -> int:
        """How many open screens went dark with the link. Raises NotThere."""
        found = next((one for one in self._tokens(seen) if one.name == name), None)
        if found is None:
            raise NotThere("wall", name)
        audit("token", name, found.scope, did="revoke")
        people.remove_token(self._access.store, name)
        logins.end_log_ins(self._access.store, f"{TOKEN}{name}")
        dark: int = self._app.extensions["gridhall"].end_of(f"{TOKEN}{name}")
        return dark

    def _day(self, at_ms: int | None) -> str:
        return local_at(at_ms, self._hall.city.zone).strftime("%Y-%m-%d %H:%M") if at_ms else ""

    # the page

    def page(self, link: str = "", fault: str = "", status: int = 200, name: str = "") -> Any:
        need("admin")
        seen, lang = sight(self._hall), language(self._settings)
        city, now_ms = self._hall.city, self._hall.now_ms()
        rows = [self._told(one, lang) for one in self._tokens(seen)]
        for row in rows:
            row |= {key: self._day(row[f"{key}_at_ms"]) for key in ("made", "ends", "used")}
            row["over"] = row["ends_at_ms"] is not None and row["ends_at_ms"] <= now_ms
        page = render_template(
            "walls.html", lang=lang, w=words(lang), city=city.title_en if lang == "en" else city.title, page="walls",
            title=words(lang)["walls.title"], home=home_of(person()), rows=rows, link=link, link_of=name, fault=fault,
            form=request.form, picked=request.form.getlist("scene"), days=DAYS,
            scenes=[(key, scene_name(scene, lang)) for key, scene in city.scenes.scenes.items()],
            regions=[(code, region_name(city, code, lang)) for code in (seen.city.root, *seen.city.children(seen.city.root))],
        )  # fmt: skip
        return page, status

    def make(self) -> Any:
        """The page with the new link on it, this once: a reload asks for the same name again, which is refused."""
        need("admin")
        form, lang = request.form, language(self._settings)
        days = form.get("days", "")
        given = {
            "name": form.get("name", ""), "region": form.get("region", ""), "scenes": form.getlist("scene"),
            "days": int(days) if days.isdecimal() and len(days) < 9 else days or DAYS,
        }  # fmt: skip
        try:
            new, link = self._make(sight(self._hall), given, lang)
        except BadQuery as wrong:
            return self.page(fault=str(wrong), status=400)
        return self.page(link=link, name=new.name)

    def revoke(self) -> Any:
        need("admin")
        self._revoke(sight(self._hall), request.form.get("name", ""))
        return redirect(f"/walls?lang={language(self._settings)}", 303)

    # the API

    def api(self) -> Any:
        """GET: {items}. POST {name, region?, scenes?, days?}: 201 {link, …}."""
        need("admin")
        seen, lang = sight(self._hall), language(self._settings)
        if request.method == "GET":
            return json_response({"items": [self._told(one, lang) for one in self._tokens(seen)]}, 200, self._hall.city)
        new, link = self._make(seen, request.get_json(silent=True), lang)
        return json_response(self._told(new, lang) | {"link": link}, 201, self._hall.city)

    def api_revoke(self, name: str) -> Any:
        need("admin")
        return answer({"screens": self._revoke(sight(self._hall), name)})


def scene_name(scene: Any, lang: str) -> str:
    """A scene's name in a language."""
    return str(scene.name_en if lang == "en" else scene.name)
