"""The one budget of requests to Pixiv's API: who may send next, and when. Survives restarts through PacerState."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Self

from pixmirror.clock import Clock, jst_day, next_jst_midnight
from pixmirror.errors import AccountWarned
from pixmirror.models import Lane
from pixmirror.pixiv.hosts import ALLOWED_HOSTS, APP_HOST
from pixmirror.pixiv.waiting import KEPT, WARNED, Blocked, Gate, cooldown_left, cooldown_ms, warned_at

SLOWEST = 8.0
STEP_UP = 0.9
SUCCESSES_PER_STEP = 50


# A waiting lane gets one slot in so many (5%), and no more while a higher one waits.
ONE_IN = 20
# Of a day's requests some are kept for new works (KEPT). Others stop so many earlier: what is under way by then is
# still answered, so that none holds a list until midnight.
UNDER_WAY = 10
# A request that has no answer after so long no longer keeps the others waiting, unless so many are stuck already.
STALLED_S = 8.0
MOST_STALLED = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """How one host wants to be asked. `slowness` multiplies the configured interval; times are ms UTC."""

    slowness: float = 1.0
    strikes: int = 0
    successes: int = 0
    cooldown_until: int = 0
    last_start: int = 0


@dataclass(frozen=True, slots=True)
class PacerState(Pace):
    """What must outlive a restart: the pace of the App API, those of `others` by their hosts, and what the day has
    cost on all of them together. `warned_at`: when Pixiv warned the account, 0 when that was read.
    """

    warned_at: int = 0
    day: str = ""
    spent_today: int = 0
    spent_by_lane: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, Pace] = field(default_factory=dict)

    def of(self, host: str) -> Pace:
        """Return the pace of a host."""
        return self if host == APP_HOST else self.others.get(host, Pace())

    def changed(self, host: str, **changes: Any) -> Self:
        """Return the state with another pace of one host."""
        if host == APP_HOST:
            return replace(self, **changes)
        return replace(self, others={**self.others, host: replace(self.of(host), **changes)})

    @property
    def cooldowns(self) -> tuple[int, ...]:
        """When the account was warned and each cool-down is over: what must be saved at once when it changes."""
        return (
            self.warned_at,
            self.cooldown_until,
            *(pace.cooldown_until for _, pace in sorted(self.others.items())),
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Return the saved state. A fresh one if it is not understood, but for a warning in it; what is no object
        at all may have held one, and counts as a warning.
        """
        try:
            others = {str(host): pace for host, pace in dict(data.get("others") or {}).items()}
            return cls(
                **_pace_fields(data),
                warned_at=warned_at(data),
                day=str(data["day"]),
                spent_today=max(int(data["spent_today"]), 0),
                spent_by_lane={str(k): int(v) for k, v in dict(data["spent_by_lane"]).items()},
                others={h: Pace(**_pace_fields(pace)) for h, pace in others.items() if h in ALLOWED_HOSTS},
            )
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            return cls(warned_at=warned_at(data))


def _pace_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "slowness": min(max(float(data["slowness"]), 1.0), SLOWEST),
        "strikes": max(int(data["strikes"]), 0),
        "successes": max(int(data["successes"]), 0),
        "cooldown_until": int(data["cooldown_until"]),
        "last_start": int(data["last_start"]),
    }


class _Place(NamedTuple):
    """One who waits for a turn, which is a number."""

    turn: asyncio.Future[int]
    host: str


