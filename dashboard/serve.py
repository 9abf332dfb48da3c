"""Serves the web process: gunicorn with one worker process of many threads, each open screen on a thread of its own."""

import ctypes
import email.utils
import logging
import signal
import sys
from typing import Any, Final

from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import TConn, ThreadWorker

from config import clock
from config.settings import Settings
from dashboard.bulletins import serving as bulletins
from dashboard.server import THREADS, create_app, make_hall, patient_store

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal that this process gets when its parent dies."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's thread worker, which would wait for open websockets when it is told to end: this one cuts them first.

    It also ends with its parent: an orphan would go on answering on the port, with an old picture.
    """

    def init_process(self) -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        super().init_process()

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._cut()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: Any) -> None:
        self._cut()
        super().handle_quit(sig, frame)

    def is_parent_alive(self) -> bool:
        alive: bool = super().is_parent_alive()
        if not alive:
            self._cut()
        return alive

    def finish_request(self, conn: TConn, fs: Any) -> None:
        if conn.sock.fileno() < 0:  # a websocket that has ended is closed already; gunicorn would count it off twice
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)

    def _cut(self) -> None:
        """Before the application is loaded there is nothing to cut, and gunicorn has no `wsgi` yet."""
        extensions = getattr(getattr(self, "wsgi", None), "extensions", {})
        if "gridhall" in extensions:
            extensions["gridhall"].stop()


class Server(BaseApplication):  # type: ignore[misc]
    """The application is made in the worker process, after the fork: threads do not survive one."""

    def __init__(self, settings: Settings, store_url: str) -> None:
        self._settings = settings
        self._store_url = store_url
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self._settings.web_host}]" if ":" in self._settings.web_host else self._settings.web_host
        options = {
            "bind": f"{host}:{self._settings.web_port}",
            "worker_class": "dashboard.serve.Worker",
            "workers": 1,
            "threads": THREADS,
            "keepalive": 15,
            "timeout": 60,
            "graceful_timeout": 1,
            "control_socket_disable": True,
            "forwarded_allow_ips": "",
            "loglevel": "warning",
            "proc_name": "gridhall-web",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        app, _ = create_app(self._settings, make_hall(self._settings, self._store_url))
        bulletins.start(app)
        return app


def _http_date(timestamp: float | None = None) -> str:
    """The time that every answer tells in its Date header, by which handsets set themselves: the one clock's."""
    return email.utils.formatdate(clock.now_s() if timestamp is None else timestamp, usegmt=True)


def main(settings: Settings, store_url: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    patient_store(store_url, settings.partitions).client.close()  # who asks before there is one is refused, not kept waiting
    log.info("screens on http://%s:%s/wall", settings.web_host, settings.web_port)
    util.http_date = _http_date
    Server(settings, store_url).run()
