"""What people are called: staff by the roster, those who log in by their account. Asked of the store now and then."""

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING, Final

from store import people
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.hall import Hall
    from store.store import Store

log = logging.getLogger(__name__)

FRESH_S: Final = 20.0


class _Titles:
    def __init__(self) -> None:
        self.asked_at_s = float("-inf")
        self.titles: dict[str, str] = {}
        self.lock = threading.Lock()

    def of(self, hall: "Hall", name: str) -> str:
        """While one asks the store, the others go on with what is known."""
        if time.monotonic() - self.asked_at_s > FRESH_S and hasattr(hall.store, "client") and self.lock.acquire(blocking=False):
            try:
                self.asked_at_s = time.monotonic()
                self.titles = _ask(hall.store)  # type: ignore[arg-type]
            except StoreError as silent:
                log.debug("the names of people stand: %s", silent)  # the hall itself tells of the outage
            finally:
                self.lock.release()
        return self.titles.get(name) or name


def _ask(store: "Store") -> dict[str, str]:
    people_of = {account.name: account.title for account in people.accounts(store)}
    return people_of | {token.person.name: token.title for token in people.tokens(store) if token.title}


_titles: "weakref.WeakKeyDictionary[Hall, _Titles]" = weakref.WeakKeyDictionary()


def title_of(hall: "Hall", actor: str) -> str:
    """The name of who acted: the roster's, else the account's, else the id itself."""
    if not actor:
        return ""
    entry = hall.city.roster.get(actor)
    if entry is not None:
        return entry.name
    return _titles.setdefault(hall, _Titles()).of(hall, actor)
