"""The tables; no behaviour.

Times are INTEGER milliseconds UTC, flags INTEGER 0/1. `work_key` is id*2 (+1 for a novel), `series_key` and
`comment_key` likewise. Primary: payload, text_version, ugoira, stat, sighting, state_change, drift, bookmark,
follow, ranking, comment, media, tombstone, web_listed, feed, gap, run, broken, work_job, translation_seen,
tag_reading. Derived, to be rebuilt from payloads: work, user, tag, work_tag, series (architecture: kept raw).
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    cast,
    func,
    text,
)

metadata = MetaData()


def _table(name: str, *columns: Column[object] | CheckConstraint | object, rowid: bool = True) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=rowid)  # type: ignore[arg-type]


def _flag(name: str, default: int = 0) -> tuple[Column[int], CheckConstraint]:
    column = Column(name, Integer, nullable=False, server_default=text(str(default)))
    return column, CheckConstraint(f"{name} IN (0, 1)", name=f"{name}_is_flag")


# One value by name: mirror id, schema notes, change_seq, pace, pauses of everything.
meta = _table("meta", Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

account = _table(
    "account",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("account", Text, nullable=False),
    *_flag("is_premium"),
    Column("x_restrict", Integer, nullable=False, server_default=text("0")),
    *_flag("captions_stripped"),  # lists give this account empty captions (pixiv.md 7.2)
    Column("seen_at", Integer, nullable=False),
)

user = _table(
    "user",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("comment", Text),  # None until the profile was read
    Column("avatar_url", Text),
    Column("background_url", Text),
    Column("total_illusts", Integer),
    Column("total_manga", Integer),
    Column("total_novels", Integer),
    Column("state", Text, nullable=False, server_default=text("'live'")),
    Column("state_at", Integer),
    Column("profile_at", Integer),  # when the profile was last read
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("evidence", Text),  # what the state rests on
    Column("total_bookmarks_public", Integer),
    Column("web_at", Integer),  # when all ids were last read from the web
)

series = _table(
    "series",
    Column("series_key", Integer, primary_key=True, autoincrement=False),
    Column("user_id", Integer),
    Column("title", Text, nullable=False),
    Column("caption", Text),
    Column("first_seen", Integer, nullable=False),
)

work = _table(
    "work",
    Column("work_key", Integer, primary_key=True, autoincrement=False),
    Column("medium", Text, nullable=False),
    Column("type", Text, nullable=False),  # illust, manga, ugoira, novel; '' where only a stub was seen
    Column("user_id", Integer),  # None for a stub
    Column("title", Text, nullable=False),
    Column("caption", Text, nullable=False),
    Column("create_date", Integer),  # None for a stub
    Column("restrict", Integer, nullable=False, server_default=text("0")),
    Column("x_restrict", Integer, nullable=False, server_default=text("0")),
    Column("sanity_level", Integer),
    Column("ai_type", Integer),
    Column("page_count", Integer, nullable=False, server_default=text("1")),
    Column("width", Integer),
    Column("height", Integer),
    Column("series_key", Integer),
    Column("total_view", Integer),
    Column("total_bookmarks", Integer),
    Column("total_comments", Integer),  # None where no answer named it
    Column("text_length", Integer),
    Column("is_original", Integer),
    Column("language", Text),
    Column("state", Text, nullable=False, server_default=text("'live'")),
    Column("state_at", Integer),
    Column("evidence", Text),  # what the state rests on
    Column("detail_at", Integer),  # when detail was last read: its caption stands against empty ones of lists
    Column("comments_at", Integer),  # when all comments were last walked to the end
    Column("comments_total", Integer),  # total_comments at that walk
    Column("change_seq", Integer, nullable=False),  # moves with every change, for search and sidecars
    Column("sidecar_seq", Integer, nullable=False, server_default=text("0")),  # change_seq of the sidecar on disk
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("sidecar_digest", LargeBinary),  # of the sidecar on disk; None: written before digests were kept
)
Index("work_by_id", cast(work.c.work_key.op(">>")(text("1")), Integer))  # as the views write it
Index("work_by_user", work.c.user_id, work.c.work_key)
Index("work_by_date", work.c.create_date)
Index("work_by_first_seen", work.c.first_seen)
Index("work_by_state", work.c.state, sqlite_where=work.c.state != "live")
Index("work_by_change", work.c.change_seq)
Index("work_sidecar_due", work.c.work_key, sqlite_where=work.c.sidecar_seq < work.c.change_seq)
Index("work_novels", work.c.work_key, sqlite_where=text("work_key & 1"))  # the ids of illusts lie far above
Index("work_by_series", work.c.series_key, sqlite_where=work.c.series_key.is_not(None))

tag = _table(
    "tag",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("works", Integer, nullable=False, server_default=text("0")),
)

tag_translation = _table(
    "tag_translation",
    Column("tag_id", Integer, ForeignKey("tag.id"), nullable=False),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("seen_at", Integer, nullable=False),
    PrimaryKeyConstraint("tag_id", "language"),
    rowid=False,
)

# Every text that a tag was ever translated with; `tag_translation` has the one that was seen last.
translation_seen = _table(
    "translation_seen",
    Column("name", Text, nullable=False),  # of the tag, whose id is derived
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),  # to the day, but for the one that was seen last
    PrimaryKeyConstraint("name", "language", "text"),
    rowid=False,
)
Index("translation_by_time", translation_seen.c.first_seen)

# How tags are read, as the website told it.
tag_reading = _table(
    "tag_reading",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # of the tag, whose id is derived
    Column("kind", Text, nullable=False),  # romaji, yomigana
    Column("text", Text, nullable=False),
    Column("source", Text, nullable=False),  # class of endpoint
    Column("seen_at", Integer, nullable=False),
    UniqueConstraint("name", "kind", "text"),
)

work_tag = _table(
    "work_tag",
    Column("tag_id", Integer, ForeignKey("tag.id"), nullable=False),
    Column("work_key", Integer, ForeignKey("work.work_key"), nullable=False),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("tag_id", "work_key"),
    rowid=False,
)
Index("work_tag_by_work", work_tag.c.work_key, work_tag.c.position)

ugoira = _table(
    "ugoira",
    Column("work_key", Integer, ForeignKey("work.work_key"), primary_key=True, autoincrement=False),
    Column("zip_url", Text, nullable=False),
    Column("frames", Text, nullable=False),  # JSON [[file, delay in ms], ...]
    Column("seen_at", Integer, nullable=False),
)

# The text of a novel, one row a version; the newest is the current one.
text_version = _table(
    "text_version",
    Column("id", Integer, primary_key=True),
    Column("work_key", Integer, ForeignKey("work.work_key"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib
    Column("seen_at", Integer, nullable=False),
)
Index("text_version_by_work", text_version.c.work_key, text_version.c.id)

# A file: wanted, fetching, waiting (due_at), stored, gone, failed, refused, damaged (at the source), forgotten.
media = _table(
    "media",
    Column("id", Integer, primary_key=True),
    Column("owner_kind", Text, nullable=False),  # work; later user, series, stamp
    Column("owner_id", Integer, nullable=False),  # work_key for a work
    Column("role", Text, nullable=False),  # page, ugoira, cover, embed
    Column("idx", Integer, nullable=False),
    Column("version", Text, nullable=False),  # yyyymmddhhmmss of the URL path, or ''
    *_flag("is_current", 1),
    Column("url", Text, nullable=False),
    Column("alternates", Text),  # JSON list of URLs to try when `url` answers 404
    Column("fetched_url", Text),
    Column("path", Text, nullable=False),  # relative to the media folder
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("size", Integer),
    Column("sha256", Text),
    Column("damaged_sha256", Text),
    Column("origin", Text, nullable=False, server_default=text("'pixiv'")),
    Column("volume", Integer, nullable=False, server_default=text("0")),
    Column("first_seen", Integer, nullable=False),
    Column("stored_at", Integer),
    Column("verified_at", Integer),
    Column("trash", Text),  # where a forgotten file lies until it is removed, relative to the media folder
    UniqueConstraint("owner_kind", "owner_id", "role", "idx", "version"),
)
Index("media_ready", media.c.priority, media.c.id, sqlite_where=media.c.state == "wanted")
Index("media_waiting", media.c.due_at, sqlite_where=media.c.state == "waiting")
Index("media_fetching", media.c.id, sqlite_where=media.c.state == "fetching")
Index("media_refused", media.c.id, sqlite_where=media.c.state == "refused")
Index("media_stored", media.c.stored_at, media.c.size, sqlite_where=media.c.state == "stored")
Index("media_trouble", media.c.state, sqlite_where=media.c.state.in_(("gone", "failed", "damaged")))
# By when each was last proved to be as it was stored; that it came counts as a proof.
Index(
    "media_proved",
    func.coalesce(media.c.verified_at, media.c.stored_at, text("0")),
    sqlite_where=media.c.state == "stored",
)
Index("media_trash", media.c.id, sqlite_where=media.c.trash.is_not(None))

# Something to ask Pixiv about one thing, in its lane, when due: ugoira, text, detail, comments, replies, profile.
chore = _table(
    "chore",
    Column("kind", Text, nullable=False),
    Column("key", Integer, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("due_at", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("progress", Text),  # JSON, where it goes on after a cut
    Column("error", Text),
    PrimaryKeyConstraint("kind", "key"),
    rowid=False,
)
Index("chore_due", chore.c.lane, chore.c.due_at)

work_job = _table(
    "work_job",
    Column("work_key", Integer, ForeignKey("work.work_key"), nullable=False),
    Column("job", Text, nullable=False),
    Column("first_seen", Integer, nullable=False),
    Column("refused_reason", Text),  # None: this job wants its files
    PrimaryKeyConstraint("work_key", "job"),
    rowid=False,
)
Index("work_job_by_job", work_job.c.job, work_job.c.work_key)

bookmark = _table(
    "bookmark",
    Column("account_id", Integer, nullable=False),
    Column("work_key", Integer, nullable=False),
    Column("restrict", Text, nullable=False),
    Column("below", Integer),  # its bookmark id is above this cursor, where known
    Column("state", Text, nullable=False, server_default=text("'live'")),
    Column("state_at", Integer),
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("missing_since", Integer),  # absent from a full pass; a second one, a day later, makes it a state
    Column("bookmark_id", Integer),  # which only the web tells
    PrimaryKeyConstraint("account_id", "work_key"),
    rowid=False,
)
Index("bookmark_by_restrict", bookmark.c.account_id, bookmark.c.restrict, bookmark.c.work_key)
Index("bookmark_gone", bookmark.c.account_id, sqlite_where=bookmark.c.state == "gone")
# In the order in which they were made: their ids rise, and all are above what is `below` them.
Index("bookmark_by_time", bookmark.c.account_id, text("coalesce(bookmark_id, below, 0)"), bookmark.c.work_key)

bookmark_tag = _table(
    "bookmark_tag",
    Column("account_id", Integer, nullable=False),
    Column("medium", Text, nullable=False),
    Column("restrict", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("walked_count", Integer),  # count when its list was last walked; differs: walk again
    Column("seen_at", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "medium", "restrict", "name"),
    rowid=False,
)

bookmark_work_tag = _table(
    "bookmark_work_tag",
    Column("account_id", Integer, nullable=False),
    Column("work_key", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("last_seen", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "work_key", "name"),
    rowid=False,
)

follow = _table(
    "follow",
    Column("account_id", Integer, nullable=False),
    Column("user_id", Integer, nullable=False),
    Column("restrict", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'live'")),
    Column("state_at", Integer),
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("missing_since", Integer),
    PrimaryKeyConstraint("account_id", "user_id"),
    rowid=False,
)

ranking = _table(
    "ranking",
    Column("account_id", Integer, nullable=False),
    Column("medium", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("date", Text, nullable=False),  # the ranked JST day
    Column("snapshot", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("work_key", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "medium", "mode", "date", "snapshot", "rank"),
    rowid=False,
)
Index("ranking_by_work", ranking.c.work_key)

# One reading of one ranking: state reading, complete, whole, same, empty_for_account.
ranking_day = _table(
    "ranking_day",
    Column("account_id", Integer, nullable=False),
    Column("medium", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("date", Text, nullable=False),
    Column("snapshot", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("read_at", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "medium", "mode", "date", "snapshot"),
    rowid=False,
)

comment = _table(
    "comment",
    Column("comment_key", Integer, primary_key=True, autoincrement=False),
    Column("work_key", Integer, nullable=False),
    Column("user_id", Integer),
    Column("parent_key", Integer),
    Column("comment", Text, nullable=False),
    Column("date", Integer),
    Column("stamp_id", Integer),
    Column("stamp_url", Text),
    *_flag("has_replies"),
    Column("state", Text, nullable=False, server_default=text("'live'")),
    Column("state_at", Integer),
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("missing_since", Integer),  # from a walk of all comments; a second one, a day later, makes it a state
)
Index("comment_by_work", comment.c.work_key, comment.c.comment_key)
_written = func.coalesce(comment.c.date, comment.c.first_seen)
Index("comment_by_time", _written)
Index("comment_vanished", _written, sqlite_where=comment.c.state != "live")
Index("comment_by_user", comment.c.user_id, _written)

payload = _table(
    "payload",
    Column("id", Integer, primary_key=True),
    Column("owner_kind", Text, nullable=False),  # work, user
    Column("owner_id", Integer, nullable=False),
    Column("endpoint", Text, nullable=False),  # class of endpoint: list, detail, webview, preview, web
    Column("digest", LargeBinary, nullable=False),
    Column("codec", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("seen_at", Integer, nullable=False),
    Column("language", Text),  # that the tag translations in it are in
    Column("base", Integer),  # the payload of the same owner that `body` is packed against; None: it stands alone
)
Index("payload_by_owner", payload.c.owner_kind, payload.c.owner_id, payload.c.endpoint, payload.c.id)

# The ledger: one row for each stretch of one state, as this account saw it.
sighting = _table(
    "sighting",
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("owner_kind", Text, nullable=False),
    Column("owner_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("first_at", Integer, nullable=False),
    Column("last_at", Integer, nullable=False),
)
Index("sighting_by_owner", sighting.c.owner_kind, sighting.c.owner_id, sighting.c.id)

# Every move of a state, as it was believed: the last one stands in work, user, comment. The first state that a
# thing was seen in is no move.
state_change = _table(
    "state_change",
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("owner_kind", Text, nullable=False),  # work, user, comment, bookmark, follow
    Column("owner_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("at", Integer, nullable=False),
)
Index("state_change_by_owner", state_change.c.owner_kind, state_change.c.owner_id, state_change.c.id)
Index("state_change_by_time", state_change.c.owner_kind, state_change.c.at)

# Bad news that two sightings confirm and that waits for the judge, who holds all if they are too many
# (architecture: absent is not deleted).
doubt = _table(
    "doubt",
    Column("owner_kind", Text, nullable=False),
    Column("owner_id", Integer, nullable=False),
    Column("account_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("since", Integer, nullable=False),  # of the first sighting
    Column("at", Integer, nullable=False),  # when it was confirmed
    PrimaryKeyConstraint("owner_kind", "owner_id"),
    rowid=False,
)

# Counters of a work over time: a row where they moved, at most one an hour, thinned with age. The first values
# stand in the work's first payload.
stat = _table(
    "stat",
    Column("work_key", Integer, nullable=False),
    Column("at", Integer, nullable=False),
    Column("total_view", Integer),
    Column("total_bookmarks", Integer),
    Column("total_comments", Integer),
    PrimaryKeyConstraint("work_key", "at"),
    rowid=False,
)

# How bookmarks and follows changed: added, removed, returned, renewed (another bookmark id), restrict, tags.
drift = _table(
    "drift",
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # bookmark, follow
    Column("item", Integer, nullable=False),  # work_key, or user id
    Column("event", Text, nullable=False),
    Column("before", Text),  # restrict, JSON list of own tags, or bookmark id
    Column("after", Text),
    Column("at", Integer, nullable=False),
)
Index("drift_by_item", drift.c.kind, drift.c.item, drift.c.id)
Index("drift_by_time", drift.c.kind, drift.c.at)

# What /ajax/user/{id}/profile/all names, which is also what the App API hides.
web_listed = _table(
    "web_listed",
    Column("user_id", Integer, nullable=False),
    Column("work_key", Integer, nullable=False),
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    PrimaryKeyConstraint("user_id", "work_key"),
    rowid=False,
)
Index("web_listed_by_work", web_listed.c.work_key)

# What the user wants no more: never fetched again unless asked (architecture: refusal stands).
tombstone = _table(
    "tombstone",
    Column("owner_kind", Text, nullable=False),  # work, page, user
    Column("owner_id", Integer, nullable=False),  # work_key, or user id
    Column("idx", Integer, nullable=False, server_default=text("-1")),  # of a page
    Column("at", Integer, nullable=False),
    Column("purge_at", Integer),  # when what lies in the trash is removed; None: nothing lies there
    PrimaryKeyConstraint("owner_kind", "owner_id", "idx"),
    rowid=False,
)

# A list that we walk, keyed by what is asked, not by the job that asks.
feed = _table(
    "feed",
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("params", Text, nullable=False),  # canonical JSON
    Column("marks", Text, nullable=False, server_default=text("'{}'")),  # JSON: anchors or cursor, full pass state
    Column("job", Text, nullable=False),  # who walks it now
    Column("lane", Integer, nullable=False),
    Column("due_at", Integer),  # None: only its job's own schedule walks it
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("head_at", Integer),  # when a head walk last ended
    Column("full_at", Integer),  # when a full pass last ended
    Column("full_started", Integer),  # when that pass began
    Column("refresh_at", Integer),  # when it should be read again, only to see what has changed
    UniqueConstraint("account_id", "endpoint", "params"),
)
Index("feed_due", feed.c.lane, feed.c.due_at, sqlite_where=feed.c.due_at.is_not(None))
Index("feed_refresh", feed.c.refresh_at, sqlite_where=feed.c.refresh_at.is_not(None))

# Which jobs want what a list shows; `feed.job` is the one that walks it.
feed_job = _table(
    "feed_job",
    Column("feed_id", Integer, ForeignKey("feed.id"), nullable=False),
    Column("job", Text, nullable=False),
    Column("joined_at", Integer, nullable=False),
    PrimaryKeyConstraint("feed_id", "job"),
    rowid=False,
)

# What a walk left out, to be closed.
gap = _table(
    "gap",
    Column("id", Integer, primary_key=True),
    Column("feed_id", Integer, ForeignKey("feed.id"), nullable=False),
    Column("kind", Text, nullable=False),  # head, backfill, full, page
    Column("spec", Text, nullable=False),  # JSON
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("due_at", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("opened_at", Integer, nullable=False),
)
Index("gap_by_feed", gap.c.feed_id)

run = _table(
    "run",
    Column("id", Integer, primary_key=True),
    Column("job", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("started_at", Integer, nullable=False),
    Column("ended_at", Integer),
    Column("outcome", Text, nullable=False),  # running, done, failed, interrupted
    Column("new", Integer, nullable=False, server_default=text("0")),
    Column("seen", Integer, nullable=False, server_default=text("0")),
    Column("requests", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    # Of runs older than 90 days one row stands for all of a job and a day.
    Column("runs", Integer, nullable=False, server_default=text("1")),
    Column("failed", Integer, nullable=False, server_default=text("0")),  # of several
    Column("interrupted", Integer, nullable=False, server_default=text("0")),
    Column("took_ms", Integer),  # all of them together; of one: its end less its start
)
Index("run_by_job", run.c.job, run.c.id)

job = _table(
    "job",
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("filter_digest", Text),  # a changed filter is applied to what is known already
    *_flag("is_paused"),
    Column("paused_until", Integer),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("suspended", Text),  # why it does not run, e.g. login
    Column("last_done_at", Integer),
)

# Requests and bytes by day (JST) and lane.
spent = _table(
    "spent",
    Column("day", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    PrimaryKeyConstraint("day", "lane"),
    rowid=False,
)

broken = _table(
    "broken",
    Column("id", Integer, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("times", Integer, nullable=False, server_default=text("1")),
    Column("first_seen", Integer, nullable=False),
    Column("last_seen", Integer, nullable=False),
    Column("medium", Text),  # of a work: illust, novel
    Column("work_key", Integer),  # where the item tells its id
    Column("user_id", Integer),  # whose work it is, or whose list it stood in
    Column("is_partial", Integer),  # 1: only a member could not be read, the rest of the item is here
)

# What is wrong with what lies on the disk, as the scrub or `verify` last saw it, until it is seen whole. A file
# that is lost is not here: its row in `media` says so.
finding = _table(
    "finding",
    Column("subject", Text, nullable=False),  # file, stray, payload, text, rows, catalogue, disk
    Column("name", Text, nullable=False),  # path, or which rows
    Column("kind", Text, nullable=False),  # missing, stray, rotten, unreadable, partial, wrong_kind
    Column("detail", Text, nullable=False),
    Column("found_at", Integer, nullable=False),
    Column("seen_at", Integer, nullable=False),
    PrimaryKeyConstraint("subject", "name"),
    rowid=False,
)

# Digests of blocks of rows that never change (catalogue/blocks.py): `first` and `last` are keys.
row_block = _table(
    "row_block",
    Column("room", Text, nullable=False),  # the table
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("at", Integer, nullable=False),
    PrimaryKeyConstraint("room", "first"),
    rowid=False,
)
