"""A published October in a small city, for the tests of bulletins: a hall fed by hand over a real store, and its maker."""

from collections.abc import Iterable
from typing import Any

import msgspec

from config.city import City
from config.settings import Settings
from dashboard.bulletins import content
from dashboard.bulletins.maker import Maker
from dashboard.bulletins.progress import FILES
from dashboard.bulletins.rows import packed
from dashboard.bulletins.shelf import Shelf
from dashboard.hall import Hall
from domain.states import Order
from store import bulletins
from store.blobs import InFolder
from store.bulletins import Bulletin, Job
from store.store import Store
from tests.dashboard.halls import DAY, EAST, HOUR, WEST, apply, order

NOVEMBER = 1_761_926_400_000  # 2025-11-01T00:00 in Shanghai
OCTOBER = NOVEMBER - 31 * DAY
"""Their first instants."""


class Press:
    """A hall whose clock stands at `now_ms`, and the maker of its bulletins."""

    def __init__(self, city: City, store: Store, settings: Settings, now_ms: int = NOVEMBER + 2 * HOUR) -> None:
        self.now_ms = now_ms
        self.hall = Hall(city, store, now_ms=lambda: self.now_ms)
        self.hall.ready.set()
        self.hall.connected = True
        self.shelf = Shelf(InFolder(settings.data_dir / "files", least_free_bytes=0))
        self.maker = Maker(self.hall, self.shelf, settle_s=0)
        self.store, self.settings = store, settings

    def tell(self, *rows: Order) -> None:
        apply(self.hall, *rows)

    def change(self, name: str, **fields: Any) -> None:
        row = self.hall.orders[name]
        apply(self.hall, msgspec.structs.replace(row, version=row.version + 1, **fields))

    def publish(self, period: str = "2025-10", region: str = "", reason: str = "", kind: str = "month") -> Bulletin:
        """Ask for the next version, make it, and give it back."""
        region = region or self.hall.city.root
        number = len(bulletins.versions(self.store, kind, region, period)) + 1
        job = Job(
            id=bulletins.version_id(kind, region, period, number), kind=kind, region=region, period=period, number=number,  # type: ignore[arg-type]
            reason=reason, by="chief", at_ms=self.now_ms, told_at_ms=self.now_ms,
        )  # fmt: skip
        bulletins.ask(self.store, job)
        while self.maker.turn():
            pass
        made = bulletins.bulletin(self.store, job.id)
        assert made is not None, bulletins.job(self.store, job.id)
        return made


def published(hall: Hall, shelf: Shelf, region: str, period: str) -> Bulletin:
    """A first version with content and rows, and a few bytes in place of its workbook and paper."""
    assert hall.store is not None
    name = bulletins.version_id("month", region, period, 1)
    job = Job(id=name, kind="month", region=region, period=period, number=1, reason="", by="west", at_ms=hall.now_ms(),
              told_at_ms=hall.now_ms(), state="done")  # fmt: skip
    told, rows, stints = content.freeze(hall, job)
    data = {"content": msgspec.json.encode({**told, "changes": None}), "rows": packed(rows), "stints": packed(stints)}
    data |= dict.fromkeys(FILES, b"file")
    made = Bulletin(
        id=job.id, kind="month", region=region, period=period, number=1, reason="", by="west", from_ms=told["from_ms"],
        to_ms=told["to_ms"], as_of_ms=told["as_of_ms"], orders=told["orders"], previous="",
        parts={name: shelf.put(blob) for name, blob in data.items()},
    )  # fmt: skip
    bulletins.tell(hall.store, job)
    assert bulletins.add(hall.store, made)
    return made


def orders() -> Iterable[Order]:
    """Thirty of October: two communities, three matters, closed in time and late, open, overdue, void; and one of September."""
    for n in range(30):
        at_ms = OCTOBER + n * DAY + 9 * HOUR
        region = f"{(EAST, WEST)[n % 2]}0{1 + n // 2 % 2}"
        told = {
            "reported_at_ms": at_ms, "accepted_at_ms": at_ms + HOUR // 2, "region": region,
            "category": ("井盖", "路灯", "垃圾")[n % 3], "department": ("城管", "水利")[n // 5 % 2],
            "deadline_at_ms": at_ms + 2 * DAY, "title": f"事项{n} 电话13812345678",
            "reporter": f"W{1 + n % 4}" if n % 2 else "梁嘉敏", "handler": f"W{1 + n % 4}", "registered_at_ms": at_ms + HOUR,
        }  # fmt: skip
        if n % 7 == 6:
            yield order(f"O{n:02d}", "void", status_at_ms=at_ms + 2 * HOUR, **told)
        elif n % 5 == 4:
            yield order(f"O{n:02d}", "handling", status_at_ms=at_ms + 2 * HOUR, **told)
        else:
            took = (3 if n % 4 else 60) * HOUR + n * 60_000
            yield order(f"O{n:02d}", "closed", status_at_ms=at_ms + took, closed_at_ms=at_ms + took, on_time=n % 4 > 0, **told)
    yield order("EARLIER", "closed", reported_at_ms=OCTOBER - DAY, status_at_ms=OCTOBER, closed_at_ms=OCTOBER, on_time=True)
