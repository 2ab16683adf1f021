"""Runs older than 90 days become one row a job and day: how many it stands for, and how many of them failed.

Revision ID: 0009
The way back is the copy made before: catalogue.0008.bak.db, or that of an older schema.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0009"
down_revision = "0008"
downgrade = refuse_downgrade


def iso(column: str, name: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000, 'unixepoch') AS {name}"


STATEMENTS = (
    "ALTER TABLE run ADD COLUMN runs INTEGER DEFAULT 1 NOT NULL",
    "ALTER TABLE run ADD COLUMN failed INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE run ADD COLUMN interrupted INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE run ADD COLUMN took_ms INTEGER",
    "DROP VIEW runs",
    f"""
CREATE VIEW runs AS
-- What each job did, and when: a row for each run, of those older than 90 days one for each job and day.
SELECT
  id,
  job,
  kind,
  {iso("started_at", "started_at")},
  {iso("ended_at", "ended_at")},
  coalesce(took_ms, ended_at - started_at) / 1000.0 AS seconds,
  outcome,  -- running, done, failed, interrupted; of several runs the worst
  new,  -- works that were not known before
  seen,
  requests,
  error,
  runs,  -- how many runs this row stands for
  iif(runs > 1, failed, outcome = 'failed') AS failed,  -- how many of them
  iif(runs > 1, interrupted, outcome = 'interrupted') AS interrupted
FROM run
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement.strip())
