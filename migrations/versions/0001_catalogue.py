"""The first catalogue: DDL as it stood then, never edited again.

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
CREATE TABLE account (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    is_premium INTEGER DEFAULT 0 NOT NULL,
    x_restrict INTEGER DEFAULT 0 NOT NULL,
    captions_stripped INTEGER DEFAULT 0 NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT is_premium_is_flag CHECK (is_premium IN (0, 1)),
    CONSTRAINT captions_stripped_is_flag CHECK (captions_stripped IN (0, 1))
)
 STRICT
    """,
    """
CREATE TABLE bookmark (
    account_id INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    "restrict" TEXT NOT NULL,
    below INTEGER,
    state TEXT DEFAULT 'live' NOT NULL,
    state_at INTEGER,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    missing_since INTEGER,
    PRIMARY KEY (account_id, work_key)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE INDEX bookmark_by_restrict ON bookmark (account_id, "restrict", work_key)
    """,
    """
CREATE TABLE bookmark_tag (
    account_id INTEGER NOT NULL,
    medium TEXT NOT NULL,
    "restrict" TEXT NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    walked_count INTEGER,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, medium, "restrict", name)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE bookmark_work_tag (
    account_id INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    name TEXT NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (account_id, work_key, name)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE broken (
    id INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    raw TEXT NOT NULL,
    digest TEXT NOT NULL,
    times INTEGER DEFAULT 1 NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (digest)
)
 STRICT
    """,
    """
CREATE TABLE chore (
    kind TEXT NOT NULL,
    "key" INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    progress TEXT,
    error TEXT,
    PRIMARY KEY (kind, "key")
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE INDEX chore_due ON chore (lane, due_at)
    """,
    """
CREATE TABLE comment (
    comment_key INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    user_id INTEGER,
    parent_key INTEGER,
    comment TEXT NOT NULL,
    date INTEGER,
    stamp_id INTEGER,
    stamp_url TEXT,
    has_replies INTEGER DEFAULT 0 NOT NULL,
    state TEXT DEFAULT 'live' NOT NULL,
    state_at INTEGER,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (comment_key),
    CONSTRAINT has_replies_is_flag CHECK (has_replies IN (0, 1))
)
 STRICT
    """,
    """
CREATE INDEX comment_by_work ON comment (work_key, comment_key)
    """,
    """
CREATE TABLE feed (
    id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    params TEXT NOT NULL,
    marks TEXT DEFAULT '{}' NOT NULL,
    job TEXT NOT NULL,
    lane INTEGER NOT NULL,
    due_at INTEGER,
    failures INTEGER DEFAULT 0 NOT NULL,
    error TEXT,
    head_at INTEGER,
    full_at INTEGER,
    PRIMARY KEY (id),
    UNIQUE (account_id, endpoint, params)
)
 STRICT
    """,
    """
CREATE INDEX feed_due ON feed (lane, due_at) WHERE due_at IS NOT NULL
    """,
    """
CREATE TABLE follow (
    account_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    "restrict" TEXT NOT NULL,
    state TEXT DEFAULT 'live' NOT NULL,
    state_at INTEGER,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    missing_since INTEGER,
    PRIMARY KEY (account_id, user_id)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE job (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    filter_digest TEXT,
    is_paused INTEGER DEFAULT 0 NOT NULL,
    paused_until INTEGER,
    failures INTEGER DEFAULT 0 NOT NULL,
    suspended TEXT,
    last_done_at INTEGER,
    PRIMARY KEY (name),
    CONSTRAINT is_paused_is_flag CHECK (is_paused IN (0, 1))
)
 STRICT
    """,
    """
CREATE TABLE media (
    id INTEGER NOT NULL,
    owner_kind TEXT NOT NULL,
    owner_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    idx INTEGER NOT NULL,
    version TEXT NOT NULL,
    is_current INTEGER DEFAULT 1 NOT NULL,
    url TEXT NOT NULL,
    alternates TEXT,
    fetched_url TEXT,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due_at INTEGER DEFAULT 0 NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    error TEXT,
    size INTEGER,
    sha256 TEXT,
    damaged_sha256 TEXT,
    origin TEXT DEFAULT 'pixiv' NOT NULL,
    volume INTEGER DEFAULT 0 NOT NULL,
    first_seen INTEGER NOT NULL,
    stored_at INTEGER,
    verified_at INTEGER,
    PRIMARY KEY (id),
    CONSTRAINT is_current_is_flag CHECK (is_current IN (0, 1)),
    UNIQUE (owner_kind, owner_id, role, idx, version)
)
 STRICT
    """,
    """
CREATE INDEX media_fetching ON media (id) WHERE state = 'fetching'
    """,
    """
CREATE INDEX media_ready ON media (priority, id) WHERE state = 'wanted'
    """,
    """
CREATE INDEX media_refused ON media (id) WHERE state = 'refused'
    """,
    """
CREATE INDEX media_stored ON media (stored_at, size) WHERE state = 'stored'
    """,
    """
CREATE INDEX media_trouble ON media (state) WHERE state IN ('gone', 'failed', 'damaged')
    """,
    """
CREATE INDEX media_waiting ON media (due_at) WHERE state = 'waiting'
    """,
    """
CREATE TABLE meta (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
)
 STRICT
    """,
    """
CREATE TABLE payload (
    id INTEGER NOT NULL,
    owner_kind TEXT NOT NULL,
    owner_id INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    digest BLOB NOT NULL,
    codec INTEGER NOT NULL,
    body BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
    """,
    """
CREATE INDEX payload_by_owner ON payload (owner_kind, owner_id, endpoint, id)
    """,
    """
CREATE TABLE ranking (
    account_id INTEGER NOT NULL,
    medium TEXT NOT NULL,
    mode TEXT NOT NULL,
    date TEXT NOT NULL,
    snapshot INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    PRIMARY KEY (account_id, medium, mode, date, snapshot, rank)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE INDEX ranking_by_work ON ranking (work_key)
    """,
    """
CREATE TABLE ranking_day (
    account_id INTEGER NOT NULL,
    medium TEXT NOT NULL,
    mode TEXT NOT NULL,
    date TEXT NOT NULL,
    snapshot INTEGER NOT NULL,
    state TEXT NOT NULL,
    depth INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, medium, mode, date, snapshot)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE run (
    id INTEGER NOT NULL,
    job TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT NOT NULL,
    new INTEGER DEFAULT 0 NOT NULL,
    seen INTEGER DEFAULT 0 NOT NULL,
    requests INTEGER DEFAULT 0 NOT NULL,
    error TEXT,
    PRIMARY KEY (id)
)
 STRICT
    """,
    """
CREATE INDEX run_by_job ON run (job, id)
    """,
    """
CREATE TABLE series (
    series_key INTEGER NOT NULL,
    user_id INTEGER,
    title TEXT NOT NULL,
    caption TEXT,
    first_seen INTEGER NOT NULL,
    PRIMARY KEY (series_key)
)
 STRICT
    """,
    """
CREATE TABLE sighting (
    id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    owner_kind TEXT NOT NULL,
    owner_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    evidence TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
    """,
    """
CREATE INDEX sighting_by_owner ON sighting (owner_kind, owner_id, id)
    """,
    """
CREATE TABLE spent (
    day TEXT NOT NULL,
    lane TEXT NOT NULL,
    requests INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (day, lane)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE tag (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    works INTEGER DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
)
 STRICT
    """,
    """
CREATE TABLE user (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    comment TEXT,
    avatar_url TEXT,
    background_url TEXT,
    total_illusts INTEGER,
    total_manga INTEGER,
    total_novels INTEGER,
    state TEXT DEFAULT 'live' NOT NULL,
    state_at INTEGER,
    profile_at INTEGER,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
    """,
    """
CREATE TABLE work (
    work_key INTEGER NOT NULL,
    medium TEXT NOT NULL,
    type TEXT NOT NULL,
    user_id INTEGER,
    title TEXT NOT NULL,
    caption TEXT NOT NULL,
    create_date INTEGER,
    "restrict" INTEGER DEFAULT 0 NOT NULL,
    x_restrict INTEGER DEFAULT 0 NOT NULL,
    sanity_level INTEGER,
    ai_type INTEGER,
    page_count INTEGER DEFAULT 1 NOT NULL,
    width INTEGER,
    height INTEGER,
    series_key INTEGER,
    total_view INTEGER,
    total_bookmarks INTEGER,
    total_comments INTEGER,
    text_length INTEGER,
    is_original INTEGER,
    language TEXT,
    state TEXT DEFAULT 'live' NOT NULL,
    state_at INTEGER,
    evidence TEXT,
    detail_at INTEGER,
    comments_at INTEGER,
    comments_total INTEGER,
    change_seq INTEGER NOT NULL,
    sidecar_seq INTEGER DEFAULT 0 NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (work_key)
)
 STRICT
    """,
    """
CREATE INDEX work_by_change ON work (change_seq)
    """,
    """
CREATE INDEX work_by_date ON work (create_date)
    """,
    """
CREATE INDEX work_by_first_seen ON work (first_seen)
    """,
    """
CREATE INDEX work_by_series ON work (series_key) WHERE series_key IS NOT NULL
    """,
    """
CREATE INDEX work_by_state ON work (state) WHERE state != 'live'
    """,
    """
CREATE INDEX work_by_user ON work (user_id, work_key)
    """,
    """
CREATE INDEX work_sidecar_due ON work (work_key) WHERE sidecar_seq < change_seq
    """,
    """
CREATE TABLE gap (
    id INTEGER NOT NULL,
    feed_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    spec TEXT NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    due_at INTEGER DEFAULT 0 NOT NULL,
    error TEXT,
    opened_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(feed_id) REFERENCES feed (id)
)
 STRICT
    """,
    """
CREATE INDEX gap_by_feed ON gap (feed_id)
    """,
    """
CREATE TABLE tag_translation (
    tag_id INTEGER NOT NULL,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (tag_id, language),
    FOREIGN KEY(tag_id) REFERENCES tag (id)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE TABLE text_version (
    id INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    digest TEXT NOT NULL,
    body BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(work_key) REFERENCES work (work_key)
)
 STRICT
    """,
    """
CREATE INDEX text_version_by_work ON text_version (work_key, id)
    """,
    """
CREATE TABLE ugoira (
    work_key INTEGER NOT NULL,
    zip_url TEXT NOT NULL,
    frames TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (work_key),
    FOREIGN KEY(work_key) REFERENCES work (work_key)
)
 STRICT
    """,
    """
CREATE TABLE work_job (
    work_key INTEGER NOT NULL,
    job TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    refused_reason TEXT,
    PRIMARY KEY (work_key, job),
    FOREIGN KEY(work_key) REFERENCES work (work_key)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE INDEX work_job_by_job ON work_job (job, work_key)
    """,
    """
CREATE TABLE work_tag (
    tag_id INTEGER NOT NULL,
    work_key INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tag_id, work_key),
    FOREIGN KEY(tag_id) REFERENCES tag (id),
    FOREIGN KEY(work_key) REFERENCES work (work_key)
)
 WITHOUT ROWID,
 STRICT
    """,
    """
CREATE INDEX work_tag_by_work ON work_tag (work_key)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
