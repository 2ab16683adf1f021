"""What /search shows: the works that a text finds, how it was understood, the searches that the user keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.errors import ConfigError
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.search import Keys, Suggestions, find_keys, saved_searches, suggest
from pixmirror.reports.search.suggest import Saved
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import visible

SHOWN = 60


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`problem`: why the text cannot be understood."""

    found: Keys
    works: tuple[Tile, ...]
    saved: tuple[Saved, ...]
    usual: Defaults
    problem: str | None = None


def search_page(conn: Connection, text: str, after: str | None, now: int) -> SearchPage:
    """Return what a text finds, from a place on; of an empty one only what the user keeps."""
    usual, saved = defaults(conn), saved_searches(conn)
    if not text:
        return SearchPage(Keys(), (), saved, usual)
    try:
        found = find_keys(conn, text, SHOWN, after, now=now)
    except ConfigError as error:
        return SearchPage(Keys(), (), saved, usual, str(error))
    return SearchPage(found, visible(conn, found.keys, usual), saved, usual)


def suggestions(conn: Connection, text: str) -> Suggestions:
    """Return what to offer while a text is typed, of what the user wants to be shown."""
    return suggest(conn, text, defaults(conn))


def works_like(conn: Connection, keys: Sequence[int]) -> tuple[tuple[Tile, ...], Defaults]:
    """Return the works whose pictures are like one that was shown, the nearest first."""
    usual = defaults(conn)
    return visible(conn, keys, usual), usual
