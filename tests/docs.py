"""Writes the generated tables into README.md and ARCHITECTURE.md: `python -m tests.docs`."""

import re
from pathlib import Path

from config.settings import settings_table
from store.keys import key_table

ROOT = Path(__file__).resolve().parent.parent


def put(page: str, name: str, table: str) -> None:
    file = ROOT / page
    text = file.read_text(encoding="utf-8")
    marked = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->", re.S)
    file.write_text(marked.sub(lambda _: f"<!-- {name} -->\n{table}\n<!-- /{name} -->", text), encoding="utf-8")


if __name__ == "__main__":
    put("ARCHITECTURE.md", "keys", key_table())
    put("README.md", "settings", settings_table())
