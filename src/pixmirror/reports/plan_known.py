"""What the catalogue knows of what is still to come: totals of profiles, lists half read, mean sizes."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.sql import row, rows, value
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.models import Lane, Medium

SAMPLE = 5_000
RANKINGS = 8  # by which it is judged how much another one brings
FEEDS = ("illust/follow", "novel/follow")  # what they show stands in the artists' own lists, too
SOON_MS = 6 * HOUR_MS  # a file that waits for longer is not part of what is left now
# Bytes of one file, where none of its role is stored.
ASSUMED_SIZE = {"page": 1_500_000, "ugoira": 4_000_000, "cover": 300_000, "embed": 400_000}
TOTAL = (
    "CASE f.endpoint WHEN 'user/novels' THEN u.total_novels ELSE u.total_illusts + coalesce(u.total_manga, 0) END"
)
MINE = "(:job IS NULL OR EXISTS (SELECT 1 FROM feed_job j WHERE j.feed_id = f.id AND j.job = :job))"
_OF_JOB = """(:job IS NULL OR CASE
  WHEN kind IN ('profile', 'coverage', 'follow') THEN EXISTS (SELECT 1 FROM feed f
      JOIN feed_job j ON j.feed_id = f.id WHERE j.job = :job AND f.params = '{"user_id":' || key || '}')
  WHEN kind = 'replies' THEN EXISTS (SELECT 1 FROM comment c JOIN work_job j ON j.work_key = c.work_key
      WHERE c.comment_key = key AND j.job = :job)
  WHEN kind = 'bookmark_tags' THEN EXISTS (SELECT 1 FROM feed f JOIN feed_job j ON j.feed_id = f.id
      WHERE j.job = :job AND f.endpoint LIKE 'user/bookmarks/%')
  ELSE EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = key AND j.job = :job) END)"""


@dataclass(frozen=True, slots=True)
class ArtistList:
    """A list of one artist's works that is to be read. `total`: as the profile counts, None before it is read."""

    medium: Medium
    total: int | None
    known: int
    offsets: tuple[int, ...]  # at which gaps go on
    is_due: bool
    is_new: bool
    is_unread: bool  # not yet read to its end


@dataclass(frozen=True, slots=True)
class OtherList:
    """A list of the account's own that is to be read on."""

    name: str
    endpoint: str
    key: str
    total: int | None
    read: int
    is_new: bool  # it was never read to its end
    medium: Medium | None  # of the works that it shows


@dataclass(frozen=True, slots=True)
class Head:
    """A list of the account that a job begins with."""

    endpoint: str
    params: Mapping[str, Any]
    head_at: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    files: int
    bytes: int
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Means:
    """What a work of the mirror is like, on average. `wanted`: the share that filters let through."""

    files: float = 1.5
    novel_files: float = 1.2
    size: float = 1_500_000
    novel_size: float = 300_000
    ugoira_size: float = 4_000_000
    ugoira: float = 0.03
    wanted: float = 1.0
    comment_pages: float = 1.0
    comments: float = 1.0
    replies: float = 0.1
    lacking: float = 1.0  # of works, whose caption no list told


def chores(
    conn: Connection, before: int, job: str | None, after: int = -1, last: Lane = Lane.REFRESH
) -> dict[str, int]:
    """Count the chores of each kind that are due after `after` and by `before`, in the lanes down to `last`."""
    # The index on due times begins with the lane.
    lanes = ", ".join(str(int(lane)) for lane in Lane if lane <= last)
    these = f"lane IN ({lanes}) AND due_at <= :before AND due_at > :after AND {_OF_JOB}"
    sql = f"SELECT kind, count(*) FROM chore WHERE {these} GROUP BY kind"
    return dict(rows(conn, sql, before=before, after=after, job=job))


