"""A wide except turns a fault of ours into an answer. So each one is declared here, with why it is none."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
HOUSES: Final = ("dashboard", "layouts")
WIDE: Final = frozenset((
    "", "Exception", "BaseException", "LookupError", "KeyError", "IndexError", "ValueError", "TypeError", "AttributeError",
    "ArithmeticError", "RuntimeError", "AssertionError", "NameError",
))  # fmt: skip

LOOK_UP: Final = "one look-up of what the asker named"
READING: Final = "one reading of a text that somebody wrote"
THREAD: Final = "nothing may end the thread; told"
ALONE: Final = "what fails is told and is not the others' trouble"
ROW: Final = "a row that cannot be taken is skipped, counted and shown; all others are taken"
BYTES: Final = "whatever a library says of bytes that it cannot read"

DECLARED: Final = {
    ("dashboard/actionapi.py", "_fact"): LOOK_UP,
    ("dashboard/actionapi.py", "nearby"): LOOK_UP,
    ("dashboard/actionapi.py", "outcome"): LOOK_UP,
    ("dashboard/actionapi.py", "reveal"): LOOK_UP,
    ("dashboard/api.py", "read_day"): READING,
    ("dashboard/auditwriter.py", "_write_all"): THREAD,
    ("dashboard/bulletins/api.py", "_page"): LOOK_UP,
    ("dashboard/bulletins/asking.py", "ask"): READING,
    ("dashboard/bulletins/maker.py", "_make"): "a bulletin that cannot be made says so in its list; told with its traceback",
    ("dashboard/bulletins/maker.py", "_work"): THREAD,
    ("dashboard/figures.py", "add"): ALONE,
    ("dashboard/figures.py", "ground"): ALONE,
    ("dashboard/filecheck.py", "_orientation"): BYTES,
    ("dashboard/filecheck.py", "_picture"): BYTES,
    ("dashboard/filecheck.py", "_upright"): BYTES,
    ("dashboard/filters.py", "_count"): LOOK_UP,
    ("dashboard/filters.py", "_instant"): READING,
    ("dashboard/filters.py", "read_period"): READING,
    ("dashboard/guard.py", "host_name"): READING,
    ("dashboard/guard.py", "is_address"): READING,
    ("dashboard/files.py", "_sweep"): THREAD,
    ("dashboard/hall.py", "_fitting"): ROW,
    ("dashboard/hall.py", "_follow"): THREAD,
    ("dashboard/hall.py", "_take"): ROW,
    ("dashboard/handset_positions.py", "instant_ms"): READING,
    ("dashboard/live/links.py", "_attend"): ALONE,
    ("dashboard/live/links.py", "_run"): THREAD,
    ("dashboard/live/packets.py", "_packet"): READING,
    ("dashboard/live/session.py", "_keep_checking"): THREAD,
    ("dashboard/live/session.py", "recheck"): ALONE,
    ("dashboard/live/session.py", "tick"): ALONE,
    ("dashboard/live/shared.py", "_make"): THREAD,
    ("dashboard/screenlinks.py", "_make"): READING,
    ("dashboard/sourcewatch.py", "_ask"): THREAD,
    ("dashboard/wall/alarm.py", "alarm"): LOOK_UP,
}


def wide_excepts() -> Iterator[tuple[str, str]]:
    """(file, function) of every except that catches a wide class."""
    for house in HOUSES:
        for file in sorted((ROOT / house).rglob("*.py")):
            for function, handler in _handlers(ast.parse(file.read_text(encoding="utf-8")), ""):
                if WIDE & set(_names(handler.type)):
                    yield file.relative_to(ROOT).as_posix(), function


def _handlers(tree: ast.AST, function: str) -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Each except with the name of the innermost function around it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ExceptHandler):
            yield function, node
        yield from _handlers(node, node.name if isinstance(node, ast.FunctionDef) else function)


def _names(caught: ast.expr | None) -> list[str]:
    if caught is None:
        return [""]
    return [part.id for part in (caught.elts if isinstance(caught, ast.Tuple) else [caught]) if isinstance(part, ast.Name)]


def test_every_wide_except_is_declared_with_its_reason() -> None:
    found = set(wide_excepts())
    assert sorted(found - set(DECLARED)) == [], "look the thing up first, or catch our own exception"
    assert sorted(set(DECLARED) - found) == [], "declared, and no longer there"


def test_every_callback_says_what_it_shows_when_it_fails() -> None:
    for file in sorted((ROOT / "dashboard" / "callbacks").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        assert text.count("@app.callback(") == text.count("on_error="), file.name
