"""Photos and files over HTTP, as a phone, a browser and an attacker send and ask for them; real store, real access control."""

import hashlib
import io
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from config.city import City
from config.settings import Settings
from dashboard import doors
from dashboard import files as served
from dashboard.access import Access
from dashboard.files import FileRefused, Shelf, bind_photos, photos_of, release_photos
from dashboard.hall import Hall
from dashboard.uploads import Slots
from domain.people import Person
from domain.states import Life, Step
from store import audit, files, keys
from store.blobs import InFolder
from store.store import Store
from tests.dashboard import samples
from tests.dashboard.halls import EAST, NOW, WEST, hall_of, order
from tests.dashboard.persons import bearer, log_in, make_account
from tests.s3_server import S3Server

ONE, TWO, THREE = "ab" * 16, "cd" * 16, "ef" * 16


@pytest.fixture
def hall(city: City, store: Store) -> Hall:
    return hall_of(city, order("o1"), order("o2", region=WEST + "01"), order("o3", life=Life(lead="road")), store=store)


@pytest.fixture
def app(hall: Hall, settings: Settings) -> Flask:
    return app_of(hall, msgspec.structs.replace(settings, file_max_bytes=3_000_000))


def app_of(hall: Hall, settings: Settings) -> Flask:
    made = Flask("test")
    made.config["MAX_CONTENT_LENGTH"] = 1 << 20
    access = Access(hall, settings)
    access.register(made, settings)
    doors.register(made, hall, settings, access)
    served.register(made, hall, settings)
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def ann(store: Store) -> dict[str, str]:
    """A worker of the eastern street."""
    return bearer(store, "ann", "worker", scope=EAST, worker="W1")


@pytest.fixture
def sue(store: Store) -> dict[str, str]:
    """The supervisor of the eastern street."""
    return bearer(store, "sue", "supervisor", scope=EAST)


@pytest.fixture
def wes(store: Store) -> dict[str, str]:
    """The supervisor of the western street."""
    return bearer(store, "wes", "supervisor", scope=WEST)


def put(client: FlaskClient, who: dict[str, str], file_id: str = ONE, data: bytes | None = None, **more: Any) -> Any:
    headers = {**who, **more.pop("headers", {})}
    told = more.pop("told", "image/jpeg")
    body = samples.jpeg() if data is None else data
    return client.put(f"/api/v1/files/{file_id}", data=body, headers=headers, content_type=told, **more)


def get(client: FlaskClient, who: dict[str, str], file_id: str = ONE, query: str = "", **headers: str) -> Any:
    return client.get(f"/api/v1/files/{file_id}{query}", headers={**who, **headers})


def refusals(store: Store) -> list[tuple[str, str, str]]:
    return [(line.who, line.subject, line.region) for line in audit.newest(store) if line.what == "refused"]


def bound(hall: Hall, who: str, of: str, file_id: str = ONE) -> None:
    assert bind_photos(hall, of, Person(name=f"token:{who}"), [file_id]) == []


# sending


@pytest.mark.parametrize("kind", samples.SAMPLES)
def test_what_is_sent_comes_back_byte_for_byte(client: FlaskClient, ann: dict[str, str], kind: str) -> None:
    data = samples.SAMPLES[kind]()
    answer = put(client, ann, data=data, told=kind, headers={"X-File-Name": "%E4%BA%95%E7%9B%96"})
    assert answer.status_code == 201, answer.text
    assert (answer.json["file"], answer.json["type"], answer.json["size"]) == (ONE, kind, len(data))
    assert answer.json["name"].startswith("井盖.") and ("width" in answer.json) == kind.startswith("image/")
    back = get(client, ann)
    assert (back.status_code, back.data, back.mimetype) == (200, data, kind)


def test_the_same_sent_again_is_the_same_file(client: FlaskClient, ann: dict[str, str]) -> None:
    assert [put(client, ann).status_code for _ in range(3)] == [201, 200, 200]