def rereadings(conn: Connection, before: int, job: str | None) -> int:
    """Count the works and texts that are read again by `before`, only to see what has changed."""
    these = f"lane = {int(Lane.REFRESH)} AND due_at <= :before AND kind IN {(Kind.DETAIL.value, Kind.TEXT.value)}"
    return int(value(conn, f"SELECT count(*) FROM chore WHERE {these} AND {_OF_JOB}", before=before, job=job))


def comments_due(conn: Connection, now: int, job: str | None, after: int = -1) -> tuple[int, int]:
    """Count (pages, comments) of the works whose comments are due from `after` to `now`, as far as is known."""
    sql = f"""
    SELECT coalesce(sum(max(1, (coalesce(total_comments, 0) + 29) / 30)), 0), coalesce(sum(total_comments), 0)
    FROM chore JOIN work ON work.work_key = key
    WHERE kind = '{Kind.COMMENTS}' AND due_at <= :now AND due_at > :after AND {_OF_JOB}"""
    pages, comments = row(conn, sql, now=now, after=after, job=job)
    return pages, comments


def artist_lists(conn: Connection, now: int, job: str | None) -> list[ArtistList]:
    """Return the lists of artists that are due or have gaps."""
    sql = f"""
    SELECT f.id, f.endpoint, f.head_at, f.full_at, f.due_at <= :now AS due, {TOTAL} AS total,
      (SELECT json_group_array(json_extract(g.spec, '$.offset')) FROM gap g
        WHERE g.feed_id = f.id AND g.due_at < 9007199254740992) AS offsets,
      (SELECT count(*) FROM work w WHERE w.user_id = json_extract(f.params, '$.user_id')
        AND w.evidence IS NOT 'legacy' AND (w.work_key & 1) = (f.endpoint = 'user/novels')) AS known
    FROM feed f LEFT JOIN user u ON u.id = json_extract(f.params, '$.user_id')
    WHERE f.endpoint IN ('user/illusts', 'user/novels') AND {MINE}
      AND EXISTS (SELECT 1 FROM feed_job WHERE feed_job.feed_id = f.id)
      AND (f.due_at <= :now OR EXISTS (SELECT 1 FROM gap g WHERE g.feed_id = f.id))"""
    return [
        ArtistList(
            medium="novel" if r.endpoint == "user/novels" else "illust",
            total=r.total,
            known=r.known,
            offsets=tuple(o or 0 for o in json.loads(r.offsets)),
            is_due=bool(r.due),
            is_new=r.head_at is None,
            is_unread=r.full_at is None,
        )
        for r in rows(conn, sql, now=now, job=job)
    ]


def other_lists(conn: Connection, now: int, job: str | None) -> list[OtherList]:
    """Return the gaps of the account's own lists: follows, bookmarks, follow feeds."""
    sql = f"""
    SELECT f.endpoint, f.params, g.kind, f.full_at, u.total_bookmarks_public AS public,
      (SELECT count(*) FROM bookmark b WHERE b.account_id = f.account_id AND b.state = 'live'
        AND b.restrict = json_extract(f.params, '$.restrict')
        AND (b.work_key & 1) = (f.endpoint = 'user/bookmarks/novel')) AS bookmarks,
      (SELECT count(*) FROM follow w WHERE w.account_id = f.account_id AND w.state = 'live'
        AND w.restrict = json_extract(f.params, '$.restrict')) AS follows
    FROM gap g JOIN feed f ON f.id = g.feed_id LEFT JOIN user u ON u.id = f.account_id
    WHERE f.endpoint NOT IN ('user/illusts', 'user/novels') AND g.due_at < 9007199254740992 AND {MINE}"""
    found = []
    for r in rows(conn, sql, job=job):
        params = json.loads(r.params)
        restrict, total, read = params.get("restrict", ""), None, 0
        medium: Medium | None = None
        if r.endpoint.startswith("user/bookmarks"):
            medium = "novel" if r.endpoint.endswith("novel") else "illust"
            read = r.bookmarks
            if r.kind == "full":
                total, read = r.bookmarks, 0
            elif r.public is not None and restrict == "public" and medium == "illust":
                total = max(r.public, read)
        elif r.endpoint == "user/following":
            read = r.follows
            if r.kind == "full":
                total, read = r.follows, 0
        name = f"{r.endpoint} {restrict}".strip()
        key, is_new = list_key(r.endpoint, params), r.kind == "backfill"
        found.append(OtherList(name, r.endpoint, key, total, read, is_new, medium if is_new else None))
    return found


