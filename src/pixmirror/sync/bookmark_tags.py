"""The chore on own bookmark tags (architecture: walks): never one request per bookmark.

Without a cookie the list of each tag whose count has moved is walked. With one, the web's list of bookmarks tells
the tags and the id of each: from the top down to what is known, and to the end where the counts do not agree; a
tag whose count does not agree even then is walked like without a cookie.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pixmirror.catalogue import chores
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.errors import BadResponse, PixmirrorError, ServerError
from pixmirror.ingest import own_tags as ingest_own_tags
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.own_tags import BookmarkList
from pixmirror.models import BookmarkTag, Lane, Listing, Medium, work_key
from pixmirror.pixiv.app import users
from pixmirror.pixiv.web import users as web_users
from pixmirror.pixiv.web.api import WebApi
from pixmirror.sync import setbacks, sources, steps, website
from pixmirror.sync.context import Context, Job
from pixmirror.sync.steps import Round, Stretch
from pixmirror.sync.walk import next_number

CURSOR = "max_bookmark_id"
WEB_PAGE = 100
WHOLE_MS = 30 * DAY_MS  # the web's list is read to its end at least so often
REST = {"public": "show", "private": "hide"}

Ask: TypeAlias = Callable[..., Awaitable[Listing[Any]]]
Following: TypeAlias = Mapping[str, str] | None


async def run(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Read the list of own tags, then find out which bookmarks carry those whose count has moved."""
    place = BookmarkList.of_key(ctx.account_id, chore.key)
    reading = _Reading(ctx, lane, chore, place, ctx.clock.now(), dict(chore.progress))
    moved = await reading.tags_that_moved()
    # The web's list belongs to whoever's cookie it is.
    by_web = ctx.web is not None and ctx.web.session is not None and ctx.web.user_id == ctx.account_id
    if by_web:
        by_web = bool(await website.ask(ctx, lane, lambda web: reading.read_web(web, moved)))
    if by_web:
        moved = await ctx.db.read(ingest_own_tags.tags_with_wrong_count, place, moved)
    failed: PixmirrorError | None = None
    for tag in moved:
        try:
            await reading.walk(tag)
        except PixmirrorError as error:
            if not _is_an_answer(error):
                raise
            failed = failed or error  # the other tags are read all the same
    if failed is not None:
        raise failed

    def record(conn: Connection) -> None:
        ingest_own_tags.reading_done(conn, place, reading.started, ctx.clock.now(), all_told=by_web)
        chores.done(conn, chore.kind, chore.key)

    await ctx.db.run(record)


