"""Comments in the order in which they were written: all of them, those that vanished, those of one person.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    "CREATE INDEX comment_by_time ON comment (coalesce(date, first_seen))",
    "CREATE INDEX comment_vanished ON comment (coalesce(date, first_seen)) WHERE state != 'live'",
    "CREATE INDEX comment_by_user ON comment (user_id, coalesce(date, first_seen))",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
