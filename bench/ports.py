"""The ports on which the benchmarks start their servers: one that is taken is said, and nothing is measured beside it."""

import socket
from collections.abc import Iterable

HOST = "127.0.0.1"


def need(*ports: int) -> None:
    """SystemExit where something else listens on one of them: a benchmark would measure it, or wait for ever for its own."""
    if taken := list(_taken(ports)):
        named = ", ".join(map(str, taken))
        raise SystemExit(f"port {named} of {HOST} is taken (by a benchmark that still runs?): end what listens there first")


def _taken(ports: Iterable[int]) -> Iterable[int]:
    for port in ports:
        try:
            socket.create_server((HOST, port)).close()
        except OSError:
            yield port
