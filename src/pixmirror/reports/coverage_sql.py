"""The statements of the coverage proof: grouped, so that a million works are counted in one pass over them."""

from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.tombstones import ALL_WORKS

# A list that was cut proves nothing of what lies below: there all that was ever seen counts.
_LIST = (
    "SELECT json_extract(params, '$.user_id') AS user_id, NULL AS last_seen, {} AS illust, {} AS novel, full_at,"
    " iif(json_extract(marks, '$.cut') IS NULL, coalesce(full_started, full_at), 0) AS begun,"
    " json_extract(marks, '$.cut.why') AS cut, EXISTS (SELECT 1 FROM feed_job j WHERE j.feed_id = feed.id"
    " AND (:jobs IS NULL OR j.job IN (SELECT value FROM json_each(:jobs)))) AS is_read"
    " FROM feed WHERE account_id = :account AND endpoint = '{}'{}"
)
_MINE = " AND params = json_object('user_id', :user)"  # as catalogue/feeds.py writes them: found by their key

# One row an artist: which of their lists are walked, and from when on each is known (`illust_from`, `novel_from`:
# when its full pass began); when all of them were read whole (`app_at`), or the following list or the profile
# showed that there is none (`nothing_at`); what the profile counts; where a list ends early; whether one of
# `:jobs` (NULL: of any) still reads it. Grouped, not joined: SQLite makes no index for what json_extract gives,
# and would compare every artist with every list.
_LISTS = """
WITH part AS (
  SELECT user_id, last_seen, 0 AS illust, 0 AS novel, NULL AS full_at, NULL AS begun, NULL AS cut,
    1 AS is_read
  FROM follow WHERE account_id = :account AND state = 'live'{follow}
  UNION ALL {illusts} UNION ALL {novels}
),
artist AS (
  SELECT user_id, max(last_seen) AS last_seen, max(illust) AS illust, max(novel) AS novel,
    max(full_at) FILTER (WHERE illust) AS illust_at, max(begun) FILTER (WHERE illust) AS illust_from,
    max(full_at) FILTER (WHERE novel) AS novel_at, max(begun) FILTER (WHERE novel) AS novel_from, max(cut) AS cut,
    max(is_read) AS is_read
  FROM part GROUP BY user_id
)
SELECT a.user_id, coalesce(u.name, '') AS name, coalesce(u.state, 'live') AS state, u.web_at, a.illust,
  a.novel, a.cut, a.is_read, coalesce(a.illust_from, 0) AS illust_from, coalesce(a.novel_from, 0) AS novel_from,
  CASE WHEN (NOT a.illust OR a.illust_at IS NOT NULL) AND (NOT a.novel OR a.novel_at IS NOT NULL)
    THEN min(coalesce(a.illust_at, a.novel_at), coalesce(a.novel_at, a.illust_at)) END AS app_at,
  CASE WHEN NOT a.illust AND NOT a.novel AND coalesce(u.total_illusts, 0) + coalesce(u.total_manga, 0) = 0
    THEN max(a.last_seen, coalesce(u.profile_at, 0)) END AS nothing_at,
  CASE WHEN u.state = 'live' AND u.profile_at IS NOT NULL THEN
    a.illust * (coalesce(u.total_illusts, 0) + coalesce(u.total_manga, 0)) + a.novel * coalesce(u.total_novels, 0)
    END AS counted
FROM artist a LEFT JOIN user u ON u.id = a.user_id
"""


def _lists(follow: str = "", mine: str = "") -> str:
    illusts, novels = _LIST.format(1, 0, "user/illusts", mine), _LIST.format(0, 1, "user/novels", mine)
    return _LISTS.format(follow=follow, illusts=illusts, novels=novels)


LISTS, LISTS_OF_ONE = _lists(), _lists(" AND user_id = :user", _MINE)

# The files that are not here: the worst reason of each work. By the partial indexes of the states, which a plus
# sign makes SQLite prefer to that of all files.
_STATE = "SELECT owner_id, {} AS rank FROM media WHERE state {} AND +owner_kind = 'work' AND is_current = 1"
_HOLES = " UNION ALL ".join(
    (
        _STATE.format(
            "CASE state WHEN 'failed' THEN 1 WHEN 'damaged' THEN 2 ELSE 3 END", "IN ('gone', 'failed', 'damaged')"
        ),
        _STATE.format("4", "= 'wanted'"),
        _STATE.format("4", "= 'waiting'"),
        _STATE.format("4", "= 'fetching'"),
        _STATE.format("5", "= 'refused'"),
    )
)

# Something is stored of a work `p`.
IS_HERE = """(EXISTS (SELECT 1 FROM text_version t WHERE t.work_key = p.work_key)
      OR EXISTS (SELECT 1 FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = p.work_key
        AND m.state = 'stored'))"""
