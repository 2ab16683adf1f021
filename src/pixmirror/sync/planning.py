"""What a configured job, and the limits of the configuration, are to the one estimate (`reports/estimate.py`)."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from pixmirror.models.jobs import JobConfig
from pixmirror.reports.left import Planned
from pixmirror.reports.pace import Limits
from pixmirror.sync.context import Job
from pixmirror.sync.kinds import KINDS

DAY_S = 86400.0


def planned(config: JobConfig) -> Planned:
    """Return a job of the configuration, as `reports.left` counts it."""
    runs = DAY_S / config.every if config.every else 1.0
    asks = partial(KINDS[config.kind].actions.asks, Job.of(config))
    return Planned(config.name, runs, config.comments, asks, profiles=config.profiles, novels=config.novels)


def limits(pixiv: Any, mirror: Any) -> Limits:
    """Return what these tables of the configuration allow, and the room that the disk has above the reserve."""
    return Limits(
        pixiv.requests_per_minute, pixiv.requests_per_day, pixiv.image_bytes_per_day, pixiv.quiet_hours,
        _room(mirror.media or mirror.root / "media", mirror.keep_free),
    )  # fmt: skip


def _room(folder: Path, keep_free: int) -> int | None:
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free - keep_free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
