"""How a browser is let in: by a key of the printed address, or by the password."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pixmirror import logs
from pixmirror.clock import Clock

KEY_S = 600.0
MOST_KEYS = 20
LONGEST_PASSWORD = 1024  # characters

FREE_TRIES = 3  # wrong ones, before each next one waits
FIRST_WAIT_S = 4.0
LONGEST_WAIT_S = 900.0
MOST_CALLERS = 1000
MOST_A_MINUTE = 30  # wrong ones of all callers together
MOST_WAITING = 8  # tries, while one is looked at


def digest(secret: str) -> str:
    """Return what is kept instead of a secret that is long and random."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Keys:
    """Keys that are not used yet, each good for one browser within ten minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()  # by digest

    def make(self) -> str:
        """Return a new key. No log ever shows it."""
        key = secrets.token_urlsafe(24)
        logs.hide(key, passing=True)
        self._until[digest(key)] = self._clock.monotonic() + KEY_S
        while len(self._until) > MOST_KEYS:
            self._until.popitem(last=False)
        return key

    def take(self, key: str) -> bool:
        """Return whether the key is good; it is so no more."""
        until = self._until.pop(digest(key), None)
        return until is not None and self._clock.monotonic() < until


@dataclass(slots=True)
class _Failures:
    number: int = 0
    wait_until: float = 0.0


class Tries:
    """How soon a password may be tried again: wrong ones make the next one wait, longer each time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lately: deque[float] = deque(maxlen=MOST_A_MINUTE)

    def wait_s(self, caller: str) -> float:
        """Return how long this caller has to wait, in seconds; 0 if it may try now."""
        now = self._clock.monotonic()
        known = self._failures.get(caller)
        all_of_them = self._lately[0] + 60 if len(self._lately) == MOST_A_MINUTE else 0.0
        return max(0.0, (known.wait_until if known else 0.0) - now, all_of_them - now)

    def failed(self, caller: str) -> None:
        """Count a wrong password."""
        now = self._clock.monotonic()
        self._lately.append(now)
        known = self._failures.setdefault(caller, _Failures())
        self._failures.move_to_end(caller)
        known.number += 1
        if known.number >= FREE_TRIES:
            known.wait_until = now + min(FIRST_WAIT_S * 2.0 ** min(known.number - FREE_TRIES, 20), LONGEST_WAIT_S)
        while len(self._failures) > MOST_CALLERS:
            self._failures.popitem(last=False)

    def succeeded(self, caller: str) -> None:
        """Forget what this caller got wrong."""
        self._failures.pop(caller, None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a password was tried, and was right; `wait_s` until the caller may try the next one."""

    right: bool
    wait_s: float = 0.0
    tried: bool = False


class Password:
    """The gallery's password, of which only a hash is known. One is tried at a time, which takes memory and a
    core.
    """

    def __init__(self, kept: str, clock: Clock) -> None:
        self._kept = kept
        self._tries = Tries(clock)
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def try_one(self, given: str, caller: str) -> Outcome:
        """Say whether this is the password, if the caller may try one now."""
        if self._waiting >= MOST_WAITING:
            return Outcome(False, FIRST_WAIT_S)
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await self._try(given, caller)
        finally:
            self._waiting -= 1

    async def _try(self, given: str, caller: str) -> Outcome:
        if wait := self._tries.wait_s(caller):
            return Outcome(False, wait)
        right = len(given) <= LONGEST_PASSWORD and await asyncio.to_thread(is_right, self._kept, given)
        (self._tries.succeeded if right else self._tries.failed)(caller)
        return Outcome(right, 0.0 if right else self._tries.wait_s(caller), tried=True)


def password_hash(password: str) -> str:
    """Return what is kept of a password."""
    return PasswordHasher().hash(password)


def is_right(kept: str, given: str) -> bool:
    """Return whether a password is the one that was kept. Takes a moment, on purpose."""
    try:
        return PasswordHasher().verify(kept, given)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
