"""The audit log on a real server: what was changed shows, what is read is in order and whole, what is old goes into files."""

import gzip
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from config import clock
from store import audit, auditfiles, keys
from store.audit import Entry
from store.commit import Commit, commit, take_lease
from store.errors import StoreUnavailable
from store.store import Store
from tests.conftest import Valkey

NOW = 1_783_901_730_000


@pytest.fixture(autouse=True)
def by_the_stores_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids that these tests give are of the store's own clock."""
    monkeypatch.setattr(clock, "_ahead_ms", 0)


def entry(number: int, **more: Any) -> Entry:
    return Entry(**{"at_ms": NOW + number, "who": f"p{number % 7}", "what": "refused", "subject": f"s{number}", **more})


def by_projector(store: Store, partition: int, version: int, *entries: Entry) -> None:
    lease = take_lease(store, partition, "test")
    assert lease is not None
    told = Commit(
        version=version, read_to=None, rows=[], tracks={}, days={}, trails={}, counts={}, seen={}, audit=list(entries)
    )
    commit(store, lease, told, 16)


def put(store: Store, key: str, entry_id: str, line: Entry) -> None:
    """A line with an id of one's own, as its stream would have made it at that time."""
    tip = next(reversed(list(audit.forwards(store, key))), ("", b"", ""))[2]
    blob = audit.packed(line)
    store.client.xadd(key, {"e": blob, "h": audit.digest(tip, blob)}, id=entry_id)


def test_lines_are_read_newest_first_over_all_streams(store: Store) -> None:
    streams = audit.streams(store)
    assert len(streams) == store.partitions + 1
    for number in range(1, 41):
        put(store, streams[number * 5 % 4], f"{1000 + number // 3}-{number}", entry(number))
    found = list(audit.walk(store))
    assert [line.subject for _, line in found] == [f"s{number}" for number in range(40, 0, -1)]
    assert [line for _, line in found] == list(audit.newest(store))
    assert audit.verify(store) == (40, [])


def test_a_window_is_by_when_the_lines_were_written(store: Store) -> None:
    for number in range(10):
        put(store, keys.audit(), f"{1000 + number}-0", entry(number))
    assert [line.subject for line in audit.newest(store, 1003, 1006)] == ["s5", "s4", "s3"]
    assert [line.subject for line in audit.newest(store, 1009)] == ["s9"] and list(audit.newest(store, 0, 1000)) == []
    assert list(audit.newest(store, 2000, 1000)) == [] and list(audit.newest(store, 0, 0)) == []