# What is not here of which works, and what the user has forgotten.
HOLES_AND_STONES = f"""hole AS MATERIALIZED (
  SELECT owner_id AS work_key, min(rank) AS rank FROM ({_HOLES}) GROUP BY owner_id
),
stone AS MATERIALIZED ({ALL_WORKS}),
"""
# Why a work of `placed p`, left joined with `hole h`, is not whole here; NULL if it is, or is not upstream.
REASON = """CASE WHEN place != 'upstream' THEN NULL
    WHEN p.work_key IN (SELECT work_key FROM stone) THEN 'forgotten'
    WHEN NOT whole THEN CASE
      WHEN state IS NULL OR evidence IS 'legacy' THEN 'unseen'
      WHEN state = 'limited' THEN 'limited' ELSE 'stub' END
    WHEN h.rank IS NOT NULL THEN
      CASE h.rank WHEN 1 THEN 'failed' WHEN 2 THEN 'damaged' WHEN 3 THEN 'lost' WHEN 4 THEN 'wanted'
        ELSE 'refused' END
    WHEN CASE medium WHEN 'novel' THEN EXISTS (SELECT 1 FROM text_version t WHERE t.work_key = p.work_key)
      ELSE EXISTS (SELECT 1 FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = p.work_key) END THEN NULL
    WHEN EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = p.work_key) AND NOT EXISTS
      (SELECT 1 FROM work_job j WHERE j.work_key = p.work_key AND j.refused_reason IS NULL) THEN 'refused'
    ELSE 'wanted' END"""

_ALL = f"""
WITH artist AS MATERIALIZED (
  SELECT CAST(json_extract(value, '$[0]') AS INTEGER) AS user_id, json_extract(value, '$[1]') AS illust_from,
    json_extract(value, '$[2]') AS novel_from, json_extract(value, '$[3]') AS web_at,
    json_extract(value, '$[4]') AS novel
  FROM json_each(:artists)
),
{HOLES_AND_STONES}known AS (
  SELECT a.user_id, w.work_key, w.title, w.medium, w.state, w.evidence, l.work_key IS NOT NULL AS web,
    w.evidence IS NOT 'legacy' AS whole,
    w.last_seen >= CASE w.medium WHEN 'novel' THEN a.novel_from ELSE a.illust_from END AS passed
  FROM {{works_of_artists}}
  LEFT JOIN web_listed l ON l.user_id = a.user_id AND l.work_key = w.work_key AND l.last_seen >= a.web_at
  WHERE w.evidence IS NOT 'legacy' OR l.work_key IS NOT NULL
  UNION ALL
  SELECT a.user_id, l.work_key, w.title, NULL, w.state, w.evidence, 1, 0, 0
  FROM artist a JOIN web_listed l ON l.user_id = a.user_id AND l.last_seen >= a.web_at
  LEFT JOIN work w ON w.work_key = l.work_key
  WHERE (w.work_key IS NULL OR w.user_id IS NULL) AND (a.novel OR l.work_key & 1 = 0)
),
placed AS (
  SELECT *, CASE WHEN web OR state = 'limited' OR (state = 'live' AND (passed OR evidence = 'web')) THEN 'upstream'
    WHEN state = 'live' THEN 'unlisted' WHEN {IS_HERE} THEN 'kept' ELSE 'over' END AS place
  FROM known p
),
judged AS (
  SELECT p.user_id, p.work_key, p.title, p.place, p.web, p.whole, p.passed, p.state, p.evidence,
    {REASON} AS reason
  FROM placed p LEFT JOIN hole h ON h.work_key = p.work_key
)
"""

# Of a few artists their works are looked up; of all of them one pass over all works, in the order in which they
# lie on disk, is cheaper. CROSS JOIN keeps that order; the cast gives artists an index.
_FEW = _ALL.format(works_of_artists="artist a JOIN work w ON w.user_id = a.user_id")
_MANY = _ALL.format(works_of_artists="work w CROSS JOIN artist a ON a.user_id = w.user_id")

# By artist, place and reason.
_SUMS = """
SELECT user_id, place, reason, count(*) AS works, sum(web) AS web_listed,
  sum(whole AND passed AND state = 'live' AND evidence IS NOT 'web') AS listed,
  sum(CASE WHEN NOT whole THEN 1 ELSE state = 'limited' OR evidence IS 'web' END) AS hidden
FROM judged GROUP BY user_id, place, reason
"""

_FOR_FILES = (Kind.WEB.value, Kind.UGOIRA.value, Kind.TEXT.value)
_OR_DETAIL = (*_FOR_FILES, Kind.DETAIL.value)
# Each missing work with the last that was said of it, and when something happens next.
_MISSING = f"""
SELECT j.work_key, j.title, j.reason, CASE j.reason
    WHEN 'refused' THEN coalesce((SELECT group_concat(job || ': ' || refused_reason, '; ') FROM work_job w
      WHERE w.work_key = j.work_key AND refused_reason IS NOT NULL),
      CASE WHEN EXISTS (SELECT 1 FROM work_job w WHERE w.work_key = j.work_key) THEN 'files = false'
        ELSE 'no job has it on its lists' END)
    WHEN 'forgotten' THEN NULL
    ELSE coalesce((SELECT error FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = j.work_key
      AND is_current = 1 AND error IS NOT NULL LIMIT 1),
      (SELECT error FROM chore c WHERE c.kind IN {_FOR_FILES} AND c.key = j.work_key
      AND error IS NOT NULL LIMIT 1)) END AS detail,
  CASE WHEN j.reason IN ('refused', 'forgotten') THEN NULL ELSE coalesce((SELECT min(due_at) FROM media m
    WHERE m.owner_kind = 'work' AND m.owner_id = j.work_key AND m.state = 'waiting'),
    (SELECT min(due_at) FROM chore c WHERE c.kind IN {_OR_DETAIL} AND c.key = j.work_key))
    END AS due_at
FROM judged j WHERE j.reason IS NOT NULL ORDER BY j.user_id, j.work_key DESC
"""

SUMS, SUMS_OF_FEW = _MANY + _SUMS, _FEW + _SUMS
MISSING, MISSING_OF_FEW = _MANY + _MISSING, _FEW + _MISSING
