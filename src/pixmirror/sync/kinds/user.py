"""Jobs of kind `user`: named artists, followed or not."""

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.database import Connection
from pixmirror.ingest import refresh, sharing
from pixmirror.ledger import agenda
from pixmirror.pixiv.app import AppApi, users
from pixmirror.reports import plan_known as known
from pixmirror.reports.left import Asked
from pixmirror.sync import sources
from pixmirror.sync.context import Context, Job, JobResult
from pixmirror.sync.kinds.kind import Actions, Calls, Lists
from pixmirror.sync.sources import read_head


async def run(ctx: Context, job: Job) -> JobResult:
    result = JobResult()
    left_out = await ctx.db.run(_gone, job, ctx.account_id, ctx.clock.now())
    for endpoint, params in lists(job):
        if params["user_id"] in left_out:
            continue
        if job.wants.profiles and endpoint == sources.USER_ILLUSTS:
            await ctx.db.run(_profile_once, params["user_id"], ctx.clock.now())
        _, walked = await read_head(ctx, job, endpoint, params)
        result = result.plus(walked.seen, walked.failed)
    return result


def lists(job: Job) -> Lists:
    for user_id in job.users:
        yield sources.USER_ILLUSTS, {"user_id": user_id}
        if job.wants.novels:
            yield sources.USER_NOVELS, {"user_id": user_id}


def leave(conn: Connection, job: Job, account_id: int, now: int) -> None:
    sharing.leave_users(conn, job.name, sharing.scope_of(conn, job.name) - set(job.users), now)


def _gone(conn: Connection, job: Job, account_id: int, now: int) -> set[int]:
    """Let go of users whom the job names no more. Return those whom nothing is asked of: gone or forgotten."""
    leave(conn, job, account_id, now)
    return refresh.gone_users(conn, job.users) | tombstones.people(conn, job.users)


def _profile_once(conn: Connection, user_id: int, now: int) -> None:
    name = f"profile_asked:{user_id}"
    if runs.get_meta(conn, name) is None:
        agenda.ask_for_profile(conn, user_id, now)
        runs.set_meta(conn, name, str(now))


def asks(job: Job, conn: Connection, now: int) -> Asked:
    heads, new = len(list(lists(job))), known.never_read(conn, job.name, job.users)
    if not new:
        return Asked(heads=heads)
    note = (
        f"{len(new):,} of its artists were never read: 1 request per 30 works of each, 1 for each ugoira and "
        "each novel, 1 or more for comments"
    )
    profiles = {"profiles": len(new)} if job.wants.profiles else {}
    return Asked(heads=heads, requests=profiles, unknown=(note,), artists=len(new))


def first_look(api: AppApi, job: Job, me: int) -> Calls:
    yield "/v1/user/illusts", lambda: users.illusts(api, job.users[0])


ACTIONS = Actions(run=run, lists=lists, asks=asks, first_look=first_look, leave=leave)
