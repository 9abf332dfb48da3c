"""Our scripts and style sheets as one file each: a browser asks for two instead of a hundred, six at a time."""

import re
from pathlib import Path
from typing import Any, Final

from dash import Dash
from flask import Flask, Response, request

TYPES: Final = {"js": "text/javascript", "css": "text/css"}
_BETWEEN: Final = {"js": b"\n;\n", "css": b"\n"}


class Bundle:
    """The files of one kind below a folder, in the order of their paths, as one; made anew when one of them has changed."""

    def __init__(self, assets: Path, kind: str) -> None:
        self.kind = kind
        self._folder = assets / kind
        self._stamp = ""
        self._text = b""

    def files(self) -> list[Path]:
        """A folder's own files before those of the folders in it."""
        return sorted(self._folder.rglob(f"*.{self.kind}"), key=lambda file: (str(file.parent), file.name))

    def stamp(self) -> str:
        """Changes with the files: what stands in the address, so that a browser may keep what it has got for ever."""
        files = self.files()
        return f"{max(file.stat().st_mtime_ns for file in files):x}.{len(files)}" if files else "0"

    def text(self) -> bytes:
        stamp = self.stamp()
        if stamp != self._stamp:
            self._text, self._stamp = _BETWEEN[self.kind].join(file.read_bytes() for file in self.files()), stamp
        return self._text

    @property
    def path(self) -> str:
        return f"/assets/{self.kind}/all.{self.kind}"

    def address(self) -> str:
        return f"{self.path}?m={self.stamp()}"


def register(app: Flask, assets: Path) -> dict[str, Bundle]:
    """Serve both."""
    bundles = {kind: Bundle(assets, kind) for kind in TYPES}
    for kind, bundle in bundles.items():
        serve = _serving(bundle)
        app.add_url_rule(bundle.path, f"bundle_{kind}", serve, methods=["GET"])
    return bundles


def _serving(bundle: Bundle) -> Any:
    return lambda: Response(bundle.text(), mimetype=TYPES[bundle.kind])


LATER: Final = re.compile(r'<script src="([^"]*/dash_ag_grid[./][^"]*)"></script>')
"""The library of tables is the largest by far, and no wall has a table: a wall fetches it when it stands
(assets/js/77_later.js), for whoever goes on from it to a page with one."""


class BundledDash(Dash):
    """A Dash application whose pages take our scripts and style sheets from the bundles."""

    bundles: dict[str, Bundle] = {}

    def interpolate_index(self, **parts: Any) -> str:
        if self.bundles:
            parts["css"] += f'<link rel="stylesheet" href="{self.bundles["css"].address()}">'
            parts["scripts"] += f'<script src="{self.bundles["js"].address()}"></script>'
        if request.path == "/wall":
            parts["scripts"] = LATER.sub(r'<link rel="prefetch" as="script" href="\1" data-later>', parts["scripts"])
        return str(super().interpolate_index(**parts))
