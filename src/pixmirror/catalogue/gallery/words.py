"""What the user says: words that mean others in a search, searches to come back to, and settings. Each function is
a transaction of gallery.db.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.gallery.naming import named
from pixmirror.catalogue.gallery.removed import Removed, take_out
from pixmirror.catalogue.gallery.schema import alias, saved_search, setting
from pixmirror.catalogue.sql import upsert
from pixmirror.errors import ConfigError

LONGEST_QUERY = 1000
LONGEST_SETTING = 10_000


def add_alias(conn: Connection, word: str, means: str) -> int:
    """Have a word mean another, besides itself. Return the alias's id, also of one that was there."""
    values = {"word": named(word, "word"), "means": named(means, "word")}
    if values["word"] == values["means"]:
        raise ConfigError("A word means itself anyhow: say what else it means.")
    conn.execute(insert(alias).on_conflict_do_nothing(), values)
    return int(conn.execute(select(alias.c.id).filter_by(**values)).scalar_one())


def remove_alias(conn: Connection, id_: int) -> Removed:
    return take_out(conn, alias, alias.c.id == id_)


def save_search(conn: Connection, name: str, query: str, now: int) -> int:
    """Keep a search under a name, in place of another of this name. Return its id."""
    query = query.strip()
    if not 0 < len(query) <= LONGEST_QUERY:
        raise ConfigError(f"A search has 1 to {LONGEST_QUERY:,} characters.")
    values = {"name": named(name, "search"), "query": query, "created_at": now}
    kept = upsert(saved_search, "query", on=["name"]).returning(saved_search.c.id)
    return int(conn.execute(kept, values).scalar_one())


def remove_search(conn: Connection, id_: int) -> Removed:
    return take_out(conn, saved_search, saved_search.c.id == id_)


def put_setting(conn: Connection, key: str, value: str | None) -> str | None:
    """Set it, or with None have it as it is by itself. Return what it was."""
    if value is not None and len(value) > LONGEST_SETTING:
        raise ConfigError(f"A setting has at most {LONGEST_SETTING:,} characters.")
    had = conn.scalar(select(setting.c.value).where(setting.c.key == key))
    if value is None:
        take_out(conn, setting, setting.c.key == key)
    else:
        conn.execute(upsert(setting, "value"), {"key": key, "value": value})
    return had


def put_settings(conn: Connection, values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Set several at once, as `put_setting` does. Return what they were, for the way back."""
    return {key: put_setting(conn, key, value) for key, value in values.items()}
