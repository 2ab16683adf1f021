"""The one budget of requests to Pixiv's API: who may send next, and when. Survives restarts through PacerState."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from pixmirror.clock import Clock
from pixmirror.models import Lane
from pixmirror.pixiv.waiting import KEPT, Blocked, Gate, cooldown_left, cooldown_ms, jst_day, next_jst_midnight

SLOWEST = 8.0
STEP_UP = 0.9
SUCCESSES_PER_STEP = 50


# A waiting lane gets one slot in so many (5%), and no more while a higher one waits.
ONE_IN = 20
# Of a day's requests some are kept for new works (KEPT). Others stop so many earlier: what is under way by then is
# still answered, so that none holds a list until midnight.
UNDER_WAY = 10


@dataclass(frozen=True, slots=True)
class PacerState:
    """What must outlive a restart. `slowness` multiplies the configured interval; times are ms UTC."""

    slowness: float = 1.0
    strikes: int = 0
    successes: int = 0
    cooldown_until: int = 0
    last_start: int = 0
    day: str = ""
    spent_today: int = 0
    spent_by_lane: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "spent_by_lane": dict(self.spent_by_lane)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The saved state; a fresh one if what was saved is not understood."""
        try:
            return cls(
                slowness=min(max(float(data["slowness"]), 1.0), SLOWEST),
                strikes=max(int(data["strikes"]), 0),
                successes=max(int(data["successes"]), 0),
                cooldown_until=int(data["cooldown_until"]),
                last_start=int(data["last_start"]),
                day=str(data["day"]),
                spent_today=max(int(data["spent_today"]), 0),
                spent_by_lane={str(k): int(v) for k, v in dict(data["spent_by_lane"]).items()},
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return cls()


class Pacer(Gate):
    """Gives requests their turn: highest lane first, first come first served within one, none starved.

    With a pace there is one request at a time and `interval_ms` between two starts; without (`per_minute`
    0) any number at once. A rate limit halves the pace and brings a cool-down; 50 successes give a tenth of
    the pace back. `per_day` counts by the Japanese day. `on_change` gets the state at each started request
    and each slow-down.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        per_minute: float,
        per_day: int = 0,
        state: PacerState | None = None,
        on_change: Callable[[PacerState], None] | None = None,
        first_cooldown: float = 300,
        max_cooldown: float = 1200,
    ) -> None:
        super().__init__(clock)
        self._state = state or PacerState()
        self._on_change = on_change
        self._first_cooldown = first_cooldown
        self._max_cooldown = max_cooldown
        self._queues: dict[Lane, deque[asyncio.Future[None]]] = {lane: deque() for lane in Lane}
        self._passed_over = dict.fromkeys(Lane, 0)
        self._in_flight = 0
        self._task: asyncio.Task[None] | None = None
        self._per_minute = per_minute
        self._per_day = per_day

    @property
    def state(self) -> PacerState:
        return self._state

    @property
    def interval_ms(self) -> int:
        """Between the starts of two requests, as slowed down as it is now; 0 without a pace."""
        return round(60_000 / self._per_minute * self._state.slowness) if self._per_minute > 0 else 0

    @property
    def spent_today(self) -> int:
        return self._state.spent_today if self._state.day == jst_day(self._clock.now()) else 0

    @property
    def waiting(self) -> dict[Lane, int]:
        """How many requests wait in each lane that has any."""
        return {lane: len(queue) for lane, queue in self._queues.items() if queue}

    @asynccontextmanager
    async def turn(self, lane: Lane) -> AsyncIterator[None]:
        """Wait for this request's slot and hold it for the body."""
        await self._acquire(lane)
        try:
            self._changed()
            yield
        finally:
            self._in_flight -= 1
            self._alarm.ring()

    def succeeded(self) -> None:
        """A request was answered as it should be; enough of these bring the pace back."""
        state = self._state
        if state.slowness <= 1.0 and not state.strikes:
            return
        if state.successes + 1 < SUCCESSES_PER_STEP:
            self._state = replace(state, successes=state.successes + 1)
            return
        self._state = replace(state, successes=0, strikes=0, slowness=max(1.0, state.slowness * STEP_UP))
        self._changed()

    def slow_down(self, retry_after: float | None = None) -> None:
        """Pixiv limits us: half the pace, and quiet for a while. Called again during a cool-down it only
        extends it.
        """
        now, state = self._clock.now(), self._state
        if cooldown_left(state.cooldown_until, now):
            longer = now + cooldown_ms(0, retry_after, 0, 0) if retry_after is not None else 0
            self._state = replace(state, successes=0, cooldown_until=max(state.cooldown_until, longer))
        else:
            strikes = state.strikes + 1
            quiet = cooldown_ms(strikes, retry_after, self._first_cooldown, self._max_cooldown)
            slowness = min(state.slowness * 2, SLOWEST)
            self._state = replace(
                state, strikes=strikes, successes=0, slowness=slowness, cooldown_until=now + quiet
            )
        self._changed()

    def wait_until(self, ms: int) -> None:
        """Send nothing before that moment (a header said so): no strike, no slower pace."""
        until = min(ms, self._clock.now() + 3_600_000)
        if until > self._state.cooldown_until:
            self._state = replace(self._state, cooldown_until=until)
            self._changed()

    def configure(self, *, per_minute: float, per_day: int) -> None:
        self._per_minute, self._per_day = per_minute, per_day
        self._alarm.ring()

    def blocked_until(self, lane: Lane = Lane.NEW) -> Blocked | None:
        """What keeps a lane's requests back now besides the pace, the longest first; None if nothing does."""
        spent = None
        if self._per_day and self.spent_today >= self._per_day:
            spent = f"today's {self._per_day} requests are spent"
        elif self.keeps_back(lane):
            spent = "the rest of today's requests is for new works"
        cooling = "cooling down: Pixiv asked for fewer requests"
        return self._closed(self._clock.now(), self._state.cooldown_until, cooling, spent)

    def keeps_back(self, lane: Lane) -> bool:
        """Whether this lane should ask no more today: what is left is for higher ones."""
        return lane >= Lane.BACKFILL and self._is_kept(UNDER_WAY)

    def _is_kept(self, ahead: int = 0) -> bool:
        """Whether the request after `ahead` others would be one of those that are kept."""
        kept = int(self._per_day * KEPT)
        return kept > 0 and self.spent_today + ahead >= self._per_day - kept

    def _changed(self) -> None:
        if self._on_change:
            self._on_change(self._state)

    async def _acquire(self, lane: Lane) -> None:
        kept = lane >= Lane.BACKFILL and self._is_kept()
        if not self._per_minute and not self.waiting and not kept and self.blocked_until() is None:
            self._start(lane)
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues[lane].append(place)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve(), name="pacer")
            self._task.add_done_callback(self._served)
        self._alarm.ring()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._in_flight -= 1
            elif place in self._queues[lane]:
                self._queues[lane].remove(place)
            self._alarm.ring()
            raise

    async def _serve(self) -> None:
        """Runs while anybody waits: the one place that hands out turns."""
        while self.waiting:
            delay = self._delay_ms()
            if delay is None or delay > 0:
                await self._alarm.sleep(None if delay is None else delay / 1000)
                continue
            lane = self._choose()
            place = self._queues[lane].popleft()
            if not place.done():
                self._start(lane)
                place.set_result(None)

    def _served(self, task: asyncio.Task[None]) -> None:
        """Whoever still waits when serving broke must hear of it instead of waiting for ever."""
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return
        for place in [place for queue in self._queues.values() for place in queue if not place.done()]:
            if error is None:
                place.cancel()
            else:
                place.set_exception(error)

    def _delay_ms(self) -> int | None:
        """Until the next turn may begin; None: until the alarm rings."""
        if self._per_minute and self._in_flight:
            return None
        now = self._clock.now()
        if blocked := self.blocked_until():
            return None if blocked.until is None else max(blocked.until - now, 1)
        if min(self.waiting) >= Lane.BACKFILL and self._is_kept():
            return max(next_jst_midnight(now) - now, 1)
        if self._state.last_start > now:  # the clock was set back
            self._state = replace(self._state, last_start=now)
        interval = self.interval_ms
        return min(max(self._state.last_start + interval - now, 0), interval)

    def _choose(self) -> Lane:
        waiting = [lane for lane in self.waiting if lane < Lane.BACKFILL or not self._is_kept()]
        longest = sorted(waiting, key=lambda lane: (-self._passed_over[lane], lane))
        # The n that have waited longest need n slots; put off any further, the last of them would come too late.
        must = any(self._passed_over[lane] + n >= ONE_IN for n, lane in enumerate(longest, start=1))
        best = longest[0] if must else min(waiting)
        for lane in waiting:
            self._passed_over[lane] += 1
        self._passed_over[best] = 0
        return best

    def _start(self, lane: Lane) -> None:
        now = self._clock.now()
        day = jst_day(now)
        state = (
            self._state
            if self._state.day == day
            else replace(self._state, day=day, spent_today=0, spent_by_lane={})
        )
        by_lane = {**state.spent_by_lane, lane.name: state.spent_by_lane.get(lane.name, 0) + 1}
        self._state = replace(state, last_start=now, spent_today=state.spent_today + 1, spent_by_lane=by_lane)
        self._in_flight += 1
