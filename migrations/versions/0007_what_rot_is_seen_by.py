"""What rot is seen by: digests of sidecars and of blocks of rows, files by their last proof, what was found.

Revision ID: 0007
The way back is the copy made before: catalogue.0006.bak.db, or that of an older schema.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0007"
down_revision = "0006"
downgrade = refuse_downgrade

STATEMENTS = (
    "ALTER TABLE work ADD COLUMN sidecar_digest BLOB",
    "CREATE INDEX media_proved ON media (coalesce(verified_at, stored_at, 0)) WHERE state = 'stored'",
    """
CREATE TABLE finding (
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (subject, name)
)
 WITHOUT ROWID, STRICT
    """,
    """
CREATE TABLE row_block (
    room TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    digest BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (room, first)
)
 WITHOUT ROWID, STRICT
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
