"""Jobs of kind `following`: every artist that the account follows.

They lean on the follow feeds, which show the new works of all artists in one request.
"""

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.ingest import sharing
from pixmirror.pixiv.app import AppApi, illusts, novels, users
from pixmirror.pixiv.literals import FollowRestrict
from pixmirror.reports import plan_known as known
from pixmirror.reports.left import PAGE, Asked
from pixmirror.sync import sources
from pixmirror.sync.context import Context, Job, JobResult
from pixmirror.sync.kinds.kind import Actions, Calls, Lists
from pixmirror.sync.sources import full_pass_if_older, read_head

FULL_PASS_MS = DAY_MS
DEEP_LOOK_MS = 2 * DAY_MS  # once a day a follow feed is read this far below its anchors


async def run(ctx: Context, job: Job) -> JobResult:
    result = JobResult()
    for endpoint, params in lists(job):
        if endpoint == sources.FOLLOWING:
            feed, walked = await read_head(ctx, job, endpoint, params)
            result = result.plus(walked.seen, walked.failed)
            await full_pass_if_older(ctx, job, feed, FULL_PASS_MS)
        else:
            result = await _read_follow_feed(ctx, job, endpoint, params["restrict"], result)
    await ctx.db.run(leave, job, ctx.account_id, ctx.clock.now())
    return result


async def _read_follow_feed(ctx: Context, job: Job, endpoint: str, restrict: str, result: JobResult) -> JobResult:
    now = ctx.clock.now()
    name = f"deep_look:{endpoint}:{restrict}"
    looked = int(await ctx.db.read(runs.get_meta, name) or 0)
    # Below what stood at the top then; a clock that was set back must not make it deeper.
    floor = min(now, looked) - DEEP_LOOK_MS if looked and now - looked >= DAY_MS else None
    _, walked = await read_head(ctx, job, endpoint, {"restrict": restrict}, floor)
    if floor is not None or not looked:
        await ctx.db.run(runs.set_meta, name, str(now))
    return result.plus(walked.seen, walked.failed)


def lists(job: Job) -> Lists:
    """Yield the follow feeds, then the lists of who is followed."""
    yield sources.ILLUST_FOLLOW, {"restrict": _both(job)}
    if job.wants.novels:
        yield sources.NOVEL_FOLLOW, {"restrict": _both(job)}
    yield from ((sources.FOLLOWING, {"restrict": restrict}) for restrict in job.restrict)


def _both(job: Job) -> FollowRestrict:
    return "all" if len(job.restrict) > 1 else job.restrict[0]


def leave(conn: Connection, job: Job, account_id: int, now: int) -> None:
    sharing.leave_unfollowed(conn, account_id, job.name, now)


def asks(job: Job, conn: Connection, now: int) -> Asked:
    note = (
        "the following list was never read: first 1 request per 30 artists, then for each artist 1 for the "
        "profile and 1 per 30 works, 1 for each ugoira and each novel, 1 or more for comments"
    )
    return Asked(
        heads=len(list(lists(job))),
        lists=tuple(lists(job)),
        unknown=() if known.was_read(conn, sources.FOLLOWING, job.name) else (note,),
        whole_lists={"whole lists of follows": known.follows(conn) / PAGE},
    )


def first_look(api: AppApi, job: Job, me: int) -> Calls:
    yield "/v1/user/following", lambda: users.following(api, me, job.restrict[0])
    yield "/v2/illust/follow", lambda: illusts.follow(api, _both(job))
    if job.wants.novels:
        yield "/v1/novel/follow", lambda: novels.follow(api, _both(job))


ACTIONS = Actions(run=run, lists=lists, asks=asks, first_look=first_look, leave=leave)
