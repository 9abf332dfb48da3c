"""Words and colours are spoken once: every key that a screen uses is in both catalogues, every colour in tokens.css."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.words import LANGS, words
from tests.dynamic_words import DYNAMIC, FREE, RENDERED

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = [file for file in sorted((ROOT / "assets" / "js").rglob("*.js")) if "vendor" not in file.parts]
STYLES = sorted((ROOT / "assets" / "css").glob("*.css"))
LAYOUTS = [*sorted((ROOT / "layouts").glob("*.py")), *sorted((ROOT / "dashboard" / "callbacks").glob("*.py"))]

IN_JS = re.compile(r"\b(?:w|words|g\.words|gridhall\.words\?\.)\(\s*'([^'$]+)'(\s*\+)?")
IN_PY = re.compile(r"\b(?:words|catalogue|said|words\(lang\))\[(f?)\"([^\"]+)\"\]")


def used_keys() -> Iterator[tuple[Path, str, bool]]:
    """(file, key or beginning of one, whether it is only the beginning)."""
    for file in SCRIPTS:
        for key, more in IN_JS.findall(file.read_text(encoding="utf-8")):
            yield file, key, bool(more)
    for file in LAYOUTS:
        for is_format, key in IN_PY.findall(file.read_text(encoding="utf-8")):
            beginning = key.split("{")[0]
            yield file, beginning, bool(is_format) and "{" in key


def test_every_word_that_a_screen_uses_is_in_both_catalogues() -> None:
    for lang in ("zh", "en"):
        known = words(lang)
        missing = [
            (file.name, key)
            for file, key, beginning in used_keys()
            if not (any(word.startswith(key) for word in known) if beginning else key in known)
        ]
        assert missing == [], lang


# A key of which a part is added: f"flag.{name}", 'flag.' + name, `flag.${name}`, "flag." + name in a template.
ADDED = (
    re.compile(r"""f["']([A-Za-z_]\w*\.[\w.]*)\{[^}"]*\}([\w.{}]*)["']"""),
    re.compile(r"""['"]([A-Za-z_]\w*\.[\w.]*)['"]\s*[+~]\s*[\w(]()"""),
    re.compile(r"`([A-Za-z_]\w*\.[\w.]*)\$\{[^}]*\}([^`]*)`"),
)
SPEAKERS = [
    *sorted((ROOT / "layouts").rglob("*.py")), *sorted((ROOT / "layouts").rglob("*.html")),
    *sorted((ROOT / "dashboard").rglob("*.py")), *SCRIPTS, *sorted((ROOT / "assets" / "m").glob("*.mjs")),
    *sorted((ROOT / "assets" / "door").glob("*.js")),
]  # fmt: skip


def added_to() -> dict[tuple[str, str], set[str]]:
    """(beginning, end) of every key that code completes → the files that do."""
    catalogue = words("zh")
    found: dict[tuple[str, str], set[str]] = {}
    for file in SPEAKERS:
        for pattern in ADDED:
            for beginning, end in pattern.findall(file.read_text(encoding="utf-8")):
                if any(key.startswith(beginning) for key in catalogue) or (beginning, end) in DYNAMIC:
                    found.setdefault((beginning, end), set()).add(file.name)
    return found


def test_every_key_that_code_completes_is_declared_with_what_feeds_it() -> None:
    """Whoever adds one says in tests/dynamic_words.py what can be added; what nobody completes any more is taken out there."""
    found = added_to()
    assert {key: files for key, files in found.items() if key not in DYNAMIC} == {}
    assert [key for key in DYNAMIC if key not in found] == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("beginning", "end"), [key for key, rest in DYNAMIC.items() if rest not in (FREE, RENDERED)])
def test_everything_that_can_be_said_has_its_word(lang: str, beginning: str, end: str) -> None:
    rest = list(DYNAMIC[beginning, end])
    assert rest and [one for one in rest if f"{beginning}{one}{end}" not in words(lang)] == []


def test_what_comes_from_outside_is_looked_up_with_something_to_say_instead() -> None:
    """A FREE beginning stands in no `words[…]` of Python, which would raise."""
    free = [beginning for (beginning, _), rest in DYNAMIC.items() if rest == FREE]
    beginnings = "|".join(map(re.escape, free))
    bare = re.compile(rf"""\[f["']({beginnings})\{{""")
    found = {(file.name, hit) for file in SPEAKERS if file.suffix == ".py" for hit in bare.findall(file.read_text("utf-8"))}
    assert found == set()


def test_both_languages_have_the_same_places_to_fill() -> None:
    zh, en = words("zh"), words("en")
    places = re.compile(r"\{(\w+)\}")
    # a date is put together differently, and an English list says "Last 6" without the level
    free = {"date.long", "last_n"}
    unequal = [key for key in zh if key not in free and set(places.findall(zh[key])) != set(places.findall(en.get(key, "")))]
    assert unequal == []


def test_no_colour_is_written_outside_of_the_tokens() -> None:
    literal = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b|\b(?:rgb|hsl)a?\(")
    quoted = re.compile(r"""['"`](?:#[0-9a-fA-F]{3,8}|(?:rgb|hsl)a?\([^'"`]*)['"`]""")
    found = [
        (file.name, hit) for file in STYLES if file.name != "tokens.css" for hit in literal.findall(file.read_text("utf-8"))
    ]
    found += [(file.name, hit) for file in (*SCRIPTS, *LAYOUTS) for hit in quoted.findall(file.read_text("utf-8"))]
    assert found == []


def test_every_token_that_a_style_uses_is_defined() -> None:
    defined = set(re.findall(r"(--[\w-]+)\s*:", (ROOT / "assets" / "css" / "tokens.css").read_text("utf-8")))
    for file in STYLES:
        text = file.read_text("utf-8")
        own = set(re.findall(r"(--[\w-]+)\s*:", text))
        used = set(re.findall(r"var\((--[\w-]+)\s*\)", text))  # one with a fallback is set by a script
        assert used <= defined | own, file.name


def test_the_light_theme_defines_every_colour_of_the_dark_one() -> None:
    text = (ROOT / "assets" / "css" / "tokens.css").read_text("utf-8")
    blocks = dict(re.findall(r"^(:root[^{]*?)\s*\{([^}]*)\}", text, re.MULTILINE))
    colours = {
        name: set(re.findall(r"(--[\w-]+):\s*#", body))
        for name, body in blocks.items()
        if name in (":root", ':root[data-theme="light"]')
    }
    dark = set(re.findall(r"(--[\w-]+):\s*#", text.split(':root[data-step="s1"]')[0]))
    assert dark == colours[':root[data-theme="light"]']
