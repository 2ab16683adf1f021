"""Jobs of the configuration, translated into what sync/ understands; configuration ends here."""

from dataclasses import replace
from datetime import date, datetime

from pixmirror.catalogue.seen import Wants
from pixmirror.config import BookmarksJob, FollowingJob, JobConfig, UserJob
from pixmirror.models import JST, to_ms
from pixmirror.sync.context import Job
from pixmirror.sync.filters import Filter


def job_from(config: JobConfig) -> Job:
    job = Job(config.name, config.kind, _wants(config), _filter(config))
    if isinstance(config, FollowingJob):
        return replace(job, restrict=config.restrict)
    if isinstance(config, UserJob):
        return replace(job, users=config.users)
    if isinstance(config, BookmarksJob):
        media = tuple(m for m in config.media if m == "illust" or config.novels)
        return replace(job, media=media, restrict=config.restrict, tag=config.tag)
    return replace(
        job,
        media=config.media,
        modes=config.modes,
        top=config.top,
        since=config.since,
        until=config.until,
    )


def _wants(config: JobConfig) -> Wants:
    return Wants(files=config.files, comments=config.comments, novels=config.novels, profiles=config.profiles)


def _filter(config: JobConfig) -> Filter:
    return Filter(
        types=frozenset(config.types),
        tags_any=frozenset(config.tags_any),
        tags_none=frozenset(config.tags_none),
        users_none=frozenset(config.users_none),
        x_restrict=frozenset(config.x_restrict),
        ai=config.ai,
        minimum_bookmarks=config.minimum_bookmarks,
        maximum_pages=config.maximum_pages,
        posted_after=_jst(config.posted_after),
        posted_before=_jst(config.posted_before),
        files=config.files,
        novels=config.novels,
    )


def _jst(day: date | None) -> int | None:
    return None if day is None else to_ms(datetime(day.year, day.month, day.day, tzinfo=JST))
