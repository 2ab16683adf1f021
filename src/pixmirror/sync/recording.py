"""Recording answers so that what cannot be recorded costs itself alone, and is kept with its bytes."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import Clock
from pixmirror.contained import contained
from pixmirror.errors import BadResponse, PixmirrorError, Unforeseen
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.sifting import sift
from pixmirror.models import Broken, Listing, Received

T = TypeVar("T")
P = ParamSpec("P")


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
