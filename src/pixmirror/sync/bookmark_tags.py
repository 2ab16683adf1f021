"""The chore on own bookmark tags (architecture: walks): never one request per bookmark.

Without a cookie the list of each tag whose count has moved is walked. With one, the web's list of bookmarks tells
the tags and the id of each: from the top down to what is known, and to the end where the counts do not agree; a
tag whose count does not agree even then is walked like without a cookie.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pixmirror.catalogue import chores
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.errors import BadResponse, PixmirrorError
from pixmirror.ingest import own_tags as ingest_own_tags
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.own_tags import BookmarkList
from pixmirror.models import BookmarkTag, Lane, Listing, Medium, work_key
from pixmirror.pixiv.app import users
from pixmirror.pixiv.web import users as web_users
from pixmirror.pixiv.web.api import WebApi
from pixmirror.sync import website
from pixmirror.sync.context import Context, Job
from pixmirror.sync.steps import Round
from pixmirror.sync.tag_walk import TagWalk, is_an_answer

WEB_PAGE = 100
WHOLE_MS = 30 * DAY_MS  # the web's list is read to its end at least so often
REST = {"public": "show", "private": "hide"}


async def run(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Read the list of own tags, then find out which bookmarks carry those whose count has moved."""
    place = BookmarkList.of_key(ctx.account_id, chore.key)
    ask = users.bookmark_tags_illust if place.medium == "illust" else users.bookmark_tags_novel
    started, progress = ctx.clock.now(), dict(chore.progress)
    moved: list[BookmarkTag] = []
    following: Mapping[str, str] | None = None
    turned = Round()
    while True:
        listing = await ask(ctx.api.at(lane), ctx.account_id, place.restrict, next=following)
        tags = list(listing)
        names = await ctx.db.run(ingest_own_tags.record_bookmark_tags, place, tags, ctx.clock.now())
        moved += [tag for tag in tags if tag.name in names]
        following = listing.next
        if following is None:
            break
        if turned.closes([tag.name for tag in tags], following):
            raise BadResponse(f"{listing.endpoint}: the list of own tags repeats itself.")
    # The web's list belongs to whoever's cookie it is.
    by_web = ctx.web is not None and ctx.web.session is not None and ctx.web.user_id == ctx.account_id
    if by_web:
        read = lambda web: _read_web(ctx, web, chore, progress, place, moved, started)  # noqa: E731
        by_web = bool(await website.ask(ctx, lane, read))
    if by_web:
        moved = await ctx.db.read(ingest_own_tags.tags_with_wrong_count, place, moved)
    walk = TagWalk(ctx, lane, chore, place, progress)
    failed: PixmirrorError | None = None
    for tag in moved:
        try:
            await walk.walk(tag, started)
        except PixmirrorError as error:
            if not is_an_answer(error):
                raise
            failed = failed or error  # the other tags are read all the same
    if failed is not None:
        raise failed

    def record(conn: Connection) -> None:
        ingest_own_tags.reading_done(conn, place, started, ctx.clock.now(), all_told=by_web)
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


async def _read_web(
    ctx: Context,
    web: WebApi,
    chore: Chore,
    progress: dict[str, Any],
    place: BookmarkList,
    moved: list[BookmarkTag],
    since: int,
) -> bool:
    """Read the web's list, newest bookmark first, until a page tells nothing new and all counts agree."""
    ask: Callable[..., Awaitable[Listing[Any]]]
    ask = web_users.bookmarks_illust if place.medium == "illust" else web_users.bookmarks_novel
    last = await ctx.db.read(ingest_own_tags.last_whole, place)
    whole = last is None or not 0 <= ctx.clock.now() - last < WHOLE_MS
    offset = int(progress.get("offset", 0)) if whole else 0
    turned = Round()
    while True:
        listing = await ask(web, ctx.account_id, "", offset, WEB_PAGE, REST[place.restrict])
        offset += WEB_PAGE

        def record(conn: Connection, listing: Listing[Any] = listing, offset: int = offset) -> bool:
            now = ctx.clock.now()
            record_broken(conn, listing.endpoint, listing.unread, now)
            page = _told(place.medium, listing)
            changed = ingest_own_tags.record_web_page(conn, place, page, now, since)
            if listing.next is None:
                ingest_own_tags.whole_done(conn, place, now)
                progress.pop("offset", None)
            elif whole:
                progress["offset"] = offset
                chores.save_progress(conn, chore.kind, chore.key, progress)
            return whole or changed > 0 or bool(ingest_own_tags.tags_with_wrong_count(conn, place, moved))

        circle = turned.closes([item.key for item in listing], {"offset": str(offset)})
        if not await ctx.db.run(record) or listing.next is None or circle:
            return not circle


def _told(medium: Medium, listing: Listing[Any]) -> dict[int, tuple[int, tuple[str, ...] | None]]:
    """Return bookmark id and own tags of each work of a page, masked ones too.

    The tags stand beside the works, by bookmark id; a bookmark without tags is not among them. A page on which
    none has tags says nothing of them: that cannot be told from an answer that leaves them out.
    """
    beside = listing.head.get("bookmarkTags")
    page: dict[int, tuple[int, tuple[str, ...] | None]] = {}
    for received in listing.items:
        data = received.raw.get("bookmarkData")
        bookmark_id = _number(data.get("id")) if isinstance(data, Mapping) else None
        if bookmark_id is not None:
            names = _names(beside.get(str(bookmark_id))) if isinstance(beside, Mapping) and beside else None
            page[work_key(medium, received.item.id)] = (bookmark_id, names)
    return page


def _names(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for n in value if isinstance(n, str))) if isinstance(value, list | tuple) else ()


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None
