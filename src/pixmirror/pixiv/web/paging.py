"""Walking the web's lists: they end where they say so, or where a page repeats, never at a number."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pixmirror.models import Listing, Received
from pixmirror.pixiv import paging
from pixmirror.pixiv.web.params import id_of
from pixmirror.pixiv.wire import Next

T = TypeVar("T")


async def pages(fn: Callable[..., Awaitable[Listing[T]]], *, next: Next = None) -> AsyncIterator[Listing[T]]:
    """Every page of a list function, as `pixmirror.pixiv.pages`; a page with the things of the one before it is
    past the end (follow_latest, search) and is not given.
    """
    before: tuple[Any, ...] | None = None
    async for page in paging.pages(fn, next=next):
        held = _held(page)
        if held and held == before:
            return
        yield page
        before = held


async def items(fn: Callable[..., Awaitable[Listing[T]]], *, next: Next = None) -> AsyncIterator[Received[T]]:
    """Yield every readable item of every page."""
    async for page in pages(fn, next=next):
        for item in page.items:
            yield item


def _held(page: Listing[Any]) -> tuple[Any, ...]:
    """Return the ids of a page; of a feed those of works, too, that it does not show."""
    feed = page.head.get("page")
    if isinstance(feed, Mapping) and isinstance(feed.get("ids"), list):
        return tuple(feed["ids"])
    return tuple(id_of(row.item) for row in page.items)
