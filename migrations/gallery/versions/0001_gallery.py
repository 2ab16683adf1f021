"""The first gallery.db: DDL as it stood then, never edited again.

Revision ID: 0001
The way back: there was nothing before it.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0001"
down_revision = None
downgrade = refuse_downgrade

STATEMENTS = (
    """
CREATE TABLE alias (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    word TEXT NOT NULL,
    means TEXT NOT NULL,
    UNIQUE (word, means)
)
 STRICT
    """,
    """
CREATE TABLE collection (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (name)
)
 STRICT
    """,
    """
CREATE TABLE history (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    work_key INTEGER NOT NULL,
    at INTEGER NOT NULL
)
 STRICT
    """,
    "CREATE INDEX history_by_time ON history (at)",
    "CREATE INDEX history_by_work ON history (work_key, at)",
    """
CREATE TABLE place (
    work_key INTEGER NOT NULL,
    page INTEGER NOT NULL,
    anchor TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (work_key)
)
 STRICT
    """,
    "CREATE INDEX place_by_time ON place (updated_at)",
    """
CREATE TABLE rating (
    work_key INTEGER NOT NULL,
    stars INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (work_key),
    CONSTRAINT stars_are_1_to_5 CHECK (stars BETWEEN 1 AND 5)
)
 STRICT
    """,
    "CREATE INDEX rating_by_stars ON rating (stars, at)",
    """
CREATE TABLE saved_search (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    "query" TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (name)
)
 STRICT
    """,
    """
CREATE TABLE seen (
    work_key INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (work_key)
)
 STRICT
    """,
    """
CREATE TABLE session (
    digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    agent TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (digest),
    CONSTRAINT digest_is_sha256 CHECK (length(digest) = 64),
    CONSTRAINT kind_is_known CHECK (kind IN ('key', 'password'))
)
 STRICT
    """,
    """
CREATE TABLE setting (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
)
 STRICT
    """,
    """
CREATE TABLE collection_work (
    collection_id INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    position INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (collection_id, work_key),
    FOREIGN KEY(collection_id) REFERENCES collection (id) ON DELETE CASCADE
)
 WITHOUT ROWID,
 STRICT
    """,
    "CREATE INDEX collection_work_by_work ON collection_work (work_key)",
    "CREATE INDEX collection_work_in_order ON collection_work (collection_id, position)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
