"""The browser that benchmarks, pictures and tests look with: as on a PC without a graphics card."""

import os
import shutil
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Playwright

from config import clock

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",  # WebGL by the processor, all else without it: as on a PC without a graphics card
]


SHIFTED: Final = """(() => {
  const Machine = Date;
  window.Date = class Date extends Machine {
    constructor(...told) { if (told.length) super(...told); else super(Date.now()); }
    static now() { return Machine.now() + AHEAD; }
  };
})();"""
"""Sets a page's clock to the one of the halls (GRIDHALL_NOW)."""


def by_the_clock(browser: Browser) -> Browser:
    """The browser, each of whose pages has the clock of the halls."""
    make = browser.new_context

    def new_context(**told: Any) -> BrowserContext:
        context = make(**told)
        if clock.ahead_ms():
            context.add_init_script(SHIFTED.replace("AHEAD", str(clock.ahead_ms())))
        return context

    browser.new_context = new_context  # type: ignore[method-assign]
    return browser


def launch(playwright: Playwright) -> Browser:
    """A fresh Chromium: $CHROMIUM, or the system's, or playwright's own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return by_the_clock(playwright.chromium.launch(executable_path=path, args=FLAGS))
