"""/bulletins…: the published versions as pages. Every figure opens exactly its frozen orders."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Flask, redirect, render_template, request

from config.settings import Settings
from config.words import words
from dashboard.access import need, person
from dashboard.api import refusals_spoken
from dashboard.briefs import Json, region_name
from dashboard.bulletins.api import differences, orders_of
from dashboard.bulletins.asking import ask, job_json, pair, seen_bulletin, seen_bulletins, seen_jobs, store_of
from dashboard.bulletins.maker import Maker
from dashboard.bulletins.periods import before, spoken
from dashboard.bulletins.schedule import next_due
from dashboard.bulletins.shelf import Shelf
from dashboard.bulletins.told import CARD_KINDS, Told, card_heads, figure_text, is_told, moved, place_text
from dashboard.doors import home_of, language
from dashboard.filters import BadQuery, region_code
from dashboard.names import title_of
from dashboard.period import iso
from dashboard.sight import Sight, sight
from domain.calendar import day_at, name_of
from domain.worktime import zone_text
from store import bulletins

if TYPE_CHECKING:
    from dashboard.hall import Hall

PAGE: Final = 100
MOST_VERSIONS: Final = 300


class Pages:
    """The views."""

    def __init__(self, hall: "Hall", settings: Settings, shelf: Shelf, maker: Maker) -> None:
        self._hall, self._settings, self._shelf, self._maker = hall, settings, shelf, maker

    def _render(self, name: str, seen: Sight, title: str, **more: Any) -> str:
        lang = language(self._settings)
        link = lambda path, **asked: f"{path}?{urlencode({**asked, 'lang': lang})}"  # noqa: E731
        return render_template(
            f"{name}.html", lang=lang, w=words(lang), city=seen.city.title_en if lang == "en" else seen.city.title, title=title,
            page="bulletins", home=home_of(person()), link=link, other="zh" if lang == "en" else "en",
            here=request.path, asked=request.args.to_dict(), **more,
        )  # fmt: skip

    # the list

    def listed(self, fault: str = "", status: int = 200) -> Any:
        need("statistics")
        seen, lang = sight(self._hall), language(self._settings)
        w = words(lang)
        found = seen_bulletins(seen, region_code(seen.city, request.args["region"]) if request.args.get("region") else "")
        regions = {one.region: region_name(seen.city, one.region, lang) for one in seen_bulletins(seen)}
        rows = [self._version(seen, one, lang) for one in found[:MOST_VERSIONS]]
        jobs = [
            {**job_json(job, w), "name": f"{region_name(seen.city, job.region, lang)} · {spoken(job.period, lang)}"}
            for job in seen_jobs(seen)
        ]
        page = self._render(
            "bulletins", seen, w["bulletins.title"], rows=rows, jobs=jobs, regions=regions, fault=fault,
            planned=self._planned(seen, lang), may_publish=person().may("publish"), root=seen.city.root,
            form=request.form.to_dict(), periods=_recent(seen, lang),
            children=[seen.city.root, *seen.city.children(seen.city.root)],
            name_of=lambda code: region_name(seen.city, code, lang), zone=zone_text(seen.city.zone, seen.now_ms()),
        )  # fmt: skip
        return page, status

    def _version(self, seen: Sight, one: bulletins.Bulletin, lang: str) -> Json:
        return {
            "id": one.id, "period": spoken(one.period, lang), "kind": words(lang)[f"bulletins.kind.{one.kind}"],
            "region": region_name(seen.city, one.region, lang), "number": one.number, "as_of": _civil(seen, one.as_of_ms),
            "zone": zone_text(seen.hall.city.zone, one.as_of_ms), "orders": f"{one.orders:,}", "reason": one.reason,
            "by": title_of(seen.hall, one.by) or words(lang)["bulletins.by_program"], "previous": one.previous,
        }  # fmt: skip

    def _planned(self, seen: Sight, lang: str) -> list[Json]:
        """What the program publishes next, of the regions that the asker sees."""
        city, now_ms = seen.hall.city, seen.now_ms()
        regions = [code for code in city.bulletins.regions or (city.root,) if seen.inside(code)]
        if not regions:
            return []
        found = []
        for kind in city.bulletins.kinds:
            period, at_ms = next_due(city, kind, now_ms)
            found.append({
                "kind": words(lang)[f"bulletins.kind.{kind}"],
                "period": spoken(period, lang),
                "at": _civil(seen, at_ms),
                "of": ", ".join(region_name(city, code, lang) for code in regions),
            })  # fmt: skip
        return found

    def publish(self) -> Any:
        lang = language(self._settings)
        try:
            ask(sight(self._hall), person().name, request.form, words(lang))
        except BadQuery as wrong:
            return self.listed(str(wrong), 400)
        self._maker.wake()
        return redirect(f"/bulletins?{urlencode({'lang': lang})}", 303)

    # one version

    def one(self, bulletin_id: str) -> Any:
        seen, lang = sight(self._hall), language(self._settings)
        found = seen_bulletin(seen, bulletin_id)
        told = Told(self._shelf.content(found), lang)
        all_of = bulletins.versions(store_of(self._hall), found.kind, found.region, found.period)
        return self._render(
            "bulletin", seen, told.headline, told=told, c=told.content, id=found.id, versions=all_of, kinds=CARD_KINDS,
            heads=card_heads(told), columns=_columns(told.content), rankings=list(filter(is_told, told.content["rankings"])),
            **_changes_said(told),
        )  # fmt: skip

    def orders(self, bulletin_id: str) -> Any:
        seen, lang = sight(self._hall), language(self._settings)
        found = seen_bulletin(seen, bulletin_id)
        asked = {**request.args.to_dict(), "limit": str(PAGE)}
        listed, told = orders_of(self._shelf, found, asked), Told(self._shelf.content(found), lang)
        return self._render(
            "bulletin_orders", seen, told.headline, told=told, id=found.id, listed=listed, of=_what(told, asked), size=PAGE,
            end="_en" if lang == "en" else "",
            page_link=lambda offset: urlencode({**request.args.to_dict(), "offset": max(offset, 0)}),
        )  # fmt: skip

    def compare(self, bulletin_id: str) -> Any:
        seen, lang = sight(self._hall), language(self._settings)
        old, new = pair(seen, bulletin_id, request.args.get("with", ""))
        told = Told(self._shelf.content(new), lang)
        return self._render(
            "bulletin_compare", seen, words(lang)["bulletins.compare_title"], told=told, before=old, after=new,
            found=differences(self._shelf, old, new), **_changes_said(told),
        )  # fmt: skip


def _civil(seen: Sight, at_ms: int) -> str:
    """2026-11-01 02:00, in the city's zone."""
    return (iso(at_ms, seen.hall.city) or "")[:16].replace("T", " ")


