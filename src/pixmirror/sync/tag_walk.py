"""The list of one own bookmark tag: it goes on where it stood, and below a page that keeps failing."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pixmirror.catalogue import chores
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.errors import BadResponse, PixmirrorError, ServerError
from pixmirror.ingest import own_tags as ingest_own_tags
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.own_tags import BookmarkList
from pixmirror.models import BookmarkTag, Lane, Listing
from pixmirror.pixiv.app import users
from pixmirror.sync import setbacks, sources, steps
from pixmirror.sync.context import Context
from pixmirror.sync.steps import Round, Stretch
from pixmirror.sync.walk import next_number

CURSOR = "max_bookmark_id"


def is_an_answer(error: PixmirrorError) -> bool:
    """Tell whether Pixiv answered about this one page, so that other pages and lists may well be readable."""
    return error.scope == "item" or isinstance(error, ServerError)


class TagWalk:
    """Walk the lists of one medium and restrict, one tag after the other; `progress` is kept with the chore.

    Of each tag that is not read to its end yet `progress["tags"]` says which page comes next, when the walk began,
    and below which cursor it was read already because a page above kept failing.
    """

    def __init__(
        self, ctx: Context, lane: Lane, chore: Chore, place: BookmarkList, progress: dict[str, Any]
    ) -> None:
        self._ctx, self._lane, self._chore = ctx, lane, chore
        self._place = place
        self._progress = progress

    async def walk(self, tag: BookmarkTag, since: int) -> None:
        """Read the list of a tag to its end, or to the page that fails."""
        state = dict(self._progress.setdefault("tags", {}).get(tag.name, {}))
        state.setdefault("started", self._ctx.clock.now())
        following: Mapping[str, str] | None = state.get("next")
        turned = Round()
        while True:
            try:
                listing = await self._ask(tag, following)
            except PixmirrorError as error:
                often = self._chore.attempts + 1 >= setbacks.RETRIES_OF_A_PAGE
                if is_an_answer(error) and often and "below" not in state:
                    await self._read_below(tag, state, following, since)
                raise
            cursor = next_number(listing, CURSOR)
            ended = cursor is None or cursor <= (state.get("below") or 0)
            if not ended and turned.closes([item.key for item in listing], listing.next):
                raise BadResponse(f"{listing.endpoint}: the list of a tag repeats itself.")
            following = listing.next
            state["next"] = dict(following) if following else None
            await self._ctx.db.run(self._record, tag, listing, state, since, ended)
            if ended:
                return

    async def _ask(
        self, tag: BookmarkTag, following: Mapping[str, str] | None, cursor: int | None = None
    ) -> Listing[Any]:
        ask: Callable[..., Awaitable[Listing[Any]]]
        ask = users.bookmarks_illust if self._place.medium == "illust" else users.bookmarks_novel
        api, account = self._ctx.api.at(self._lane), self._ctx.account_id
        if cursor is not None and following is not None:
            following = {**following, CURSOR: str(cursor)}
        elif cursor is not None:
            return await ask(api, account, self._place.restrict, tag.name, cursor)
        return await ask(api, account, self._place.restrict, tag.name, next=following)

    async def _read_below(
        self, tag: BookmarkTag, state: dict[str, Any], following: Mapping[str, str] | None, since: int
    ) -> None:
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
            await self._ctx.db.run(self._record, tag, listing, state if ended else None, since, False)
            listing = None if ended else await self._ask(tag, listing.next)

    async def _try(
        self, tag: BookmarkTag, following: Mapping[str, str] | None, cursor: int | None
    ) -> Listing[Any] | None:
        """Return the page below a cursor, or None if it fails."""
        try:
            return await self._ask(tag, following, cursor)
        except PixmirrorError as error:
            if not is_an_answer(error):
                raise
            return None

    def _record(
        self,
        conn: Connection,
        tag: BookmarkTag,
        listing: Listing[Any],
        state: Mapping[str, Any] | None,
        since: int,
        ended: bool,
    ) -> None:
        now = self._ctx.clock.now()
        record_broken(conn, listing.endpoint, listing.unread, now)
        sources.record_works(self._ctx, sources.NOBODY, conn, listing.items, "feed", self._lane, now)
        one = (self._place, tag.name)
        ingest_own_tags.record_tagged(conn, *one, [item.key for item in listing], now, since)
        if state is None:
            return
        if ended:
            ingest_own_tags.tag_walked(conn, *one, tag.count, int(state["started"]), now, since)
            self._progress["tags"].pop(tag.name, None)
        else:
            self._progress["tags"][tag.name] = dict(state)
        chores.save_progress(conn, self._chore.kind, self._chore.key, self._progress)
