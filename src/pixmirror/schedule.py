"""When each job is due. APScheduler only says "due"; the caller decides whether the job then runs.

It is imported where it is used: who only looks at what is due, as `status` does, is not to wait for it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from pixmirror.models import from_ms, to_ms
from pixmirror.models.jobs import JobConfig

SPREAD_S = 20  # overdue jobs start this far apart, not all at once
JITTER = 0.05  # of `every`, to either side: mirrors that were started together drift apart
MOST_JITTER_S = 15 * 60
CRON_JITTER_S = 30  # only later: a crontab line names the moment from which there is something to see


class MachineZone(tzinfo):
    """The machine's own time zone, summer time included, as the system's clock shows it.

    ZoneInfo needs a name and a database, which /etc/localtime and TZ do not always give.
    """

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return "machine" if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        known = moment.replace(tzinfo=UTC).astimezone()
        here = known.replace(tzinfo=self)
        # Of an hour that comes twice, `fold` tells which.
        return here if here.utcoffset() == known.utcoffset() else here.replace(fold=1)


@dataclass(frozen=True, slots=True)
class When:
    """When a job is due: `every` seconds, or a crontab line in a time zone (None: the machine's). Times in ms UTC.

    `not_before` is the next try of a job that failed; it stands above all else.
    """

    name: str
    every: int | None = None
    cron: str | None = None
    timezone: str | None = None
    last_done_at: int | None = None
    not_before: int | None = None

    def overdue(self, now: datetime) -> bool:
        """Return whether a run was missed while nothing ran; a job that never ran is overdue."""
        if self.last_done_at is None:
            return True
        following = _next(self, from_ms(self.last_done_at))
        return following is not None and following <= now

    def next(self, now: datetime) -> datetime | None:
        """Return the next run when none is overdue. A last run in the future was before the clock was set back."""
        if self.cron is not None or self.last_done_at is None:
            return _next(self, now)
        return _next(self, min(from_ms(self.last_done_at), now))


def _next(when: When, after: datetime) -> datetime | None:
    """Return the first run after this moment, without jitter. None: the crontab line never comes, like February
    31.
    """
    if when.cron is None:
        return after + timedelta(seconds=when.every or 3600)
    from apscheduler.triggers.cron import CronTrigger

    trigger = CronTrigger.from_crontab(when.cron, timezone=when.timezone or MachineZone())
    moment: datetime | None = trigger.get_next_fire_time(None, (after + timedelta(seconds=1)).astimezone(UTC))
    if moment is not None and moment.fold and not when.cron.split()[1].startswith("*"):
        # The hour that comes twice when summer time ends: a named hour is meant once, as cron(8) does it.
        return _next(when, moment.astimezone(UTC))
    return None if moment is None else moment.astimezone(UTC)


def due_after(job: JobConfig, last_done_at: int | None) -> int | None:
    """Return when a job is due after its last run, ms UTC; None if it never ran, or its crontab line never
    comes.
    """
    if last_done_at is None:
        return None
    moment = _next(When(job.name, job.every, job.cron, job.timezone), from_ms(last_done_at))
    return None if moment is None else to_ms(moment)


class _Trigger:
    """A trigger of our own: what a clock set forward has skipped is one run, and jitter has bounds."""

    def __init__(self, when: When, rng: random.Random) -> None:
        self._when = when
        self._rng = rng

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        previous, now = (previous_fire_time or now).astimezone(UTC), now.astimezone(UTC)
        if self._when.cron is not None:
            moment = _next(self._when, max(previous, now))
            return moment and moment + timedelta(seconds=self._rng.uniform(0, CRON_JITTER_S))
        every = timedelta(seconds=self._when.every or 3600)
        moment = previous + every if previous + every > now else now + every
        most = min(every.total_seconds() * JITTER, MOST_JITTER_S)
        return max(moment + timedelta(seconds=self._rng.uniform(-most, most)), now + timedelta(seconds=1))


class Schedule:
    """Calls `due(name)` on the event loop when a job is due. Runs missed together become one run."""

    def __init__(self, due: Callable[[str], None], *, rng: random.Random | None = None) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from apscheduler.triggers.base import BaseTrigger

        BaseTrigger.register(_Trigger)
        self._due = due
        self._rng = rng or random.Random()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def use(self, jobs: Sequence[When], now: datetime) -> None:
        """Plan these jobs and no others. Overdue ones run once, spread out."""
        known = {job.name for job in jobs}
        for old in self._scheduler.get_jobs():
            if old.id not in known:
                old.remove()
        late = 0
        for when in jobs:
            moment = when.next(now)
            if when.not_before is not None:
                moment = max(from_ms(when.not_before), now)
            elif when.overdue(now):
                moment = now + timedelta(seconds=late * SPREAD_S + self._rng.random())
                late += 1
            self._scheduler.add_job(
                self._fire,
                _Trigger(when, self._rng),
                args=[when.name],
                id=when.name,
                replace_existing=True,
                next_run_time=moment,
            )

    async def _fire(self, name: str) -> None:
        self._due(name)  # a coroutine: APScheduler runs plain functions in a thread

    def next_run(self, name: str) -> int | None:
        """Return when the job runs next, ms UTC; None when it does not."""
        moment = getattr(self._scheduler.get_job(name), "next_run_time", None)
        return None if moment is None else to_ms(moment)

    def set_next(self, name: str, moment: int) -> None:
        """Let a job that failed run next at this moment (ms UTC), whatever its table says."""
        job = self._scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=from_ms(moment))
