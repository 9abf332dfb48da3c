"""Log-ins: those that last, kept under the hash of their secret, and the count of those that failed."""

import hashlib
from typing import Any, Final

import msgspec

from domain.people import Person
from store import keys
from store.people import account, hashed, token_of
from store.store import Store, _answers

MOST_LOG_INS: Final = 100
"""Log-ins that one name has at a time (a wall's link opens many screens); one more ends the one that was used longest ago."""

UNUSED_MS: Final = 90 * 86_400_000
"""A log-in that nobody uses for so long is forgotten, however long it was given."""

TRIES_WINDOW_S: Final = 900
TRIES: Final = {"address": 60, "name": 100, "name from address": 10}
"""Failed log-ins within the window before an address, a name, or a name from one address has to wait for the window's end."""

CAME_S: Final = 30 * 86_400
_TELL_EVERY: Final = 100


class LogIn(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in that lasts. `token`: SHA-256 of the token that a wall entered with; it ends with that token."""

    id: str  # names it in lists; tells nothing of its secret
    name: str = ""
    token: str = ""
    made_at_ms: int = 0
    seen_at_ms: int = 0
    ends_at_ms: int = 0
    address: str = ""
    agent: str = ""


class Known(msgspec.Struct, frozen=True):
    """Somebody whom a secret has proved. `log_in` None: a program with its token in each request."""

    person: Person
    log_in: LogIn | None
    must_change: bool = False


class Try(msgspec.Struct, frozen=True):
    """A log-in that is begun. `wait_s` above 0: it may not be tried for so long; `tell`: and the log is to be told so (not of
    each one of a long row).
    """

    wait_s: int = 0
    tell: bool = True


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LogIn).decode


# those that last


def log_in(store: Store, secret: str, new: LogIn, now_ms: int) -> None:
    """Keep a log-in under its secret."""
    digest = hashed(secret)
    gone = _too_many(_held(store, new.name), now_ms)
    with _answers():
        pipe = store.client.pipeline(transaction=True)
        if gone:
            pipe.delete(*(keys.session(one) for one in gone.values()))
            pipe.hdel(keys.sessions(new.name), *gone)
        pipe.set(keys.session(digest), _encode(new), px=_kept_ms(new, now_ms))
        pipe.hset(keys.sessions(new.name), new.id, digest)
        pipe.pexpire(keys.sessions(new.name), UNUSED_MS)
        pipe.execute()


def _kept_ms(one: LogIn, now_ms: int) -> int:
    return max(min(one.ends_at_ms - now_ms, UNUSED_MS), 1)


def _held(store: Store, name: str) -> dict[str, tuple[str, LogIn | None]]:
    """id → (digest of the secret, the log-in; None: it has gone)."""
    with _answers():
        told = {key.decode(): digest.decode() for key, digest in store.client.hgetall(keys.sessions(name)).items()}
        found = store.client.mget([keys.session(digest) for digest in told.values()]) if told else []
    kept = (None if one is None else _decode(one) for one in found)
    return {key: (digest, one) for (key, digest), one in zip(told.items(), kept, strict=True)}


def _too_many(held: dict[str, tuple[str, LogIn | None]], now_ms: int) -> dict[str, str]:
    """id → digest of those that are to go before another comes: the ended ones, then those used longest ago."""
    gone = {key: digest for key, (digest, one) in held.items() if one is None or one.ends_at_ms <= now_ms}
    left = [(one.seen_at_ms, key) for key, (_, one) in held.items() if one is not None and key not in gone]
    for _, key in sorted(left)[: max(len(left) - MOST_LOG_INS + 1, 0)]:
        gone[key] = held[key][0]
    return gone


def known_by_session(store: Store, secret: str, now_ms: int, idle_ms: int) -> Known | None:
    """Whose log-in it is; None when there is none, it has expired, or the account or token behind it is no more."""
    with _answers():
        told = store.client.get(keys.session(hashed(secret)))
    if told is None:
        return None
    found = _decode(told)
    if found.ends_at_ms <= now_ms or (not found.token and found.seen_at_ms + idle_ms <= now_ms):
        return None
    if found.token:
        token = token_of(store, found.token, now_ms)
        return Known(token.person, found) if token else None
    of = account(store, found.name)
    return None if of is None or of.disabled else Known(of.person, found, of.must_change)


def known_by_token(store: Store, secret: str, now_ms: int) -> Known | None:
    """Whose token it is; None when there is none or it has ended."""
    token = token_of(store, hashed(secret), now_ms)
    return Known(token.person, None) if token else None


def touch(store: Store, secret: str, found: LogIn, now_ms: int) -> None:
    """Note that a log-in is used; a log-in that was ended meanwhile stays ended."""
    later = msgspec.structs.replace(found, seen_at_ms=now_ms)
    with _answers():
        pipe = store.client.pipeline(transaction=False)
        pipe.set(keys.session(hashed(secret)), _encode(later), xx=True, px=_kept_ms(later, now_ms))
        pipe.pexpire(keys.sessions(found.name), UNUSED_MS)
        pipe.execute()


def log_ins(store: Store, name: str) -> list[LogIn]:
    """The log-ins of somebody, newest first."""
    mine = [one for _, one in _held(store, name).values() if one is not None]
    return sorted(mine, key=lambda one: -one.made_at_ms)


def end_log_ins(store: Store, name: str, only: str = "", but: str = "") -> int:
    """End log-ins of somebody: all, the one whose id is `only`, or all but `but`. How many."""
    gone = {
        key: digest for key, (digest, _) in _held(store, name).items() if key != but and (not only or key == only)
    }
    if not gone:
        return 0
    with _answers():
        pipe = store.client.pipeline(transaction=True)
        pipe.delete(*(keys.session(digest) for digest in gone.values()))
        pipe.hdel(keys.sessions(name), *gone)
        return int(pipe.execute()[0])


def end_session(store: Store, secret: str) -> None:
    """End the log-in of this secret, if there is one."""
    with _answers():
        store.client.delete(keys.session(hashed(secret)))


# those that fail

_COUNT: Final = """
local window, address, counts_name = tonumber(ARGV[1]), ARGV[2], ARGV[3] == '1'
local function beyond(key, n, most)
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, window) end
  if n > tonumber(most) then return {redis.call('TTL', key), n - most} end
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  local over = beyond(KEYS[2], redis.call('INCR', KEYS[2]), ARGV[4])
  if not over and counts_name then over = beyond(KEYS[3], redis.call('HINCRBY', KEYS[3], '*', 1), ARGV[5]) end
  if over then return over end
