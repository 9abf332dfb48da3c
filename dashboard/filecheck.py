"""What a file truly is, told by its content alone; and the thumbnail of a picture. Pure: bytes in, answer out.

The original is kept as it came, with what the camera wrote into it (time, place, device), because it is evidence. The
thumbnail holds nothing but pixels.
"""

import io
import warnings
from typing import Final

import msgspec
from PIL import Image, ImageOps

TYPES: Final = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
}
"""What is accepted, and how the names of such files end."""

ALIASES: Final = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "video/x-m4v": "video/mp4"}
REASONS: Final = ("empty", "type_not_allowed", "not_what_it_says", "broken", "too_many_pixels")

THUMB_PX: Final = 480
MOST_PIXELS: Final = {"image/jpeg": 64_000_000, "image/png": 24_000_000, "image/webp": 24_000_000}
"""A JPEG is decoded at an eighth of its size at least; the others as they are, a WebP in 14 bytes of memory a pixel."""

MOST_WORK_PIXELS: Final = 16 * MOST_PIXELS["image/jpeg"]
"""Pixels times passes over them: a progressive JPEG may ask for a thousand passes."""

_FORMATS: Final = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_BACKGROUND: Final = (255, 255, 255)

# pixels are bounded here, before anything is decoded; Pillow's own bound only warns
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class Checked(msgspec.Struct, frozen=True):
    """A file that is what it says. `width`, `height` in pixels as looked at, `thumb` JPEG; None and b"" of no picture."""

    type: str
    width: int | None = None
    height: int | None = None
    thumb: bytes = b""


class Refused(Exception):
    """The file is not accepted; `reason` is one of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def told_type(content_type: str) -> str:
    """The accepted type that a client's Content-Type (without parameters) means. Raises Refused."""
    told = ALIASES.get(content_type, content_type)
    if told not in TYPES:
        raise Refused("type_not_allowed")
    return told


def check(data: bytes, told: str) -> Checked:
    """What `data` is, if it is of the type told. Raises Refused.

    A picture is decoded to its last pixel, which takes about a second and 350 MB for the largest.
    """
    if not data:
        raise Refused("empty")
    found = kind_of(data)
    if found not in TYPES:
        raise Refused("type_not_allowed")
    if found != told:
        raise Refused("not_what_it_says")
    if found.startswith("image/"):
        return _picture(data, found)
    whole = _is_whole_pdf(data) if found == "application/pdf" else _is_whole_video(data)
    if not whole:
        raise Refused("broken")
    return Checked(found)


def kind_of(data: bytes) -> str:
    """The type by the first bytes; "" for all that is not accepted."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"%PDF-1.", b"%PDF-2.")):
        return "application/pdf"
    return _video_kind(data)


def _picture(data: bytes, found: str) -> Checked:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            return _decoded(picture, data, found)
    except Refused:
        raise
    except Image.DecompressionBombError:
        raise Refused("too_many_pixels") from None
    except Exception:  # whatever a decoder says of bytes that it cannot read
        raise Refused("broken") from None


def _decoded(picture: Image.Image, data: bytes, found: str) -> Checked:
    if _FORMATS.get(picture.format or "") != found:
        raise Refused("not_what_it_says")
    width, height = picture.size
    passes = data.count(b"\xff\xda") if found == "image/jpeg" else 1  # in a JPEG that pair can only begin a scan
    if width * height > MOST_PIXELS[found] or width * height * passes > MOST_WORK_PIXELS:
        raise Refused("too_many_pixels")
    turned = _orientation(picture) in (5, 6, 7, 8)
    if found == "image/jpeg":
        picture.draft("RGB", (THUMB_PX, THUMB_PX))  # decodes to an eighth of the size at least: time and memory
    picture.load()
    size = (height, width) if turned else (width, height)
    return Checked(found, *size, _thumb(picture))


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(0x0112, 1))
    except Exception:  # what the camera wrote is broken: the pixels are not
        return 1


def _thumb(picture: Image.Image) -> bytes:
    """A new JPEG of at most THUMB_PX either way, turned as it is to be looked at."""
    picture.thumbnail((THUMB_PX, THUMB_PX))
    turned = _upright(picture)
    if turned.has_transparency_data:
        seen = turned.convert("RGBA")
        turned = Image.new("RGB", seen.size, _BACKGROUND)
        turned.paste(seen, mask=seen.getchannel("A"))
    bare = Image.new("RGB", turned.size)
    bare.paste(turned.convert("RGB"))
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:
        return picture.copy()


def _is_whole_pdf(data: bytes) -> bool:
    """It has a table of contents and an end; what may stand behind the end is little."""
    return b"startxref" in data[-4096:] and b"%%EOF" in data[-2048:]


# ISO base media: boxes of a size and a name, one within another


_BRANDS: Final = ("isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "mp41", "mp42", "avc1", "M4V ",
                  "M4VH", "M4VP", "MSNV", "dash", "mp71", "3gp4", "3gp5", "3gp6", "3gp7")  # fmt: skip
_MOST_BOXES: Final = 10_000


def _video_kind(data: bytes) -> str:
    if data[4:8] != b"ftyp":
        return ""
    brand = data[8:12].decode("latin-1")
    if brand == "qt  ":
        return "video/quicktime"
    return "video/mp4" if brand in _BRANDS else ""


def _is_whole_video(data: bytes) -> bool:
    """Its boxes fill it to the last byte, and it has pictures that move."""
    boxes = _boxes(memoryview(data))
    if boxes is None or not any(name == b"mdat" for name, _ in boxes):
        return False
    return any(_is_of_pictures(track) for movie in _inside(boxes, b"moov") for track in _inside(_boxes(movie), b"trak"))


def _is_of_pictures(track: memoryview) -> bool:
    for media in _inside(_boxes(track), b"mdia"):
        for handler in _inside(_boxes(media), b"hdlr"):
            if bytes(handler[8:12]) == b"vide":
                return True
    return False


def _inside(boxes: list[tuple[bytes, memoryview]] | None, wanted: bytes) -> list[memoryview]:
    return [body for name, body in boxes or [] if name == wanted]


def _boxes(data: memoryview) -> list[tuple[bytes, memoryview]] | None:
    """(name, content) of each box; None when they do not fill `data`, or are more than any camera makes."""
    found: list[tuple[bytes, memoryview]] = []
    at = 0
    while at < len(data):
        size, head = int.from_bytes(data[at : at + 4]), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0:
            size = len(data) - at  # to the end
        if size < head or at + size > len(data) or len(found) == _MOST_BOXES:
            return None
        found.append((bytes(data[at + 4 : at + 8]), data[at + head : at + size]))
        at += size
    return found
