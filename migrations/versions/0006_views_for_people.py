"""Views for people: Pixiv's ids, ISO dates, names beside ids. Nothing that is written costs more for them.

SQLite keeps the text of a view with its comments, which `.schema` and `pixmirror db datasette-metadata` show: the
first says what a row is, one behind a column what stands there. A revision that changes a view makes it anew.

Revision ID: 0006
The way back is the copy made before: catalogue.0005.bak.db, or that of an older schema.
"""

from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "0006"
down_revision = "0005"
downgrade = refuse_downgrade


def iso(column: str, name: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000, 'unixepoch') AS {name}"


def id_of(key: str, name: str) -> str:
    return f"CAST({key} >> 1 AS INTEGER) AS {name}"


def medium(key: str) -> str:
    return f"iif({key} & 1, 'novel', 'illust') AS medium"


def url(key: str, name: str = "url") -> str:
    novel = "'https://www.pixiv.net/novel/show.php?id='"
    return f"iif({key} & 1, {novel}, 'https://www.pixiv.net/artworks/') || ({key} >> 1) AS {name}"


def kept_user(user: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM tombstone WHERE owner_kind = 'user' AND owner_id = {user})"


def kept_work(key: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM tombstone WHERE owner_kind = 'work' AND owner_id = {key})"


def kept(key: str) -> str:
    return f"{kept_work(key)}\n  AND {kept_user('w.user_id')}"


def of_work(what: str) -> str:
    """Match what is a work's. Its kind is told from the work: SQLite would take a constant for rare, and read all
    files for those of one artist.
    """
    return f"{what}.owner_id = w.work_key AND {what}.owner_kind = iif(w.work_key, 'work', '')"


def translation(tag: str) -> str:
    return f"(SELECT text FROM tag_translation WHERE tag_id = {tag} ORDER BY seen_at DESC LIMIT 1) AS translation"


WORK_ID = f"""{id_of("w.work_key", "work_id")},
  w.title,
  w.user_id,
  u.name AS user_name"""
WORK = f"""{medium("w.work_key")},
  {WORK_ID}"""
BY = "LEFT JOIN user u ON u.id = w.user_id"
TAGS = """(SELECT json_group_array(name) FROM (SELECT t.name FROM work_tag l JOIN tag t ON t.id = l.tag_id
    WHERE l.work_key = w.work_key ORDER BY l.position)) AS tags,  -- JSON list, in the artist's order"""
SEEN = f"""w.state,  -- live; hidden: limited, mypixiv, private; kept: gone, deleted, user_gone, user_suspended
  {iso("w.state_at", "state_at")},  -- since when, as far as we saw it
  w.evidence,  -- what the state rests on
  {iso("w.first_seen", "first_seen")},  -- by us
  {iso("w.last_seen", "last_seen")},
  {url("w.work_key")},
  w.work_key,
  w.series_key  -- series_id * 2 for manga and illusts, series_id * 2 + 1 for novels
FROM work w {BY} LEFT JOIN series s ON s.series_key = w.series_key"""
COUNTED = """w.total_bookmarks,  -- as of the last look
  w.total_view,
  w.total_comments,  -- NULL where Pixiv did not say"""
FORGOTTEN = """SELECT tag_id, count(*) AS works FROM (
    SELECT owner_id AS work_key FROM tombstone WHERE owner_kind = 'work'
    UNION SELECT work_key FROM tombstone JOIN work ON user_id = owner_id WHERE owner_kind = 'user'
  ) CROSS JOIN work_tag USING (work_key) GROUP BY tag_id"""  # once for a question, not for each tag
OURS = "account_id IN (SELECT id FROM account)"  # the keys of what is the account's begin with it