end
return counts_name and beyond(KEYS[3], redis.call('HINCRBY', KEYS[3], address, 1), ARGV[6]) or {0, 0}
"""
_RIGHT: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  if tonumber(redis.call('GET', KEYS[2]) or '0') > 0 then redis.call('DECR', KEYS[2]) end
  if tonumber(redis.call('HGET', KEYS[3], '*') or '0') > 0 then redis.call('HINCRBY', KEYS[3], '*', -1) end
end
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
return 1
"""


def begin_try(store: Store, name: str, address: str) -> Try:
    """Count a log-in before it is judged, so that many at once are not more than the limit; one that was right is taken off
    again (`was_right`).

    Nobody can lock somebody else out: a name is counted per address. The wider counts, of an address and of a name over all
    addresses, do not hold for who has logged in by this name from this address within CAME_S. `name` "" (a token is shown):
    the address alone is counted.
    """
    counted = (TRIES_WINDOW_S, address[:64], int(bool(name)), *TRIES.values())
    with _answers():
        told: Any = store.client.eval(_COUNT, 3, *_tries(name, address), *counted)
    wait_s, over = int(told[0]), int(told[1])
    return Try(max(wait_s, 1), over == 1 or over % _TELL_EVERY == 0) if over else Try()


def was_right(store: Store, name: str, address: str) -> None:
    """Take off what `begin_try` has counted, and remember that this name has come from this address."""
    with _answers():
        store.client.eval(_RIGHT, 3, *_tries(name, address), CAME_S, address[:64])


def forget_tries(store: Store, name: str) -> None:
    """Let somebody of that name try again at once, wherever he is."""
    with _answers():
        store.client.delete(_tries(name, "")[2])


def _tries(name: str, address: str) -> tuple[str, str, str]:
    """Names are hashed, because they are whatever a stranger has typed, a password in the wrong field too."""
    of_name = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:32]
    return keys.came(of_name, address[:64]), keys.tries("address", address[:64]), keys.tries("name", of_name)