def test_an_upload_that_broke_off_after_its_claim_is_taken_up_again(
    client: FlaskClient, ann: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dies:
        dies.setattr(files, "keep", lambda *_: False)
        assert put(client, ann).status_code == 503
    assert get(client, ann).status_code == 404
    assert put(client, ann).status_code == 201
    assert get(client, ann).data == samples.jpeg()


def test_an_id_that_is_taken_is_a_conflict(client: FlaskClient, ann: dict[str, str], sue: dict[str, str]) -> None:
    put(client, ann)
    assert put(client, sue).status_code == 409
    assert put(client, ann, data=samples.jpeg(10, 10)).status_code == 409
    assert get(client, ann).data == samples.jpeg()


@pytest.mark.parametrize("file_id", ["x", "AB" * 16, "ab" * 15, "ab" * 17, "ab" * 15 + "..", "%2e%2e%2f" + "a" * 29])
def test_an_id_is_thirty_two_hex_digits(client: FlaskClient, ann: dict[str, str], file_id: str) -> None:
    assert put(client, ann, file_id).status_code == 404
    assert get(client, ann, file_id).status_code == 404


@pytest.mark.parametrize(
    ("data", "told", "status", "reason"),
    [
        (b"<html><script>alert(1)</script>", "text/html", 415, "type_not_allowed"),
        (b"<html><script>alert(1)</script>", "image/png", 415, "type_not_allowed"),
        (samples.png(), "image/jpeg", 415, "not_what_it_says"),
        (samples.png(), "", 415, "type_not_allowed"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "type_not_allowed"),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415, "type_not_allowed"),
        (samples.jpeg(600, 400)[:5000], "image/jpeg", 415, "broken"),
        (samples.png_bomb(50_000, 50_000), "image/png", 415, "too_many_pixels"),
        (b"", "image/png", 415, "empty"),
        (b"\0" * 3_000_001, "image/jpeg", 413, "too_large"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_not_taken_is_told_why_in_words(
    client: FlaskClient, ann: dict[str, str], store: Store, data: bytes, told: str, status: int, reason: str, lang: str
) -> None:
    answer = put(client, ann, data=data, told=told, query_string={"lang": lang})
    assert (answer.status_code, answer.json["reason"]) == (status, reason)
    assert answer.json["error"].isascii() == (lang == "en") and "{" not in answer.json["error"]
    assert store.client.exists(keys.files()) == 0


def test_a_body_without_a_length_is_cut_off_at_the_limit(client: FlaskClient, ann: dict[str, str]) -> None:
    headers = {**ann, "Transfer-Encoding": "chunked"}
    stream = {"wsgi.input_terminated": True}
    for size, status in ((1000, 415), (3_000_001, 413)):
        answer = client.put(
            f"/api/v1/files/{ONE}", input_stream=io.BytesIO(b"\xff\xd8\xff" + b"\0" * (size - 3)), headers=headers,
            content_type="image/jpeg", environ_overrides=stream,
        )  # fmt: skip
        assert answer.status_code == status


def test_a_file_may_be_larger_than_other_bodies_also_by_cookie(client: FlaskClient, store: Store) -> None:
    make_account(store, "sam", "supervisor", scope=EAST)
    csrf = log_in(client, "sam")
    large = samples.encoded(Image.effect_noise((1400, 1400), 90).convert("RGB"), "JPEG", quality=97)
    assert 1 << 20 < len(large) < 3_000_000
    assert put(client, {}, data=large).status_code == 400  # without the token a page of another site has sent it
    assert put(client, csrf, data=large).status_code == 201
    assert client.post("/api/v1/login", data=b" " * ((1 << 20) + 1), content_type="application/json").status_code in (400, 413)
    assert get(client, {}).data == large


def test_who_does_not_act_sends_nothing(client: FlaskClient, store: Store) -> None:
    for role in ("auditor", "wall"):
        answer = put(client, bearer(store, role, role))
        assert (answer.status_code, answer.json["reason"]) == (403, "right")
    assert [who for who, _, _ in refusals(store)] == ["token:wall", "token:auditor"]
    assert put(client, {}).status_code == 401 and get(client, {}).status_code == 401


def test_who_sends_without_end_has_to_bind_some_first(
    client: FlaskClient, ann: dict[str, str], hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "UNBOUND_FILES", 2)
    assert [put(client, ann, f"{n:032x}").status_code for n in range(3)] == [201, 201, 429]
    bound(hall, "ann", "o1", f"{0:032x}")
    assert put(client, ann, f"{2:032x}").status_code == 201


def test_many_uploads_at_once_are_told_to_wait() -> None:
    slots = Slots(3, 2)
    with slots.one("ann"), slots.one("ann"):
        with pytest.raises(FileRefused, match="busy"), slots.one("ann"):
            pass
        with slots.one("bob"), pytest.raises(FileRefused, match="busy"), slots.one("eve"):
            pass
    with slots.one("ann"), slots.one("eve"), slots.one("ann"):
        pass


def test_a_phone_that_has_gone_silent_holds_its_thread_for_a_while_only(client: FlaskClient, ann: dict[str, str]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        put(client, ann, environ_overrides={"gunicorn.socket": ours})
        assert ours.gettimeout() == 30

    class Silent(io.BytesIO):
        def read(self, _: Any = None) -> bytes:
            raise TimeoutError("timed out")

        def readinto(self, _: Any) -> int:
            raise TimeoutError("timed out")

    stream = Silent(b"\0" * 1000)
    answer = client.put(f"/api/v1/files/{TWO}", input_stream=stream, headers=ann, content_type="image/jpeg")
    assert (answer.status_code, answer.json["reason"]) == (408, "slow")


# where the bytes go when things fail


def test_a_full_disk_is_told_and_leaves_no_file(
    client: FlaskClient, ann: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: msgspec.defstruct("Usage", ["free"])(1000))
        assert put(client, ann).status_code == 507
    assert get(client, ann).status_code == 404
    assert put(client, ann).status_code == 201


def test_a_folder_that_fails_is_told_with_when_to_try_again(
    client: FlaskClient, ann: dict[str, str], settings: Settings
) -> None:
    (settings.data_dir / "files").write_bytes(b"in the way")
    answer = put(client, ann)
    assert (answer.status_code, answer.json["reason"]) == (503, "unavailable") and int(answer.headers["Retry-After"]) > 0
    (settings.data_dir / "files").unlink()
    assert put(client, ann).status_code == 201


def test_bytes_that_were_changed_behind_our_back_are_not_served(
    client: FlaskClient, ann: dict[str, str], settings: Settings
) -> None:
    put(client, ann)
    lies = settings.data_dir / "files" / "ab" / ONE
    lies.write_bytes(samples.jpeg(10, 10))
    assert get(client, ann).status_code == 503
    lies.unlink()
    assert get(client, ann).status_code == 503
    assert put(client, ann).status_code == 200 and get(client, ann).data == samples.jpeg()


def test_a_bucket_takes_the_place_of_the_folder(
    hall: Hall, settings: Settings, ann: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    try:
        client = app_of(hall, msgspec.structs.replace(settings, files_url=server.url)).test_client()
        assert put(client, ann).status_code == 201 and get(client, ann).data == samples.jpeg()
        assert get(client, ann, query="?size=thumb").mimetype == "image/jpeg"
        assert not (settings.data_dir / "files").exists()
    finally:
        server.kill()
    assert (put(client, ann, TWO).status_code, get(client, ann).status_code) == (503, 503)


# who is served


def test_a_file_that_belongs_to_no_order_is_its_uploaders_alone(
    client: FlaskClient, ann: dict[str, str], sue: dict[str, str], store: Store
) -> None:
    put(client, ann)
    assert get(client, ann).status_code == 200
    hidden, none = get(client, sue), get(client, sue, THREE)
    assert (hidden.status_code, hidden.data) == (404, none.data)
    root = get(client, bearer(store, "root", "administrator"))
    assert (root.status_code, root.data) == (404, none.data)
    assert refusals(store) == [("token:root", ONE, ""), ("token:sue", ONE, EAST)]


def test_a_file_of_an_order_is_seen_by_who_sees_the_order(
    client: FlaskClient, ann: dict[str, str], sue: dict[str, str], wes: dict[str, str], hall: Hall, store: Store
) -> None:
    put(client, ann)
    put(client, wes, TWO)
    bound(hall, "ann", "o1")
    bound(hall, "wes", "o2", TWO)
    assert (get(client, sue).status_code, get(client, wes, TWO).status_code) == (200, 200)
    for query in ("", "?size=thumb", "?size=thumb&lang=en"):
        assert get(client, wes, ONE, query).status_code == get(client, sue, TWO, query).status_code == 404
    assert get(client, wes, ONE, "", Range="bytes=0-3").status_code == 404
    tag = f'"{hashlib.sha256(samples.jpeg()).hexdigest()[:32]}"'
    assert get(client, wes, ONE, "", **{"If-None-Match": tag}).status_code == 404
    assert client.head(f"/api/v1/files/{ONE}", headers=wes).status_code == 404
    told = refusals(store)
    assert ("token:wes", ONE, EAST + "01") in told and ("token:sue", TWO, WEST + "01") in told and len(told) == 9


def test_who_sent_a_file_sees_it_no_longer_when_its_order_is_not_his_to_see(
    client: FlaskClient, wes: dict[str, str], hall: Hall
) -> None:
    put(client, wes)
    bound(hall, "wes", "o1")
    assert get(client, wes).status_code == 404


def test_a_department_is_served_the_files_of_its_own_orders_only(
    client: FlaskClient, ann: dict[str, str], store: Store, hall: Hall
) -> None:
    road = bearer(store, "road", "department", department="road")
    put(client, ann)
    put(client, ann, TWO)
    bound(hall, "ann", "o3")
    bound(hall, "ann", "o1", TWO)
    assert (get(client, road).status_code, get(client, road, TWO).status_code) == (200, 404)


def test_a_revoked_token_is_served_nothing(client: FlaskClient, ann: dict[str, str], store: Store) -> None:
    put(client, ann)
    store.client.delete(keys.tokens())
    assert get(client, ann).status_code == 401


# how it is served


def test_a_picture_is_shown_and_a_document_saved_and_nothing_runs(client: FlaskClient, ann: dict[str, str]) -> None:
    for file_id, data, told, kind in (
        (ONE, samples.page_in_a_picture(), "image/png", "inline"),
        (TWO, samples.pdf(), "application/pdf", "attachment"),
        (THREE, samples.video(), "video/mp4", "inline"),
    ):
        put(client, ann, file_id, data, told=told, headers={"X-File-Name": "x.html"})
        answer = get(client, ann, file_id)
        assert (answer.data, answer.headers["Content-Type"]) == (data, told)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith(f'{kind}; filename="x.html.')
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and policy.endswith("sandbox") and "script" not in policy
        assert answer.headers["Cache-Control"] == "private, no-cache"


def test_the_thumbnail_is_a_small_jpeg_without_what_the_camera_wrote(client: FlaskClient, ann: dict[str, str]) -> None:
    put(client, ann, data=samples.jpeg(1200, 900), headers={"X-File-Name": "a.jpg"})
    thumb = get(client, ann, query="?size=thumb")
    assert Image.open(io.BytesIO(thumb.data)).size == (480, 360) and b"Secret" not in thumb.data
    assert thumb.mimetype == "image/jpeg" and thumb.headers["ETag"] != get(client, ann).headers["ETag"]
    assert b"Secret Phone" in get(client, ann).data  # the original is evidence, and left as it came
    put(client, ann, TWO, samples.video(), told="video/mp4")
    assert get(client, ann, TWO, "?size=thumb").status_code == 404


def test_what_the_browser_has_is_not_sent_again(
    client: FlaskClient, ann: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(client, ann)
    tag = get(client, ann).headers["ETag"]
    monkeypatch.setattr(InFolder, "read", lambda *_: pytest.fail("read in vain"))
    again = get(client, ann, ONE, "", **{"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "private, no-cache")


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=70000-", 206, slice(70000, None)),
        ("bytes=65530-65545", 206, slice(65530, 65546)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-", 206, slice(0, None)),
        ("bytes=999999-", 416, None),
        ("lines=1-2", 200, slice(0, None)),
        ("bytes=0-3,9-12", 200, slice(0, None)),
        ("nonsense", 200, slice(0, None)),
    ],
)
def test_a_video_is_served_in_ranges(
    client: FlaskClient, ann: dict[str, str], asked: str, status: int, part: slice | None
) -> None:
    data = samples.video(frames=os.urandom(200_000))
    put(client, ann, data=data, told="video/mp4")
    answer = get(client, ann, ONE, "", Range=asked)
    assert answer.status_code == status and answer.headers["Accept-Ranges"] == "bytes"
    if part is not None:
        assert answer.data == data[part] and answer.headers["Content-Length"] == str(len(data[part]))
    if status == 206:
        assert answer.headers["Content-Range"].endswith(f"/{len(data)}")
    old = get(client, ann, ONE, "", Range="bytes=0-9", **{"If-Range": '"other"'})
    assert (old.status_code, len(old.data)) == (200, len(data))


# what the actions on orders ask


def steps(*named: str) -> tuple[Step, ...]:
    told = [{"note": "seen"}, *({"photos": photos} for photos in named)]
    return tuple(
        Step(key=str(at), at_ms=NOW, status="handling", source="desk", received_at_ms=NOW, fields=fields)  # type: ignore[arg-type]
        for at, fields in enumerate(told)
    )


def test_photos_are_bound_all_or_none(client: FlaskClient, ann: dict[str, str], wes: dict[str, str], hall: Hall) -> None:
    put(client, ann)
    put(client, wes, TWO)
    who = Person(name="token:ann")
    assert bind_photos(hall, "o1", who, [ONE, TWO, THREE, "../x", ""]) == [TWO, THREE, "../x", ""]
    assert bind_photos(hall, "born later", who, [ONE]) == []
    assert bind_photos(hall, "born later", who, [ONE]) == []
    assert bind_photos(hall, "o1", who, [ONE]) == [ONE]


def test_the_photos_of_an_order_are_those_that_its_steps_name(client: FlaskClient, ann: dict[str, str], hall: Hall) -> None:
    for one in (ONE, TWO, THREE):
        put(client, ann, one, headers={"X-File-Name": f"{one[:2]}.jpg"})
    bound(hall, "ann", "o1", TWO)
    bound(hall, "ann", "o1", ONE)
    bound(hall, "ann", "o2", THREE)
    found = photos_of(hall, "o1", steps(f"{TWO};{ONE}", f"{ONE}; https://elsewhere/x.jpg;{THREE}"))
    assert [(photo["file"], photo["name"], photo["by"]) for photo in found] == [
        (TWO, "cd.jpg", "token:ann"), (ONE, "ab.jpg", "token:ann"),
    ]  # fmt: skip
    assert found[0]["at_ms"] == NOW and found[0]["type"] == "image/jpeg" and (found[0]["width"], found[0]["height"]) == (64, 48)
    assert photos_of(hall, "o1", ()) == []


def test_photos_of_a_refused_action_are_free_again_unless_another_step_names_them(
    client: FlaskClient, ann: dict[str, str], hall: Hall, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in (ONE, TWO):
        put(client, ann, one)
        bound(hall, "ann", "o1", one)
    monkeypatch.setattr(store, "trail", lambda _: steps(ONE))
    release_photos(hall, "o1", Person(name="token:ann"), [ONE, TWO])
    found = files.records(store, [ONE, TWO])
    assert (found[ONE].order, found[TWO].order) == ("o1", "")


def test_an_upload_sweeps_what_nobody_named_now_and_then(hall: Hall, settings: Settings, store: Store) -> None:
    blobs = InFolder(settings.data_dir / "files", least_free_bytes=0)
    shelf = Shelf(hall, settings, blobs)
    old = files.FileRecord(id=ONE, name="a", type="image/jpeg", size=1, sha256="x", by="ann", at_ms=NOW - files.UNBOUND_MS - 1)
    files.put_record(store, old)
    files.keep(store, ONE, "x")
    blobs.write(ONE, b"x")
    shelf._sweep_if_due()
    end_s = time.monotonic() + 5
    while any(thread.name == "files" for thread in threading.enumerate()) and time.monotonic() < end_s:
        time.sleep(0.01)
    assert files.record(store, ONE) is None and blobs.read(ONE) is None
    shelf._sweep_if_due()  # not again so soon
    assert not any(thread.name == "files" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def no_sweep_outlives_its_store(store: Store) -> Iterator[None]:
    del store  # it is closed after this
    yield
    for thread in threading.enumerate():
        if thread.name == "files":
            thread.join(5)


def test_pages_of_the_folder_are_not_reached_by_a_path(client: FlaskClient, ann: dict[str, str], settings: Settings) -> None:
    (settings.data_dir / "secret").write_text("x")
    for path in ("../secret", "..%2fsecret", "ab%2f" + ONE, ONE + ".thumb"):
        assert client.get(f"/api/v1/files/{path}", headers=ann).status_code in (404, 405), path
    assert Path(settings.data_dir, "secret").exists()
