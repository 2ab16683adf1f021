"""Several jobs over one list: what one of them read, the others have seen too, each with its own refusals.

Jobs that are no longer configured keep their rows, but want nothing until they come back.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, literal, select, text
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import feeds
from pixmirror.catalogue.schema import follow, user, work, work_job
from pixmirror.catalogue.sql import Many, among, listed, upsert
from pixmirror.ingest.filters import LEFT, apply_refusals, files_follow, reasons_of
from pixmirror.ledger import agenda
from pixmirror.models import Lane

REMOVED = "the job is no longer configured"
CHUNK = 1000

_SAW = Many(upsert(work_job, "refused_reason"))
_UNREAD_COMMENTS = select(work.c.work_key).where(
    among(work.c.work_key, "keys"), work.c.comments_at.is_(None), work.c.user_id.is_not(None)
)


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
    rows = {key: why for key, why in reasons.items() if key not in known or known[key] != why}
    rows |= {key: None for key in stubs if key not in known}
    if not rows:
        return
    one = {"job": job, "first_seen": now}
    with files_follow(conn, rows, lane, now):
        _SAW(conn, [one | {"work_key": key, "refused_reason": why} for key, why in rows.items()])
    if comments:
        new = {"keys": listed(key for key in rows if key not in known)}
        asked = conn.execute(_UNREAD_COMMENTS, new).scalars().all()
        agenda.ask_for_comments(conn, ((key, Lane.EXTRA, now) for key in asked))


def no_longer_wanted(conn: Connection, job: str, after: int, now: int) -> int | None:
    """Refuse the next works that only a removed job may have wanted. What is stored stays.

    Returns the last key looked at, None at the end.
    """
    stmt = select(work_job.c.work_key).where(work_job.c.job == job, work_job.c.work_key > after)
    keys = conn.execute(stmt.order_by(work_job.c.work_key).limit(CHUNK)).scalars().all()
    apply_refusals(conn, job, dict.fromkeys(keys, REMOVED), now)
    return int(keys[-1]) if keys else None


def leave_users(conn: Connection, job: str, user_ids: Collection[int], now: int) -> None:
    """Take artists out of the job: it wants neither their lists any more, nor the files that wait."""
    for user_id in user_ids:
        mine = select(work_job.c.work_key).join(work, work.c.work_key == work_job.c.work_key)
        keys = conn.execute(mine.where(work.c.user_id == user_id, work_job.c.job == job)).scalars()
        apply_refusals(conn, job, dict.fromkeys(keys, LEFT), now)
    for endpoint in feeds.ARTIST_LISTS:
        lists = feeds.wanted_lists(conn, job, endpoint)
        feeds.leave(conn, job, [lists[user_id] for user_id in user_ids if user_id in lists])


def leave_unfollowed(conn: Connection, account_id: int, job: str, now: int) -> None:
    """Take artists whom the account no longer follows out of the job. Those who left Pixiv stay in it."""
    followed = select(follow.c.user_id).where(follow.c.account_id == account_id, follow.c.state == "live")
    gone = (
        select(follow.c.user_id)
        .join(user, user.c.id == follow.c.user_id)
        .where(follow.c.account_id == account_id, follow.c.state == "gone", user.c.state == "live")
        .where(follow.c.user_id.not_in(followed))
    )
    here = scope_of(conn, job) & set(conn.execute(gone).scalars())
    leave_users(conn, job, here, now)


def hand_over(conn: Connection, before: str, after: str, from_key: int) -> int | None:
    """Record that another job saw the next works that this one saw. Return the last key, None at the end."""
    mine = (work_job.c.job == before, work_job.c.work_key > from_key)
    keys = conn.execute(
        select(work_job.c.work_key).where(*mine).order_by(work_job.c.work_key).limit(CHUNK)
    ).scalars()
    last: int | None = max(keys, default=None)
    if last is None:
        feeds.hand_over(conn, before, after)
        return None
    rows = select(work_job.c.work_key, literal(after), work_job.c.first_seen, work_job.c.refused_reason)
    columns = ["work_key", "job", "first_seen", "refused_reason"]
    conn.execute(
        insert(work_job)
        .from_select(columns, rows.where(*mine, work_job.c.work_key <= last))
        .on_conflict_do_nothing()
    )
    return last


def scope_of(conn: Connection, job: str) -> set[int]:
    """Return the users whose lists a job wants."""
    stmt = text(
        "SELECT json_extract(params, '$.user_id') FROM feed JOIN feed_job ON feed_job.feed_id = feed.id "
        "WHERE feed_job.job = :job AND endpoint IN ('user/illusts', 'user/novels')"
    )
    return set(conn.execute(stmt, {"job": job}).scalars())
