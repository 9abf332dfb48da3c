"""The hotline's figures: recounted from trails in plain Python, weighed exactly, and Lianyungang's balance of a month."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain import hotline
from domain.actions import SATISFACTION
from domain.clocks import Running
from domain.counts import Filters, Slice
from domain.facts import DayTally
from domain.hotlineload import Load, load
from domain.hotlinerules import Hotline
from domain.indicators import DEFINITIONS, figures_of, grouped, select
from domain.orderframe import orders_frame
from domain.rates import shown, value4
from domain.scores import examples, scored
from domain.states import Clock, Life, Order
from domain.tallies import fold_tally, totals
from domain.variants import Variants

T0, HOUR, DAY = 1_598_889_600_000, 3_600_000, 86_400_000  # 2020-09-01T00:00 in Shanghai
CHANNELS = ("12345", "网格员上报", "96181")
STATES = ("reported", "registered", "dispatched", "handling", "closed", "callback", "void", "not_accepted", "archived")


def clocked(stage: str, left_ms: int, due_at_ms: int | None) -> tuple[Clock, Running]:
    running = Running(stage, "r", "urgent_hours", 1.0, "", T0, due_at_ms, due_at_ms, left_ms, left_ms)
    return Clock(stage, T0, T0 if due_at_ms else None), running


def made(n: int, draw: random.Random) -> Order:
    """An order that may be of the hotline, in any state, with whatever call-back."""
    status = draw.choice(STATES)
    ended = status in ("closed", "callback", "archived")
    clocks = [clocked(stage, draw.choice((-1, 1)) * HOUR, draw.choice((None, T0 + 5 * HOUR, T0 + 50 * HOUR)))
              for stage in ("dispatch", "sign") if draw.random() < 0.7]  # fmt: skip
    called = ended and draw.random() < 0.8
    life = Life(
        satisfaction=draw.choice(SATISFACTION) if called else "",
        contacted=draw.choice(("yes", "no", "")) if called else "",
        solved=draw.choice(("yes", "no", "")) if called else "",
        clocks=tuple(clock for clock, _ in clocks), running=tuple(running for _, running in clocks),
    )  # fmt: skip
    return Order(
        order=f"O{n}", source="desk", channel=draw.choice(CHANNELS), status=status, reported_at_ms=T0 + n * HOUR,
        accepted_at_ms=T0 + n * HOUR if draw.random() < 0.7 else None, closed_at_ms=T0 + DAY if ended else None,
        status_at_ms=T0 + DAY, deadline_at_ms=draw.choice((None, T0 + 5 * HOUR, T0 + 9 * DAY)),
        on_time=draw.choice((True, False, None)) if ended else None, category=draw.choice(("灯", "表扬")),
        department=draw.choice(("d1", "d2")), life=life,
    )  # fmt: skip


def called_back(n: int, said: str) -> Order:
    return Order(
        order=f"O{n}", channel="12345", status="callback", reported_at_ms=T0, closed_at_ms=T0, life=Life(satisfaction=said)
    )


ORDERS = [made(n, random.Random(n)) for n in range(400)]
NOW = T0 + 30 * HOUR


def sliced(rows: list[Order], variants: Variants | None = None) -> Slice:
    frame = orders_frame(rows)
    if variants is not None:
        frame.attrs["variants"] = variants
    return Slice(frame, Filters(), NOW)


def recounted(rows: list[Order]) -> dict[str, set[str]]:
    """Every count of the hotline, read off the rows once more."""
    mine = [row for row in rows if row.channel in ("12345", "96181")]
    lives = {row.order: row.life or Life() for row in mine}

    def those(holds: Any) -> set[str]:
        return {row.order for row in mine if holds(row)}

    def stage(row: Order, key: str) -> str:
        clock = next((clock for clock in lives[row.order].clocks if clock.key == key), None)
        running = next((running for running in lives[row.order].running if running.clock == key), None)
        if clock is None or running is None:
            return "none"
        if clock.since_ms is not None:
            return "over" if running.due_at_ms and running.due_at_ms < NOW else "runs"
        return "in time" if running.left_ms >= 0 else "late"

    closed = those(lambda r: r.status in ("closed", "callback", "archived"))
    valid = those(lambda r: r.status not in ("void", "not_accepted", "duplicate"))
    still = ("reported", "registered", "dispatched", "handling")
    due = those(lambda r: r.on_time is not None if r.order in closed else r.status in still and (r.deadline_at_ms or NOW) < NOW)
    called = those(lambda r: lives[r.order].satisfaction)
    told: dict[str, set[str]] = {
        "hotline_orders": those(lambda r: True), "hotline_valid": valid, "hotline_closed": closed, "hotline_close_due": due,
        "hotline_closed_on_time": those(lambda r: r.order in closed and r.on_time),
        "hotline_praise": those(lambda r: r.order in valid and r.category == "表扬"),
        "hotline_called_back": called,
        "hotline_satisfied": those(lambda r: lives[r.order].satisfaction in ("very_satisfied", "satisfied", "fair")),
        "hotline_asked_contact": those(lambda r: r.order in called and lives[r.order].contacted),
        "hotline_contacted": those(lambda r: lives[r.order].contacted == "yes"),
        "hotline_asked_solved": those(lambda r: r.order in called and lives[r.order].solved),
        "hotline_solved": those(lambda r: lives[r.order].solved == "yes"),
    }  # fmt: skip
    for key, name in (("dispatch", "dispatched"), ("sign", "signed")):
        told[f"hotline_{key}_due"] = those(lambda r, key=key: stage(r, key) in ("in time", "late", "over"))
        told[f"hotline_{name}_on_time"] = those(lambda r, key=key: stage(r, key) == "in time")
    return told


@pytest.mark.parametrize("key", sorted(recounted(ORDERS)))
def test_every_count_is_what_the_rows_say(key: str) -> None:
    wanted = recounted(ORDERS)[key]
    assert wanted and set(select(orders_frame(ORDERS), key, "num", Filters(), NOW)) == wanted


@pytest.mark.parametrize("key", sorted(hotline.RATES))
def test_a_rate_is_part_of_its_base_and_its_lists_are_what_it_counted(key: str) -> None:
    figure = figures_of(sliced(ORDERS), [key])[key]
    num, den = (set(select(orders_frame(ORDERS), key, part, Filters(), NOW)) for part in ("num", "den"))  # type: ignore[arg-type]
    assert num <= den and (len(num), len(den)) == (figure.num, figure.den) and den
    if key not in hotline.WEIGHTED:
        assert (figure.value4, figure.shown) == (value4(figure.num, len(den)), shown(figure.num, len(den)))


def test_groups_add_up_to_the_whole_weights_too() -> None:
    keys = [*hotline.COUNTS, *hotline.RATES]
    whole, groups = figures_of(sliced(ORDERS), keys), grouped(sliced(ORDERS), keys, "department")
    for key in keys:
        assert sum(group.figures[key].num for group in groups) == whole[key].num
    told = [group.figures["hotline_satisfaction_rate"] for group in groups]
    assert all(figure.weights for figure in told)
    assert sum(figure.ratio[0] for figure in told) == whole["hotline_satisfaction_rate"].ratio[0]


def test_satisfaction_is_weighed_exactly_and_tells_its_weights() -> None:
    said = ["very_satisfied"] * 3 + ["satisfied"] * 4 + ["fair"] * 3 + ["unsatisfied", "very_unsatisfied"]
    rows = [called_back(n, word) for n, word in enumerate(said)]
    figure = figures_of(sliced(rows), ["hotline_satisfaction_rate"])["hotline_satisfaction_rate"]
    assert (figure.num, figure.den, figure.weights) == (10, 12, ((100, 7), (90, 3)))
    assert Fraction(*figure.ratio) == (7 + Fraction(9, 10) * 3) / 12 and (figure.value4, figure.shown) == ("80.8333", "80.83 %")
    own = Variants(hotline=Hotline(satisfied=(("very_satisfied", 100), ("satisfied", 80), ("fair", 60))))
    other = figures_of(sliced(rows, own), ["hotline_satisfaction_rate"])["hotline_satisfaction_rate"]
    assert other.ratio == (3 * 100 + 4 * 80 + 3 * 60, 1200) and other.definition == "hotline_satisfaction_rate@1+hotline=own"


def test_satisfaction_never_shows_as_whole_while_anything_is_missing() -> None:
    rows = [called_back(n, "fair" if n == 0 else "satisfied") for n in range(30_000)]
    figure = figures_of(sliced(rows), ["hotline_satisfaction_rate", "hotline_response_rate"])
    assert figure["hotline_satisfaction_rate"].shown == "99.99 %" and figure["hotline_satisfaction_rate"].num == 30_000
    assert figure["hotline_response_rate"].shown == "—"


def test_the_composite_is_ten_forty_fifty() -> None:
    score = examples(["city"])["hotline"]
    assert [(part.figure, part.weight) for part in score.parts] == [
        ("hotline_response_rate", 10), ("hotline_satisfaction_rate", 40), ("hotline_solution_rate", 50),
    ]  # fmt: skip
    keys = [part.figure for part in score.parts]
    for row, group in zip(scored(score, groups := grouped(sliced(ORDERS), keys, "department")), groups, strict=False):
        figures = next(g.figures for g in groups if g.key == row.key)
        wanted = sum((part.weight * Fraction(*figures[part.figure].ratio) for part in score.parts), Fraction(0))
        assert row.value4 == value4(wanted.numerator, wanted.denominator * 100) and group is not None


def test_a_city_says_which_orders_are_its_hotlines() -> None:
    own = Variants(hotline=Hotline(channels=frozenset(("网格员上报",)), praise=frozenset(("灯",)), completion_base="accepted"))
    found = figures_of(sliced(ORDERS, own), ["hotline_orders", "hotline_praise", "hotline_completion_rate"])
    assert found["hotline_orders"].num == sum(row.channel == "网格员上报" for row in ORDERS)
    assert found["hotline_completion_rate"].den == sliced(ORDERS, own).count("hotline_accepted")


def test_lianyungang_in_september_2020() -> None:
    """41,489 direct + 41,729 orders = 78,589 new + 4,629 carried = 83,218."""
    month = (T0, T0 + 30 * DAY)
    carried = [Order(order=f"C{n}", channel="12345", status="closed", reported_at_ms=T0 - 2 * DAY, closed_at_ms=T0 + n,
                     status_at_ms=T0 + n, category="x") for n in range(1, 4_630)]  # fmt: skip
    gone = [Order(order=f"G{n}", channel="12345", status="closed", reported_at_ms=T0 - 3 * DAY, closed_at_ms=T0 - DAY,
                  status_at_ms=T0 - DAY) for n in range(300)]  # fmt: skip
    new = [Order(order=f"N{n}", channel="12345", status="registered", reported_at_ms=T0 + n, status_at_ms=T0 + n)
           for n in range(41_729 - 4_629)]  # fmt: skip
    frame = orders_frame([*carried, *gone, *new])
    fact = DayTally(source="12345", received_at_ms=T0, day="2020-09-30", region="1", key="direct_answers", at_ms=T0,
                    value=Decimal(41_489))  # fmt: skip
    told = totals([fold_tally(None, fact)], lambda _: ())
    found = load(frame, Filters(from_ms=month[0], to_ms=month[1]), month[1], told)
    assert found == Load(direct=41_489, orders=41_729, carried=4_629) and found.new == 78_589
    assert found.direct + found.orders == found.new + found.carried == found.total == 83_218  # type: ignore[operator]


def test_without_tallies_nobody_knows_the_load() -> None:
    found = load(orders_frame(ORDERS), Filters(from_ms=T0, to_ms=T0 + DAY), NOW, {})
    assert (found.direct, found.new, found.total) == (None, None, None) and found.orders > 0


def test_every_figure_of_the_hotline_is_defined_once() -> None:
    assert all(DEFINITIONS[key].num == key for key in hotline.COUNTS)
    assert all((DEFINITIONS[key].num, DEFINITIONS[key].den) == pair for key, pair in hotline.RATES.items())
