"""The budget of the image host: bytes a day, connections, and backing off when it throttles or refuses."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from pixmirror.clock import Clock, jst_day
from pixmirror.models import Lane
from pixmirror.pixiv.waiting import KEPT, Blocked, Gate, cooldown_left, cooldown_ms

# pixiv.md 5.3: the host does not refuse, it throttles to 10-15 KB/s. Short transfers tell nothing.
COLLAPSED = 32 * 1024
HEALTHY = 4 * COLLAPSED
JUDGED_SECONDS = 2.0
JUDGED_BYTES = 256 * 1024
SAMPLES = 8
# Fewer connections that carry as much as more did before: then the line itself is slow, and a pause helps nothing.
AS_MUCH = 0.75
SAME_AGAIN = 2  # pauses that changed nothing, where the connections cannot be fewer
OWN_LINE_MS = 6 * 3_600_000


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What must outlive a restart; `connections` is the reduced number, 0 while all are allowed."""

    day: str = ""
    bytes_today: int = 0
    cooldown_until: int = 0
    strikes: int = 0
    connections: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the saved state; a fresh one if what was saved is not understood."""
        try:
            numbers = ("bytes_today", "cooldown_until", "strikes", "connections")
            return cls(day=str(data["day"]), **{name: max(int(data[name]), 0) for name in numbers})
        except (KeyError, TypeError, ValueError, OverflowError):
            return cls()


class ImageBudget(Gate[BudgetState]):
    """Let at most `allowed` transfers run, none while the day's bytes are spent or the host wants quiet.

    When the median of the last transfers collapses to what throttling looks like, the connections are
    halved and there is a pause; healthy transfers bring them back one by one. Bytes are counted by the
    Japanese day, as they arrive, so the cap can be passed by what is in flight.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        bytes_per_day: int,
        connections: int,
        state: BudgetState | None = None,
        on_change: Callable[[BudgetState], None] | None = None,
        first_cooldown: float = 60,
        max_cooldown: float = 1200,
    ) -> None:
        super().__init__(clock, state or BudgetState(), on_change, (first_cooldown, max_cooldown))
        self._door = asyncio.Lock()
        self._speeds: deque[float] = deque(maxlen=SAMPLES)
        self._collapsed: tuple[float, int] | None = None  # bytes a second in all, over so many connections
        self._same = 0
        self._own_line_until = 0
        self._in_use = 0
        self._bytes_per_day = bytes_per_day
        self._connections = connections

    @property
    def allowed(self) -> int:
        """How many transfers may run at once now."""
        return max(1, min(self._state.connections or self._connections, self._connections))

    @property
    def is_busy(self) -> bool:
        """True while as many transfers run as may."""
        return self._in_use >= self.allowed

    @property
    def bytes_today(self) -> int:
        return self._state.bytes_today if self._state.day == jst_day(self._clock.now()) else 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait, in order of arrival, until a transfer may start; it runs in the body."""
        async with self._door:
            self.refuse_if_frozen()
            while (delay := self._delay()) != 0:
                await self._alarm.sleep(delay)
                self.refuse_if_frozen()
            self._in_use += 1
        try:
            yield
        finally:
            self._in_use -= 1
            self._alarm.ring()

    def received(self, count: int) -> None:
        """Count bytes that arrived. Cheap: `on_change` hears of them when the transfer is finished."""
        day = jst_day(self._clock.now())
        before = self._state.bytes_today if self._state.day == day else 0
        self._state = replace(self._state, day=day, bytes_today=before + count)

    def finished(self, count: int, seconds: float) -> None:
        """Note that a transfer ended, whole or not, after so many bytes and seconds."""
        if seconds > 0 and (count >= JUDGED_BYTES or seconds >= JUDGED_SECONDS):
            self._speeds.append(count / seconds)
            self._judge()
        self._changed()

    def slow_down(self, retry_after: float | None = None) -> None:
        """Take back connections and be quiet for a while, as the host said 429."""
        now, state = self._clock.now(), self._state
        if cooldown_left(state.cooldown_until, now) and retry_after is None:
            return
        strikes = state.strikes + (0 if cooldown_left(state.cooldown_until, now) else 1)
        quiet = now + cooldown_ms(strikes, retry_after, *self._cooldowns)
        self._state = replace(
            state,
            strikes=strikes,
            cooldown_until=max(quiet, state.cooldown_until),
            connections=max(1, self.allowed // 2),
        )
        self._speeds.clear()
        self._changed()

    def configure(self, *, bytes_per_day: int, connections: int) -> None:
        self._bytes_per_day, self._connections = bytes_per_day, connections
        self._alarm.ring()

    def blocked_until(self, lane: Lane = Lane.NEW) -> Blocked | None:
        """Return what keeps a lane's transfers back now, the longest first; None if nothing does."""
        spent = None
        if self._bytes_per_day and self.bytes_today >= self._bytes_per_day:
            spent = "today's image bytes are spent"
        elif self.keeps_back(lane):
            spent = "the rest of today's image bytes is for new works"
        cooling = "cooling down: the image host throttles us"
        return self._closed(self._clock.now(), self._state.cooldown_until, cooling, spent)

    def keeps_back(self, lane: Lane) -> bool:
        """True if this lane's files should wait for tomorrow: today's last bytes are for higher ones."""
        return lane >= Lane.BACKFILL and 0 < self._bytes_per_day * (1 - KEPT) <= self.bytes_today

    def _judge(self) -> None:
        if len(self._speeds) < SAMPLES:
            return
        median = sorted(self._speeds)[SAMPLES // 2]
        if median < COLLAPSED:
            self._collapse(median)
            return
        self._collapsed, self._same = None, 0
        if median >= HEALTHY and (self._state.connections or self._state.strikes):
            more = self.allowed + 1
            self._state = replace(self._state, strikes=0, connections=0 if more >= self._connections else more)
            self._speeds.clear()
            self._alarm.ring()

    def _collapse(self, median: float) -> None:
        """Answer throttling by fewer connections and a pause, unless our own line is slow."""
        now, total, before = self._clock.now(), median * self.allowed, self._collapsed
        self._speeds.clear()
        if 0 < self._own_line_until - now <= OWN_LINE_MS:
            return
        as_much = before is not None and total >= AS_MUCH * before[0]
        self._same = self._same + 1 if as_much else 0
        if before is not None and as_much and (self.allowed < before[1] or self._same >= SAME_AGAIN):
            self._own_line_until, self._collapsed, self._same = now + OWN_LINE_MS, None, 0
            self._state = replace(self._state, strikes=0)
            return
        self._collapsed = total, self.allowed
        self.slow_down()

    def _delay(self) -> float | None:
        """Return the seconds until it is worth looking again; None: until the alarm rings; 0: go."""
        if blocked := self.blocked_until():
            return None if blocked.until is None else max(blocked.until - self._clock.now(), 1) / 1000
        return None if self._in_use >= self.allowed else 0.0
