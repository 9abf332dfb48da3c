"""Small files of every kind, made on the spot: no camera's file is in the tree."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def gradient(width: int, height: int) -> Image.Image:
    """A picture that is not all one colour: red at the left, green at the top."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 40)))


def encoded(picture: Image.Image, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def jpeg(width: int = 64, height: int = 48, *, orientation: int = 1, **more: Any) -> bytes:
    """With EXIF: orientation, a device and a place."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0110] = "Secret Phone 9"
    exif.get_ifd(0x8825).update({1: "N", 2: (23.0, 1.0, 17.0), 3: "E", 4: (113.0, 7.0, 17.0)})
    return encoded(gradient(width, height), "JPEG", exif=exif, **more)


def png(width: int = 64, height: int = 48, mode: str = "RGB", **more: Any) -> bytes:
    return encoded(gradient(width, height).convert(mode), "PNG", **more)


def webp(width: int = 64, height: int = 48, **more: Any) -> bytes:
    return encoded(gradient(width, height), "WEBP", **more)


def mpo() -> bytes:
    """Two pictures in one JPEG, as phones with two lenses write them."""
    return encoded(gradient(64, 48), "MPO", save_all=True, append_images=[gradient(32, 24)])


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj<<>>endobj\nxref\n0 1\ntrailer<</Size 1>>\nstartxref\n29\n%%EOF\n"


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + name + body


def video(brand: bytes = b"isom", handler: bytes = b"vide", frames: bytes = b"\0" * 5000) -> bytes:
    """The boxes of a video, which no player could play."""
    told = box(b"hdlr", b"\0" * 8, handler, b"\0" * 12)
    movie = box(b"moov", box(b"mvhd", b"\0" * 100), box(b"trak", box(b"tkhd", b"\0" * 84), box(b"mdia", told)))
    return box(b"ftyp", brand, b"\0\0\2\0", b"isommp42") + box(b"free") + box(b"mdat", frames) + movie


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of so many pixels in few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    squeezed = zlib.compressobj(9)
    rows = squeezed.compress(bytes(4_000_000)) + squeezed.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def page_in_a_picture() -> bytes:
    """A whole PNG that also reads as a page with a script."""
    plain = png()
    comment = b"Comment\0<html><script>alert(document.domain)</script></html>"
    told = struct.pack(">I", len(comment)) + b"tEXt" + comment + struct.pack(">I", zlib.crc32(b"tEXt" + comment))
    return plain[:33] + told + plain[33:] + b"<html><script>alert(document.domain)</script></html>"


SAMPLES = {
    "image/jpeg": jpeg, "image/png": png, "image/webp": webp, "application/pdf": pdf, "video/mp4": video,
    "video/quicktime": lambda: video(b"qt  "),
}  # fmt: skip
