"""What Pixiv showed over time: moves of states, doubts, statistics, drift of lists, tombstones, the web's ids.

Revision ID: 0002
The way back is the copy made before: catalogue.0001.bak.db, or that of an older schema.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0002"
down_revision = "0001"
downgrade = refuse_downgrade

STATEMENTS = (
    """
CREATE TABLE state_change (
    id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    owner_kind TEXT NOT NULL,
    owner_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    evidence TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
    """,
    """
CREATE INDEX state_change_by_owner ON state_change (owner_kind, owner_id, id)
    """,
    """
CREATE INDEX state_change_by_time ON state_change (owner_kind, at)
    """,
    """
CREATE TABLE doubt (
    owner_kind TEXT NOT NULL,
    owner_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    evidence TEXT NOT NULL,
    since INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (owner_kind, owner_id)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE stat (
    work_key INTEGER NOT NULL,
    at INTEGER NOT NULL,
    total_view INTEGER,
    total_bookmarks INTEGER,
    total_comments INTEGER,
    PRIMARY KEY (work_key, at)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE drift (
    id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    item INTEGER NOT NULL,
    event TEXT NOT NULL,
    "before" TEXT,
    "after" TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
    """,
    """
CREATE INDEX drift_by_item ON drift (kind, item, id)
    """,
    """
CREATE INDEX drift_by_time ON drift (kind, at)
    """,
    """
CREATE TABLE web_listed (
    user_id INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (user_id, work_key)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE INDEX web_listed_by_work ON web_listed (work_key)
    """,
    """
CREATE TABLE tombstone (
    owner_kind TEXT NOT NULL,
    owner_id INTEGER NOT NULL,
    idx INTEGER DEFAULT (-1) NOT NULL,
    at INTEGER NOT NULL,
    purge_at INTEGER,
    PRIMARY KEY (owner_kind, owner_id, idx)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE feed_job (
    feed_id INTEGER NOT NULL,
    job TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (feed_id, job),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
)
 WITHOUT ROWID,
 STRICT
    """,
    "INSERT INTO feed_job (feed_id, job, joined_at) SELECT id, job, 0 FROM feed",
    'ALTER TABLE "user" ADD COLUMN evidence TEXT',
    'ALTER TABLE "user" ADD COLUMN total_bookmarks_public INTEGER',
    "ALTER TABLE bookmark ADD COLUMN bookmark_id INTEGER",
    'ALTER TABLE "user" ADD COLUMN web_at INTEGER',
    "ALTER TABLE comment ADD COLUMN missing_since INTEGER",
    "ALTER TABLE payload ADD COLUMN language TEXT",
    "ALTER TABLE payload ADD COLUMN base INTEGER",
    "ALTER TABLE media ADD COLUMN trash TEXT",
    """
CREATE INDEX media_trash ON media (id) WHERE trash IS NOT NULL
    """,
    "ALTER TABLE feed ADD COLUMN full_started INTEGER",
    "ALTER TABLE feed ADD COLUMN refresh_at INTEGER",
    """
CREATE INDEX feed_refresh ON feed (refresh_at) WHERE refresh_at IS NOT NULL
    """,
    """
CREATE INDEX work_novels ON work (work_key) WHERE work_key & 1
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