def list_key(endpoint: str, params: Mapping[str, Any]) -> str:
    """Return the name under which a look notes how long a list of the account is."""
    tag = f" {params['tag']}" if "tag" in params else ""
    return f"{endpoint} {params.get('restrict', '')}{tag}"


def heads_since(conn: Connection, job: str, runs_per_day: float, now: int) -> int | None:
    """Return since when a list must have been read for this job's run; None: since ever."""
    begun = value(conn, "SELECT max(started_at) FROM run WHERE job = :job AND outcome = 'running'", job=job)
    if begun is not None:
        return int(begun)
    done = value(conn, "SELECT last_done_at FROM job WHERE name = :job", job=job)
    every = DAY_MS / runs_per_day
    # A little late is on time: the run is about to begin.
    return now if done is not None and now > done + every + HOUR_MS else None


def heads_pending(
    conn: Connection, lists: Sequence[tuple[str, Mapping[str, Any]]], since: int | None
) -> list[Head]:
    """Return those of these lists whose head was never read, or not since then."""
    account, found = runs.account_id(conn) or 0, []
    sql = "SELECT head_at FROM feed WHERE account_id = :account AND endpoint = :endpoint AND params = :params"
    for endpoint, params in lists:
        head_at = value(conn, sql, account=account, endpoint=endpoint, params=feeds.canonical(params))
        if head_at is None or (since is not None and head_at < since):
            found.append(Head(endpoint, params, head_at))
    return found


def captions_are_known(conn: Connection) -> bool:
    """True once the detail of a work without caption told whether lists leave captions out."""
    asked = row(conn, "SELECT 1 FROM meta WHERE key >= 'caption_probe:' AND key < 'caption_probe;' LIMIT 1")
    waits = f"SELECT 1 FROM chore WHERE kind = '{Kind.DETAIL}' AND lane = {int(Lane.NEW)} LIMIT 1"
    return asked is not None and row(conn, waits) is None


def works_without_caption(conn: Connection) -> int:
    """Count them among the first ones; who has many has asked long ago."""
    sql = f"""SELECT coalesce(sum(caption = '' AND detail_at IS NULL AND user_id IS NOT NULL), 0)
    FROM (SELECT caption, detail_at, user_id FROM work LIMIT {SAMPLE})"""
    return int(value(conn, sql))


def mean_total(conn: Connection, medium: str) -> tuple[float | None, int]:
    """Return the mean number of works of artists whose list is walked and whose total is known, and how many they
    are: by their profile, or because the list was read to its end.
    """
    endpoint = "user/novels" if medium == "novel" else "user/illusts"
    sql = f"""
    SELECT avg(n), count(n) FROM (SELECT CASE WHEN u.profile_at IS NOT NULL THEN {TOTAL} ELSE
        (SELECT count(*) FROM work w WHERE w.user_id = u.id AND (w.work_key & 1) = (f.endpoint = 'user/novels'))
      END AS n FROM feed f JOIN user u ON u.id = json_extract(f.params, '$.user_id')
      WHERE f.endpoint = :endpoint AND (u.profile_at IS NOT NULL OR f.full_at IS NOT NULL) LIMIT {SAMPLE})"""
    mean, n = row(conn, sql, endpoint=endpoint)
    return mean, n


