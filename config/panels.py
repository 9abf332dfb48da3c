"""The panels that a scene may show, and what each needs: what a wall shows of them is a matter of `config.scenes`."""

from typing import Final

import msgspec


class Panel(msgspec.Struct, frozen=True):
    """`age`: which budget its age is held against (assets/js/69_ages.js); `parts`: of the figures, by their names in
    dashboard.wall.parts; `size`: how much of its column it takes: fit (what it needs), grow, grow2 (a quarter more).
    """

    name: str
    age: str
    parts: tuple[str, ...] = ()
    size: str = "grow"


_TABLE: Final = """
    loop      orders    fit    stages
    rate      rates     grow   closure
    trend     rates     grow2  trend
    source    rates     grow   channel
    cat       rates     grow   category
    dept      rates     grow   department
    over      orders    grow   urgent
    force     positions fit    force
    feed      orders    grow2  ticker
    health    sources   fit    sources
    cover     positions grow
    roles     positions grow   roles
    duty      positions grow2  duty
    out       positions grow   out
    top       rates     grow   top
    battery   positions grow   battery
    idle      positions grow   idle
    tiles     video     grow2  feeds
    feedlist  video     grow   feeds
    feeddown  video     grow   feeds
    steps     orders    grow2  alarm
    links     orders    fit    alarm
    near      positions grow   alarm
    nearfeeds video     grow   alarm
    stage     orders    grow   stage
    series7   rates     grow2  series7
    queue     orders    grow2  queue
    aging     orders    grow   aging
    heat      rates     grow2  heat
    returns   rates     fit    returns
    level     rates     grow   level
    sat       rates     grow   sat
    cards     orders    grow   cards
    ladder    orders    fit    ladder
    rank      rates     grow2  rank
    depts     rates     grow2  depts
    hotline   hotline   grow   hotline
    month     rates     grow   month
"""


def _read(table: str) -> dict[str, Panel]:
    rows = [line.split() for line in table.strip().splitlines()]
    return {name: Panel(name, age, tuple(parts), size) for name, age, size, *parts in rows}


PANELS: Final = _read(_TABLE)

MAP: Final = "map"
"""The place of the map in a scene's columns; every wall has one, and only one."""

STEPS: Final = ("s1", "s2", "s3", "s4", "s5")
"""The layout steps by the canvas (look §7), from the smallest."""

ALWAYS: Final = ("counters", "stages", "closure", "trend", "force", "calling", "urgent", "ticker", "sources")
"""Parts that header, counters and ticker need in every scene."""
