"""Rankings: snapshots of one mode and day, in order. A cut reading starts over; there is no resume."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, insert, select, update

from pixmirror.catalogue.schema import ranking, ranking_day, work, work_job
from pixmirror.catalogue.sql import Many, upsert
from pixmirror.models import JST, Medium, from_ms

PUBLISHED_AT_HOUR = 12  # JST, of the next day
AGAIN_AFTER_MS = 24 * 3_600_000  # a ranking is read once more when the first reading is so old
DENIALS = 2  # a day that Pixiv has no ranking of has said so twice, a day apart

# complete: as deep as was asked; whole: to the end of the list.
DayState = Literal["reading", "complete", "whole", "empty_for_account", "same"]
READ = ("complete", "whole", "same")

_RANKED = Many(upsert(ranking, "work_key"))


class Ranking(NamedTuple):
    """The ranking of one medium, mode and day, as an account sees it."""

    account_id: int
    medium: Medium
    mode: str
    date: str


@dataclass(frozen=True, slots=True)
class RankingDay:
    """The newest reading of a ranking; state `same`: it equals the snapshot before it.

    `whole`: a reading has come to the end of the list. `denied`: how often in a row Pixiv said that there is none.
    """

    snapshot: int
    state: str
    depth: int
    read_at: int
    whole: bool = False
    denied: int = 0


def newest_date(now: int) -> date:
    """Return the newest day whose ranking should be out."""
    moment = from_ms(now).astimezone(JST)
    return moment.date() - timedelta(days=1 if moment.hour >= PUBLISHED_AT_HOUR else 2)


def dates(since: date | None, until: date | None, now: int) -> list[date]:
    """Return the days that a job covers, newest first."""
    newest = min(newest_date(now), until or date.max)
    first = since or newest
    return [newest - timedelta(days=n) for n in range((newest - first).days + 1)]


def is_due(known: RankingDay | None, now: int, top: int = 0) -> bool:
    """True if a day's ranking is still to be read, down to rank `top`."""
    if known is None or known.state == "reading":
        return True
    if known.denied:
        return known.denied < DENIALS and now - known.read_at >= AGAIN_AFTER_MS
    if known.depth < top and not known.whole:
        return True
    return known.state in ("complete", "whole") and known.snapshot == 1 and now - known.read_at >= AGAIN_AFTER_MS


def _is(table: Table, one: Ranking, snapshot: int | None = None) -> list[ColumnElement[bool]]:
    where = one._asdict() if snapshot is None else {**one._asdict(), "snapshot": snapshot}
    return [table.c[name] == value for name, value in where.items()]


def begin_ranking(conn: Connection, one: Ranking, now: int) -> int:
    """Begin a reading, and drop the rows of one that was cut. Return the number of the snapshot to read."""
    newest_first = select(ranking_day).where(*_is(ranking_day, one)).order_by(ranking_day.c.snapshot.desc())
    last = conn.execute(newest_first.limit(1)).first()
    if last is not None and last.state == "reading":
        conn.execute(delete(ranking).where(*_is(ranking, one, last.snapshot)))
        return int(last.snapshot)
    snapshot = last.snapshot + 1 if last is not None else 1
    begun = {"snapshot": snapshot, "state": "reading", "depth": 0, "read_at": now}
    conn.execute(insert(ranking_day).values(**one._asdict(), **begun))
    return snapshot


def record_ranking(conn: Connection, one: Ranking, snapshot: int, ranks: Iterable[tuple[int, int]]) -> None:
    """Record a page: ranks, with the keys of their works."""
    place = {**one._asdict(), "snapshot": snapshot}
    _RANKED(conn, [place | {"rank": rank, "work_key": key} for rank, key in ranks])