def wanted_files(conn: Connection, now: int, job: str | None) -> Wanted:
    """Return the files to fetch, and their bytes by the mean size of stored ones of their role."""
    mine = "(:job IS NULL OR EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = owner_id AND j.job = :job))"
    total, sampled = 0, Counter[str]()
    bound: dict[str, Any]
    for state in ("wanted", "waiting", "fetching"):  # literals: a partial index for each
        these = f"media WHERE state = '{state}' AND {mine}" + (
            "" if state != "waiting" else " AND due_at <= :soon"
        )
        bound = {"job": job, "soon": now + SOON_MS} if state == "waiting" else {"job": job}
        total += value(conn, f"SELECT count(*) FROM {these}", **bound)
        sampled += Counter(dict(rows(conn, _ROLES.format(these=these), **bound)))
    sizes = mean_sizes(conn)
    lacking = sorted(role for role in sampled if role not in sizes)
    size = sum(n * sizes.get(role, ASSUMED_SIZE.get(role, 1_000_000)) for role, n in sampled.items())
    guessed = (f"how large files are ({', '.join(lacking)}) until some are stored",) if lacking else ()
    return Wanted(total, round(size * total / max(sampled.total(), 1)), guessed)


_ROLES = f"SELECT role, count(*) FROM (SELECT role FROM {{these}} LIMIT {SAMPLE}) GROUP BY role"


def mean_sizes(conn: Connection) -> dict[str, float]:
    """Return {role: mean size} of files stored lately."""
    sql = f"""
    SELECT role, avg(size) FROM (SELECT role, size FROM media WHERE state = 'stored' AND size IS NOT NULL
      ORDER BY stored_at DESC LIMIT {SAMPLE}) GROUP BY role"""
    return dict(rows(conn, sql))


def means(conn: Connection) -> Means:
    """Return what the newest works, files and comments are like; where there are none, what is usual."""
    sizes, files = mean_sizes(conn), dict(rows(conn, _FILES))
    works = row(conn, _WORKS)
    replies = value(conn, f"SELECT avg(has_replies) FROM (SELECT has_replies FROM comment LIMIT {SAMPLE})")
    known = {
        "files": files.get("illust"), "novel_files": files.get("novel"), "size": sizes.get("page"),
        "novel_size": sizes.get("cover"), "ugoira_size": sizes.get("ugoira"), "ugoira": works.ugoira,
        "wanted": value(conn, _REFUSED), "comment_pages": works.pages, "comments": works.comments,
        "replies": replies, "lacking": works.lacking,
    }  # fmt: skip
    return Means(**{name: float(mean) for name, mean in known.items() if mean is not None})


_WORKS = f"""
SELECT avg(CASE WHEN medium = 'illust' THEN type = 'ugoira' END) AS ugoira,
  avg((total_comments + 29) / 30) AS pages,
  avg(total_comments) AS comments,
  avg(caption = '' OR detail_at IS NOT NULL) AS lacking
FROM (SELECT medium, type, total_comments, caption, detail_at FROM work WHERE user_id IS NOT NULL
  ORDER BY work_key DESC LIMIT {SAMPLE})"""
_FILES = f"""
SELECT medium, avg(n) FROM (
  SELECT medium, (SELECT count(*) FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = w.work_key
    AND m.is_current = 1) AS n
  FROM (SELECT work_key, medium FROM work WHERE user_id IS NOT NULL ORDER BY work_key DESC LIMIT {SAMPLE}) w)
GROUP BY medium"""
_REFUSED = f"""
SELECT avg(wanted) FROM (SELECT max(refused_reason IS NULL) AS wanted FROM
  (SELECT work_key, refused_reason FROM work_job ORDER BY work_key DESC LIMIT {SAMPLE}) GROUP BY work_key)"""


_NEWLY_RANKED = f"""
SELECT avg(
  NOT EXISTS (SELECT 1 FROM ranking o WHERE o.work_key = r.work_key AND (o.date != r.date OR o.mode != r.mode))
  AND NOT EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = r.work_key
    AND j.job NOT IN (SELECT name FROM job WHERE kind = 'ranking')))
FROM (SELECT * FROM ranking_day WHERE account_id = :account AND medium IN (SELECT value FROM json_each(:media))
  AND mode IN (SELECT value FROM json_each(:modes)) AND state IN ('complete', 'whole')
  ORDER BY read_at DESC LIMIT {RANKINGS}) d
CROSS JOIN ranking r USING (account_id, medium, mode, date, snapshot)"""


