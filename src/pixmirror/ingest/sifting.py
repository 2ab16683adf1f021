"""Finding the items of a page that break while they are recorded, so that the rest of the page is not lost."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from pixmirror.catalogue.sqlite import translated
from pixmirror.contained import contained
from pixmirror.errors import BadResponse, PixmirrorError, Unforeseen
from pixmirror.ingest.broken import is_known
from pixmirror.models import Broken, Listing, Received, UserPreview

log = logging.getLogger(__name__)
T = TypeVar("T")
Write = Callable[[Connection, Listing[Any]], T]


def sift(conn: Connection, path: Path, listing: Listing[Any], write: Write[Any]) -> Listing[Any] | None:
    """Try each item alone and record nothing. Return the page with those that break among its unread ones.

    None if none breaks by itself, or all of several do: then it is the page. `path` is the catalogue's.
    """
    good: list[Received[Any]] = []
    bad: list[tuple[Broken, PixmirrorError]] = []
    for n, received in enumerate(listing.items):
        place = f"{type(received.item).__name__.lower()}s[{n}]"

        def breaks(item: Received[Any], place: str = place) -> PixmirrorError | None:
            return _breaks(conn, path, replace(listing, items=(item,), broken=()), place, write)

        why = breaks(received)
        if why is None:
            good.append(received)
            continue
        less = next((r for r in _with_one_work_less(received) if breaks(r) is None), None)
        good += [] if less is None else [less]
        bad.append((Broken(place, str(why), received.raw, is_partial=less is not None), why))
    if not bad or (not good and len(bad) > 1):
        return None
    for item, why in bad:
        if not is_known(conn, listing.endpoint, item):
            log.error("%s It is kept raw; the rest of the page goes on.", why, exc_info=why.__cause__)
    return replace(listing, items=tuple(good), broken=(*listing.broken, *(item for item, _ in bad)))


def _breaks(
    conn: Connection, path: Path, one: Listing[Any], place: str, write: Write[Any]
) -> PixmirrorError | None:
    """Say why this item cannot be recorded; None if it can. Nothing of it stays."""
    trial = conn.begin_nested()
    try:
        with contained(f"{one.endpoint}, {place}", tell=False), translated(path):
            write(conn, one)
    except (Unforeseen, BadResponse) as error:
        return error
    finally:
        trial.rollback()
    return None


def _with_one_work_less(received: Received[Any]) -> Iterator[Received[Any]]:
    """Yield a user who is shown with works, each time without another of them, so that the user itself is kept."""
    if isinstance(received.item, UserPreview):
        for name in ("illusts", "novels"):
            works = getattr(received.item, name)
            for n in range(len(works)):
                rest = works.rearranged(works.received[:n] + works.received[n + 1 :])
                yield replace(received, item=received.item.model_copy(update={name: rest}))