def finish_ranking(conn: Connection, one: Ranking, snapshot: int, state: DayState, depth: int, now: int) -> bool:
    """End a reading. False if it equals the snapshot before it, whose rows then stand for both."""
    same, before = False, None
    if state in ("complete", "whole"):
        empty = ranking_day.c.state == "empty_for_account"
        conn.execute(delete(ranking_day).where(*_is(ranking_day, one), empty))
        earlier = (*_is(ranking, one), ranking.c.snapshot < snapshot)
        before = conn.scalar(select(func.max(ranking.c.snapshot)).where(*earlier))
        same = before is not None and _ranks(conn, one, before) == _ranks(conn, one, snapshot)
    if same:
        conn.execute(delete(ranking).where(*_is(ranking, one, snapshot)))
        if state == "whole":
            conn.execute(update(ranking_day).where(*_is(ranking_day, one, before)).values(state=state))
    ended = {"state": "same" if same else state, "depth": depth, "read_at": now}
    conn.execute(update(ranking_day).where(*_is(ranking_day, one, snapshot)).values(**ended))
    return not same


def deny_ranking(conn: Connection, one: Ranking, snapshot: int, now: int) -> bool:
    """Record that Pixiv says there is no such ranking. Return whether that is believed for good.

    The first time it is only noted: a refused app, maintenance or a wrong clock say the same. It is believed when
    it is said again a day later, and another ranking was read in between.
    """
    earlier = (*_is(ranking_day, one, snapshot - 1), ranking_day.c.state == "empty_for_account")
    before = conn.execute(select(ranking_day).where(*earlier)).first()
    if before is None:
        finish_ranking(conn, one, snapshot, "empty_for_account", 0, now)
        return False
    read = select(ranking_day.c.date).where(
        ranking_day.c.account_id == one.account_id,
        ranking_day.c.state.in_(READ),
        ranking_day.c.read_at > before.read_at,
    )
    if conn.execute(read.limit(1)).first() is not None:
        finish_ranking(conn, one, snapshot, "empty_for_account", 0, now)
        return True
    conn.execute(delete(ranking_day).where(*_is(ranking_day, one, snapshot)))
    conn.execute(update(ranking_day).where(*_is(ranking_day, one, snapshot - 1)).values(read_at=now))
    return False


def unseen(
    conn: Connection,
    account_id: int,
    medium: Medium,
    mode: str,
    job: str,
    days: tuple[str, str],
    top: int,
    since: int,
    limit: int,
) -> list[int]:
    """Return works ranked in these days (first, last) down to `top`, read since then, that the job never saw."""
    r, d = ranking.c, ranking_day.c
    same_day = (d.account_id == r.account_id) & (d.medium == r.medium) & (d.mode == r.mode) & (d.date == r.date)
    saw = exists().where(work_job.c.work_key == r.work_key, work_job.c.job == job)
    stmt = (
        select(r.work_key)
        .distinct()
        .join(ranking_day, same_day & (d.snapshot == r.snapshot))
        .where(r.account_id == account_id, r.medium == medium, r.mode == mode, r.date.between(*days))
        .where(r.rank <= top, d.read_at >= since, ~saw, exists().where(work.c.work_key == r.work_key))
    )
    return list(conn.execute(stmt.limit(limit)).scalars())


def _ranks(conn: Connection, one: Ranking, snapshot: int) -> list[Any]:
    of_snapshot = select(ranking.c.rank, ranking.c.work_key).where(*_is(ranking, one, snapshot))
    return list(conn.execute(of_snapshot.order_by(ranking.c.rank)))


def ranking_days(conn: Connection, account_id: int, medium: Medium, mode: str) -> dict[str, RankingDay]:
    """Return each day's newest reading."""
    stmt = (
        select(ranking_day)
        .where(ranking_day.c.account_id == account_id, ranking_day.c.medium == medium, ranking_day.c.mode == mode)
        .order_by(ranking_day.c.date, ranking_day.c.snapshot)
    )
    days: dict[str, RankingDay] = {}
    for r in conn.execute(stmt):
        before = days.get(r.date)
        whole = r.state == "whole" or (before is not None and before.whole)
        denied = (before.denied if before is not None else 0) + 1 if r.state == "empty_for_account" else 0
        days[r.date] = RankingDay(r.snapshot, r.state, r.depth, r.read_at, whole, denied)
    return days
