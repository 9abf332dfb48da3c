"""People and the tokens of programs. Secrets are kept hashed: passwords by Argon2, random ones by SHA-256."""

import functools
import hashlib
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import argon2
import msgspec

from domain.people import Person
from store import keys
from store.errors import StoreBusy, StoreUnavailable
from store.store import Store, _answers

SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 1024
_NAME: Final = re.compile(r"[\w.@-]{1,64}")
_ROWS: Final = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7")
_COMMON: Final = re.compile(
    "password|passw0rd|qwerty|iloveyou|woaini|admin|welcome|letmein|1q2w3e4r|5201314|1314520|abc123|123456"
)
_LEFT: Final = 6  # characters that a password must have besides what everybody tries
_hasher: Final = argon2.PasswordHasher()
HASHED_AT_ONCE: Final = 2  # 64 MiB and a core each
HASHES_WAITING: Final = 16  # each keeps a thread of the web process: many log-ins at once must not stop the screens
_hashing = threading.BoundedSemaphore(HASHED_AT_ONCE)
_waiting = threading.BoundedSemaphore(HASHES_WAITING)
_CHANGES: Final = 20


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who logs in. `must_change`: the password was given by somebody else. `demo`: made for the demo city."""

    name: str
    title: str = ""
    roles: tuple[str, ...] = ()
    scope: str = ""
    department: str = ""
    worker: str = ""
    password: str = ""
    must_change: bool = False
    disabled: bool = False
    demo: bool = False
    made_at_ms: int = 0

    @property
    def person(self) -> Person:
        mine = (self.roles, self.scope, self.department, self.worker)
        title = self.title or self.name
        return Person(name=self.name, title=title, roles=mine[0], scope=mine[1], department=mine[2], worker=mine[3])


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What a program, or a wall, shows instead of a log-in. `scenes`: a wall's, () all. `ends_at_ms` 0: never. `demo`: of one
    whom a simulator plays.
    """

    name: str
    roles: tuple[str, ...]
    scope: str
    department: str = ""
    worker: str = ""
    title: str = ""
    scenes: tuple[str, ...] = ()
    demo: bool = False
    made_at_ms: int = 0
    ends_at_ms: int = 0

    @property
    def person(self) -> Person:
        return Person(
            name=f"token:{self.name}", title=self.title or self.name, roles=self.roles, scope=self.scope,
            department=self.department, worker=self.worker, scenes=self.scenes, played=self.demo,
        )  # fmt: skip


class NoSuchPerson(Exception):
    """There is no account of that name."""


