"""Addresses of Pixiv that lead to what is here: their own pages in the gallery."""

from collections.abc import Iterable

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.refs import Ref, parse_ref
from pixmirror.catalogue.sql import listed, rows
from pixmirror.errors import ConfigError

_WORKS = "SELECT work_key FROM work WHERE work_key IN (SELECT value FROM json_each(:keys)) AND title != ''"
_USERS = "SELECT id FROM user WHERE id IN (SELECT value FROM json_each(:ids))"
_ROOMS = {"illust": "w", "novel": "n", "user": "a"}


def local_pages(conn: Connection, addresses: Iterable[str]) -> dict[str, str]:
    """Return of these addresses those of works and users that are here, with their pages."""
    refs = dict(_refs(addresses))
    keys = works_here(conn, {ref.work_key for ref in refs.values() if ref.work_key is not None})
    people = _users_here(conn, {ref.id for ref in refs.values() if ref.work_key is None})
    return {
        address: f"/{_ROOMS[ref.kind]}/{ref.id}"
        for address, ref in refs.items()
        if (ref.id in people if ref.work_key is None else ref.work_key in keys)
    }


def works_here(conn: Connection, keys: set[int]) -> set[int]:
    """Return which of these works are here, and not forgotten."""
    found = {r.work_key for r in rows(conn, _WORKS, keys=listed(keys))} if keys else set()
    return found - tombstones.works(conn, found)


def _users_here(conn: Connection, ids: set[int]) -> set[int]:
    found = {r.id for r in rows(conn, _USERS, ids=listed(ids))} if ids else set()
    return found - tombstones.people(conn, found)


def _refs(addresses: Iterable[str]) -> Iterable[tuple[str, Ref]]:
    for address in addresses:
        try:
            yield address, parse_ref(address)
        except ConfigError:
            continue  # it leads elsewhere
