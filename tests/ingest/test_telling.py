"""The projector tells of each event once, in the commit that folds it: of people, clocks, outside orders, after a crash."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config import clock
from config.city import City, load_city
from config.settings import Settings
from domain.facts import CaseStep
from domain.notices import Notice
from ingest import projector as projecting
from ingest.projector import Projector
from store import notices
from store.errors import StoreUnavailable
from store.store import Store
from tests.ingest.test_clock_alarms import HOUR, LIMITS, by, life, tick
from tests.ingest.test_projector import fold

OUTSIDE = """
rules:
  - {events: [ended, handling], tell: {roles: [supervisor]}, outside: true}
  - {events: [accepted], tell: {roles: [supervisor]}}
"""


@pytest.fixture
def made(city_folder: Path, tmp_path: Path) -> Callable[..., City]:
    def make(more_of_city: str = "", **files: str) -> City:
        folder = tmp_path / "told"
        shutil.copytree(city_folder, folder, dirs_exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
        with (folder / "city.yaml").open("a", encoding="utf-8") as file:
            file.write(more_of_city)
        return load_city(folder)

    return make


def told(store: Store) -> list[Notice]:
    """In the order of time."""
    found = notices.newer(store, dict.fromkeys(range(store.partitions), "0-0"), 10_000)
    return sorted((notice for _, _, notice in found), key=lambda notice: (notice.at_ms, notice.event))


def test_marks_and_cards_by_rule_are_told_once_however_late_the_projector_comes(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    ladder = (
        "worktime:\n  ladder:\n    - {clock: handle, do: urge}\n"
        "    - {clock: handle, do: yellow_card, amount: 1, kind: urgent_hours}\n"
    )
    city = made(ladder, limits_csv=LIMITS)
    first = Projector(store, city, settings, "first")
    fold(first)
    begun_ms = clock.now_ms() - 4 * HOUR
    store.append(life("O1", begun_ms))
    fold(first)
    first._release()
    second = Projector(store, city, settings, "second")
    tick(second, 4)
    events = [(one.event, one.clock, one.workers) for one in told(store)]
    assert events == [
        ("remind", "handle", ("W1",)), ("overdue", "handle", ("W1",)), ("urge", "handle", ("W1",)),
        ("yellow_card", "handle", ("W1",)),
    ]  # fmt: skip
    overdue = next(one for one in told(store) if one.event == "overdue")
    assert overdue.roles == ("supervisor", "duty_chief", "dispatcher") and overdue.at_ms == begun_ms + 3000 + 2 * HOUR
    assert overdue.told_at_ms >= begun_ms + 3 * HOUR and (overdue.role, overdue.region) == ("rule", "440605001")
    second._release()
    tick(Projector(store, city, settings, "third"), 3)
    assert len(told(store)) == 4


def test_a_commit_of_which_nobody_knows_whether_it_was_done_tells_nothing_twice(
    store: Store, settings: Settings, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, lost = projecting.commit, []

    def commit(*asked: object) -> None:
        plain(*asked)  # type: ignore[arg-type]
        if len(lost) < 2:
            lost.append(asked)
            raise StoreUnavailable("the answer was lost")

    steps = life("O1", clock.now_ms() - 60_000)
    store.append([*steps, by("supervisor", "s", "urge", "urge-it", "O1", clock.now_ms())])
    monkeypatch.setattr(projecting, "commit", commit)
    for n in range(4):
        projector = Projector(store, city, settings, f"p{n}")
        try:
            fold(projector)
        except StoreUnavailable:
            continue
        finally:
            projector._release()
    assert lost and [one.event for one in told(store)] == ["urge"]


def case(order: str, status: str, at_ms: int, received_ms: int = 0) -> CaseStep:
    return CaseStep(source="12345", received_at_ms=received_ms or clock.now_ms(), order=order, at_ms=at_ms, status=status)


def test_of_an_outside_systems_order_nobody_is_told_unless_a_rule_says_so(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    now = clock.now_ms()
    projector = Projector(store, made(), settings, "plain")
    fold(projector)
    store.append([case("H0", "reported", now - 1000), case("H0", "closed", now)])
    fold(projector)
    projector._release()
    assert told(store) == []
    projector = Projector(store, made(notices_yaml=OUTSIDE), settings, "outside")
    fold(projector)
    old = now - 3 * 86_400_000
    store.append([case("H1", "reported", now - 5000), case("H1", "accepted", now - 4000), case("H2", "reported", old)])
    fold(projector)
    assert told(store) == [], "no rule for outside orders names these"
    store.append([case("H1", "handling", now - 3000), case("H2", "closed", old + 1000)])
    fold(projector)
    store.append([case("H1", "closed", now - 1000), case("H1", "registered", now - 3500)])
    fold(projector)
    store.append([case("H1", "closed", now - 1000), case("H1", "handling", now - 3000), case("H1", "archived", now)])
    fold(projector)
    assert [(one.event, one.order, one.roles) for one in told(store)] == [
        ("handling", "H1", ("supervisor",)), ("ended", "H1", ("supervisor",)),
    ]  # fmt: skip
