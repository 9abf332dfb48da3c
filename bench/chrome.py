"""The browser that benchmarks, pictures and tests look with: as on a PC without a graphics card."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # WebGL by the processor, all else without it: as on a PC without a graphics card
]


def launch(playwright: Playwright) -> Browser:
    """A fresh Chromium: $CHROMIUM, or the system's, or playwright's own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return playwright.chromium.launch(executable_path=path, args=FLAGS)
