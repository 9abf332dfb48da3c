"""Very many orders, made once and kept under var/bench: each benchmark takes a copy, for each writes into its store.

What is kept is named by what makes it: how many orders, and the sources of generator, fold and store. It is made anew when any
of these has changed, or after KEPT_DAYS, for its orders are as old as the day on which they were made.
"""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
KEPT: Final = ROOT / "var" / "bench"
KEPT_DAYS: Final = 7
MAKERS: Final = ("bench/ordermaker.py", "bench/stock.py", "config", "domain", "ingest", "store")

Make = Callable[[Path, int], None]
"""Makes the city and so many orders in a folder, and has ended all its processes when it returns."""


@contextlib.contextmanager
def stock_of(orders: int, make: Make, keep: Path | None = None) -> Iterator[Path]:
    """A folder of one's own, gone afterwards, with a city and the store of so many orders. `keep`: where else they are kept."""
    kept = kept_at(orders, make, keep)
    with tempfile.TemporaryDirectory(prefix="gridhall-bench-") as name:
        folder = Path(name)
        shutil.copytree(kept, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock", "lock"))
        yield folder


def kept_at(orders: int, make: Make, keep: Path | None = None, base: Path = KEPT) -> Path:
    """Where so many orders are kept; they are made first where they are not there yet. One that breaks off leaves nothing."""
    folder = keep or base / f"orders-{orders}-{digest()}"
    if keep is None:
        _forget_others(folder, orders, base)
    if not (folder / "city").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = folder.with_name(f"{folder.name}.making-{os.getpid()}")
        started_s = time.monotonic()
        print(f"making {orders:,} orders by the simulator's generator, once, in {folder} …", file=sys.stderr, flush=True)
        try:
            making.mkdir()
            make(making, orders)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        print(f"made in {time.monotonic() - started_s:.0f} s", file=sys.stderr, flush=True)
    return folder


def _forget_others(folder: Path, orders: int, base: Path) -> None:
    """What was kept of so many orders and cannot be used any more."""
    for other in base.glob(f"orders-{orders}-*"):
        being_made = ".making-" in other.name
        if not being_made and (other != folder or time.time() - other.stat().st_mtime > KEPT_DAYS * 86_400):
            shutil.rmtree(other)


def digest(root: Path = ROOT, makers: tuple[str, ...] = MAKERS) -> str:
    """One short text for the sources of all that makes them."""
    told = hashlib.blake2b(digest_size=6)
    for name in makers:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in (".py", ".yaml", ".csv"):
                told.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return told.hexdigest()
