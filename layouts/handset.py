"""`/m`, the page for a worker's phone: plain HTML whose scripts and styles are files of its own (`assets/m/`)."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from layouts.page_config import json_text

WORDS: Final = (
    "handset.", "status.", "action.", "state.", "refusal.", "dur.", "ago.", "order_fact.", "left", "overrun", "zoom_in",
    "zoom_out", "close", "trail", "time_unknown", "department", "worker_id", "date.long", "week.", "month.", "notices.",
    "limit.marked", "desk.said.deadline", "desk.said.calendar",
)  # fmt: skip
"""Beginnings of the keys that the page's scripts speak: a phone is not sent the words of the wall."""

SCRIPTS: Final = ("words.js", "geo.js")
"""Classic scripts that the modules build on, in their order; they are the screens' own (`dashboard.handset.BORROWED`)."""


def words_of(words: Mapping[str, str]) -> dict[str, str]:
    """The part of a catalogue that the page speaks."""
    return {key: text for key, text in words.items() if key.startswith(WORDS)}


def page(lang: str, words: Mapping[str, str], config: Mapping[str, Any], folder: str, modules: Iterable[str] = ()) -> str:
    """The page's HTML. `config` is what its scripts read besides the words; `folder` the address of its files; `modules` those
    that a phone had better fetch at once, and not one after the other as they name each other.
    """
    told = {"lang": lang, **config, "words": words_of(words)}
    title = escape(str(config["title"]))
    ahead = "\n".join(f'<link rel="modulepreload" href="{folder}/{name}">' for name in modules)
    scripts = "\n".join(f'<script src="{folder}/{name}" defer></script>' for name in SCRIPTS)
    return f"""<!DOCTYPE html>
<html lang="{"en" if lang == "en" else "zh-CN"}" data-theme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<title>{title}</title>
<meta name="theme-color" content="">
<meta name="format-detection" content="telephone=no">
<script src="{folder}/early.js"></script>
<link rel="stylesheet" href="{folder}/tokens.css">
<link rel="stylesheet" href="{folder}/m.css">
<link rel="manifest" href="{folder}/manifest.webmanifest">
<link rel="icon" href="{folder}/icon.svg" type="image/svg+xml">
<script type="application/json" id="gridhall-config">{json_text(told)}</script>
{ahead}
{scripts}
<script src="{folder}/app.mjs" type="module"></script>
</head>
<body><noscript>{escape(words["handset.no_script"])}</noscript></body>
</html>
"""
