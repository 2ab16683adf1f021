"""How a list is read, and recorded so that what cannot be costs itself alone and is kept with its bytes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.feeds import Feed
from pixmirror.clock import Clock
from pixmirror.contained import contained
from pixmirror.errors import BadResponse, PixmirrorError, Unforeseen
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.sifting import sift
from pixmirror.models import Broken, Lane, Listing, Received

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Source:
    """How one feed is read and recorded. `read` takes an offset or a cursor, None for the top;
    `record` returns the ids of a page in their order.

    `backfill`: whether the first walk reads on to the end. `finished` is called, in the last page's transaction,
    when a pass from the top to the end is complete, with the time at which it began; `overflowed` when a head walk
    came to the list's end, or its cap, and met nothing that was known. `head_read` is called with each page 1 that
    is not the first ever, and says whether a full pass is due; a list that is whole on page 1 has had one.
    """

    paging: Literal["offset", "cursor"]
    read: Callable[[int | None, Lane], Awaitable[Listing[Any]]]
    record: Callable[[Connection, Listing[Any], Lane, int], Sequence[int]]
    backfill: bool = True
    finished: Callable[[Connection, int, int], None] | None = None
    overflowed: Callable[[Connection, int], None] | None = None
    head_read: Callable[[Connection, Feed, int], bool] | None = None


async def write_page(
    db: Database,
    listing: Listing[Any],
    write: Callable[Concatenate[Connection, Listing[Any], P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Record a page in one transaction, by `write(connection, listing, *args)`.

    Where that fails, an item that fails by itself is recorded as broken, and the others as they are.
    """
    try:
        with contained(listing.endpoint, tell=False):
            return await db.run(write, listing, *args, **kwargs)
    except (Unforeseen, BadResponse):
        sifted = await db.run(sift, db.path, listing, lambda conn, page: write(conn, page, *args, **kwargs))
    return await db.run(write, listing if sifted is None else sifted, *args, **kwargs)


async def write_one(
    db: Database,
    clock: Clock,
    endpoint: str,
    path: str,
    received: Received[Any],
    write: Callable[[Connection], None],
) -> None:
    """Record one object in one transaction. Where that fails, it is kept as broken, and the error goes on."""
    try:
        await db.run(write)
    except Exception as error:
        if isinstance(error, PixmirrorError) and not isinstance(error, BadResponse):
            raise
        reason = str(error) if isinstance(error, BadResponse) else f"{type(error).__name__} while it was recorded"
        await db.run(record_broken, endpoint, [Broken(path, reason, received.raw)], clock.now())
        raise
