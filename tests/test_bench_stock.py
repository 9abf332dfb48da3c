"""What the benchmarks keep and what they refuse: orders are made once, and a port that is taken is said."""

import os
import socket
import time
from pathlib import Path

import pytest

from bench import ports, stock


class Maker:
    """Makes a folder with a city and a store, and counts how often."""

    def __init__(self, fails: bool = False) -> None:
        self.made, self.fails = 0, fails

    def __call__(self, folder: Path, orders: int) -> None:
        self.made += 1
        (folder / "city").mkdir()
        (folder / "valkey").mkdir()
        (folder / "valkey" / "orders.aof").write_text(str(orders))
        if self.fails:
            raise RuntimeError("broken off")


def test_orders_are_made_once_and_everybody_writes_into_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock.kept_at, "__defaults__", (None, tmp_path))
    make = Maker()
    for _ in range(3):
        with stock.stock_of(500, make) as folder:
            assert (folder / "valkey" / "orders.aof").read_text() == "500"
            (folder / "valkey" / "orders.aof").write_text("written over")
    assert make.made == 1 and not folder.exists()
    with stock.stock_of(600, make) as folder:
        assert make.made == 2 and (folder / "valkey" / "orders.aof").read_text() == "600"


def test_a_making_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        stock.kept_at(5, Maker(fails=True), base=tmp_path)
    assert list(tmp_path.iterdir()) == []
    again = Maker()
    stock.kept_at(5, again, base=tmp_path)
    assert again.made == 1


def test_what_is_too_old_or_made_by_other_sources_is_made_anew_and_the_old_is_gone(tmp_path: Path) -> None:
    make = Maker()
    kept = stock.kept_at(5, make, base=tmp_path)
    others = [tmp_path / "orders-5-0123456789ab", tmp_path / "orders-50-0123456789ab", tmp_path / "orders-5-0.making-1"]
    for other in others:
        other.mkdir()
    old_s = time.time() - (stock.KEPT_DAYS + 1) * 86_400
    os.utime(kept, (old_s, old_s))
    assert stock.kept_at(5, make, base=tmp_path) == kept and make.made == 2
    assert [other.exists() for other in others] == [False, True, True]


def test_a_folder_that_is_named_is_used_again_whatever_made_it(tmp_path: Path) -> None:
    make, named = Maker(), tmp_path / "mine"
    named.mkdir()  # empty
    assert [stock.kept_at(5, make, keep=named) for _ in range(2)] == [named, named] and make.made == 1


def test_the_digest_tells_a_change_of_any_maker(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.py").write_text("1")
    (tmp_path / "b.py").write_text("2")
    makers = ("a", "b.py")
    told = [stock.digest(tmp_path, makers)]
    for name, text in (("a/one.py", "3"), ("b.py", "3"), ("a/two.yaml", "")):
        (tmp_path / name).write_text(text)
        told.append(stock.digest(tmp_path, makers))
    assert len(set(told)) == 4
    assert all((stock.ROOT / name).exists() for name in stock.MAKERS)


def test_a_port_that_is_taken_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"port {port} of 127.0.0.1 is taken"):
            ports.need(port)
    ports.need(port)
