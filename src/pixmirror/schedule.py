"""The table of jobs and their times. APScheduler only says "due"; whether a job then runs is decided elsewhere."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from pixmirror.models import from_ms, to_ms

SPREAD_S = 20  # overdue jobs start this far apart, not all at once
JITTER = 0.05


@dataclass(frozen=True, slots=True)
class When:
    """When a job is due: `every` seconds, or a crontab line in a time zone. `last_done_at` in ms UTC."""

    name: str
    every: int | None = None
    cron: str | None = None
    timezone: str | None = None
    last_done_at: int | None = None

    def trigger(self) -> BaseTrigger:
        if self.cron is not None:
            return CronTrigger.from_crontab(self.cron, timezone=self.timezone or UTC)
        seconds = self.every or 3600
        return IntervalTrigger(seconds=seconds, jitter=int(seconds * JITTER) or None, timezone=UTC)

    def overdue(self, now: datetime) -> bool:
        """Whether a run was missed while nothing ran; a job that never ran is."""
        if self.last_done_at is None:
            return True
        last = from_ms(self.last_done_at)
        if self.cron is not None:
            following = self.trigger().get_next_fire_time(None, last + timedelta(seconds=1))
            return following is not None and following <= now
        return last + timedelta(seconds=self.every or 3600) <= now

    def first(self, now: datetime) -> datetime | None:
        """The first run when nothing was missed; None: as the trigger says."""
        if self.cron is not None or self.last_done_at is None:
            return None
        return from_ms(self.last_done_at) + timedelta(seconds=self.every or 3600)


class Schedule:
    """Calls `due(name)` on the event loop when a job is due. Runs missed together are one run."""

    def __init__(self, due: Callable[[str], None], *, rng: random.Random | None = None) -> None:
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

    def use(self, jobs: Sequence[When]) -> None:
        """These jobs from now on. Overdue ones run once, spread out."""
        now = datetime.now(UTC)
        known = {job.name for job in jobs}
        for old in self._scheduler.get_jobs():
            if old.id not in known:
                old.remove()
        late = 0
        for when in jobs:
            start = when.first(now)
            if when.overdue(now):
                start = now + timedelta(seconds=late * SPREAD_S + self._rng.random())
                late += 1
            extra = {} if start is None else {"next_run_time": start}
            self._scheduler.add_job(
                self._fire, when.trigger(), args=[when.name], id=when.name, replace_existing=True, **extra
            )

    async def _fire(self, name: str) -> None:
        self._due(name)

    def next_run(self, name: str) -> int | None:
        """ms UTC, or None when it has no next run."""
        job = self._scheduler.get_job(name)
        moment = getattr(job, "next_run_time", None)
        return to_ms(moment) if moment is not None else None

    def postpone(self, name: str, until: int) -> None:
        """The next run is not before `until` (ms UTC): a failing job backs off."""
        job = self._scheduler.get_job(name)
        following = self.next_run(name)
        if job is not None and following is not None and following < until:
            job.modify(next_run_time=from_ms(until))
