"""Jobs of kind `bookmarks`: the account's own, all or those under one of its bookmark tags."""

from functools import partial

from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.ledger import missing
from pixmirror.models import Medium
from pixmirror.pixiv.app import AppApi, users
from pixmirror.reports import plan_known as known
from pixmirror.reports.left import PAGE, Asked
from pixmirror.sync import sources
from pixmirror.sync.context import Context, Job, JobResult
from pixmirror.sync.kinds.kind import Actions, Calls, Lists
from pixmirror.sync.sources import full_pass_if_older, read_head

FULL_PASS_MS = 7 * DAY_MS


async def run(ctx: Context, job: Job) -> JobResult:
    result = JobResult()
    for endpoint, params in lists(job):
        feed, walked = await read_head(ctx, job, endpoint, params)
        result = result.plus(walked.seen, walked.failed)
        # What a pass missed is confirmed by another one, a day later.
        missed = await ctx.db.read(missing.unconfirmed, "bookmark", ctx.account_id)
        await full_pass_if_older(ctx, job, feed, DAY_MS if missed else FULL_PASS_MS)
    return result


def lists(job: Job) -> Lists:
    tag = {"tag": job.tag} if job.tag else {}
    for medium in _media(job):
        endpoint = sources.BOOKMARKS_ILLUST if medium == "illust" else sources.BOOKMARKS_NOVEL
        yield from ((endpoint, {"restrict": restrict, **tag}) for restrict in job.restrict)


def _media(job: Job) -> list[Medium]:
    return [medium for medium in job.media if medium == "illust" or job.wants.novels]


def asks(job: Job, conn: Connection, now: int) -> Asked:
    note = "the bookmarks were never read: 1 request per 30 bookmarks, then what their works need"
    return Asked(
        heads=len(list(lists(job))),
        lists=tuple(lists(job)),
        unknown=() if known.was_read(conn, sources.BOOKMARKS_ILLUST, job.name) else (note,),
        whole_lists={"whole lists of bookmarks": known.bookmarks(conn) / PAGE / 7},
    )


def first_look(api: AppApi, job: Job, me: int) -> Calls:
    for medium in _media(job):
        ask = users.bookmarks_illust if medium == "illust" else users.bookmarks_novel
        yield f"/v1/user/bookmarks/{medium}", partial(ask, api, me, job.restrict[0], job.tag)


ACTIONS = Actions(run=run, lists=lists, asks=asks, first_look=first_look)
