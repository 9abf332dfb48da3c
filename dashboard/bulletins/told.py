"""The words of a version in one language: what its sheets and pages say, from its content alone."""

from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from config.words import words
from dashboard.briefs import Json
from dashboard.bulletins.periods import spoken
from domain.calendar import local_at
from domain.rates import NO_RATE, signed
from domain.worktime import zone_text

NEAR_WHOLE: Final = 99
"""From so many per cent on a rate has the count still open beside it (domain.md C6.3)."""


CARD_KINDS: Final = ("red", "yellow", "unanswered", "appealed", "withdrawn")


class Told:
    """The content of a version as somebody reads it. All instants are spoken in the city's zone, which is named beside them."""

    def __init__(self, content: Json, lang: str) -> None:
        self.content, self.lang, self.w = content, lang, words(lang)
        self.zone = ZoneInfo(content["city"]["timezone"])

    def at(self, at_ms: int | None) -> str:
        """2026-11-01 02:00."""
        return "" if at_ms is None else f"{local_at(at_ms, self.zone):%Y-%m-%d %H:%M}"

    @cached_property
    def zone_text(self) -> str:
        """UTC+08:00 Asia/Shanghai; the offset at the as-of time."""
        return zone_text(self.zone, self.content["as_of_ms"])

    def name(self, named: Json) -> str:
        return str(named[self.lang])

    def group(self, by: str, row: Json) -> str:
        """The name of a group; of the region itself beside its children, that it is meant without them."""
        if by == "region" and row["key"] == self.content["region"]:
            return self.w["bulletins.own_group"].format(name=self.name(row["name"]))
        name = self.name(row["name"])
        return (self.w.get(f"channel.{name}", name) if by == "source" else name) or self.w["bulletins.none_group"]

    def group_title(self, by: str) -> str:
        """What a grouping is by: 区域, 部门 … or the name of a level."""
        if by.startswith("level:"):
            return self.name(self.content["levels"].get(by.removeprefix("level:"), {self.lang: by}))
        return self.w.get(f"bulletins.group.{by}", by)

    @property
    def kind(self) -> str:
        return self.w[f"bulletins.kind.{self.content['kind']}"]

    @property
    def period(self) -> str:
        return spoken(self.content["period"], self.lang)

    @property
    def version(self) -> str:
        return self.w["bulletins.version"].format(n=self.content["number"])

    @property
    def headline(self) -> str:
        return self.w["bulletins.headline"].format(region=self.name(self.content["region_name"]), kind=self.kind)

    @property
    def line(self) -> str:
        """One line that says what this is, as of when and in which zone: it stands on every sheet and page."""
        as_of = f"{self.w['as_of']} {self.at(self.content['as_of_ms'])}"
        return " · ".join((self.name(self.content["region_name"]), self.period, self.version, as_of, self.zone_text))

    @property
    def publisher(self) -> str:
        return self.content["by_name"] or self.w["bulletins.by_program"]

    def facts(self) -> list[tuple[str, str]]:
        """(what, told) of the version itself."""
        c, w = self.content, self.w
        told = [
            (w["bulletins.region"], f"{self.name(c['region_name'])}（{c['region']}）"),
            (w["bulletins.period_head"], self.period),
            (w["bulletins.window"], f"{self.at(c['from_ms'])} – {self.at(c['to_ms'])}"),
            (w["bulletins.basis"], w[f"basis.{c['basis']}"]),
            (w["bulletins.version_head"], self.version),
            (w["bulletins.reason"], c["reason"] or w["bulletins.first_version"]),
            (w["as_of"], self.at(c["as_of_ms"])),
            (w["bulletins.zone"], self.zone_text),
            (w["bulletins.published_by"], self.publisher),
            (w["bulletins.orders"], f"{c['orders']:,}"),
        ]
        generated = self.name(c["city"]["generated"])
        return [*told, (w["bulletins.generated"], generated)] if generated else told

    # figures

    def figure_name(self, key: str) -> str:
        definition = self.content["definitions"].get(key)
        return self.name(definition["name"]) if definition else key

    def figure_what(self, key: str) -> str:
        return self.name(self.content["definitions"][key]["what"])

    def ordered(self) -> list[str]:
        """The keys of all figures: rates first, for they are what is looked at, then the counts."""
        figures = self.content["figures"]
        return sorted(figures, key=lambda key: figures[key]["denominator"] is None)

    def telling(self) -> list[str]:
        """Those that have something to say: rates with a base, counts of something."""
        figures = self.content["figures"]
        return [key for key in self.ordered() if figures[key]["numerator"] or figures[key]["denominator"]]

    def open_beside(self, key: str, figure: Json) -> int | None:
        """How many are still open, where a rate of closing is near 100 %."""
        definition = self.content["definitions"][key]
        near = figure["denominator"] and Decimal(figure["value"] or 0) >= NEAR_WHOLE
        return figure["denominator"] - figure["numerator"] if near and definition["numerator"] == "closed" else None

    def summary(self) -> str:
        f = self.content["figures"]
        return self.w["bulletins.summary"].format(
            period=self.period, region=self.name(self.content["region_name"]), as_of=self.at(self.content["as_of_ms"]),
            closure=f["closure_rate"]["shown"], on_time=f["on_time_closure_rate"]["shown"],
            **{key: f[key]["shown"] for key in ("reported", "registered", "closed", "open", "overdue")},
        )  # fmt: skip

    def durations_line(self) -> str:
        took = self.content["durations"]
        return self.w["bulletins.durations"].format(
            n=f"{took['n']:,}", left_out=f"{sum(took['left_out'].values()):,}",
            **{name: self.span(took[f"{name}_s"]) for name in ("median", "p90", "mean")},
        )  # fmt: skip

    def span(self, seconds: float | None) -> str:
        """38 分 · 5 时 40 分 · 1 天 02 时 · 6 天."""
        if seconds is None:
            return NO_RATE
        hours, minutes = divmod(int(seconds) // 60, 60)
        if hours < 1:
            return self.w["dur.m"].format(m=minutes)
        if hours < 24:
            return self.w["dur.hm"].format(h=hours, m=minutes) if minutes else self.w["dur.h"].format(h=hours)
        days, rest = divmod(hours, 24)
        return self.w["dur.dh"].format(d=days, h=f"{rest:02d}") if days < 3 and rest else self.w["dur.d"].format(d=days)

    def beside(self, kind: str, key: str) -> tuple[str, str]:
        """(what a figure was in the period before, or a year before; the change with its sign), "—" where there is none."""
        base = self.content["compare"].get(kind)
        told = base["figures"].get(key) if base else None
        if not told:
            return NO_RATE, NO_RATE
        if told["points"] is not None:
            return told["shown"], f"{signed(told['points'])} {self.w['bulletins.col.points']}"
        return told["shown"], NO_RATE if told["change"] is None else f"{signed(told['change'])} %"


def is_told(ranking: Json) -> bool:
    """Whether anybody has a score in it."""
    return any(row["value"] is not None for row in ranking["rows"])


def hours(seconds: float | None) -> Any:
    """Seconds as hours, for a cell."""
    return None if seconds is None else round(seconds / 3600, 4)


def card_heads(told: Told) -> list[str]:
    """What the numbers of CARD_KINDS are called."""
    states = ("card_state.given", "card_state.appealed", "card_state.withdrawn")
    return [told.w[key] for key in ("card.red", "card.yellow", *states)]


def figure_text(figure: Json | None) -> str:
    """93.72 %（911 / 972）; "" for a figure that was not there."""
    if figure is None:
        return ""
    counts = "" if figure["denominator"] is None else f"（{figure['numerator']:,} / {figure['denominator']:,}）"
    return figure["shown"] + counts


def place_text(place: Json | None) -> str:
    """第 3 名, as "3 · 87.35"; "—" where there was none."""
    return "—" if place is None else f"{'—' if place['rank'] is None else place['rank']} · {place['shown']}"


def moved(told: Told, item: Json) -> str | None:
    """What a changed order left and joined, in words."""
    if "columns" not in item:
        return None
    w, texts = told.w, []
    for key in ("left", "joined"):
        names = [told.figure_name(count) for count in item[key]]
        if names:
            texts.append(f"{w[f'bulletins.changes.{key}']}: {', '.join(names)}")
    was, now = item["columns"].get("status", (None, None))
    if was != now:
        texts.insert(0, f"{w.get(f'status.{was}', was)} → {w.get(f'status.{now}', now)}")
    return " · ".join(texts)