class Pacer(Gate[PacerState]):
    """Give requests their turn: highest lane first, first come first served within one, none starved.

    With a pace there is one request at a time and the interval between two starts, whatever their hosts; one that
    is not answered within 8 s gives its turn back. Without a pace (`per_minute` 0) any number run at once. A rate
    limit halves the pace of the host that said it and brings a cool-down there; 50 successes give a tenth of its
    pace back. `per_day` counts by the Japanese day, all hosts together. `on_change` gets the state at each started
    request and each slow-down.
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
        super().__init__(clock, state or PacerState(), on_change, (first_cooldown, max_cooldown))
        self._frozen = self._state.warned_at > 0
        self._queues: dict[Lane, deque[_Place]] = {lane: deque() for lane in Lane}
        self._passed_over = dict.fromkeys(Lane, 0)
        self._numbers = itertools.count()
        # Turns that are held, by number, until they stall; those that have are counted apart.
        self._running: dict[int, asyncio.TimerHandle] = {}
        self._stalled: set[int] = set()
        self._last_start = max(pace.last_start for pace in (self._state, *self._state.others.values()))
        self._task: asyncio.Task[None] | None = None
        self._per_minute = per_minute
        self._per_day = per_day

    @property
    def interval_ms(self) -> int:
        """The ms between two requests to the App API, as slowed down as it is now; 0 without a pace."""
        return self._interval(self._state.slowness)

    def _interval(self, slowness: float = 1.0) -> int:
        return round(60_000 / self._per_minute * slowness) if self._per_minute > 0 else 0

    @property
    def spent_today(self) -> int:
        return self._state.spent_today if self._state.day == jst_day(self._clock.now()) else 0

    @property
    def waiting(self) -> dict[Lane, int]:
        """How many requests wait in each lane that has any."""
        return {lane: len(queue) for lane, queue in self._queues.items() if queue}

    @asynccontextmanager
    async def turn(self, lane: Lane, host: str = APP_HOST) -> AsyncIterator[None]:
        """Wait for this request's slot and hold it for the body, or until it stalls."""
        number = await self._acquire(lane, host)
        try:
            self._changed()
            yield
        finally:
            self._finish(number)

    def succeeded(self, host: str = APP_HOST) -> None:
        """Note that a request was answered as it should be; enough of these bring the pace back."""
        pace = self._state.of(host)
        if pace.slowness <= 1.0 and not pace.strikes:
            return
        if pace.successes + 1 < SUCCESSES_PER_STEP:
            self._state = self._state.changed(host, successes=pace.successes + 1)
            return
        slowness = max(1.0, pace.slowness * STEP_UP)
        self._state = self._state.changed(host, successes=0, strikes=0, slowness=slowness)
        self._changed()

    def slow_down(self, retry_after: float | None = None, host: str = APP_HOST) -> None:
        """Halve a host's pace and leave it alone for a while; during a cool-down, only extend that."""
        now, pace = self._clock.now(), self._state.of(host)
        if cooldown_left(pace.cooldown_until, now):
            longer = now + cooldown_ms(0, retry_after, 0, 0) if retry_after is not None else 0
            self._state = self._state.changed(host, successes=0, cooldown_until=max(pace.cooldown_until, longer))
        else:
            strikes = pace.strikes + 1
            quiet = cooldown_ms(strikes, retry_after, *self._cooldowns)
            slowness = min(pace.slowness * 2, SLOWEST)
            self._state = self._state.changed(
                host, strikes=strikes, successes=0, slowness=slowness, cooldown_until=now + quiet
            )
        self._changed()

    def freeze(self) -> None:
        """Send nothing until `thaw()`, and more slowly then: Pixiv has warned the account. Who waits is told."""
        if self._frozen:
            return
        super().freeze()
        self._state = replace(self._state, warned_at=max(self._clock.now(), 1))
        self.slow_down()
        for place in [place for queue in self._queues.values() for place in queue if not place.turn.done()]:
            place.turn.set_exception(AccountWarned(f"{WARNED}: nothing is sent."))
        for queue in self._queues.values():
            queue.clear()

    def thaw(self) -> None:
        super().thaw()
        self._state = replace(self._state, warned_at=0)
        self._changed()

    def wait_until(self, ms: int, host: str = APP_HOST) -> None:
        """Send nothing to a host before that moment (a header said so): no strike, no slower pace."""
        until = min(ms, self._clock.now() + 3_600_000)
        if until > self._state.of(host).cooldown_until:
            self._state = self._state.changed(host, cooldown_until=until)
            self._changed()

    def configure(self, *, per_minute: float, per_day: int) -> None:
        self._per_minute, self._per_day = per_minute, per_day
        self._alarm.ring()

    def blocked_until(self, lane: Lane = Lane.NEW, host: str = APP_HOST) -> Blocked | None:
        """What keeps a lane's requests to a host back now besides the pace, the longest first; None if nothing
        does.
        """
        cooling = "cooling down: Pixiv asked for fewer requests"
        return self._closed(self._clock.now(), self._state.of(host).cooldown_until, cooling, self._spent(lane))

    def _spent(self, lane: Lane = Lane.NEW) -> str | None:
        if self._per_day and self.spent_today >= self._per_day:
            return f"today's {self._per_day} requests are spent"
        return "the rest of today's requests is for new works" if self.keeps_back(lane) else None

    def keeps_back(self, lane: Lane) -> bool:
        """True if this lane should ask no more today: what is left is for higher ones."""
        return lane >= Lane.BACKFILL and self._is_kept(UNDER_WAY)

    def _is_kept(self, ahead: int = 0) -> bool:
        """True if the request after `ahead` others would be one of those that are kept."""
        kept = int(self._per_day * KEPT)
        return kept > 0 and self.spent_today + ahead >= self._per_day - kept

    async def _acquire(self, lane: Lane, host: str) -> int:
        self.refuse_if_frozen()
        kept = lane >= Lane.BACKFILL and self._is_kept()
        if not self._per_minute and not self.waiting and not kept and self.blocked_until(host=host) is None:
            return self._start(lane, host)
        place = _Place(asyncio.get_running_loop().create_future(), host)
        self._queues[lane].append(place)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve(), name="pacer")
            self._task.add_done_callback(self._served)
        self._alarm.ring()
        try:
            return await place.turn
        except asyncio.CancelledError:
            if place.turn.done() and not place.turn.cancelled():
                self._finish(place.turn.result())
            elif place in self._queues[lane]:
                self._queues[lane].remove(place)
            self._alarm.ring()
            raise

    async def _serve(self) -> None:
        """Run while anybody waits: the one place that hands out turns."""
        while self.waiting:
            delay = self._delay_ms()
            if delay is None or delay > 0:
                await self._alarm.sleep(None if delay is None else delay / 1000)
                continue
            if (chosen := self._choose()) is None:  # the clock was set back in between
                continue
            lane, place = chosen
            self._queues[lane].remove(place)
            if not place.turn.done():
                place.turn.set_result(self._start(lane, place.host))

    def _served(self, task: asyncio.Task[None]) -> None:
        """Tell whoever still waits that serving broke: they would wait for ever."""
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return
        for turn in [place.turn for queue in self._queues.values() for place in queue if not place.turn.done()]:
            if error is None:
                turn.cancel()
            else:
                turn.set_exception(error)

    def _delay_ms(self) -> int | None:
        """Return the ms until the next turn may begin; None: until the alarm rings."""
        if self._per_minute and (self._running or len(self._stalled) >= MOST_STALLED):
            return None
        now = self._clock.now()
        if stopped := self._closed(now, 0, "", self._spent()):
            return None if stopped.until is None else max(stopped.until - now, 1)
        if min(self.waiting) >= Lane.BACKFILL and self._is_kept():
            return max(next_jst_midnight(now) - now, 1)
        hosts = {place.host for lane in self._open_lanes() for place in self._queues[lane]}
        return min(self._host_delay_ms(host, now) for host in hosts)

    def _host_delay_ms(self, host: str, now: int) -> int:
        """Return the ms until this host may be asked, by its cool-down, its pace, and that of all."""
        pace = self._state.of(host)
        if left := cooldown_left(pace.cooldown_until, now):
            return left
        if self._last_start > now:  # the clock was set back
            self._last_start = now
        if pace.last_start > now:
            self._state = self._state.changed(host, last_start=now)
            pace = self._state.of(host)
        own = pace.last_start + self._interval(pace.slowness)
        return max(self._last_start + self._interval() - now, own - now, 0)

    def _open_lanes(self) -> list[Lane]:
        return [lane for lane in self.waiting if lane < Lane.BACKFILL or not self._is_kept()]

    def _choose(self) -> tuple[Lane, _Place] | None:
        """Return who goes now, and in which lane; None if no host that is waited for may be asked."""
        now = self._clock.now()
        ready = {
            lane: place
            for lane in self._open_lanes()
            if (place := next((p for p in self._queues[lane] if not self._host_delay_ms(p.host, now)), None))
        }
        if not ready:
            return None
        waiting = list(ready)
        longest = sorted(waiting, key=lambda lane: (-self._passed_over[lane], lane))
        # The n that have waited longest need n slots; put off any further, the last of them would come too late.
        must = any(self._passed_over[lane] + n >= ONE_IN for n, lane in enumerate(longest, start=1))
        best = longest[0] if must else min(waiting)
        for lane in waiting:
            self._passed_over[lane] += 1
        self._passed_over[best] = 0
        return best, ready[best]

    def _start(self, lane: Lane, host: str) -> int:
        """Count a request that starts now; the number of its turn."""
        now = self._clock.now()
        day = jst_day(now)
        state = (
            self._state
            if self._state.day == day
            else replace(self._state, day=day, spent_today=0, spent_by_lane={})
        )
        by_lane = {**state.spent_by_lane, lane.name: state.spent_by_lane.get(lane.name, 0) + 1}
        state = replace(state, spent_today=state.spent_today + 1, spent_by_lane=by_lane)
        self._state = state.changed(host, last_start=now)
        self._last_start = now
        number = next(self._numbers)
        self._running[number] = asyncio.get_running_loop().call_later(STALLED_S, self._stall, number)
        return number

    def _stall(self, number: int) -> None:
        """Let the others go on: the request that has this turn got no answer for long."""
        if self._running.pop(number, None):
            self._stalled.add(number)
            self._alarm.ring()

    def _finish(self, number: int) -> None:
        if timer := self._running.pop(number, None):
            timer.cancel()
        self._stalled.discard(number)
        self._alarm.ring()