STATEMENTS = (
    f"""
CREATE VIEW works AS
-- Illustrations, manga and ugoira; the view novels has the others. What Pixiv shows no more stays (see state).
-- Of all views: ids are Pixiv's, times are UTC, and what you forgot is in none but the view forgotten.
-- work_key is id * 2, of a novel id * 2 + 1, because their ids collide. It joins the views, and finds at once:
-- WHERE work_key = 2 * 123. By id, all works are read.
SELECT
  {id_of("w.work_key", "id")},
  w.title,
  nullif(w.type, '') AS type,  -- illust, manga, ugoira; NULL: only a placeholder was seen
  w.user_id,
  u.name AS user_name,
  w.caption,  -- HTML
  {TAGS}
  w.page_count,
  {iso("w.create_date", "create_date")},  -- rises with work_key, and ORDER BY that sorts nothing
  w.x_restrict,  -- 0: all ages, 1: R-18, 2: R-18G
  w.ai_type AS illust_ai_type,  -- 2: made by AI
  w.width,  -- of the first page
  w.height,
  {id_of("w.series_key", "series_id")},
  s.title AS series_title,
  {COUNTED}
  {SEEN}
WHERE w.medium = 'illust'
  AND {kept("w.work_key")}
    """,
    f"""
CREATE VIEW novels AS
-- Novels. SQL cannot read their text, which is packed (zlib): see the .txt files, or pixmirror export novels.
SELECT
  {id_of("w.work_key", "id")},
  w.title,
  w.user_id,
  u.name AS user_name,
  w.caption,  -- HTML
  {TAGS}
  w.text_length,  -- characters
  w.language,
  w.is_original,
  {iso("w.create_date", "create_date")},
  w.x_restrict,  -- 0: all ages, 1: R-18, 2: R-18G
  w.ai_type AS novel_ai_type,  -- 2: made by AI
  {id_of("w.series_key", "series_id")},
  s.title AS series_title,
  {COUNTED}
  {SEEN}
WHERE w.work_key & 1
  AND {kept("w.work_key")}
    """,
    f"""
CREATE VIEW users AS
-- Artists, and others who wrote or were met. Former names are packed: pixmirror show user:ID --history.
SELECT
  u.id,
  u.name,
  u.account,  -- the name of the login
  u.comment,  -- of the profile; NULL until that was read
  (SELECT count(*) FROM work w
    WHERE w.user_id = u.id AND {kept_work("w.work_key")}) AS works,  -- known here, of all kinds
  u.total_illusts,  -- as Pixiv counts, and below
  u.total_manga,
  u.total_novels,
  u.state,  -- live, user_gone, user_suspended
  {iso("u.state_at", "state_at")},
  u.evidence,  -- what the state rests on
  {iso("u.profile_at", "profile_at")},  -- when the profile was last read
  {iso("u.first_seen", "first_seen")},  -- by us
  {iso("u.last_seen", "last_seen")},
  'https://www.pixiv.net/users/' || u.id AS url
FROM user u
WHERE {kept_user("u.id")}
    """,
    f"""
CREATE VIEW tags AS
-- Tags, each once.
SELECT
  t.name AS tag,
  {translation("t.id")},  -- the one that was seen last
  t.works - coalesce(f.works, 0) AS works,  -- that have it here
  (SELECT json_group_object(language, text) FROM tag_translation WHERE tag_id = t.id) AS translations,  -- JSON
  (SELECT json_group_array(text) FROM tag_reading r WHERE r.name = t.name) AS readings,  -- JSON, by Pixiv
  t.id AS tag_id  -- ours: Pixiv has none
FROM tag t LEFT JOIN ({FORGOTTEN}) f ON f.tag_id = t.id
    """,
    f"""
CREATE VIEW work_tags AS
-- Each tag of each work and novel.
SELECT
  t.name AS tag,
  {translation("t.id")},  -- the one that was seen last
  l.position,  -- from 0, in the artist's order
  {WORK},
  l.work_key,
  t.id AS tag_id
FROM work_tag l JOIN tag t ON t.id = l.tag_id JOIN work w ON w.work_key = l.work_key {BY}
WHERE {kept("w.work_key")}
    """,
    f"""
CREATE VIEW translations AS
-- Every text that a tag was ever translated with.
SELECT
  name AS tag,
  language,
  text AS translation,
  {iso("first_seen", "first_seen")},
  {iso("last_seen", "last_seen")}  -- to the day
FROM translation_seen
    """,
    f"""
CREATE VIEW files AS
-- Files of works and novels, also those that are wanted, or were given up.
SELECT
  {WORK},
  m.role,  -- page, ugoira (a zip of frames), cover, embed (in a novel)
  m.idx AS page,  -- from 0
  m.state,  -- stored; wanted, fetching, waiting; gone, failed, refused (by filters), damaged
  m.path,  -- in the folder media/
  m.size,  -- bytes
  m.sha256,
  m.is_current,  -- 0: the artist has replaced it since, and both are kept
  strftime('%Y-%m-%dT%H:%M:%SZ', substr(m.version, 1, 4) || '-' || substr(m.version, 5, 2) || '-'
    || substr(m.version, 7, 2) || ' ' || substr(m.version, 9, 2) || ':' || substr(m.version, 11, 2) || ':'
    || substr(m.version, 13, 2), '-9 hours') AS uploaded_at,  -- as its URL says
  {iso("m.stored_at", "stored_at")},
  {iso("m.verified_at", "verified_at")},  -- read again and compared
  m.error,
  m.origin,  -- pixiv, or adopted: it was here before
  coalesce(nullif(m.fetched_url, ''), m.url) AS url,  -- of Pixiv's image host, which wants a Referer of pixiv.net
  w.work_key
FROM work w JOIN media m ON {of_work("m")} {BY}
WHERE m.state != 'forgotten'
  AND {kept("w.work_key")}
    """,
    f"""
CREATE VIEW frames AS
-- The frames of ugoira, in order; the zip that they are in is among the files.
SELECT
  {WORK},
  f.key AS frame,  -- from 0
  json_extract(f.value, '$[0]') AS file,
  json_extract(f.value, '$[1]') AS delay,  -- ms
  w.work_key
FROM ugoira g JOIN work w ON w.work_key = g.work_key {BY} JOIN json_each(g.frames) f
WHERE {kept("w.work_key")}
    """,
    f"""
CREATE VIEW comments AS
-- Comments below works and novels, also those that were deleted since.
SELECT
  {id_of("c.comment_key", "id")},
  {medium("w.work_key")},
  {id_of("w.work_key", "work_id")},
  w.title,
  c.user_id,  -- who wrote it
  u.name AS user_name,
  c.comment,
  c.stamp_id,  -- of one that is a picture
  {iso("c.date", "date")},
  {id_of("c.parent_key", "parent_comment_id")},  -- what it replies to
  c.state,  -- live, deleted, gone
  {iso("c.state_at", "state_at")},
  {iso("c.first_seen", "first_seen")},
  {iso("c.last_seen", "last_seen")},
  w.work_key
FROM comment c JOIN work w ON w.work_key = c.work_key LEFT JOIN user u ON u.id = c.user_id
WHERE {kept("w.work_key")}
  AND {kept_user("c.user_id")}
    """,
    f"""
CREATE VIEW bookmarks AS
-- Your bookmarks, also those that are gone from the list since.
SELECT
  {WORK},
  b.restrict,  -- public, private
  (SELECT json_group_array(name) FROM bookmark_work_tag o
    WHERE o.account_id = b.account_id AND o.work_key = b.work_key) AS tags,  -- your own, a JSON list
  b.state,  -- live: it is on the list
  {iso("b.state_at", "state_at")},
  w.state AS work_state,
  {iso("b.first_seen", "first_seen")},  -- by us, not when it was made
  {iso("b.last_seen", "last_seen")},
  coalesce(b.bookmark_id, b.below, 0) AS made,  -- no time, but in the order in which they were made
  b.account_id,
  {url("w.work_key")},
  w.work_key
FROM bookmark b JOIN work w ON w.work_key = b.work_key {BY}
WHERE b.{OURS}
  AND {kept("w.work_key")}
    """,
    f"""
CREATE VIEW bookmark_tags AS
-- Your own tags, each with each bookmark that has it.
SELECT
  b.name AS tag,
  {WORK},
  b.account_id,
  w.work_key
FROM bookmark_work_tag b JOIN work w ON w.work_key = b.work_key {BY}
WHERE b.{OURS}
  AND {kept("w.work_key")}
    """,
    f"""
CREATE VIEW follows AS
-- The artists that you follow, also those that you followed once.
SELECT
  f.user_id,
  u.name AS user_name,
  f.restrict,  -- public, private
  f.state,  -- live: you follow them
  {iso("f.state_at", "state_at")},
  u.state AS user_state,
  {iso("f.first_seen", "first_seen")},  -- by us, not when you began
  {iso("f.last_seen", "last_seen")},
  f.account_id,
  'https://www.pixiv.net/users/' || f.user_id AS url
FROM follow f LEFT JOIN user u ON u.id = f.user_id
WHERE f.{OURS}
  AND {kept_user("f.user_id")}
    """,
    f"""
CREATE VIEW rankings AS
-- Places in the rankings that are mirrored: of each day the newest complete reading.
SELECT
  r.mode,  -- day, week, ...
  r.date,  -- the ranked day in Japan
  r."rank",
  r.medium,
  {WORK_ID},
  r.account_id,
  w.work_key
FROM ranking r JOIN work w ON w.work_key = r.work_key {BY}
WHERE r.{OURS}
  AND r.snapshot = (SELECT max(d.snapshot) FROM ranking_day d WHERE d.account_id = r.account_id
    AND d.medium = r.medium AND d.mode = r.mode AND d.date = r.date AND d.state IN ('complete', 'whole'))
  AND {kept("w.work_key")}
    """,
    f"""
CREATE VIEW versions AS
-- What is kept of each work, and since when: every answer of Pixiv that differed, every text, every file.
-- SQL cannot read answers and texts, which are packed: pixmirror show ID --history.
SELECT
  {WORK},
  'answer' AS kind,  -- answer, text, file
  p.endpoint AS what,  -- the endpoint that told it; the text's digest; the file's path
  {iso("p.seen_at", "seen_at")},
  w.work_key
FROM work w JOIN payload p ON {of_work("p")} {BY}
WHERE {kept("w.work_key")}
UNION ALL SELECT
  {WORK},
  'text',
  v.digest,
  {iso("v.seen_at", "seen_at")},
  w.work_key
FROM text_version v JOIN work w ON w.work_key = v.work_key {BY}
WHERE {kept("w.work_key")}
UNION ALL SELECT
  {WORK},
  'file',
  m.path,
  {iso("m.first_seen", "seen_at")},
  w.work_key
FROM work w JOIN media m ON {of_work("m")} {BY}
WHERE m.state != 'forgotten'
  AND {kept("w.work_key")}
    """,
    f"""
CREATE VIEW events AS
-- What changed at Pixiv: works, users and comments that went or came back, bookmarks and follows that moved.
SELECT
  {iso("e.at", "at")},  -- when we were sure of it
  e.owner_kind AS kind,  -- work, user, comment, bookmark, follow
  e.state AS event,  -- the new state; of bookmarks and follows added, removed, returned, renewed, restrict, tags
  NULL AS before,  -- of a bookmark or follow: public or private, your tags, or the bookmark's id
  NULL AS after,
  e.evidence,  -- what a state rests on
  {WORK},
  NULL AS comment,
  e.account_id,  -- who saw it
  w.work_key
FROM state_change e JOIN work w ON w.work_key = e.owner_id {BY}
WHERE e.owner_kind = 'work'
  AND {kept("w.work_key")}
UNION ALL SELECT
  {iso("e.at", "at")}, e.owner_kind, e.state, NULL, NULL, e.evidence,
  NULL, NULL, NULL, u.id, u.name, NULL, e.account_id, NULL
FROM state_change e JOIN user u ON u.id = e.owner_id
WHERE e.owner_kind = 'user'
  AND {kept_user("u.id")}
UNION ALL SELECT
  {iso("e.at", "at")}, e.owner_kind, e.state, NULL, NULL, e.evidence,
  {medium("w.work_key")}, {id_of("w.work_key", "work_id")}, w.title, c.user_id, u.name, c.comment,
  e.account_id, w.work_key
FROM state_change e JOIN comment c ON c.comment_key = e.owner_id JOIN work w ON w.work_key = c.work_key
  LEFT JOIN user u ON u.id = c.user_id
WHERE e.owner_kind = 'comment'
  AND {kept("w.work_key")}
  AND {kept_user("c.user_id")}
UNION ALL SELECT
  {iso("d.at", "at")}, d.kind, d.event, d.before, d.after, NULL,
  {WORK},
  NULL,
  d.account_id,
  w.work_key
FROM drift d JOIN work w ON w.work_key = d.item {BY}
WHERE d.kind = 'bookmark'
  AND {kept("w.work_key")}
UNION ALL SELECT
  {iso("d.at", "at")}, d.kind, d.event, d.before, d.after, NULL,
  NULL, NULL, NULL, d.item, u.name, NULL, d.account_id, NULL
FROM drift d LEFT JOIN user u ON u.id = d.item
WHERE d.kind = 'follow'
  AND {kept_user("d.item")}
    """,
    f"""
CREATE VIEW counts AS
-- Counters of works over time, a row where they moved; what they are now stands in works and novels.
SELECT
  {iso("c.at", "at")},
  {WORK},
  c.total_view,
  c.total_bookmarks,
  c.total_comments,
  w.work_key
FROM stat c JOIN work w ON w.work_key = c.work_key {BY}
WHERE {kept("w.work_key")}
    """,
    f"""
CREATE VIEW work_jobs AS
-- Which job has seen which work, and whether its filters leave it out.
SELECT
  j.job,
  {WORK},
  j.refused_reason,  -- NULL: the job wants its files
  {iso("j.first_seen", "first_seen")},
  w.work_key
FROM work_job j JOIN work w ON w.work_key = j.work_key {BY}
WHERE {kept("w.work_key")}
    """,
    f"""
CREATE VIEW runs AS
-- What each job did, and when.
SELECT
  id,
  job,
  kind,
  {iso("started_at", "started_at")},
  {iso("ended_at", "ended_at")},
  (ended_at - started_at) / 1000.0 AS seconds,
  outcome,  -- running, done, failed, interrupted
  new,  -- works that were not known before
  seen,
  requests,
  error
FROM run
    """,
    f"""
CREATE VIEW forgotten AS
-- What you forgot, by id alone: it is in no other view, and never fetched again.
SELECT
  owner_kind AS kind,  -- work, page, user (with all works)
  iif(owner_kind = 'user', NULL, iif(owner_id & 1, 'novel', 'illust')) AS medium,
  iif(owner_kind = 'user', owner_id, owner_id >> 1) AS id,
  nullif(idx, -1) AS page,  -- from 0
  {iso("at", "at")},
  {iso("purge_at", "purge_at")}  -- when the trash loses it; NULL: it has
FROM tombstone
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement.strip())
