"""The words of the screens, one flat catalogue per language: `words("zh")["state.moving"]`.

A language's catalogue is `zh.yaml` and every `PART.zh.yaml` beside it; no key stands in two of them (tested).
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml

LANGS: Final = ("zh", "en")
FOLDER: Final = Path(__file__).parent


def files_of(lang: str) -> list[Path]:
    """The files of a language's catalogue, the common one first."""
    return [FOLDER / f"{lang}.yaml", *sorted(FOLDER.glob(f"*.{lang}.yaml"))]


@functools.cache
def words(lang: str) -> Mapping[str, str]:
    """The catalogue of a language. Raises FileNotFoundError for one that there is not."""
    told: dict[str, str] = {}
    for file in files_of(lang):
        # the base loader leaves every scalar a text: the keys yes and no are words here, not truth values
        told |= yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)
    return MappingProxyType(told)


def text(lang: str, key: str, **values: object) -> str:
    """One text with its {places} filled in. KeyError if the catalogue has no such key, or a place has no value."""
    return words(lang)[key].format(**values)