def test_a_window_is_by_our_clock_where_it_is_not_the_stores(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_ahead_ms", 90_000_000)
    audit.write(store, entry(1))
    now_ms = clock.now_ms()
    assert [line.subject for line in audit.newest(store, now_ms - 60_000, now_ms + 60_000)] == ["s1"]
    assert list(audit.newest(store, 0, now_ms - 60_000)) == [] and list(audit.newest(store, now_ms + 60_000)) == []


@pytest.mark.parametrize("page", [1, 2, 7, 50])
def test_pages_neither_repeat_nor_miss_lines_of_one_instant(store: Store, page: int) -> None:
    """Four streams write in the same milliseconds, and go on writing while somebody pages."""
    streams = audit.streams(store)
    for number in range(60):
        put(store, streams[number % 4], f"{1000 + number // 20}-{number // 4}", entry(number))
    told = [line.subject for line in audit.newest(store)]
    read: list[str] = []
    before = None
    for number in range(200):
        found = list(zip(range(page), audit.walk(store, before=before), strict=False))
        if not found:
            break
        read += [line.subject for _, (_, line) in found]
        before = found[-1][1][0]
        put(store, streams[number % 4], f"{2000 + number}-0", entry(1000 + number))
    assert read == told


def test_thousands_of_lines_are_read_page_by_page(store: Store) -> None:
    for start in range(0, 3500, 500):
        audit.write(store, *(entry(number) for number in range(start, start + 500)))
    by_projector(store, 0, 1, *(entry(number) for number in range(3500, 4600)))
    found = [line.subject for line in audit.newest(store)]
    assert len(found) == len(set(found)) == 4600 and found[0] == "s4599" and found[-1] == "s0"
    assert audit.verify(store) == (4600, [])


def test_lines_of_many_writers_make_one_chain(store: Store) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 25):
            audit.write(store, entry(number), entry(number + 1000))

    threads = [threading.Thread(target=write, args=(first,)) for first in range(0, 100, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.verify(store) == (200, [])


def rewritten(store: Store, key: str, lines: list[tuple[str, bytes, str]]) -> None:
    store.client.delete(key)
    for entry_id, line, tip in lines:
        store.client.xadd(key, {"e": line, "h": tip}, id=entry_id)


def test_a_changed_a_removed_a_moved_and_an_added_line_show(store: Store) -> None:
    for key in (keys.audit(), keys.actions_audit(1)):
        for number in range(6):
            put(store, key, f"{1000 + number}-0", entry(number))
    for key in (keys.audit(), keys.actions_audit(1)):
        sound = list(audit.forwards(store, key))
        ids = [entry_id for entry_id, _, _ in sound]
        other = audit.packed(entry(99))
        changed = [(entry_id, other if at == 2 else line, tip) for at, (entry_id, line, tip) in enumerate(sound)]
        swapped = [(ids[at], *sound[{2: 3, 3: 2}.get(at, at)][1:]) for at in range(6)]
        added = [*sound[:3], ("1002-5", other, sound[2][2]), *sound[3:]]
        for tampered, shown in (
            (changed, [ids[2]]), (sound[1:], [ids[1]]), ([*sound[:2], *sound[3:]], [ids[3]]),
            (swapped, [ids[2], ids[3], ids[4]]), (added, ["1002-5"]),
        ):  # fmt: skip
            rewritten(store, key, tampered)
            assert audit.verify(store)[1] == [f"{key} {one}" for one in shown]
        rewritten(store, key, sound)
        assert audit.verify(store) == (12, [])


def test_a_line_that_cannot_be_read_hides_no_other(store: Store) -> None:
    audit.write(store, entry(1))
    store.client.xadd(keys.audit(), {"e": b"\xc1 no line"})
    store.client.xadd(keys.audit(), {"x": b"y"})
    audit.write(store, entry(2))
    assert [line.what for line in audit.newest(store)] == ["refused", "unreadable", "unreadable", "refused"]
    assert len(audit.verify(store)[1]) >= 2


def test_a_line_of_an_action_is_committed_with_it_or_not_at_all(store: Store) -> None:
    by_projector(store, 0, 1, entry(1))
    with pytest.raises(StoreUnavailable):
        by_projector(store, 0, 7, entry(2))  # not the version that follows
    assert [line.subject for line in audit.newest(store)] == ["s1"]


def test_nothing_is_taken_for_written_while_the_store_is_gone(store: Store, valkey: Valkey) -> None:
    audit.write(store, entry(1))
    valkey.kill()
    try:
        with pytest.raises(StoreUnavailable):
            audit.write(store, entry(2))
        with pytest.raises(StoreUnavailable):
            list(audit.newest(store))
    finally:
        valkey.start()
    assert [line.subject for line in audit.newest(store)] == ["s1"]


# files


def test_old_lines_go_into_a_file_and_the_chain_goes_on(store: Store, tmp_path: Path) -> None:
    for number in range(10):
        put(store, keys.audit(), f"{1000 + number}-0", entry(number))
        put(store, keys.actions_audit(2), f"{1000 + number}-1", entry(100 + number))
    done = auditfiles.archive(store, tmp_path / "audit", 1006)
    assert done.path is not None and done.lines == 12 and done.path.stat().st_mode & 0o077 == 0
    assert [line.subject for line in audit.newest(store)] == ["s109", "s9", "s108", "s8", "s107", "s7", "s106", "s6"]
    audit.write(store, entry(11))
    assert audit.verify(store) == (9, []) and auditfiles.verify_file(done.path) == (12, [])
    store.client.xdel(keys.audit(), "1006-0")  # the first one after the archive
    assert audit.verify(store)[1] == [f"{keys.audit()} 1007-0"]
    lines = [msgspec.json.decode(text) for text in gzip.decompress(done.path.read_bytes()).splitlines()]
    assert [told["line"]["subject"] for told in lines[1:]] == [f"s{n}" for n in (*range(6), *range(100, 106))]


def test_the_newest_line_stays_so_that_the_next_follows_it(store: Store, tmp_path: Path) -> None:
    assert auditfiles.archive(store, tmp_path, NOW * 2).path is None and list(tmp_path.iterdir()) == []
    audit.write(store, *(entry(number) for number in range(5)))
    first = auditfiles.archive(store, tmp_path, NOW * 2)
    assert first.lines == 4 and [line.subject for line in audit.newest(store)] == ["s4"]
    assert auditfiles.archive(store, tmp_path, NOW * 2).path is None
    audit.write(store, *(entry(number) for number in range(5, 9)))
    second = auditfiles.archive(store, tmp_path, NOW * 2)
    assert second.lines == 4 and second.path != first.path and audit.verify(store) == (1, [])
    for done in (first, second):
        assert done.path is not None and auditfiles.verify_file(done.path) == (4, [])
    store.client.delete(keys.audit())
    assert audit.verify(store)[1] == [f"{keys.audit()}: nothing follows what was archived"]


def test_a_file_that_was_changed_shows(store: Store, tmp_path: Path) -> None:
    audit.write(store, *(entry(number) for number in range(6)))
    path = auditfiles.archive(store, tmp_path, NOW * 2).path
    assert path is not None
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    for tampered, faults in (
        (lines[:2] + lines[3:], 1),
        ([lines[0], lines[2], lines[1], *lines[3:]], 3),
        (lines[:1] + lines[2:], 1),
    ):
        path.write_bytes(gzip.compress(b"".join(tampered)))
        assert len(auditfiles.verify_file(path)[1]) == faults
    texts = (b"no json", b"{}\n", lines[0] + b"[]\n")
    for rubbish in (b"", b"no gzip", *map(gzip.compress, texts), gzip.compress(b"x" * 99)[:-9]):
        path.write_bytes(rubbish)
        with pytest.raises((ValueError, OSError)):
            auditfiles.verify_file(path)


def test_a_folder_that_cannot_be_written_loses_nothing(store: Store, tmp_path: Path) -> None:
    audit.write(store, *(entry(number) for number in range(6)))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError):
        auditfiles.archive(store, tmp_path / "file", NOW * 2)
    assert len(list(audit.newest(store))) == 6 and audit.verify(store) == (6, [])
