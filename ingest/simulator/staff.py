"""Who acts: the people of the demo (`config.demo`) by what they are to an order."""

import random
from collections.abc import Iterable
from typing import Final

from config.city import City
from config.demo import Played, played, secret_of
from ingest.simulator.seen import Seen

DONE_BY: Final = {
    "accept": "intake", "ask_verify": "intake", "refuse": "intake", "callback": "intake", "reopen": "intake",
    "archive": "intake", "register": "duty_chief", "refuse_register": "duty_chief", "deliberate": "duty_chief",
    "end_deliberation": "duty_chief", "grant_defer": "duty_chief", "refuse_defer": "duty_chief", "grant_hang": "duty_chief",
    "refuse_hang": "duty_chief", "evaluate": "duty_chief", "close": "duty_chief", "dispatch": "dispatcher",
    "refuse_return": "dispatcher", "rework": "dispatcher", "urge": "leader", "yellow_card": "leader", "red_card": "leader",
    "verify": "looks", "check": "looks", "self_handle": "finder",
}  # fmt: skip
"""Which seat does what; `looks`: who goes and looks; `finder`: who reported it. Everything else is the lead's."""


class Staff:
    """The people of a city and their secrets."""

    def __init__(self, city: City, shared: str) -> None:
        self._shared = shared
        everybody = played(city)
        self._seats = {one.role: one for one in everybody if one.role not in ("worker", "department")}
        self._units = {one.department: one for one in everybody if one.role == "department"}
        self._workers = {one.worker: one for one in everybody if one.role == "worker"}
        self._of_region: dict[str, list[Played]] = {}
        for one in self._workers.values():
            self._of_region.setdefault(one.scope, []).append(one)

    def secret(self, who: Played) -> str:
        return secret_of(self._shared, who.name)

    def seat(self, role: str) -> Played:
        return self._seats[role]

    def reporter(self, worker: str) -> Played | None:
        """Who reports: the worker who found it, or the intake who was told. None: nobody who is played."""
        return self._workers.get(worker) if worker else self._seats["intake"]

    def who_does(self, action: str, seen: Seen, unit: str, draw: random.Random) -> Played | None:
        """Who does an action on an order; `unit`: as that co-handling department. None: nobody who is played."""
        if unit:
            return self._units.get(unit)
        role = DONE_BY.get(action, "lead")
        if role == "lead":
            return self._workers.get(seen.handler) if seen.handler and not seen.lead else self._units.get(seen.lead)
        if role == "finder":
            return self._workers.get(seen.reporter)
        return self._looks(seen, draw) if role == "looks" else self._seats.get(role)

    def _looks(self, seen: Seen, draw: random.Random) -> Played:
        """A worker of that grid who has not handled it himself, or the checker of the centre."""
        near = [one for one in self._of_region.get(seen.region, ()) if one.worker != seen.handler]
        return draw.choice(near) if near and draw.random() < 0.6 else self._seats["checker"]

    def of_region(self, regions: Iterable[str]) -> list[Played]:
        """The workers of these regions."""
        return [one for region in regions for one in self._of_region.get(region, ())]