def hashed(secret: str) -> str:
    """SHA-256: for long random secrets, which need no slow hash."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def plain_name(text: str) -> str:
    """A name as it is kept: half width, without blanks around it, of signs that can be kept."""
    return unicodedata.normalize("NFKC", text).strip().encode(errors="replace").decode()


def _checked_name(name: str, others: Iterable[str]) -> None:
    """Raises ValueError for a name that cannot be, or that looks like one of the others."""
    if not _NAME.fullmatch(name) or name != plain_name(name):
        raise ValueError("a name is 1 to 64 letters, digits, `.`, `@`, `-` or `_`")
    if twin := next((other for other in others if other.casefold() == name.casefold()), ""):
        raise ValueError(f"{name}: there is {twin!r} already")


def password_faults(name: str, password: str) -> str:
    """Why a password cannot be, as a key of the catalogue; "" when it can."""
    if len(password) < SHORTEST_PASSWORD:
        return "password.short"
    if len(password) > LONGEST_PASSWORD:
        return "password.long"
    plain = password.casefold()
    own = plain.replace(name.casefold(), "") if name else plain
    easy = len(set(plain)) < 5 or any(plain in row or plain in row[::-1] for row in _ROWS)
    return "password.weak" if easy or len(own) < _LEFT or len(_COMMON.sub("", own)) < _LEFT else ""


# accounts


def account(store: Store, name: str) -> Account | None:
    with _answers():
        found = store.client.hget(keys.people(), name)
    return None if found is None else msgspec.json.decode(found, type=Account)


def accounts(store: Store) -> list[Account]:
    """All accounts by name, the disabled ones too."""
    with _answers():
        found = store.client.hgetall(keys.people())
    return sorted((msgspec.json.decode(told, type=Account) for told in found.values()), key=lambda a: a.name)


def add_account(store: Store, new: Account, password: str) -> None:
    """Make an account. Raises ValueError for a name that cannot be, or is taken."""
    with _answers():
        names = [name.decode() for name in store.client.hkeys(keys.people())]
    _checked_name(new.name, names)
    kept = msgspec.structs.replace(new, password=_hash(password))
    with _answers():
        if not store.client.hsetnx(keys.people(), new.name, msgspec.json.encode(kept)):
            raise ValueError(f"{new.name}: there is {new.name!r} already")


_SWAP: Final = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""


def change_account(store: Store, name: str, **changed: Any) -> Account:
    """Change fields of an account (`password` is told in clear) and no others, whoever else changes it meanwhile.

    The log-ins of who is disabled are worth nothing from now on; those of who gets another password are the caller's to end
    (`store.logins`). Raises NoSuchPerson.
    """
    if "password" in changed:
        changed["password"] = _hash(changed["password"])
    for _ in range(_CHANGES):
        with _answers():
            held = store.client.hget(keys.people(), name)
        if held is None:
            raise NoSuchPerson(name)
        after = msgspec.structs.replace(msgspec.json.decode(held, type=Account), **changed)
        with _answers():
            if store.client.eval(_SWAP, 1, keys.people(), name, held, msgspec.json.encode(after)):
                return after
    raise StoreUnavailable(f"the account of {name} is changed all the time")


@contextmanager
def _a_place_to_hash() -> Iterator[None]:
    """Raises StoreBusy when too many wait for one already."""
    if not _waiting.acquire(blocking=False):
        raise StoreBusy("too many log in at once")
    try:
        with _hashing:
            yield
    finally:
        _waiting.release()


def _hash(password: str) -> str:
    with _a_place_to_hash():
        return _hasher.hash(password.encode(errors="replace"))


@functools.cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(12))


def proved(store: Store, name: str, password: str) -> Account | None:
    """The account, if the password is its own and it is not disabled. Takes as long for a name that there is not.

    Raises StoreBusy when too many ask at once.
    """
    found = account(store, name)
    with _a_place_to_hash():
        try:
            _hasher.verify(found.password if found else _nobody(), password[:LONGEST_PASSWORD].encode(errors="replace"))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return None
    return None if found is None or found.disabled else found


# tokens


def add_token(store: Store, new: Token, secret: str = "") -> str:
    """Keep a token under a new secret, or under the one given; returns the secret.

    Raises ValueError for a name that cannot be, or is taken, and for another token's secret.
    """
    _checked_name(new.name, (token.name for token in tokens(store)))
    secret = secret or f"gh_{secrets.token_urlsafe(32)}"
    with _answers():
        if not store.client.hsetnx(keys.tokens(), hashed(secret), msgspec.json.encode(new)):
            raise ValueError(f"{new.name}: that secret is another token's")
    return secret


def tokens(store: Store) -> list[Token]:
    with _answers():
        found = store.client.hvals(keys.tokens())
    return sorted((msgspec.json.decode(told, type=Token) for told in found), key=lambda token: token.name)


def remove_token(store: Store, name: str) -> bool:
    """Revoke a token; the walls that entered with it are logged out with it."""
    with _answers():
        found = store.client.hgetall(keys.tokens())
        gone = [key for key, told in found.items() if msgspec.json.decode(told, type=Token).name == name]
        return bool(gone and store.client.hdel(keys.tokens(), *gone))


def set_demo_tokens(store: Store, wanted: Mapping[str, Token]) -> None:
    """Let exactly these be the tokens of the demo, by their secrets; those that stay so are not touched."""
    kept = {hashed(secret).encode(): token for secret, token in wanted.items()}
    with _answers():
        found = {key: msgspec.json.decode(told, type=Token) for key, told in store.client.hgetall(keys.tokens()).items()}
        gone = [key for key, token in found.items() if token.demo and key not in kept]
        new = {key: msgspec.json.encode(token) for key, token in kept.items() if not _is_same(found.get(key), token)}
        pipe = store.client.pipeline(transaction=True)
        if gone:
            pipe.hdel(keys.tokens(), *gone)
        if new:
            pipe.hset(keys.tokens(), mapping=new)
        pipe.execute()


def _is_same(held: Token | None, wanted: Token) -> bool:
    return held is not None and msgspec.structs.replace(held, made_at_ms=wanted.made_at_ms) == wanted


def token_of(store: Store, digest: str, now_ms: int) -> Token | None:
    """The token whose secret has this SHA-256; None when there is none or it has ended."""
    with _answers():
        told = store.client.hget(keys.tokens(), digest)
    token = None if told is None else msgspec.json.decode(told, type=Token)
    return None if token is None or 0 < token.ends_at_ms <= now_ms else token


# what the web processes share


def web_secret(store: Store) -> bytes:
    """The secret that signs cookies; made at the first start."""
    with _answers():
        store.client.set(keys.web_secret(), secrets.token_bytes(32), nx=True)
        return bytes(store.client.get(keys.web_secret()))


def order_number(store: Store, prefix: str, day: str, action_id: str) -> str:
    """The number of the order that a report becomes: prefix-YYYYMMDD-0001. The same report gets the same one again."""
    compact = day.replace("-", "")
    with _answers():
        found = store.client.get(keys.births(action_id))
        if found is None:
            serial = store.client.incr(keys.numbers(compact))
            store.client.expire(keys.numbers(compact), 3 * 86_400)
            number = f"{prefix}-{compact}-{serial:04d}"
            store.client.set(keys.births(action_id), number, nx=True, ex=90 * 86_400)
            found = store.client.get(keys.births(action_id))
        return str(found.decode())
