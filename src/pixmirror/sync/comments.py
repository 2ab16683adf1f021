"""Chores on comments: all comments of a work, and the replies to one of them."""

from collections.abc import Mapping

from pixmirror.catalogue import briefs, chores, ingest_comments
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.ingest_broken import record_broken
from pixmirror.models import Comment, Lane, Listing, split_key
from pixmirror.pixiv.app import comments
from pixmirror.sync.context import Context, Job


async def run(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """All comments of a work; where they were all read once, only down to the first known page."""
    medium, work_id = split_key(chore.key)
    ask = comments.illust_comments if medium == "illust" else comments.novel_comments
    brief = await ctx.db.read(briefs.work_brief, chore.key)
    if brief is None:
        await ctx.db.run(chores.done, chore.kind, chore.key)
        return
    offset = int(chore.progress.get("offset", 0))
    total = chore.progress.get("total")
    while True:
        listing = await ask(ctx.api.at(lane), work_id, offset or None)
        total = listing.head.get("total_comments", total)
        following = int(listing.next["offset"]) if listing.next else None
        walked = brief.comments_at is not None
        new, known = await ctx.db.run(_record_comments, ctx, job, chore, listing, lane, following, total, walked)
        if following is None or (walked and known and not new):
            break
        offset = following
    count = total if isinstance(total, int) and 0 <= total < 2**53 else brief.total_comments
    await ctx.db.run(_comments_walked, ctx, job, chore, lane, count)


def _record_comments(
    conn: Connection,
    ctx: Context,
    job: Job,
    chore: Chore,
    listing: Listing[Comment],
    lane: Lane,
    following: int | None,
    total: object,
    walked: bool,
) -> tuple[int, int]:
    """`walked`: it was read before, so that a thread with known replies may have new ones."""
    now = ctx.clock.now()
    record_broken(conn, listing.endpoint, listing.broken, now)
    seen = ctx.seen(job, "comments", lane, now)
    found = ingest_comments.record_comments(conn, seen, chore.key, listing.items, all_replies=walked)
    if following is not None:
        chores.save_progress(conn, chore.kind, chore.key, {"offset": following, "total": total})
    return found


def _comments_walked(
    conn: Connection, ctx: Context, job: Job, chore: Chore, lane: Lane, total: int | None
) -> None:
    seen = ctx.seen(job, "comments", lane, ctx.clock.now())
    again = ingest_comments.comments_walked(conn, seen, chore.key, total)
    chores.done(conn, chore.kind, chore.key, again_at=again)


async def run_replies(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    comment_id = chore.key >> 1
    medium = split_key(chore.key)[0]
    owner = await ctx.db.read(briefs.comment_work, chore.key)
    following: Mapping[str, str] | None = chore.progress.get("next")
    while owner is not None:
        listing = await comments.replies(ctx.api.at(lane), medium, comment_id, next=following)
        following = listing.next

        def record(conn: Connection, listing: Listing[Comment] = listing, work: int = owner) -> None:
            now = ctx.clock.now()
            record_broken(conn, listing.endpoint, listing.broken, now)
            seen = ctx.seen(job, "comments", lane, now)
            ingest_comments.record_comments(conn, seen, work, listing.items, parent_key=chore.key)
            if listing.next is not None:
                chores.save_progress(conn, chore.kind, chore.key, {"next": dict(listing.next)})

        await ctx.db.run(record)
        if following is None:
            break
    await ctx.db.run(chores.done, chore.kind, chore.key)
