"""What a configured job, and the limits of the configuration, are to the one estimate (`reports/estimate.py`)."""

from functools import partial
from pathlib import Path
from typing import Protocol

from pixmirror.models.jobs import JobConfig
from pixmirror.reports.left import Planned
from pixmirror.reports.pace import Limits
from pixmirror.store.outside import on_disk
from pixmirror.sync.context import Job
from pixmirror.sync.kinds import KINDS

DAY_S = 86400.0


class Asking(Protocol):
    """What the table `pixiv` of the configuration limits."""

    @property
    def requests_per_minute(self) -> int: ...
    @property
    def requests_per_day(self) -> int: ...
    @property
    def image_bytes_per_day(self) -> int: ...
    @property
    def quiet_hours(self) -> tuple[int, int] | None: ...


class Disk(Protocol):
    """What the table `mirror` of the configuration says of the disk."""

    @property
    def root(self) -> Path: ...
    @property
    def media(self) -> Path | None: ...
    @property
    def keep_free(self) -> int: ...


def planned(config: JobConfig) -> Planned:
    """Return a job of the configuration, as `reports.left` counts it."""
    runs = DAY_S / config.every if config.every else 1.0
    asks = partial(KINDS[config.kind].actions.asks, Job.of(config))
    return Planned(config.name, runs, config.comments, asks, profiles=config.profiles, novels=config.novels)


def limits(pixiv: Asking, mirror: Disk) -> Limits:
    """Return what these tables of the configuration allow, and the room that the disk has above the reserve."""
    free = on_disk(mirror.media or mirror.root / "media").free
    return Limits(
        pixiv.requests_per_minute, pixiv.requests_per_day, pixiv.image_bytes_per_day, pixiv.quiet_hours,
        None if free is None else free - mirror.keep_free,
    )  # fmt: skip
