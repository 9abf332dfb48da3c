"""Which rows a screen sees: a region with everything below it, as a mask over region numbers."""

import functools
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from config.city_model import City

OUTSIDE: Final = 0
"""The number of "no region": places outside every region, and codes that the city does not have."""

LANGUAGES: Final = ("zh", "en")


class Scope(msgspec.Struct, frozen=True, eq=False):
    """`mask[number]`: rows of that region are seen. `token` names the scope in a cursor. The root also sees OUTSIDE."""

    region: str
    lang: str
    mask: NDArray[np.bool_]

    @property
    def token(self) -> str:
        return f"{self.lang}:{self.region}"


class Scopes:
    """The scopes of one city; the same object for the same region and language as long as it is in use."""

    def __init__(self, city: "City") -> None:
        self._city = city
        self._numbers = {code: number for number, code in enumerate(sorted(city.regions), start=OUTSIDE + 1)}
        self._scope = functools.lru_cache(maxsize=256)(self._make)

    def number(self, code: str) -> int:
        """The number of a region code, OUTSIDE for one that the city does not have."""
        return self._numbers.get(code, OUTSIDE)

    def find(self, region: str, lang: str) -> Scope | None:
        """The scope of a region code ("" is the whole city); None if the city has no such region or `lang` is unknown."""
        region = region or self._city.root
        if region not in self._city.regions or lang not in LANGUAGES:
            return None
        return self._scope(region, lang)

    def of_token(self, token: str) -> Scope | None:
        """The scope that a cursor names; None if there is none."""
        lang, _, region = token.partition(":")
        return self.find(region, lang) if region else None

    def _make(self, region: str, lang: str) -> Scope:
        mask = np.zeros(len(self._numbers) + 1, bool)
        mask[[self._numbers[code] for code in self._city.subtree(region)]] = True
        mask[OUTSIDE] = region == self._city.root
        mask.setflags(write=False)
        return Scope(region, lang, mask)
