"""An S3-compatible server for tests: buckets are folders. Its process may be stopped, killed and started again."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

BUCKET = "photos"


class S3Server:
    """`url` is the setting GRIDHALL_FILES_URL for its bucket, with the given prefix."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / BUCKET).mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"s3://key:a%2Fb@127.0.0.1:{self.port}/{BUCKET}/of/gridhall?scheme=http"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "localbucket", "--port", str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the S3 server did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self, frozen: bool) -> None:
        """Stop it so that it takes connections and never answers, or let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)
