"""What could not be read by the work and user that it is of; each translation of a tag with when it was seen.

Revision ID: 0003
The way back is the copy made before: catalogue.0002.bak.db, or that of an older schema.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0003"
down_revision = "0002"
downgrade = refuse_downgrade

STATEMENTS = (
    "ALTER TABLE broken ADD COLUMN medium TEXT",
    "ALTER TABLE broken ADD COLUMN work_key INTEGER",
    "ALTER TABLE broken ADD COLUMN user_id INTEGER",
    "ALTER TABLE broken ADD COLUMN is_partial INTEGER",
    """
CREATE TABLE translation_seen (
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (name, language, text)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
INSERT INTO translation_seen (name, language, text, first_seen, last_seen)
SELECT name, language, text, seen_at, seen_at FROM tag_translation JOIN tag ON id = tag_id
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
