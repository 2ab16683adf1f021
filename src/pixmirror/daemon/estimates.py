"""What the configuration gives to the one estimate (`reports/estimate.py`): jobs, limits, room on the disk."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pixmirror.catalogue.database import Connection
from pixmirror.config import Config
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.estimate import Estimate, estimate, keep
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


def jobs(config: Config, names: Sequence[str] = ()) -> list[Planned]:
    """Return the jobs of these names; all enabled ones without."""
    return [planned(one) for one in config.jobs if (one.name in names if names else one.enabled)]


def limits(config: Config) -> Limits:
    """Return what the configuration allows, and the room that the disk has above the reserve."""
    p, m = config.pixiv, config.mirror
    return Limits(
        p.requests_per_minute, p.requests_per_day, p.image_bytes_per_day, p.quiet_hours,
        _room(m.media or m.root / "media", m.keep_free),
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


def what_is_left(conn: Connection, now: int, config: Config, names: Sequence[str] = ()) -> Estimate:
    """Return the estimate that `sync`, `plan` and `status` show. `names`: of these jobs alone."""
    job = names[0] if len(names) == 1 else None
    return estimate(conn, now, jobs(config, names), limits(config), job)


def keep_what_is_left(conn: Connection, now: int, config: Config) -> None:
    """Remember what is told now, so that a larger figure can be explained later."""
    keep(conn, now, what_is_left(conn, now, config))
