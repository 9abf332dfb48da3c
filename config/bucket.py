"""The address of an S3-compatible bucket: s3://KEY:SECRET@host:9000/bucket/prefix?scheme=http&region=…&style=virtual."""

from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

RIGHT: Final = (
    "an address like s3://KEY:SECRET@host:9000/bucket/prefix?scheme=http&region=us-east-1&style=path "
    "(/ # ? @ of the secret are to be encoded)"
)
_WORDS: Final = {"scheme": ("https", "http"), "style": ("path", "virtual"), "region": ()}


class Bucket(msgspec.Struct, frozen=True):
    """Where it is and how it is spoken to. `style` virtual: the bucket's name stands in the host name (Aliyun OSS).

    `root`: bucket/prefix, without slashes at its ends.
    """

    key: str
    secret: str
    endpoint: str
    root: str
    scheme: str = "https"
    region: str = "us-east-1"
    style: str = "path"


def read_bucket(url: str) -> Bucket:
    """The bucket of an address. Raises ValueError, which says what would be right and shows nothing of the secret."""
    try:
        return _read(url)
    except ValueError:
        raise ValueError(RIGHT) from None


def _read(url: str) -> Bucket:
    parts = urlsplit(url)
    told = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    root = unquote(parts.path).strip("/")
    if parts.scheme != "s3" or not (parts.hostname and parts.username and parts.password) or parts.fragment:
        raise ValueError
    if not all(piece and piece not in (".", "..") for piece in root.split("/")):
        raise ValueError
    for name, value in told.items():
        if name not in _WORDS or not value or (_WORDS[name] and value not in _WORDS[name]):
            raise ValueError
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    endpoint = f"{host}:{parts.port}" if parts.port else host
    return Bucket(unquote(parts.username), unquote(parts.password), endpoint, root, **told)
