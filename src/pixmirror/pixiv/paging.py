"""Walking a list to its end, page by page or item by item, with the resume point always in hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from pixmirror.errors import BadResponse
from pixmirror.models import Listing, Received
from pixmirror.pixiv.wire import Next

T = TypeVar("T")


async def pages(fn: Callable[..., Awaitable[Listing[T]]], *, next: Next = None) -> AsyncIterator[Listing[T]]:
    """Yield every page of a list function: `async for page in pages(partial(users.illusts, api, 123))`.

    A page may be short or empty and not be the last; only a missing next_url ends it. `next` (the `next` of a page
    seen before) resumes there. A list that leads back to an earlier page is a BadResponse, not an endless loop.
    """
    led_to = {_place(next)}
    while True:
        page = await fn(next=next)
        yield page
        if page.next is None:
            return
        if _place(page.next) in led_to:
            raise BadResponse(f"{page.endpoint}: the next page is one that came before, again.")
        led_to.add(_place(page.next))
        next = page.next


def _place(query: Next) -> frozenset[tuple[str, str]]:
    return frozenset(query.items()) if query else frozenset()


async def items(fn: Callable[..., Awaitable[Listing[T]]], *, next: Next = None) -> AsyncIterator[Received[T]]:
    """Yield every readable item of every page."""
    async for page in pages(fn, next=next):
        for item in page.items:
            yield item
