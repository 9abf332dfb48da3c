"""What a browser may ask of this server, and what a page of ours may do in the browser.

Who asks is found out later (dashboard.access); here pages of other sites in the same browser are kept out. They reach us by
a name that resolves to us (DNS rebinding: refused by the Host header) or by requests and sockets from their own origin
(refused by the Origin header).
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from config.settings import Tiles

STEADY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
SCRIPT_POLICY: Final = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"  # of a thread, which loads others
"""Of everything that is not a page: opened by itself it may load nothing."""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


def host_name(netloc: str) -> str:
    """The name of `name:port` in lower case, without the brackets of an IPv6 address; "" if that is no host at all."""
    try:
        parts = urlsplit(f"//{netloc}")
        _ = parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return (parts.hostname or "").rstrip(".")


def is_address(name: str) -> bool:
    """Whether a host is told as an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class OurNames:
    """Under which names this server is asked: addresses, which no foreign name server can point at us, and `others`."""

    def __init__(self, others: Iterable[str] = ()) -> None:
        self._others = frozenset(name.lower() for name in others)

    def allow(self, host: str, origin: str | None) -> bool:
        """Whether a request with this Host header and (if any) Origin comes by a name of ours, from a page of ours."""
        if not self._ours(host_name(host)):
            return False
        if origin is None:
            return True
        scheme, _, netloc = origin.partition("://")
        if scheme not in ("http", "https") or not host_name(netloc):
            return False
        return netloc.lower() == host.lower() or host_name(netloc) in self._others

    def _ours(self, name: str) -> bool:
        return name == "localhost" or is_address(name) or name in self._others


class Guard:
    """WSGI middleware around everything, the live socket too: 403 for what `names` does not allow."""

    def __init__(self, app: Callable[[Environ, StartResponse], Iterable[bytes]], names: OurNames) -> None:
        self._app = app
        self._names = names

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self._names.allow(environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")):
            start_response("403 FORBIDDEN", [("Content-Type", "text/plain; charset=utf-8"), *STEADY_HEADERS.items()])
            return [b"This server is not asked by that name, or from that page (GRIDHALL_WEB_ORIGINS).\n"]
        return self._app(environ, start_response)


def page_policy(host: str, script_hashes: Sequence[str], tiles: Sequence[Tiles]) -> str:
    """The Content-Security-Policy of a page: our own files, the inline scripts of Dash by their hashes, the tile servers.

    Styles may be inline: Leaflet, Plotly and the component libraries set them. `ws:` is spelt out for browsers whose
    'self' does not cover it.
    """
    images = " ".join(dict.fromkeys(tile_origin(server.url) for server in tiles))
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *script_hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {images}".strip(),
        "font-src": "'self' data:",
        "connect-src": f"'self' ws://{host} wss://{host} {images}".strip(),
        "media-src": "'self' blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def tile_origin(url: str) -> str:
    """The origin of a tile address, with `*` for the label that {s} stands in: https://t{s}.a.cn/{z}… → https://*.a.cn.

    "" for an address on this server. Characters that would end a rule of the policy are cut.
    """
    match = re.match(r"(https?)://([^/?#;,\s]+)", url)
    if match is None:
        return ""
    labels = match[2].split(".")
    if "{" in labels[0]:
        labels[0] = "*"
    return f"{match[1]}://{'.'.join(labels)}"
