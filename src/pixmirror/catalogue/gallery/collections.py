"""The user's collections: works in an order of their own. Each function is a transaction of gallery.db."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.gallery.naming import named
from pixmirror.catalogue.gallery.removed import Removed, put_back, take_out
from pixmirror.catalogue.gallery.schema import collection, collection_work
from pixmirror.catalogue.sql import Many, among, column, listed, value
from pixmirror.errors import ConfigError, NotHere

LONGEST_NOTE = 2000

_c, _w = collection.c, collection_work.c
_ADD = Many(insert(collection_work).on_conflict_do_nothing())
_PLACE = Many("UPDATE collection_work SET position = :position WHERE collection_id = :id AND work_key = :key")


def make(conn: Connection, name: str, now: int, note: str = "", works: Sequence[int] = ()) -> int:
    """Make a collection of these works. Return its id. ConfigError where the name is taken, or is none."""
    values = {"name": _free(conn, name), "note": _noted(note), "created_at": now}
    made = int(conn.execute(insert(collection).returning(_c.id), values).scalar_one())
    add_works(conn, made, works, now)
    return made


def rename(conn: Connection, id_: int, name: str, note: str | None = None) -> None:
    """Give a collection another name, and another note if there is one. NotHere, ConfigError."""
    refuse_unknown(conn, id_)
    values = {"name": _free(conn, name, but=id_)} | ({} if note is None else {"note": _noted(note)})
    conn.execute(update(collection).where(_c.id == id_).values(values))


def remove(conn: Connection, id_: int) -> Removed:
    """Remove a collection, none of its works. Return all of it, for `restore`."""
    refuse_unknown(conn, id_)
    works = take_out(conn, collection_work, _w.collection_id == id_)
    return take_out(conn, collection, _c.id == id_) + works


def restore(conn: Connection, removed: Removed) -> None:
    """Put back what `remove` or `take_works` returned. ConfigError where the name has been taken meanwhile."""
    for row in removed.rows(collection):
        _free(conn, row["name"], but=row["id"])
    for row in removed.rows(collection_work)[:1]:
        if not removed.rows(collection):
            refuse_unknown(conn, row["collection_id"])
    put_back(conn, removed)


def add_works(conn: Connection, id_: int, keys: Sequence[int], now: int) -> tuple[int, ...]:
    """Put works at the end, in this order. Return those that were not in it yet."""
    refuse_unknown(conn, id_)
    there = set(column(conn, "SELECT work_key FROM collection_work WHERE collection_id = :id", id=id_))
    new = tuple(key for key in dict.fromkeys(keys) if key not in there)
    last = value(conn, "SELECT max(position) FROM collection_work WHERE collection_id = :id", id=id_) or 0
    one = {"collection_id": id_, "added_at": now}
    _ADD(conn, [one | {"work_key": key, "position": position} for position, key in enumerate(new, last + 1)])
    return new


def take_works(conn: Connection, id_: int, keys: Collection[int]) -> Removed:
    """Take works out of a collection. Return them with their places, for `restore`."""
    among_these = among(_w.work_key, "keys")
    return take_out(conn, collection_work, _w.collection_id == id_, among_these, keys=listed(keys))


def move(conn: Connection, id_: int, key: int, before: int | None) -> None:
    """Move a work to before another, or to the end. NotHere where the collection lacks either."""
    works = "SELECT work_key FROM collection_work WHERE collection_id = :id ORDER BY position, work_key"
    ordered = column(conn, works, id=id_)
    if key not in ordered or (before is not None and before not in ordered):
        raise NotHere("The work is no longer in this collection.")
    if before == key:
        return
    ordered.remove(key)
    ordered.insert(len(ordered) if before is None else ordered.index(before), key)
    _PLACE(conn, [{"id": id_, "key": k, "position": n} for n, k in enumerate(ordered, 1)])


def refuse_unknown(conn: Connection, id_: int) -> None:
    if value(conn, "SELECT 1 FROM collection WHERE id = :id", id=id_) is None:
        raise NotHere("There is no such collection; it may have been removed.")


def _free(conn: Connection, name: str, but: int = 0) -> str:
    """Return the name as it is kept. ConfigError where another collection has it."""
    name = named(name, "collection")
    if value(conn, "SELECT 1 FROM collection WHERE name = :name AND id != :but", name=name, but=but):
        raise ConfigError(f"There is a collection {name!r} already.")
    return name


def _noted(note: str) -> str:
    if len(note) > LONGEST_NOTE:
        raise ConfigError(f"A note has at most {LONGEST_NOTE:,} characters.")
    return note.strip()
