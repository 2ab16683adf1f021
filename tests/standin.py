"""A mirror against the stand-in Pixiv, in one process: what most journeys start from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixmirror.catalogue.database import open_readonly
from pixmirror.clock import Clock
from pixmirror.config import Config, MirrorConfig, PixivConfig
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.daemon.sync import SyncReport, sync
from pixmirror.demo.server import HOSTS
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.export import export
from pixmirror.sync.kinds import BookmarksJob, FollowingJob, RankingJob

FOLLOWING = FollowingJob(name="following", kind="following", every="30m")
BOOKMARKS = BookmarksJob(name="bookmarks", kind="bookmarks", every="1h")
RANKING = RankingJob(name="ranking", kind="ranking", every="1d", media=("illust", "novel"), modes=("day", "week"))
EVERYTHING: tuple[JobConfig, ...] = (FOLLOWING, BOOKMARKS, RANKING)


@dataclass(frozen=True)
class Setup:
    """Where the mirror lies, what it asks, and how: a new Config for each run."""

    root: Path
    url: str
    jobs: Sequence[JobConfig] = EVERYTHING
    pixiv: dict[str, Any] = field(default_factory=dict)
    mirror: dict[str, Any] = field(default_factory=dict)

    def config(self) -> Config:
        pixiv = {
            "refresh_token": "demo-refresh-token",
            "requests_per_minute": 0,
            "requests_per_day": 0,
            "image_bytes_per_day": "0",
            "hosts": dict.fromkeys(HOSTS, self.url),
            **self.pixiv,
        }
        mirror = {"root": self.root, "keep_free": "0", **self.mirror}
        return Config(mirror=MirrorConfig(**mirror), pixiv=PixivConfig(**pixiv), jobs=tuple(self.jobs))

    async def sync(self, *names: str, clock: Clock | None = None, horizon_s: float = 30) -> SyncReport:
        async with open_mirror(self.config(), {}, clock=clock) as mirror:
            return await sync(mirror, names, horizon_s=horizon_s)

    def export(self, kind: str) -> list[dict[str, Any]]:
        with open_readonly(catalogue_path(self.root)) as db, db.reading() as conn:
            return list(export(conn, kind))
