"""Actions on orders through the projector, on a real Valkey: who was first, what is answered, what survives a crash."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.city import City, load_city
from config.settings import Settings
from domain import cases
from domain.facts import CaseStep, OrderAction
from domain.states import Order, Outcome
from ingest.places import Places
from ingest.projector import Projector
from store import commit as store_commit
from store.errors import StoreUnavailable
from store.store import Store
from tests.ingest.test_projector import NOW, fold

HOUR = 3_600_000


def action(name: str, role: str, at_h: float = 0, action_id: str = "", order: str = "O1", **told: object) -> OrderAction:
    at_ms = NOW + int(at_h * HOUR)
    mine = {"actor": role, "scope": "440605"}
    person = {key: told.pop(key, value) for key, value in mine.items()}
    return OrderAction(
        source="desk", received_at_ms=at_ms, id=action_id or f"{name}{at_h}", order=order, action=name, role=role, at_ms=at_ms,
        fields=told, **person,  # type: ignore[arg-type]
    )  # fmt: skip


LIFE = (
    action("report", "worker", 0, text="灯不亮", region="44060500101"),
    action("accept", "intake", 1),
    action("register", "duty_chief", 2, category="lamp", deadline_at_ms=NOW + 10**11),
    action("dispatch", "dispatcher", 3, handler="W1"),
    action("take_up", "worker", 4, actor="W1", scope="44060500101"),
    action("feedback", "worker", 5, actor="W1", scope="44060500101", note="好了"),
    action("request_close", "supervisor", 6),
    action("check", "checker", 7, result="passed"),
    action("evaluate", "duty_chief", 8, quality="good"),
    action("close", "duty_chief", 9),
)


@pytest.fixture
def projector(store: Store, city: City, settings: Settings) -> Projector:
    return Projector(store, city, settings, "first")


def order_of(store: Store, name: str = "O1") -> Order:
    row = store.row("order", name)
    assert isinstance(row, Order)
    return row


def answer(store: Store, asked: OrderAction) -> Outcome:
    found = store.outcome(asked.order, asked.id)
    assert found is not None
    return found


def test_a_life_told_at_once_or_piece_by_piece_is_the_same(store: Store, projector: Projector, city: City) -> None:
    store.append(LIFE)
    fold(projector)
    for step in LIFE:
        store.append([OrderAction(**{**{n: getattr(step, n) for n in step.__struct_fields__}, "order": "O2"})])
        fold(projector)
    first, second = order_of(store), order_of(store, "O2")
    assert (first.status, first.region, first.reporter, first.on_time) == ("closed", "44060500101", "worker", True)
    for name, row in (("O1", first), ("O2", second)):
        trail = store.trail(name)
        assert [step.action for step in trail] == [step.action for step in LIFE]
        again = cases.fold_trail(name, trail, Places(city).of_order)
        assert again.life == row.life and again.closed_at_ms == row.closed_at_ms
    assert first.life == second.life and all(answer(store, step).done for step in LIFE)
    assert store.counts() == {("desk", "action", "kept"): 2 * len(LIFE)}


def test_of_two_people_on_one_order_one_wins_and_the_other_is_told_who_did_what(store: Store, projector: Projector) -> None:
    anna = action("dispatch", "dispatcher", 3, "a", actor="anna", department="D1")
    ben = action("dispatch", "dispatcher", 3, "b", actor="ben", department="D2")
    store.append([*LIFE[:3], anna, ben])
    fold(projector)
    lost = answer(store, ben)
    assert (order_of(store).department, answer(store, anna).done) == ("D1", True)
    assert (lost.done, lost.reason, lost.status, lost.detail["by"]) == (False, "not_in_state", "dispatched", "anna")
    assert len(store.trail("O1")) == 4 and store.counts()["desk", "action", "refused"] == 1


def test_the_same_action_twice_is_one_and_a_refused_one_stays_refused(store: Store, projector: Projector) -> None:
    early = action("register", "duty_chief", 0.5, "early", category="lamp")
    store.append([LIFE[0], LIFE[0], early, LIFE[1]])
    fold(projector)
    store.append([LIFE[0], LIFE[1], early])  # by now it would be allowed; but its author was told that it was not done
    fold(projector)
    assert order_of(store).status == "accepted" and len(store.trail("O1")) == 2
    assert not answer(store, early).done
    assert store.counts()["desk", "action", "duplicate"] == 4


def test_answers_come_with_the_commit_that_made_them(store: Store, projector: Projector) -> None:
    store.append([LIFE[0], action("close", "worker", 1)])
    fold(projector)
    p = store.partition_of("O1")
    batches = store.tail({p: ("0-0", 0)}, 10)[p]
    (batch,) = [batch for batch in batches if batch.outcomes]
    assert [(o.action, o.done, o.reason) for o in batch.outcomes] == [("report", True, ""), ("close", False, "not_your_role")]
    assert [row.status for _, row in batch.rows if isinstance(row, Order)] == ["reported"]


@pytest.mark.parametrize("done_before", [False, True])
def test_killed_in_the_middle_an_action_has_happened_once_or_not_at_all_and_its_author_is_told(
    store: Store, city: City, settings: Settings, monkeypatch: pytest.MonkeyPatch, done_before: bool
) -> None:
    import ingest.projector as module

    real: Callable[..., None] = module.commit
    calls: list[object] = []

    def broken(*args: object) -> None:
        calls.append(args)
        if done_before:
            real(*args)
        if len(calls) % 2:
            raise StoreUnavailable("cut")
        if not done_before:
            real(*args)

    monkeypatch.setattr(module, "commit", broken)
    second = action("accept", "supervisor", 1, "second", actor="ben")
    for facts in ([LIFE[0]], [LIFE[1], second], [LIFE[2]]):
        store.append(facts)
        for _ in range(3):
            projector = Projector(store, city, settings, "me")  # the same owner, back after a crash
            try:
                fold(projector)
            except StoreUnavailable:
                continue
        store.append(facts)  # nobody has answered the screen in time: it asks again
    for _ in range(4):
        try:
            fold(Projector(store, city, settings, "me"))
        except StoreUnavailable:
            continue
    assert [step.action for step in store.trail("O1")] == ["report", "accept", "register"]
    assert [answer(store, asked).done for asked in (*LIFE[:3], second)] == [True, True, True, False]
    assert store.counts()["desk", "action", "kept"] == 3 and store.counts()["desk", "action", "refused"] == 1


def test_an_outside_order_is_its_source_s_and_takes_notes_only(store: Store, projector: Projector) -> None:
    told = {"source": "12345", "order": "O1", "region": "44060500101"}
    closed_at_ms = NOW + 2 * HOUR
    store.append([CaseStep(received_at_ms=NOW, at_ms=NOW, status="reported", **told)])
    note = action("note", "supervisor", 1, note="已看过")
    strange = action("note", "supervisor", 1, "strange", scope="440605002", note="?")
    close = action("close", "duty_chief", 1)
    again = action("report", "worker", 1, text="x", region="44060500101")
    closed = CaseStep(received_at_ms=closed_at_ms, at_ms=closed_at_ms, status="closed", **told)
    store.append([note, close, strange, again, closed])
    fold(projector)
    assert (answer(store, close).reason, answer(store, close).detail) == ("owned_by_source", {"source": "12345"})
    assert (answer(store, strange).reason, answer(store, strange).status) == ("out_of_scope", "")
    assert answer(store, note).done and answer(store, again).reason == "exists"
    lines = [(step.status, step.action) for step in store.trail("O1")]
    assert lines == [("reported", ""), ("reported", "note"), ("closed", "")]
    order = order_of(store)
    assert (order.status, order.source, order.steps, order.life) == ("closed", "12345", 3, None)


def test_no_case_system_says_what_becomes_of_an_order_that_lives_here(store: Store, projector: Projector) -> None:
    step = CaseStep(source="12345", received_at_ms=NOW, order="O1", at_ms=NOW + HOUR, status="closed")
    store.append([LIFE[0], step, LIFE[1]])
    fold(projector)
    assert order_of(store).status == "accepted"
    assert store.counts()["12345", "order", "not_owner"] == 1


def test_answers_are_bounded_and_an_old_deed_is_still_known(
    store: Store, city: City, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ingest.orders as module

    monkeypatch.setattr(module, "OUTCOMES_KEEP", 3)
    projector = Projector(store, city, settings, "me")
    store.append(LIFE[:5])
    fold(projector)
    p = store.partition_of("O1")
    assert [found.action for found in store.outcomes(p)] == ["register", "dispatch", "take_up"]
    store.append([LIFE[0]])
    fold(Projector(store, city, settings, "me"))
    assert answer(store, LIFE[0]).done and len(store.trail("O1")) == 5
    assert [found.action for found in store.outcomes(p)] == ["dispatch", "take_up", "report"]
    assert store_commit.OUTCOMES_KEEP == 10_000


def test_talk_cannot_fill_a_trail_so_that_an_order_can_never_be_closed(
    store: Store, city_folder: Path, settings: Settings, tmp_path: Path
) -> None:
    for file in city_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    told = (tmp_path / "city.yaml").read_text(encoding="utf-8")
    told = told.replace("limits: {", "limits: {trail_steps: 10, ")
    (tmp_path / "city.yaml").write_text(told, encoding="utf-8")
    (tmp_path / "routing.csv").write_text("rule,region,level,auto\ntake all,,community,accept\n", encoding="utf-8")
    projector = Projector(store, load_city(tmp_path), settings, "me")
    notes = [action("note", "supervisor", n / 10, f"n{n}", note="…") for n in range(20)]
    store.append([LIFE[0], *notes, action("force_close", "duty_chief", 9, reason="full")])
    fold(projector)
    order = order_of(store)
    assert (order.status, order.steps) == ("closed", 9)
    assert order.life is not None and (order.life.route, order.life.holder) == ("take all", "440605001")
    assert [step.role for step in store.trail("O1")[:2]] == ["worker", "rule"]
    assert answer(store, notes[-1]).reason == "trail_full"
