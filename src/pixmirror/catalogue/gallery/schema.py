"""The tables of gallery.db; no behaviour.

Times are INTEGER milliseconds UTC. All of it is primary: nothing else has it, so it is migrated, backed up and
exported like the catalogue. That is another file, so no foreign key leads from a `work_key` to its work. An `id`
is never reused: what was removed can be put back, and an old address never shows something else.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from pixmirror.catalogue.migrate import Lineage

LINEAGE = Lineage(
    "gallery database",
    ("0001",),
    "gallery",
    "`pixmirror gallery`",
    "What you kept in the gallery since then is not in it.",
)
metadata = MetaData()


def _table(name: str, *columns: Column[object] | object, rowid: bool = True, numbered: bool = False) -> Table:
    return Table(
        name,
        metadata,
        *columns,  # type: ignore[arg-type]
        sqlite_strict=True,
        sqlite_with_rowid=rowid,
        sqlite_autoincrement=numbered,
    )


# Where the user is in a work: the page (from 0), and of a novel the hash of the paragraph.
place = _table(
    "place",
    Column("work_key", Integer, primary_key=True, autoincrement=False),
    Column("page", Integer, nullable=False),
    Column("anchor", Text),
    Column("updated_at", Integer, nullable=False),
)
Index("place_by_time", place.c.updated_at)

# Each visit to a work.
history = _table(
    "history",
    Column("id", Integer, primary_key=True),
    Column("work_key", Integer, nullable=False),
    Column("at", Integer, nullable=False),
    numbered=True,
)
Index("history_by_work", history.c.work_key, history.c.at)
Index("history_by_time", history.c.at)

# Which works were looked at, and when last; history may be emptied, this stays.
seen = _table(
    "seen",
    Column("work_key", Integer, primary_key=True, autoincrement=False),
    Column("at", Integer, nullable=False),
)

rating = _table(
    "rating",
    Column("work_key", Integer, primary_key=True, autoincrement=False),
    Column("stars", Integer, nullable=False),
    Column("at", Integer, nullable=False),
    CheckConstraint("stars BETWEEN 1 AND 5", name="stars_are_1_to_5"),
)
Index("rating_by_stars", rating.c.stars, rating.c.at)

collection = _table(
    "collection",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("created_at", Integer, nullable=False),
    numbered=True,
)

collection_work = _table(
    "collection_work",
    Column("collection_id", Integer, ForeignKey("collection.id", ondelete="CASCADE"), nullable=False),
    Column("work_key", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("added_at", Integer, nullable=False),
    PrimaryKeyConstraint("collection_id", "work_key"),
    rowid=False,
)
Index("collection_work_in_order", collection_work.c.collection_id, collection_work.c.position)
Index("collection_work_by_work", collection_work.c.work_key)

# What the user means by a word when searching.
alias = _table(
    "alias",
    Column("id", Integer, primary_key=True),
    Column("word", Text, nullable=False),
    Column("means", Text, nullable=False),
    UniqueConstraint("word", "means"),
    numbered=True,
)

saved_search = _table(
    "saved_search",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("query", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    numbered=True,
)

# A browser that may look: the SHA-256 of its cookie, never the cookie.
session = _table(
    "session",
    Column("digest", Text, primary_key=True),
    Column("created_at", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("agent", Text, nullable=False),  # as the browser names itself
    Column("kind", Text, nullable=False),  # how it came in: key, password
    CheckConstraint("length(digest) = 64", name="digest_is_sha256"),
    CheckConstraint("kind IN ('key', 'password')", name="kind_is_known"),
)

# One value by name: direction of a series, what is veiled, ...
setting = _table("setting", Column("key", Text, primary_key=True), Column("value", Text, nullable=False))
