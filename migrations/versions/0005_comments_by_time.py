"""Comments in the order in which they were written: all of them, those that vanished, those of one person.

Revision ID: 0005
The way back is the copy made before: catalogue.0004.bak.db, or that of an older schema.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0005"
down_revision = "0004"
downgrade = refuse_downgrade

STATEMENTS = (
    "CREATE INDEX comment_by_time ON comment (coalesce(date, first_seen))",
    "CREATE INDEX comment_vanished ON comment (coalesce(date, first_seen)) WHERE state != 'live'",
    "CREATE INDEX comment_by_user ON comment (user_id, coalesce(date, first_seen))",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
