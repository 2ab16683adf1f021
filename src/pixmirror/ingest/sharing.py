"""Several jobs over one list: what one of them read, the others have seen too, each with its own refusals.

Jobs that are no longer configured keep their rows, but want nothing until they come back.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from pixmirror.catalogue import feeds
from pixmirror.catalogue.schema import work_job
from pixmirror.catalogue.sql import KEYS, Many, changed, column, listed, upsert
from pixmirror.ingest.filters import LEFT, apply_refusals, files_follow, reasons_of
from pixmirror.ledger import agenda
from pixmirror.models import Lane

REMOVED = "the job is no longer configured"
CHUNK = 1000

_SAW = Many(upsert(work_job, "refused_reason"))
_UNREAD_COMMENTS = f"""
SELECT work_key FROM work WHERE work_key {KEYS} AND comments_at IS NULL AND user_id IS NOT NULL"""
_OF_JOB = "SELECT work_key FROM work_job WHERE job = :job AND work_key > :after ORDER BY work_key LIMIT :n"
_OF_USER = """
SELECT j.work_key FROM work_job j JOIN work w ON w.work_key = j.work_key
WHERE w.user_id = :user AND j.job = :job"""
_UNFOLLOWED = """
SELECT f.user_id FROM follow f JOIN user u ON u.id = f.user_id
WHERE f.account_id = :account AND f.state = 'gone' AND u.state = 'live' AND f.user_id NOT IN
  (SELECT user_id FROM follow WHERE account_id = :account AND state = 'live')"""
_HAND_OVER = """
INSERT INTO work_job (work_key, job, first_seen, refused_reason)
SELECT work_key, :after, first_seen, refused_reason FROM work_job
WHERE job = :before AND work_key > :from_key AND work_key <= :last ON CONFLICT DO NOTHING"""
_SCOPE = """
SELECT json_extract(params, '$.user_id') FROM feed JOIN feed_job ON feed_job.feed_id = feed.id
WHERE feed_job.job = :job AND endpoint IN ('user/illusts', 'user/novels')"""


def also_saw(
    conn: Connection,
    job: str,
    reasons: Mapping[int, str | None],
    stubs: Collection[int],
    now: int,
    lane: int,
    *,
    comments: bool,
) -> None:
    """Record that another job of the page's list saw these works. `reasons`: why it refuses each, or None.

    The page itself has been recorded. A stub tells nothing to refuse it for: what was decided before stands.
    `comments`: the job wants those of works that are new to it.
    """
    known = reasons_of(conn, job, [*reasons, *stubs])
    told = {key: why for key, why in reasons.items() if key not in known or known[key] != why}
    told |= {key: None for key in stubs if key not in known}
    if not told:
        return
    one = {"job": job, "first_seen": now}
    with files_follow(conn, told, lane, now):
        _SAW(conn, [one | {"work_key": key, "refused_reason": why} for key, why in told.items()])
    if comments:
        asked = column(conn, _UNREAD_COMMENTS, keys=listed(key for key in told if key not in known))
        agenda.ask_for_comments(conn, ((key, Lane.EXTRA, now) for key in asked))


def no_longer_wanted(conn: Connection, job: str, after: int, now: int) -> int | None:
    """Refuse the next works that only a removed job may have wanted. What is stored stays.

    Returns the last key looked at, None at the end.
    """
    keys = column(conn, _OF_JOB, job=job, after=after, n=CHUNK)
    apply_refusals(conn, job, dict.fromkeys(keys, REMOVED), now)
    return int(keys[-1]) if keys else None


def leave_users(conn: Connection, job: str, user_ids: Collection[int], now: int) -> None:
    """Take artists out of the job: it wants neither their lists any more, nor the files that wait."""
    for user_id in user_ids:
        apply_refusals(conn, job, dict.fromkeys(column(conn, _OF_USER, user=user_id, job=job), LEFT), now)
    for endpoint in feeds.ARTIST_LISTS:
        lists = feeds.wanted_lists(conn, job, endpoint)
        feeds.leave(conn, job, [lists[user_id] for user_id in user_ids if user_id in lists])


def leave_unfollowed(conn: Connection, account_id: int, job: str, now: int) -> None:
    """Take artists whom the account no longer follows out of the job. Those who left Pixiv stay in it."""
    leave_users(conn, job, scope_of(conn, job) & set(column(conn, _UNFOLLOWED, account=account_id)), now)


def hand_over(conn: Connection, before: str, after: str, from_key: int) -> int | None:
    """Record that another job saw the next works that this one saw. Return the last key, None at the end."""
    last: int | None = max(column(conn, _OF_JOB, job=before, after=from_key, n=CHUNK), default=None)
    if last is None:
        feeds.hand_over(conn, before, after)
        return None
    changed(conn, _HAND_OVER, before=before, after=after, from_key=from_key, last=last)
    return last


def scope_of(conn: Connection, job: str) -> set[int]:
    """Return the users whose lists a job wants."""
    return set(column(conn, _SCOPE, job=job))