def _recent(seen: Sight, lang: str) -> list[tuple[str, str]]:
    """(name, how it is spoken) of the periods that are over, the last ones first."""
    today = day_at(seen.now_ms(), seen.hall.city.zone)
    found = []
    for kind, most in (("month", 6), ("week", 6), ("year", 2)):
        period = name_of(kind, today)
        for _ in range(most):
            period = before(period)
            found.append((period, spoken(period, lang)))
    return found


def _columns(content: Json) -> list[str]:
    """The figures of the tables by group."""
    return next((list(table["rows"][0]["figures"]) for table in content["tables"] if table["rows"]), [])


def _changes_said(told: Told) -> Json:
    """What the part of a page about changes needs besides them."""
    return {"figure_text": figure_text, "place_text": place_text, "moved": lambda item: moved(told, item)}


def _what(told: Told, asked: dict[str, str]) -> str:
    """What a list of frozen orders is of: 结案率 · 分子 · 东社区."""
    w, parts = told.w, []
    if stage := asked.get("stage"):
        part = asked.get("part", "left")
        return f"{w.get(f'stint.{stage}', stage)} · {w[f'bulletins.col.{part}']}"
    if key := asked.get("figure"):
        parts.append(told.figure_name(key))
        if told.content["definitions"][key]["denominator"] is not None:
            parts.append(w["bulletins.col.denominator" if asked.get("part") == "den" else "bulletins.col.numerator"])
    if by := asked.get("by"):
        group = asked.get("group", "")
        tables = (table for table in told.content["tables"] if table["by"] == by)
        row = next((row for table in tables for row in table["rows"] if row["key"] == group), None)
        parts.append(f"{told.group_title(by)} {told.group(by, row) if row else group}")
    return " · ".join(parts) or w["bulletins.orders"]


def register(app: Flask, hall: "Hall", settings: Settings, shelf: Shelf, maker: Maker) -> None:
    """Add the pages."""
    pages = Pages(hall, settings, shelf, maker)
    views = {
        "": pages.listed, "/<bulletin_id>": pages.one, "/<bulletin_id>/orders": pages.orders,
        "/<bulletin_id>/compare": pages.compare,
    }  # fmt: skip
    for path, view in views.items():
        app.add_url_rule(f"/bulletins{path}", f"bulletins{path}", refusals_spoken(hall, view), methods=["GET"])
    app.add_url_rule("/bulletins", "bulletins_publish", refusals_spoken(hall, pages.publish), methods=["POST"])
