"""Photos and files: their bytes in a folder or a bucket, and whose they are, against a real Valkey and a real S3 server."""

import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import files, keys
from store.blobs import TIMEOUT_S, Blobs, InBucket, InFolder, open_blobs
from store.errors import FilesFull, FilesUnavailable
from store.files import FileRecord
from store.store import Store
from tests.s3_server import BUCKET, S3Server

NOW = 1_783_901_730_000
WEEK = files.UNBOUND_MS
ONE, TWO = "ab" * 16, "cd" * 16


def photo(file_id: str = ONE, by: str = "ann", at_ms: int = NOW, **more: object) -> FileRecord:
    told: dict[str, object] = {"name": "a.jpg", "type": "image/jpeg", "size": 100, "sha256": file_id}
    return FileRecord(id=file_id, by=by, at_ms=at_ms, **{**told, **more})  # type: ignore[arg-type]


def kept(store: Store, record: FileRecord) -> FileRecord:
    assert files.put_record(store, record) in ("new", "same")
    assert files.keep(store, record.id, record.sha256)
    return msgspec.structs.replace(record, state="kept")


def waiting(store: Store) -> dict[str, int]:
    return {name.decode(): int(value) for name, value in store.client.hgetall(keys.files_waiting()).items()}


# where the bytes lie


@pytest.fixture
def folder(tmp_path: Path) -> InFolder:
    return InFolder(tmp_path / "files", least_free_bytes=0)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, s3: S3Server) -> Blobs:
    return open_blobs(s3.url if request.param == "bucket" else "", tmp_path)


def test_bytes_come_back_as_they_were_written(blobs: Blobs) -> None:
    data = os.urandom(11_000_000)  # more than one part of an upload to a bucket
    blobs.write(ONE, data)
    blobs.write(ONE + ".thumb", b"small")
    assert (blobs.read(ONE), blobs.read(ONE + ".thumb"), blobs.read(TWO)) == (data, b"small", None)


def test_what_is_written_again_stands_in_place_of_the_first(blobs: Blobs) -> None:
    blobs.write(ONE, b"first, and longer")
    blobs.write(ONE, b"second")
    assert blobs.read(ONE) == b"second"


def test_what_is_removed_is_gone_and_may_be_removed_again(blobs: Blobs) -> None:
    blobs.write(ONE, b"x")
    blobs.remove(ONE)
    blobs.remove(ONE)
    assert blobs.read(ONE) is None


@pytest.mark.parametrize("name", ["", "a", "../../etc/passwd", "ab/cd", "ab\0cd", ".ab", "ab.", "ab.c/d", "ab.c.d", "аб" * 16])
def test_a_name_that_could_leave_its_place_is_no_name(blobs: Blobs, name: str) -> None:
    for use in (blobs.read, blobs.remove, lambda n: blobs.write(n, b"x")):
        with pytest.raises(ValueError, match="no name"):
            use(name)


def test_only_this_user_reads_the_folder(folder: InFolder, tmp_path: Path) -> None:
    folder.write(ONE, b"x")
    file = tmp_path / "files" / "ab" / ONE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(p.stat().st_mode) for p in (file.parent, file.parent.parent)} == {0o700}
    assert list((tmp_path / "files" / "new").iterdir()) == []


def test_what_a_crash_left_half_written_goes_after_a_day(folder: InFolder, tmp_path: Path) -> None:
    folder.write(ONE, b"x")
    old, young = tmp_path / "files" / "new" / "old", tmp_path / "files" / "new" / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 100_000, time.time() - 100_000))
    folder.write(TWO, b"y")
    assert not old.exists() and young.exists()


def test_a_disk_that_is_nearly_full_takes_no_more_files(tmp_path: Path) -> None:
    full = InFolder(tmp_path / "files", least_free_bytes=1 << 60)
    with pytest.raises(FilesFull):
        full.write(ONE, b"x")
    assert full.read(ONE) is None


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").write_bytes(b"a file stands here")
    broken = InFolder(tmp_path / "files", least_free_bytes=0)
    for use in (lambda: broken.write(ONE, b"x"), lambda: broken.read(ONE), lambda: broken.remove(ONE)):
        with pytest.raises(FilesUnavailable):
            use()


def test_a_bucket_that_goes_away_is_told_at_once_and_serves_again_when_it_is_back(s3: S3Server) -> None:
    bucket = open_blobs(s3.url, Path())
    bucket.write(ONE, b"x")
    s3.kill()
    try:
        started_s = time.monotonic()
        for use in (lambda: bucket.write(TWO, b"y"), lambda: bucket.read(ONE), lambda: bucket.remove(ONE)):
            with pytest.raises(FilesUnavailable):
                use()
        assert time.monotonic() - started_s < TIMEOUT_S  # refused, not waited for: else it were as much for each
    finally:
        s3.start()
    assert bucket.read(ONE) == b"x"


