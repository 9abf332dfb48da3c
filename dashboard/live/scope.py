"""Which rows a screen sees: a region with everything below it, as a mask over region numbers, and rows in a person's name."""

import functools
import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.people import Person

if TYPE_CHECKING:
    from config.city_model import City

OUTSIDE: Final = 0
"""The number of "no region": places outside every region, and codes that the city does not have."""

LANGUAGES: Final = ("zh", "en")
RIGHT_OF: Final = {"worker": "people", "feed": "people", "order": "orders"}
"""The right that shows a table's rows of the whole region; without it only rows in the person's own name."""


class Scope(msgspec.Struct, frozen=True, eq=False):
    """`masks[table][number]`: rows of that region are seen. `parties`: so are rows in these names (domain.people).

    `clear`: places are shown with their doors. `token` names the scope in a cursor. The root also sees OUTSIDE.
    """

    region: str
    lang: str
    masks: dict[str, NDArray[np.bool_]]
    clear: bool = True
    parties: frozenset[str] = frozenset()

    @property
    def token(self) -> str:
        shown = "".join(table[0] for table, mask in self.masks.items() if mask.any()) + ("c" if self.clear else "")
        names = hashlib.blake2b(";".join(sorted(self.parties)).encode(), digest_size=6).hexdigest() if self.parties else ""
        return f"{self.lang}:{self.region}:{shown}:{names}"


class Scopes:
    """The scopes of one city; the same object for the same region, language and rights as long as it is in use."""

    def __init__(self, city: "City") -> None:
        self._city = city
        self._numbers = {code: number for number, code in enumerate(sorted(city.regions), start=OUTSIDE + 1)}
        self._scope = functools.lru_cache(maxsize=512)(self._make)

    def number(self, code: str) -> int:
        """The number of a region code, OUTSIDE for one that the city does not have."""
        return self._numbers.get(code, OUTSIDE)

    def allows(self, region: str, person: Person) -> bool:
        """Whether a region code lies in the person's own scope."""
        own = person.scope or self._city.root
        return own in self._city.regions and region in self._city.regions and region in self._city.subtree(own)

    def find(self, region: str, lang: str, person: Person) -> Scope | None:
        """The scope of a region code ("" is the person's own); None if the city has no such region, it is not the person's,
        or `lang` is unknown.
        """
        region = region or person.scope or self._city.root
        if not self.allows(region, person) or lang not in LANGUAGES:
            return None
        tables = tuple(table for table, right in RIGHT_OF.items() if person.may(right))
        return self._scope(region, lang, tables, person.may("personal"), person.parties())

    def of_token(self, token: str, person: Person) -> Scope | None:
        """The scope that a cursor names; None if there is none, or not for this person."""
        lang, _, rest = token.partition(":")
        region = rest.partition(":")[0]
        found = self.find(region, lang, person) if region else None
        return found if found is not None and found.token == token else None

    def _make(self, region: str, lang: str, tables: tuple[str, ...], clear: bool, parties: frozenset[str]) -> Scope:
        mask = np.zeros(len(self._numbers) + 1, bool)
        nothing = mask.copy()
        mask[[self._numbers[code] for code in self._city.subtree(region)]] = True
        mask[OUTSIDE] = region == self._city.root
        mask.setflags(write=False)
        masks = {table: mask if table in tables else nothing for table in RIGHT_OF}
        return Scope(region, lang, masks, clear, parties)
