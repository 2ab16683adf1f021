"""The chore on own bookmark tags: the list of each tag whose count has moved is walked (design 5)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pixmirror.catalogue import chores, ingest_lists
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.ingest_broken import record_broken
from pixmirror.models import BookmarkTag, Lane, Listing, Medium, Restrict
from pixmirror.pixiv.app import users
from pixmirror.sync import sources
from pixmirror.sync.context import Context, Job


async def run(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Reads the tags, then the lists of those that moved."""
    medium, restrict = sources.from_tags_key(chore.key)
    ask = users.bookmark_tags_illust if medium == "illust" else users.bookmark_tags_novel
    started = ctx.clock.now()
    moved: list[BookmarkTag] = []
    following: Mapping[str, str] | None = None
    while True:
        listing = await ask(ctx.api.at(lane), ctx.account_id, restrict, next=following)
        tags = list(listing)
        names = await ctx.db.run(
            ingest_lists.record_bookmark_tags, ctx.account_id, medium, restrict, tags, ctx.clock.now()
        )
        moved += [tag for tag in tags if tag.name in names]
        following = listing.next
        if following is None:
            break
    for tag in moved:
        await _walk_tag(ctx, lane, medium, restrict, tag)

    def record(conn: Connection) -> None:
        ingest_lists.forget_bookmark_tags(conn, ctx.account_id, medium, restrict, started)
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


async def _walk_tag(ctx: Context, lane: Lane, medium: Medium, restrict: Restrict, tag: BookmarkTag) -> None:
    started = ctx.clock.now()
    ask: Callable[..., Awaitable[Listing[Any]]]
    ask = users.bookmarks_illust if medium == "illust" else users.bookmarks_novel
    following: Mapping[str, str] | None = None
    while True:
        listing = await ask(ctx.api.at(lane), ctx.account_id, restrict, tag.name, next=following)

        def record(conn: Connection, listing: Listing[Any] = listing) -> None:
            now = ctx.clock.now()
            record_broken(conn, listing.endpoint, listing.broken, now)
            sources.record_works(ctx, sources.NOBODY, conn, listing.items, "feed", lane, now)
            keys = [item.key for item in listing]
            ingest_lists.record_tagged(conn, ctx.account_id, tag.name, keys, now)
            if listing.next is None:
                args = (ctx.account_id, medium, restrict, tag.name, tag.count, started)
                ingest_lists.tag_walked(conn, *args)

        await ctx.db.run(record)
        following = listing.next
        if following is None:
            return
