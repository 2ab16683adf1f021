"""Ask whether one bookmark or follow is still there, by its own detail, where no list can tell."""

from collections.abc import Awaitable
from typing import Any, Literal

from pixmirror.catalogue import chores
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.errors import NotFound
from pixmirror.ingest import lists
from pixmirror.models import Lane, Received, split_key
from pixmirror.pixiv.app import illusts, novels, users
from pixmirror.sync.context import Context, Job


async def bookmark(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Tell a removed bookmark from one that was switched to the list that no job reads."""
    medium, work_id = split_key(chore.key)
    ask = illusts.bookmark_detail if medium == "illust" else novels.bookmark_detail
    await _record(ctx, chore, "bookmark", ask(ctx.api.at(lane), work_id))


async def follow(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Tell an artist who is not followed any more from one whose follow was switched."""
    await _record(ctx, chore, "follow", users.follow_detail(ctx.api.at(lane), chore.key))


async def _record(
    ctx: Context, chore: Chore, table: Literal["bookmark", "follow"], answer: Awaitable[Received[Any]]
) -> None:
    said, restrict = f"{table}/detail: not {table}ed", None
    try:
        found = (await answer).item
        is_there, restrict = getattr(found, f"is_{table}ed"), found.restrict
    except NotFound as error:  # a bookmark goes with its work
        is_there, said = False, f"{table}/detail: {error}"

    def record(conn: Connection) -> None:
        now = ctx.clock.now()
        if not is_there:
            lists.not_listed(conn, table, ctx.account_id, chore.key, said, now)
        elif restrict not in ("public", "private"):  # a list that we do not know
            lists.touch_unread(conn, ctx.account_id, table, None, (chore.key,), now)
        elif table == "bookmark":
            lists.record_bookmarks(conn, ctx.account_id, restrict, (chore.key,), now, None)
        else:
            lists.record_follows(conn, ctx.account_id, restrict, (chore.key,), now)
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)
