"""What a list gives: a page that can go on, or a walk over all pages."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
)
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from pixmirror.models import Broken, Listing
from pixmirror.pixiv.cursors import cursor_of
from pixmirror.pixiv.wire import Next

T = TypeVar("T")
R = TypeVar("R")


class Run(Protocol):
    """Runs what is awaitable to its end, in the loop of a blocking client."""

    def __call__(self, make: Callable[[], Awaitable[R]], /) -> R: ...


@dataclass(frozen=True)
class Asked(Generic[T]):
    """A list as it was asked for: `read` gives the page at `next`, `walk` all pages from there on."""

    read: Callable[..., Awaitable[Listing[T]]]
    walk: Callable[..., AsyncIterator[Listing[T]]]
    next: Next = None

    async def pages(self, first: Listing[T] | None = None) -> "AsyncGenerator[tuple[Asked[T], Listing[T]]]":
        """Yield each page with where it stands; the first one need not be read again."""
        here = self
        known = [] if first is None else [first]

        async def read(*, next: Next) -> Listing[T]:
            return known.pop() if known else await self.read(next=next)

        async for listing in self.walk(read, next=self.next):
            yield here, listing
            here = replace(self, next=cursor_of(listing))

    async def after(self, first: Listing[T]) -> "tuple[Asked[T], Listing[T]] | None":
        """Return the page after the first one; None at the end, also where that is the first one again."""
        async with aclosing(self.pages(first)) as pages:
            await anext(pages)
            return await anext(pages, None)


class _Page(Generic[T]):
    def __init__(self, asked: Asked[T], received: Listing[T]) -> None:
        self._asked = asked
        self.received = received

    @property
    def items(self) -> tuple[T, ...]:
        """What stands on this page."""
        return tuple(self.received)

    @property
    def next(self) -> dict[str, str] | None:
        """Where the next page is, to be given as `next=` at any time, also after being stored as JSON; None at the
        end.
        """
        return cursor_of(self.received)

    @property
    def head(self) -> Any:
        """What else stood at the top of the answer, by name."""
        return self.received.head

    @property
    def unread(self) -> tuple[Broken, ...]:
        """What could not be read: whole items, and members of the others."""
        return self.received.unread

    @property
    def endpoint(self) -> str:
        return self.received.endpoint

    def __len__(self) -> int:
        return len(self.received.items)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self.items[place]

    def __repr__(self) -> str:
        return f"<Page of {len(self)}, {'with' if self.next else 'without'} a next one: {self.endpoint}>"


class Page(_Page[T]):
    """One page of a list. It has `len`, places and `for`; `async for` goes on to the end of the list."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.received)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for _, listing in self._asked.pages(self.received):
            for item in listing:
                yield item

    async def next_page(self) -> "Page[T] | None":
        """Return the page after this one; None at the end. An empty page need not be the last one."""
        found = await self._asked.after(self.received)
        return found and Page(*found)


class Walk(Coroutine[Any, Any, Page[T]]):
    """A list that was asked for: `await` it for one page, `async for` gives what is on all of them.

    `next` is where to go on later: the page that the last item came from (None: the first one).
    """

    def __init__(self, asked: Asked[T]) -> None:
        self._asked = asked
        self._awaited: Coroutine[Any, Any, Page[T]] | None = None
        self.next = asked.next

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Yield every page."""
        async for here, listing in self._asked.pages():
            self.next = here.next
            yield Page(here, listing)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page:
                yield item

    async def _page(self) -> Page[T]:
        return Page(self._asked, await self._asked.read(next=self._asked.next))

    @property
    def _coroutine(self) -> Coroutine[Any, Any, Page[T]]:
        self._awaited = self._awaited or self._page()
        return self._awaited

    def __await__(self) -> Generator[Any, Any, Page[T]]:
        return self._coroutine.__await__()

    # a coroutine, so that asyncio.create_task takes it
    def send(self, value: Any) -> Any:
        return self._coroutine.send(value)

    def throw(self, *failure: Any) -> Any:
        return self._coroutine.throw(*failure)

    def close(self) -> None:
        if self._awaited:
            self._awaited.close()


class BlockingPage(_Page[T]):
    """One page of a list: `len`, places and `items` are of this page, `for` goes on to the end of the list."""

    def __init__(self, asked: Asked[T], received: Listing[T], run: Run) -> None:
        super().__init__(asked, received)
        self._run = run

    def __iter__(self) -> "BlockingWalk[T]":
        return BlockingWalk(self._asked, self._run, lambda _, listing: listing, first=self.received)

    def pages(self) -> "BlockingWalk[BlockingPage[T]]":
        """Iterate over this page and all that follow."""

        def page(here: Asked[T], listing: Listing[T]) -> "tuple[BlockingPage[T]]":
            return (BlockingPage(here, listing, self._run),)

        return BlockingWalk(self._asked, self._run, page, first=self.received)

    def next_page(self) -> "BlockingPage[T] | None":
        """Return the page after this one; None at the end. An empty page need not be the last one."""
        found = self._run(lambda: self._asked.after(self.received))
        return found and BlockingPage(*found, self._run)


class BlockingWalk(Generic[R]):
    """An iterator over a list, page by page. `next` is where to go on later: the page that the last item came
    from, or that could not be had (None: the first one).
    """

    def __init__(
        self,
        asked: Asked[T],
        run: Run,
        parts: Callable[[Asked[T], Listing[T]], Iterable[R]],
        first: Listing[T] | None = None,
    ) -> None:
        self.next = asked.next

        def read(*, next: Next) -> Awaitable[Listing[T]]:
            self.next = next
            return asked.read(next=next)

        pages = drained(replace(asked, read=read).pages(first), run)
        self._found = (part for here, listing in pages for part in parts(here, listing))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> R:
        return next(self._found)


def drained(found: AsyncIterator[R], run: Run) -> Iterator[R]:
    """Yield what an async iterator gives."""
    while True:
        try:
            item = run(found.__anext__)
        except StopAsyncIteration:
            return
        yield item
