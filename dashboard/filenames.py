"""Names of files as people gave them, made safe to show and to save under."""

import unicodedata
from typing import Final
from urllib.parse import quote, unquote

from dashboard.filecheck import TYPES

LONGEST: Final = 120
INLINE: Final = ("image/", "video/")
"""What a browser may show by itself; everything else it saves."""

_NEVER: Final = frozenset('/\\:*?"<>|;%')


def tidy(told: str, file_type: str, otherwise: str) -> str:
    """A percent-encoded name without path and control characters, ending as its true type does (so no page among them)."""
    name = unquote(told, errors="replace").replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in unicodedata.normalize("NFC", name) if c not in _NEVER and unicodedata.category(c)[0] != "C")
    name = " ".join(name.split()).strip(". ")
    endings = TYPES[file_type]
    if not name.lower().endswith(endings):
        name = (name or otherwise) + endings[0]
    stem, ending = name.rsplit(".", 1)
    return f"{stem[: LONGEST - len(ending) - 1] or otherwise}.{ending}"


def disposition(name: str, file_type: str) -> str:
    """The Content-Disposition (RFC 6266): an ASCII name for old clients, and the true one."""
    plain = "".join(c if c.isascii() and c not in _NEVER else "_" for c in name)
    kind = "inline" if file_type.startswith(INLINE) else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
