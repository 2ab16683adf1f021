"""What the configuration gives to the one estimate (`reports/estimate.py`): jobs, limits, room on the disk."""

from collections.abc import Sequence

from pixmirror.catalogue.database import Connection
from pixmirror.config import Config
from pixmirror.reports.estimate import Estimate, estimate, keep
from pixmirror.reports.left import Planned
from pixmirror.reports.pace import Limits
from pixmirror.sync import planning


def jobs(config: Config, names: Sequence[str] = ()) -> list[Planned]:
    """Return the jobs of these names; all enabled ones without."""
    return [planning.planned(one) for one in config.jobs if (one.name in names if names else one.enabled)]


def limits(config: Config) -> Limits:
    """Return what the configuration allows, and the room that the disk has above the reserve."""
    return planning.limits(config.pixiv, config.mirror)


def what_is_left(conn: Connection, now: int, config: Config, names: Sequence[str] = ()) -> Estimate:
    """Return the estimate that `sync`, `plan` and `status` show. `names`: of these jobs alone."""
    job = names[0] if len(names) == 1 else None
    return estimate(conn, now, jobs(config, names), limits(config), job)


def keep_what_is_left(conn: Connection, now: int, config: Config) -> None:
    """Remember what is told now, so that a larger figure can be explained later."""
    keep(conn, now, what_is_left(conn, now, config))
