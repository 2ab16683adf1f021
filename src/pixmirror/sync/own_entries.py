"""Ask whether one bookmark or follow is still there, by its own detail, where no list can tell."""

from pixmirror.catalogue import chores
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.errors import NotFound
from pixmirror.ingest import lists as ingest_lists
from pixmirror.models import Lane, Restrict, split_key
from pixmirror.pixiv.app import illusts, novels, users
from pixmirror.sync.context import Context, Job


async def bookmark(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Tell a removed bookmark from one that was switched to the list that no job reads."""
    medium, work_id = split_key(chore.key)
    ask = illusts.bookmark_detail if medium == "illust" else novels.bookmark_detail
    said, restrict = "bookmark/detail: not bookmarked", None
    try:
        found = (await ask(ctx.api.at(lane), work_id)).item
        is_there, restrict = found.is_bookmarked, found.restrict
    except NotFound as error:  # it went with its work
        is_there, said = False, f"bookmark/detail: {error}"

    def record(conn: Connection) -> None:
        now = ctx.clock.now()
        if is_there and (where := _restrict(restrict)) is not None:
            ingest_lists.record_bookmarks(conn, ctx.account_id, where, (chore.key,), now, None)
        elif is_there:
            ingest_lists.touch_unread(conn, ctx.account_id, "bookmark", None, (chore.key,), now)
        else:
            ingest_lists.not_listed(conn, "bookmark", ctx.account_id, chore.key, said, now)
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


async def follow(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Tell an artist who is not followed any more from one whose follow was switched."""
    said, restrict = "follow/detail: not followed", None
    try:
        found = (await users.follow_detail(ctx.api.at(lane), chore.key)).item
        is_there, restrict = found.is_followed, found.restrict
    except NotFound as error:
        is_there, said = False, f"follow/detail: {error}"

    def record(conn: Connection) -> None:
        now = ctx.clock.now()
        if is_there and (where := _restrict(restrict)) is not None:
            ingest_lists.record_follows(conn, ctx.account_id, where, (chore.key,), now)
        elif is_there:
            ingest_lists.touch_unread(conn, ctx.account_id, "follow", None, (chore.key,), now)
        else:
            ingest_lists.not_listed(conn, "follow", ctx.account_id, chore.key, said, now)
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


def _restrict(value: str | None) -> Restrict | None:
    """Return the list that it stands on; None where Pixiv names a list that we do not know."""
    return "private" if value == "private" else "public" if value == "public" else None
