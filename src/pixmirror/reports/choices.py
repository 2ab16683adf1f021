"""What filters can be chosen from, and what the ids in them are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import listed, rows
from pixmirror.reports.filters import MOST, Filters, written_key

_ARTISTS = "SELECT id, name FROM user WHERE id IN (SELECT value FROM json_each(:ids))"
_SERIES = "SELECT series_key, title FROM series WHERE series_key IN (SELECT value FROM json_each(:ids))"
_COLLECTIONS = "SELECT id, name FROM own.collection WHERE id IN (SELECT value FROM json_each(:ids))"
_CALLED = "SELECT id FROM user WHERE name = :name AND id IN (SELECT user_id FROM work) ORDER BY id LIMIT :most"
_OWN_TAGS = """
SELECT name FROM bookmark_tag WHERE account_id IN (SELECT id FROM account)
GROUP BY name ORDER BY sum(count) DESC, name LIMIT 200"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be asked for. `names`: what the ids of the present filters are called, by filter and text."""

    names: Mapping[tuple[str, str], str]
    jobs: Sequence[str] = ()
    own_tags: Sequence[str] = ()
    collections: Sequence[tuple[int, str]] = ()


def choices(conn: Connection, filters: Filters) -> Choices:
    """Return what the menus of a page of works offer."""
    return Choices(
        names=_names(conn, filters),
        jobs=[name for (name,) in rows(conn, "SELECT name FROM job ORDER BY name")],
        own_tags=[name for (name,) in rows(conn, _OWN_TAGS)],
        collections=[(id_, name) for id_, name in rows(conn, "SELECT id, name FROM own.collection ORDER BY name")],
    )


def _names(conn: Connection, filters: Filters) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for name, ids, sql in (
        ("artist", filters.artist, _ARTISTS),
        ("series", filters.series, _SERIES),
        ("collection", filters.collection, _COLLECTIONS),
    ):
        for id_, called in rows(conn, sql, ids=listed(ids)) if ids else ():
            found[name, written_key(id_) if name == "series" else str(id_)] = called
    return found


def artists_called(conn: Connection, name: str) -> list[int]:
    """Return the artists of this name."""
    return [id_ for (id_,) in rows(conn, _CALLED, name=name, most=MOST)]
