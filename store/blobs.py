"""Where the bytes of photos and files lie: a folder below the data directory, or an S3-compatible bucket.

What is written is on disk, whole, when `write` returns; until then nothing stands under that name.
"""

import contextlib
import errno
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Any, Final, Protocol

from config.bucket import Bucket, read_bucket
from store.errors import FilesFull, FilesUnavailable

LEAST_FREE_BYTES: Final = 1 << 30
"""What photos leave free of their disk: the store's append-only file may lie on the same one and must go on."""

TIMEOUT_S: Final = 8
_STALE_S: Final = 86_400
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Blobs(Protocol):
    """Named bytes. Names are letters and digits, with one dot at most. Every method raises FilesUnavailable."""

    def write(self, name: str, data: bytes) -> None:
        """Keep `data` under a name, in place of what was there. Raises FilesFull when there is no room."""

    def read(self, name: str) -> bytes | None:
        """The bytes of a name; None when there are none."""

    def remove(self, name: str) -> None:
        """Take a name away; nothing happens when it is not there."""


def open_blobs(files_url: str, data_dir: Path) -> Blobs:
    """The bucket of `files_url`, or with "" the folder `data_dir`/files. Raises ValueError for an address that is none."""
    return InBucket(read_bucket(files_url)) if files_url else InFolder(data_dir / "files")


class InFolder:
    """`root`/ab/abcdef…, readable by this user only."""

    def __init__(self, root: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> None:
        self._root = root
        self._new = root / "new"
        self._least_free_bytes = least_free_bytes

    def write(self, name: str, data: bytes) -> None:
        try:
            self._room(len(data))
            path = self._path(name)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            made = self._new / f"{name}-{secrets.token_hex(4)}"
            try:
                _write_through(made, data)
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)
            _sync_folder(path.parent)
            _sync_folder(self._root)
        except OSError as failed:
            raise (FilesFull if failed.errno in _FULL else FilesUnavailable)(f"{self._root}: {failed.strerror}") from failed

    def _room(self, size: int) -> None:
        """Folders that must be there are there, what a crash left half-written is gone, and the disk has room."""
        self._root.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self._root, self._new):
            folder.mkdir(mode=0o700, exist_ok=True)
        for left in self._new.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - _STALE_S:
                    left.unlink()
        if shutil.disk_usage(self._new).free < size + self._least_free_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def read(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as failed:
            raise FilesUnavailable(f"{self._root}: {failed.strerror}") from failed

    def remove(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as failed:
            raise FilesUnavailable(f"{self._root}: {failed.strerror}") from failed

    def _path(self, name: str) -> Path:
        if not _is_name(name):
            raise ValueError(f"{name!r} is no name of a file here")
        return self._root / name[:2] / name


class InBucket:
    """Objects prefix/abcdef… of an S3-compatible bucket; TIMEOUT_S of silence and it counts as unavailable."""

    def __init__(self, bucket: Bucket) -> None:
        # servers that do not know the newer checksums would keep their framing as part of the file
        os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
        os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")  # the key is told; asking the network for one takes long
        from pyarrow import fs  # 50 MB of memory, for those who have a bucket

        self._root = bucket.root
        self._fs: Any = fs.S3FileSystem(
            access_key=bucket.key,
            secret_key=bucket.secret,
            endpoint_override=bucket.endpoint,
            scheme=bucket.scheme,
            region=bucket.region,
            force_virtual_addressing=bucket.style == "virtual",
            connect_timeout=TIMEOUT_S / 2,
            request_timeout=TIMEOUT_S,
            background_writes=False,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=2),
        )

    def write(self, name: str, data: bytes) -> None:
        path = self._path(name)
        try:
            with self._fs.open_output_stream(path) as out:
                out.write(data)
            size = self._fs.get_file_info(path).size
        except OSError as failed:
            raise FilesUnavailable(f"the bucket: {failed}") from failed
        if size != len(data):
            raise FilesUnavailable(f"the bucket: {size} bytes stand where {len(data)} were written")

    def read(self, name: str) -> bytes | None:
        try:
            with self._fs.open_input_file(self._path(name)) as found:
                return bytes(found.read())
        except FileNotFoundError:
            return None
        except OSError as failed:
            raise FilesUnavailable(f"the bucket: {failed}") from failed

    def remove(self, name: str) -> None:
        path = self._path(name)
        try:
            self._fs.delete_file(path)
        except FileNotFoundError:
            pass
        except OSError as failed:
            # Arrow then makes an empty object of the prefix, which some servers refuse: the file is gone all the same
            if self._is_there(path):
                raise FilesUnavailable(f"the bucket: {failed}") from failed

    def _is_there(self, path: str) -> bool:
        try:
            return bool(self._fs.get_file_info(path).is_file)
        except OSError as failed:
            raise FilesUnavailable(f"the bucket: {failed}") from failed

    def _path(self, name: str) -> str:
        if not _is_name(name):
            raise ValueError(f"{name!r} is no name of a file here")
        return f"{self._root}/{name}"


def _is_name(name: str) -> bool:
    head, dot, tail = name.partition(".")
    return len(head) >= 2 and head.isascii() and head.isalnum() and (not dot or (tail.isascii() and tail.isalnum()))


def _write_through(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
