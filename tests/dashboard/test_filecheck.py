"""What a file truly is, told by its content; whatever is sent, the answer is a kind or a reason, never a crash."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from config.words import LANGS, words
from dashboard.filecheck import MOST_PIXELS, REASONS, THUMB_PX, TYPES, Checked, Refused, check, kind_of, told_type
from dashboard.filenames import disposition, tidy
from dashboard.uploads import STATUS
from tests.dashboard import samples


def reason(data: bytes, told: str) -> str:
    with pytest.raises(Refused) as refused:
        check(data, told)
    assert refused.value.reason in REASONS
    return refused.value.reason


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", TYPES)
def test_every_kind_is_known_by_its_content(kind: str) -> None:
    data = samples.SAMPLES[kind]()
    found = check(data, kind)
    assert found.type == kind_of(data) == kind
    assert (found.width, found.height) == ((64, 48) if kind.startswith("image/") else (None, None))
    assert bool(found.thumb) == kind.startswith("image/")


@pytest.mark.parametrize("told", TYPES)
@pytest.mark.parametrize("kind", TYPES)
def test_what_is_not_of_the_type_told_is_refused(kind: str, told: str) -> None:
    if kind != told:
        assert reason(samples.SAMPLES[kind](), told) == "not_what_it_says"


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a" + b"\0" * 100, b"<html><script>", b"<?xml version='1.0'?><svg xmlns='x'/>", b"MZ\x90",
        b"PK\x03\x04", b"\x7fELF", b"BM" + b"\0" * 60, b"II*\0", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"RIFF\0\0\0\0WAVE",
        b" %PDF-1.4 %%EOF", b"%!PS-Adobe", b"\0\0\0\x18ftypavif\0\0\0\0", samples.video(b"M4A "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("told", ["image/jpeg", "application/pdf", "video/mp4"])
def test_everything_else_is_not_accepted_whatever_it_says(data: bytes, told: str) -> None:
    assert reason(data, told) == "type_not_allowed"


def test_types_that_are_told_are_few_and_their_other_names_known() -> None:
    assert told_type("image/jpg") == "image/jpeg"
    for told in ("", "text/html", "image/svg+xml", "image/gif", "application/octet-stream", "image/heic"):
        with pytest.raises(Refused, match="type_not_allowed"):
            told_type(told)


def test_nothing_is_no_file() -> None:
    assert reason(b"", "image/jpeg") == "empty"


def test_the_thumbnail_is_small_upright_and_holds_nothing_but_pixels() -> None:
    original = samples.jpeg(1600, 900, orientation=6)
    assert b"Secret Phone 9" in original
    found = check(original, "image/jpeg")
    assert (found.width, found.height) == (900, 1600)
    thumb = opened(found.thumb)
    assert (thumb.size, thumb.format, thumb.mode) == ((270, THUMB_PX), "JPEG", "RGB")
    assert b"Secret" not in found.thumb and b"Exif" not in found.thumb and not thumb.getexif()
    assert set(thumb.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    upright = check(samples.jpeg(1600, 900), "image/jpeg")
    corners = [opened(upright.thumb).getpixel(at) for at in ((5, 264), (5, 5))]  # lower and upper left, turned a quarter
    turned = [thumb.getpixel(at) for at in ((5, 5), (264, 5))]
    assert all(abs(a - b) < 12 for one, other in zip(corners, turned, strict=True) for a, b in zip(one, other, strict=True))


def test_a_small_picture_is_not_blown_up() -> None:
    assert opened(check(samples.png(30, 20), "image/png").thumb).size == (30, 20)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "I;16"])
def test_every_mode_of_a_png_has_a_thumbnail(mode: str) -> None:
    data = samples.encoded(Image.new(mode, (40, 30)), "PNG")
    assert opened(check(data, "image/png").thumb).size == (40, 30)


def test_what_is_seen_through_is_white() -> None:
    data = samples.encoded(Image.new("RGBA", (40, 30), (0, 0, 0, 0)), "PNG")
    assert opened(check(data, "image/png").thumb).getpixel((20, 15)) == (255, 255, 255)


def test_photos_as_phones_write_them_are_accepted() -> None:
    cmyk = samples.encoded(Image.new("CMYK", (40, 30)), "JPEG")
    for data in (samples.mpo(), cmyk, samples.jpeg(progressive=True), samples.encoded(Image.new("L", (40, 30)), "JPEG")):
        assert check(data, "image/jpeg").type == "image/jpeg"


def test_what_the_camera_wrote_may_be_broken() -> None:
    whole = samples.jpeg()
    at = whole.index(b"Exif\0\0") + 6
    assert check(whole[:at] + b"\xff" * 40 + whole[at + 40 :], "image/jpeg").width == 64


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp"])
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9])
def test_a_picture_that_was_cut_off_is_broken(kind: str, part: float) -> None:
    data = {"image/jpeg": samples.jpeg, "image/png": samples.png, "image/webp": samples.webp}[kind](600, 400)
    assert reason(data[: int(len(data) * part)], kind) == "broken"


def test_a_video_or_document_that_was_cut_off_is_broken() -> None:
    assert reason(samples.video()[:-1], "video/mp4") == "broken"
    assert reason(samples.video(frames=b"")[:40], "video/mp4") == "broken"
    assert reason(samples.pdf()[:-8], "application/pdf") == "broken"


def test_sound_alone_is_no_video() -> None:
    assert reason(samples.video(handler=b"soun"), "video/mp4") == "broken"


def test_a_video_of_boxes_within_boxes_to_no_end_is_broken() -> None:
    assert reason(samples.box(b"ftyp", b"isom", b"\0" * 8) + samples.box(b"free") * 1_000_000, "video/mp4") == "broken"
    size_of_sixteen = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 1 << 60)
    assert reason(samples.box(b"ftyp", b"isom", b"\0" * 8) + size_of_sixteen, "video/mp4") == "broken"


@pytest.mark.parametrize("size", [(50_000, 50_000), (2**31 - 1, 2**31 - 1), (6000, MOST_PIXELS["image/png"] // 6000 + 1)])
def test_a_bomb_is_refused_by_its_size_before_it_is_decoded(size: tuple[int, int]) -> None:
    assert reason(samples.png_bomb(*size), "image/png") in ("too_many_pixels", "broken")


def test_a_jpeg_of_a_thousand_passes_is_refused() -> None:
    whole = samples.encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    assert reason(whole[:-2] + last * 1000 + b"\xff\xd9", "image/jpeg") == "too_many_pixels"


@settings(deadline=None)
@given(st.binary(max_size=3000), st.sampled_from(sorted(TYPES)))
def test_random_bytes_never_crash_and_are_refused(data: bytes, told: str) -> None:
    reason(data, told)


HEADS = [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 ", b"%PDF-1.4", b"\0\0\0\x10ftypisom\0\0\0\0"]


@settings(deadline=None)
@given(st.sampled_from(HEADS), st.binary(max_size=3000), st.sampled_from(sorted(TYPES)))
def test_random_bytes_behind_a_true_head_never_crash_and_are_refused(head: bytes, data: bytes, told: str) -> None:
    reason(head + data, told)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TYPES)), st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_true_file_with_wrong_bytes_is_accepted_or_refused_but_never_crashes(
    kind: str, wrong: list[tuple[float, int]]
) -> None:
    data = bytearray(samples.SAMPLES[kind]())
    for at, value in wrong:
        data[int(at * len(data))] = value
    try:
        assert isinstance(check(bytes(data), kind), Checked)
    except Refused as refused:
        assert refused.reason in REASONS


def test_a_page_in_a_picture_is_a_picture_whose_thumbnail_has_no_page() -> None:
    found = check(samples.page_in_a_picture(), "image/png")
    assert b"script" not in found.thumb


@pytest.mark.parametrize("lang", LANGS)
def test_every_refusal_has_a_status_and_its_words(lang: str) -> None:
    assert set(REASONS) <= set(STATUS)
    assert [key for key in STATUS if f"file.{key}" not in words(lang)] == []


@pytest.mark.parametrize(
    ("told", "kind", "name"),
    [
        ("%E4%BA%95%E7%9B%96.jpg", "image/jpeg", "井盖.jpg"),
        ("IMG_1.JPEG", "image/jpeg", "IMG_1.JPEG"),
        ("../../etc/passwd", "image/png", "passwd.png"),
        ("C:\\photos\\a.png", "image/png", "a.png"),
        ("page.html", "image/png", "page.html.png"),
        ("evil%E2%80%AEgpj.exe", "image/jpeg", "evilgpj.exe.jpg"),
        ("a%0d%0aSet-Cookie: x=1.pdf", "application/pdf", "aSet-Cookie x=1.pdf"),
        ('a"b;c.mov', "video/quicktime", "abc.mov"),
        ("", "image/webp", "abcd1234.webp"),
        (".png", "image/png", "png.png"),
        ("...", "video/mp4", "abcd1234.mp4"),
        ("%ff%fe.mp4", "video/mp4", "\ufffd\ufffd.mp4"),
        ("长" * 300 + ".pdf", "application/pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_made_safe_and_ends_as_its_type_does(told: str, kind: str, name: str) -> None:
    assert tidy(told, kind, "abcd1234") == name


def test_only_pictures_and_videos_are_shown_by_the_browser() -> None:
    said = "inline; filename=\"_ _.jpg\"; filename*=UTF-8''%E4%BA%95%20%E7%9B%96.jpg"
    assert disposition("井 盖.jpg", "image/jpeg") == said
    assert disposition("a.pdf", "application/pdf").startswith("attachment; ")
    assert disposition("a.mp4", "video/mp4").startswith("inline; ")


@settings(deadline=None)
@given(st.text(max_size=400), st.sampled_from(sorted(TYPES)))
def test_whatever_a_name_is_it_fits_into_a_header(told: str, kind: str) -> None:
    name = tidy(told, kind, "abcd1234")
    said = disposition(name, kind)
    assert name.lower().endswith(TYPES[kind]) and len(name) <= 120
    assert said.isascii() and said.isprintable() and said.count('"') == 2