def was_read(conn: Connection, endpoint: str, job: str) -> bool:
    """True if a list of this kind was begun for the job."""
    sql = """SELECT 1 FROM feed f JOIN feed_job j ON j.feed_id = f.id
    WHERE j.job = :job AND f.endpoint = :endpoint AND f.head_at IS NOT NULL LIMIT 1"""
    return row(conn, sql, job=job, endpoint=endpoint) is not None


def never_read(conn: Connection, job: str, user_ids: Sequence[int]) -> list[int]:
    sql = """SELECT json_extract(f.params, '$.user_id') FROM feed f JOIN feed_job j ON j.feed_id = f.id
    WHERE j.job = :job AND f.endpoint = 'user/illusts' AND f.head_at IS NOT NULL"""
    read = {r[0] for r in rows(conn, sql, job=job)}
    return [i for i in user_ids if i not in read]


def rankings_due(
    conn: Connection, media: Sequence[Medium], modes: Sequence[str], days: Sequence[str], now: int
) -> tuple[int, int]:
    """Count the rankings that the next run reads, and those of them that were never read; the others were read."""
    account, due, unread = runs.account_id(conn) or 0, 0, 0
    for medium in media if days else ():
        for mode in modes:
            read = ingest_ranking.ranking_days(conn, account, medium, mode)
            known = [read.get(day) for day in days]
            due += sum(ingest_ranking.is_due(one, now) for one in known)
            unread += sum(one is None or one.state == "reading" for one in known)
    return due, unread


def newly_ranked(conn: Connection, media: Sequence[Medium], modes: Sequence[str]) -> float:
    """Return the share of works that one ranking alone shows, by those read last; 1 before any was read."""
    account = runs.account_id(conn) or 0
    share = value(conn, _NEWLY_RANKED, account=account, media=json.dumps(media), modes=json.dumps(modes))
    return 1.0 if share is None else float(share)


def follows(conn: Connection) -> int:
    return int(value(conn, "SELECT count(*) FROM follow WHERE state = 'live'"))


def bookmarks(conn: Connection) -> int:
    return int(value(conn, "SELECT count(*) FROM bookmark WHERE state = 'live'"))


def profiles(conn: Connection, job: str | None) -> int:
    sql = f"SELECT count(*) FROM chore WHERE kind = '{Kind.PROFILE}' AND {_OF_JOB}"
    return int(value(conn, sql, job=job))


def refresh_a_day(conn: Connection, job: str | None) -> float:
    """Return the requests a day for reading artists' lists again: heads in their rhythm, and full passes."""
    sql = f"""
    SELECT coalesce(sum({DAY_MS}.0 / max(f.refresh_at - f.head_at, {DAY_MS})), 0),
      coalesce(sum(max(0, coalesce({TOTAL}, 0) - 30) / 29.0), 0) / 90
    FROM feed f LEFT JOIN user u ON u.id = json_extract(f.params, '$.user_id')
    WHERE f.refresh_at IS NOT NULL AND f.head_at IS NOT NULL AND {MINE}"""
    heads, rest = row(conn, sql, job=job)
    return float(heads + rest)


def new_a_day(conn: Connection, now: int, job: str | None) -> dict[str, float]:
    """Return how many works are posted a day, by medium, from the last 30 days."""
    sql = """SELECT medium, count(*) / 30.0 FROM work WHERE create_date > :since AND (:job IS NULL OR EXISTS
      (SELECT 1 FROM work_job j WHERE j.work_key = work.work_key AND j.job = :job)) GROUP BY medium"""
    return {"illust": 0.0, "novel": 0.0} | dict(rows(conn, sql, since=now - 30 * DAY_MS, job=job))
