"""What the two budgets (API and images) share: cool-downs, and a sleep that can be cut short."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, TypeVar

from pixmirror.clock import DAY_MS, Clock, next_jst_midnight
from pixmirror.errors import AccountWarned

S = TypeVar("S")
LONGEST_NAP = 60.0
# This share of a day's requests and bytes is kept for new works and what completes them: a long backfill spends a
# day by noon, and what is posted after that would wait for midnight.
KEPT = 0.05


WARNED = "Pixiv has warned the account of too many requests"
UNREADABLE = 1  # as the time of a warning: whether there was one cannot be read, which counts as one


def warned_at(saved: object) -> int:
    """Return when Pixiv warned the account, by the saved state of the budget of requests; 0: nobody was warned."""
    found = saved.get("warned_at", 0) if isinstance(saved, Mapping) else None
    if isinstance(found, int | float) and 0 <= found < float("inf"):
        return int(found)
    return UNREADABLE


class Blocked(NamedTuple):
    """Why nothing is sent now, and until when (ms UTC; None: until somebody resumes)."""

    until: int | None
    reason: str

    @property
    def ended_by(self) -> str:
        """The command that ends what has no end of its own."""
        return "pixmirror resume --warning-read" if self.reason == WARNED else "pixmirror resume"


def cooldown_ms(strikes: int, retry_after: float | None, first: float, longest: float) -> int:
    """Return how long to be quiet at the given strike in a row; what Pixiv names itself counts, up to a day."""
    if retry_after is not None:
        return int(min(max(retry_after, 0.0), DAY_MS / 1000) * 1000)
    return int(min(first * 2 ** min(max(strikes - 1, 0), 16), longest) * 1000)


def cooldown_left(until: int, now: int) -> int:
    """Return the ms that are left; 0 where it is over, or so far off that the clock must have been set back."""
    left = until - now
    return left if 0 < left <= DAY_MS else 0


class Alarm:
    """Sleep on the clock given, in naps short enough to notice that it jumps; `ring` ends the sleep."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bell = asyncio.Event()

    def ring(self) -> None:
        self._bell.set()

    async def sleep(self, seconds: float | None) -> None:
        """Sleep that long at most, or until rung if None. The caller looks again afterwards."""
        self._bell.clear()
        if seconds is None:
            await self._bell.wait()
            return
        timer = asyncio.ensure_future(self._clock.sleep(min(seconds, LONGEST_NAP)))
        bell = asyncio.ensure_future(self._bell.wait())
        try:
            await asyncio.wait((timer, bell), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            bell.cancel()
            await asyncio.gather(timer, bell, return_exceptions=True)
        if not timer.cancelled():
            timer.result()


class Gate(Generic[S]):
    """What both budgets are: closed while somebody holds it, during a cool-down, or when the day is spent; and
    frozen after a warning of the account, when nobody waits: who asks gets an AccountWarned.

    Its `state`, which `on_change` gets, must outlive a restart.
    """

    def __init__(
        self, clock: Clock, state: S, on_change: Callable[[S], None] | None, cooldowns: tuple[float, float]
    ) -> None:
        self._clock = clock
        self._alarm = Alarm(clock)
        self._hold: Blocked | None = None
        self._state = state
        self._on_change = on_change
        self._cooldowns = cooldowns  # seconds: the first, and the longest
        self._frozen = False

    @property
    def state(self) -> S:
        return self._state

    def _changed(self) -> None:
        if self._on_change:
            self._on_change(self._state)

    def hold_until(self, ms: int | None, reason: str) -> None:
        """Start nothing until that moment, or until `resume()` if None: quiet hours, a pause. What runs goes on.
        Not kept over restarts.
        """
        self._hold = Blocked(ms, reason)
        self._alarm.ring()

    def resume(self) -> None:
        self._hold = None
        self._alarm.ring()

    @property
    def is_frozen(self) -> bool:
        return self._frozen

    def freeze(self) -> None:
        """Send nothing until `thaw()`: Pixiv has warned the account."""
        self._frozen = True
        self._alarm.ring()

    def thaw(self) -> None:
        """Go on: a person has read the warning."""
        self._frozen = False
        self._alarm.ring()

    def refuse_if_frozen(self) -> None:
        """Raise AccountWarned while nothing may be sent."""
        if self._frozen:
            raise AccountWarned(f"{WARNED}: nothing is sent.")

    def _closed(self, now: int, cooldown_until: int, cooling: str, spent: str | None) -> Blocked | None:
        """Return the longest of what keeps it closed. `cooling` and `spent` are reasons, None: it is not spent."""
        if self._frozen:
            return Blocked(None, WARNED)
        reasons = []
        if self._hold and (self._hold.until is None or self._hold.until > now):
            reasons.append(self._hold)
        if left := cooldown_left(cooldown_until, now):
            reasons.append(Blocked(now + left, cooling))
        if spent is not None:
            reasons.append(Blocked(next_jst_midnight(now), spent))
        return max(reasons, key=lambda b: float("inf") if b.until is None else b.until, default=None)
