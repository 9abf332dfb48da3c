"""The best workers and grids of the month by the city's scores, with the parts of each score.

Ranking a whole city takes longer than a look at a wall may, so a thread of its own does it, once a minute for all walls that
ask for the same; a wall is told what was ranked last, and of when it is.
"""

import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from dashboard.briefs import Json
from dashboard.filters import read_query
from dashboard.people import is_known
from dashboard.ranking import ranking
from dashboard.wall.ground import Ground
from dashboard.wall.months import shown
from domain.calendar import Period
from domain.scores import LEVEL

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

BEST: Final = 10
FEWEST: Final = 3
"""Of a month that ranks fewer the one before is shown: its first, second and third are no ranking yet."""

FRESH_MS: Final = 60_000
MOST_KEPT: Final = 64
_BY_PERSON: Final = ("reporter", "handler")

Key = tuple[Any, ...]


class NotRanked(Exception):
    """A ranking has failed; its cause says why."""


_ranker: Final = ThreadPoolExecutor(1, thread_name_prefix="ranking")


class _Kept:
    """What was ranked last, when that was asked for, and the ranking that is on its way."""

    def __init__(self) -> None:
        self.told: Json | None = None
        self.asked_at_ms: int | None = None
        self.coming: Future[Json] | None = None
        self.failed: BaseException | None = None

    def take(self) -> None:
        """What has come; a ranking that failed leaves the one before."""
        if self.coming is None or not self.coming.done():
            return
        self.failed = self.coming.exception()
        if self.failed is None:
            self.told = self.coming.result()
        self.coming = None

    def is_due(self, now_ms: int) -> bool:
        return self.coming is None and (self.asked_at_ms is None or not 0 <= now_ms - self.asked_at_ms < FRESH_MS)


_kept: "weakref.WeakKeyDictionary[Hall, dict[Key, _Kept]]" = weakref.WeakKeyDictionary()


def top(on: Ground, _argument: str) -> Json:
    """The BEST of each score that ranks workers or the smallest regions, of this month's orders, as of `as_of_ms` of its own.

    {as_of_ms, month, closed (dashboard.wall.months), scores: [{key, name, of (worker or grid), parts, ranked (how many have a
    rank), rows}]}, rows as those of `dashboard.ranking`; None while it has not been ranked yet. Workers whom the asker may not
    see are left out. Raises NotRanked while the newest ranking is one that failed.
    """
    whole: Any = getattr(on.hall, "hall", on.hall)
    of_hall = _kept.setdefault(whole, {})
    key = (on.city.root, getattr(on.hall, "person", None), on.region, on.lang, on.city.day_of(on.now_ms)[:7])
    if key not in of_hall and len(of_hall) >= MOST_KEPT:
        of_hall.clear()
    kept = of_hall.setdefault(key, _Kept())
    kept.take()
    if kept.is_due(on.now_ms):
        kept.asked_at_ms = on.now_ms
        kept.coming = _ranker.submit(_ranked, on.hall, on.region, on.lang, on.now_ms)
    if kept.failed is not None:
        raise NotRanked("the best of the month") from kept.failed
    return {"top": kept.told}


def settle() -> None:
    """Wait until what has been asked for is ranked."""
    _ranker.submit(lambda: None).result()


def _ranked(seen: "Hall", region: str, lang: str, now_ms: int) -> Json:
    def scores(month: Period) -> list[Json]:
        asked = {"region": region, "from": month.from_ms, "to": month.to_ms, "as_of": now_ms}
        query = read_query(seen.city, asked, now_ms)
        return [_score(seen, query, key, of, lang) for key, of in chosen(seen.city).items()]

    month = shown(seen.city, now_ms, scores, lambda made: bool(made) and all(len(score["rows"]) >= FEWEST for score in made))
    return {"as_of_ms": now_ms, **month.told(seen.city), "scores": month.made}


def _score(seen: "Hall", query: Any, key: str, of: str, lang: str) -> Json:
    told = ranking(seen, query, key, lang, most=BEST)
    rows = [row for row in told["rows"] if row["rank"] is not None and (of == "grid" or is_known(seen, row["key"]))]
    parts = [{name: part[name] for name in ("figure", "word", "weight", "inverted")} for part in told["parts"]]
    return {"key": key, "name": told["name"], "of": of, "parts": parts, "ranked": told["ranked"], "rows": rows}


def chosen(city: "City") -> dict[str, str]:
    """The scores of which the best are shown, and of what they are: the first of workers, and that of the lowest level."""
    workers = [key for key, score in city.evaluation.scores.items() if score.by in _BY_PERSON][:1]
    grids = [key for key, score in city.evaluation.scores.items() if score.by == LEVEL + city.levels[-1].key][:1]
    return dict.fromkeys(workers, "worker") | dict.fromkeys(grids, "grid")
