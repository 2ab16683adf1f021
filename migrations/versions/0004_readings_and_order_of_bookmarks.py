"""Readings of tags as the website tells them; bookmarks in the order in which they were made.

Revision ID: 0004
The way back is the copy made before: catalogue.0003.bak.db, or that of an older schema.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0004"
down_revision = "0003"
downgrade = refuse_downgrade

STATEMENTS = (
    """
CREATE TABLE tag_reading (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name, kind, text)
)
 STRICT
    """,
    "CREATE INDEX translation_by_time ON translation_seen (first_seen)",
    "CREATE INDEX bookmark_by_time ON bookmark (account_id, coalesce(bookmark_id, below, 0), work_key)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
