"""The words of the screens, one flat catalogue per language: `words("zh")["state.moving"]`."""

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml

LANGS: Final = ("zh", "en")


@functools.cache
def words(lang: str) -> Mapping[str, str]:
    """The catalogue of a language. Raises FileNotFoundError for one that there is not."""
    told = (Path(__file__).parent / f"{lang}.yaml").read_text(encoding="utf-8")
    # the base loader leaves every scalar a text: the keys yes and no are words here, not truth values
    return MappingProxyType(yaml.load(told, yaml.BaseLoader))


def text(lang: str, key: str, **values: object) -> str:
    """One text with its {places} filled in. KeyError if the catalogue has no such key, or a place has no value."""
    return words(lang)[key].format(**values)