def test_a_bucket_that_says_nothing_is_not_waited_for_for_ever(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.blobs.TIMEOUT_S", 1)
    bucket = open_blobs(s3.url, Path())
    s3.freeze(True)
    try:
        started_s = time.monotonic()
        with pytest.raises(FilesUnavailable):
            bucket.write(ONE, b"x")
        assert time.monotonic() - started_s < 8
    finally:
        s3.freeze(False)


def test_a_bucket_that_was_never_made_is_told(s3: S3Server) -> None:
    nowhere = open_blobs(s3.url.replace(f"/{BUCKET}/", "/elsewhere/"), Path())
    with pytest.raises(FilesUnavailable, match="bucket"):
        nowhere.write(ONE, b"x")


def test_bytes_that_a_bucket_did_not_keep_as_they_are_count_as_not_written(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = open_blobs(s3.url, Path())
    assert isinstance(bucket, InBucket)

    class Framing:
        def __getattr__(self, name: str) -> object:
            return getattr(whole, name)

        def get_file_info(self, path: str) -> object:
            return msgspec.defstruct("Info", ["size"])(len(b"x") + 87)  # as servers that keep the framing of an upload

    whole = bucket._fs
    monkeypatch.setattr(bucket, "_fs", Framing())
    with pytest.raises(FilesUnavailable, match="88 bytes"):
        bucket.write(ONE, b"x")


# whose they are


def test_a_file_is_there_once_its_bytes_are_safe(store: Store) -> None:
    assert files.put_record(store, photo()) == "new"
    assert files.record(store, ONE) is None
    assert files.keep(store, ONE, ONE)
    assert files.record(store, ONE) == photo(state="kept")
    assert files.records(store, [TWO, ONE, ONE]) == {ONE: photo(state="kept")}


def test_the_same_file_sent_twice_is_one(store: Store) -> None:
    kept(store, photo())
    assert files.put_record(store, photo(at_ms=NOW + 5)) == "same"
    assert files.keep(store, ONE, ONE)
    assert files.record(store, ONE) == photo(state="kept", at_ms=NOW + 5)
    assert waiting(store) == {"ann|files": 1, "ann|bytes": 100}


def test_an_id_belongs_to_the_first_and_to_one_content(store: Store) -> None:
    files.put_record(store, photo())
    assert files.put_record(store, photo(by="bob")) == "taken"
    assert files.put_record(store, photo(sha256="other")) == "taken"
    assert not files.keep(store, ONE, "other")


def test_a_file_is_bound_by_its_uploader_to_one_order_for_ever(store: Store) -> None:
    kept(store, photo())
    assert not files.bind(store, ONE, "o1", "bob")
    assert files.bind(store, ONE, "o1", "ann") and files.bind(store, ONE, "o1", "ann")
    assert not files.bind(store, ONE, "o2", "ann")
    assert files.bind(store, ONE, "o1", "bob")  # it belongs to that order, whoever asks
    assert waiting(store) == {} and store.client.zcard(keys.files_unbound()) == 0
    assert files.put_record(store, photo(at_ms=NOW + 9)) == "same"
    assert files.record(store, ONE) == photo(state="kept", order="o1")


def test_what_is_not_there_yet_is_bound_to_nothing(store: Store) -> None:
    assert not files.bind(store, ONE, "o1", "ann")
    files.put_record(store, photo())
    assert not files.bind(store, ONE, "o1", "ann")


def test_of_two_orders_that_want_the_same_file_at_once_one_gets_it(store: Store) -> None:
    kept(store, photo())
    told: dict[str, bool] = {}
    orders = [f"o{n}" for n in range(8)]
    threads = [threading.Thread(target=lambda o=o: told.update({o: files.bind(store, ONE, o, "ann")})) for o in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owner = files.record(store, ONE)
    assert owner is not None and [order for order in orders if told[order]] == [owner.order]


def test_a_file_of_a_refused_action_is_its_uploaders_again(store: Store) -> None:
    kept(store, photo())
    files.bind(store, ONE, "o1", "ann")
    assert not files.release(store, ONE, "o1", "bob", NOW) and not files.release(store, ONE, "o2", "ann", NOW)
    assert files.release(store, ONE, "o1", "ann", NOW + 5) and files.release(store, ONE, "o1", "ann", NOW + 5)
    assert files.record(store, ONE) == photo(state="kept", at_ms=NOW + 5)
    assert files.bind(store, ONE, "o2", "ann")


def test_one_person_leaves_only_so_much_unbound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "UNBOUND_FILES", 3)
    monkeypatch.setattr(files, "UNBOUND_BYTES", 350)
    ids = [f"{n:032x}" for n in range(9)]
    assert [files.put_record(store, photo(one)) for one in ids[:4]] == ["new", "new", "new", "too_many"]
    assert files.put_record(store, photo(ids[0])) == "same"
    assert files.put_record(store, photo(ids[5], by="bob", size=351)) == "too_many"
    assert files.put_record(store, photo(ids[5], by="bob")) == "new"
    files.keep(store, ids[0], ids[0])
    files.bind(store, ids[0], "o1", "ann")
    assert files.put_record(store, photo(ids[4])) == "new"


def test_where_writes_are_not_fsynced_by_themselves_a_record_waits_for_the_disk(store: Store) -> None:
    patient = Store(store.client, store.partitions, waits_for_disk=True)
    kept(patient, photo())
    assert files.bind(patient, ONE, "o1", "ann")


# what nobody names goes


def test_what_belongs_to_no_order_for_seven_days_is_swept(store: Store, folder: InFolder) -> None:
    bound, old, unfinished, young = (f"{n:032x}" for n in range(4))
    for one in (bound, old, young):
        kept(store, photo(one, at_ms=NOW if one == young else NOW - WEEK - 1))
    files.put_record(store, photo(unfinished, at_ms=NOW - WEEK - 1))
    for one in (bound, old, unfinished, young):
        folder.write(one, b"x")
    folder.write(old + files.THUMB, b"t")
    files.bind(store, bound, "o1", "ann")
    assert files.sweep(store, folder, NOW) == 2
    assert set(files.records(store, [bound, old, unfinished, young])) == {bound, young}
    assert [folder.read(one) for one in (bound, old, old + files.THUMB, unfinished, young)] == [b"x", None, None, None, b"x"]
    assert waiting(store) == {"ann|files": 1, "ann|bytes": 100}
    assert files.sweep(store, folder, NOW) == 0
    assert files.put_record(store, photo(old)) == "new"


def test_a_sweep_that_breaks_off_is_ended_by_the_next(store: Store, folder: InFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(store, photo())
    folder.write(ONE, b"x")

    def fails(_: str) -> None:
        raise FilesUnavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(folder, "remove", fails)
        with pytest.raises(FilesUnavailable):
            files.sweep(store, folder, NOW + WEEK + 1)
    assert files.record(store, ONE) is None and not files.bind(store, ONE, "o1", "ann")
    assert files.put_record(store, photo(at_ms=NOW + WEEK + 2)) == "going" and not files.keep(store, ONE, ONE)
    assert files.sweep(store, folder, NOW + WEEK + 3) == 1
    assert folder.read(ONE) is None and store.client.exists(keys.files(), keys.files_unbound(), keys.files_waiting()) == 0


def test_what_was_sent_again_is_not_swept(store: Store, folder: InFolder) -> None:
    kept(store, photo())
    assert files.put_record(store, photo(at_ms=NOW + WEEK)) == "same"
    assert files.sweep(store, folder, NOW + WEEK + 1) == 0


IDS, PEOPLE, ORDERS = [f"{n:032x}" for n in range(4)], ["ann", "bob"], ["o1", "o2"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(IDS), st.sampled_from(PEOPLE), st.integers(1, 300)),
        st.tuples(st.just("keep"), st.sampled_from(IDS)),
        st.tuples(st.just("bind"), st.sampled_from(IDS), st.sampled_from(ORDERS), st.sampled_from(PEOPLE)),
        st.tuples(st.just("release"), st.sampled_from(IDS), st.sampled_from(ORDERS), st.sampled_from(PEOPLE)),
        st.tuples(st.just("sweep"), st.integers(0, 3)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_happens_the_unbound_ones_and_their_sums_are_those_of_the_records(
    store: Store, folder: InFolder, steps: list[tuple[object, ...]]
) -> None:
    store.client.delete(keys.files(), keys.files_unbound(), keys.files_waiting())
    for at, (what, *told) in enumerate(steps):
        now_ms = NOW + at * WEEK // 3
        if what == "put":
            files.put_record(store, photo(str(told[0]), str(told[1]), now_ms, size=told[2]))
        elif what == "keep":
            files.keep(store, str(told[0]), str(told[0]))
        elif what == "bind":
            files.bind(store, *map(str, told))
        elif what == "release":
            files.release(store, *map(str, told), now_ms)
        else:
            files.sweep(store, folder, now_ms)
    found = [msgspec.json.decode(blob, type=FileRecord) for blob in store.client.hvals(keys.files())]
    unbound = [record for record in found if not record.order]
    assert {m.decode(): int(s) for m, s in store.client.zscan_iter(keys.files_unbound())} == {r.id: r.at_ms for r in unbound}
    sums: dict[str, int] = {}
    for record in unbound:
        sums[f"{record.by}|files"] = sums.get(f"{record.by}|files", 0) + 1
        sums[f"{record.by}|bytes"] = sums.get(f"{record.by}|bytes", 0) + record.size
    assert waiting(store) == sums