def _is_an_answer(error: PixmirrorError) -> bool:
    """Tell whether Pixiv answered about this one page, so that other pages and lists may well be readable."""
    return error.scope == "item" or isinstance(error, ServerError)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the own tags of one medium and restrict. `progress` is kept with the chore.

    A tag's list goes on where it stood, and below a page that keeps failing: for each tag that is not read to its
    end yet `progress["tags"]` says which page comes next, when the walk began, and below which cursor it was read
    already because a page above kept failing.
    """

    ctx: Context
    lane: Lane
    chore: Chore
    place: BookmarkList
    started: int
    progress: dict[str, Any]

    async def tags_that_moved(self) -> list[BookmarkTag]:
        """Read and record the list of own tags. Return those whose count has moved."""
        ask = users.bookmark_tags_illust if self.place.medium == "illust" else users.bookmark_tags_novel
        api, account = self.ctx.api.at(self.lane), self.ctx.account_id
        moved: list[BookmarkTag] = []
        following: Following = None
        turned = Round()
        while True:
            listing = await ask(api, account, self.place.restrict, next=following)
            tags, now = list(listing), self.ctx.clock.now()
            names = await self.ctx.db.run(ingest_own_tags.record_bookmark_tags, self.place, tags, now)
            moved += [tag for tag in tags if tag.name in names]
            following = listing.next
            if following is None:
                return moved
            if turned.closes([tag.name for tag in tags], following):
                raise BadResponse(f"{listing.endpoint}: the list of own tags repeats itself.")

    # -- by the list of each tag ---------------------------------------------------------------------------

    async def walk(self, tag: BookmarkTag) -> None:
        """Read the list of a tag to its end, or to the page that fails."""
        state = dict(self.progress.setdefault("tags", {}).get(tag.name, {}))
        state.setdefault("started", self.ctx.clock.now())
        following: Following = state.get("next")
        turned = Round()
        while True:
            try:
                listing = await self._ask(tag, following)
            except PixmirrorError as error:
                often = self.chore.attempts + 1 >= setbacks.RETRIES_OF_A_PAGE
                if _is_an_answer(error) and often and "below" not in state:
                    await self._read_below(tag, state, following)
                raise
            cursor = next_number(listing, CURSOR)
            ended = cursor is None or cursor <= (state.get("below") or 0)
            if not ended and turned.closes([item.key for item in listing], listing.next):
                raise BadResponse(f"{listing.endpoint}: the list of a tag repeats itself.")
            following = listing.next
            state["next"] = dict(following) if following else None
            await self.ctx.db.run(self._record, tag, listing, state, ended)
            if ended:
                return

    async def _ask(self, tag: BookmarkTag, following: Following, cursor: int | None = None) -> Listing[Any]:
        ask: Ask = users.bookmarks_illust if self.place.medium == "illust" else users.bookmarks_novel
        if following is not None and cursor is not None:
            following, cursor = {**following, CURSOR: str(cursor)}, None
        api, account = self.ctx.api.at(self.lane), self.ctx.account_id
        return await ask(api, account, self.place.restrict, tag.name, cursor, next=following)

    async def _read_below(self, tag: BookmarkTag, state: dict[str, Any], following: Following) -> None:
        """Read on below the page that fails, once; what was leapt over is read when the page answers again."""
        place = steps.below_cursor_page(
            Stretch(start=int(following[CURSOR]) if following is not None else None), 0
        )
        listing: Listing[Any] | None = None
        while place is not None and (listing := await self._try(tag, following, place.start)) is None:
            place = steps.below_cursor_page(place, 0)
        low = (place.start or 0) if place is not None else 0
        fails = low + place.jump if place is not None else 0
        while fails - low > 1:
            middle = (low + fails) // 2
            found = await self._try(tag, following, middle)
            low, fails, listing = (low, middle, listing) if found is None else (middle, fails, found)
        state["below"] = low
        turned = Round()
        while listing is not None:
            cursor = next_number(listing, CURSOR)
            ended = cursor is None or turned.closes([item.key for item in listing], listing.next)
            await self.ctx.db.run(self._record, tag, listing, state if ended else None, False)
            listing = None if ended else await self._ask(tag, listing.next)

    async def _try(self, tag: BookmarkTag, following: Following, cursor: int | None) -> Listing[Any] | None:
        """Return the page below a cursor, or None if it fails."""
        try:
            return await self._ask(tag, following, cursor)
        except PixmirrorError as error:
            if not _is_an_answer(error):
                raise
            return None

    def _record(
        self,
        conn: Connection,
        tag: BookmarkTag,
        listing: Listing[Any],
        state: Mapping[str, Any] | None,
        ended: bool,
    ) -> None:
        now = self.ctx.clock.now()
        record_broken(conn, listing.endpoint, listing.unread, now)
        sources.record_works(self.ctx, sources.NOBODY, conn, listing.items, "feed", self.lane, now)
        one = (self.place, tag.name)
        ingest_own_tags.record_tagged(conn, *one, [item.key for item in listing], now, self.started)
        if state is None:
            return
        if ended:
            ingest_own_tags.tag_walked(conn, *one, tag.count, int(state["started"]), now, self.started)
            self.progress["tags"].pop(tag.name, None)
        else:
            self.progress["tags"][tag.name] = dict(state)
        chores.save_progress(conn, self.chore.kind, self.chore.key, self.progress)

    # -- by the web's list of bookmarks --------------------------------------------------------------------

    async def read_web(self, web: WebApi, moved: list[BookmarkTag]) -> bool:
        """Read the web's list, newest bookmark first, until a page tells nothing new and all counts agree."""
        ctx, place = self.ctx, self.place
        ask: Ask = web_users.bookmarks_illust if place.medium == "illust" else web_users.bookmarks_novel
        last = await ctx.db.read(ingest_own_tags.last_whole, place)
        whole = last is None or not 0 <= ctx.clock.now() - last < WHOLE_MS
        offset = int(self.progress.get("offset", 0)) if whole else 0
        turned = Round()
        while True:
            listing = await ask(web, ctx.account_id, "", offset, WEB_PAGE, REST[place.restrict])
            offset += WEB_PAGE

            def record(conn: Connection, listing: Listing[Any] = listing, offset: int = offset) -> bool:
                now = ctx.clock.now()
                record_broken(conn, listing.endpoint, listing.unread, now)
                page = _told(place.medium, listing)
                changed = ingest_own_tags.record_web_page(conn, place, page, now, self.started)
                if listing.next is None:
                    ingest_own_tags.whole_done(conn, place, now)
                    self.progress.pop("offset", None)
                elif whole:
                    self.progress["offset"] = offset
                    chores.save_progress(conn, self.chore.kind, self.chore.key, self.progress)
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
