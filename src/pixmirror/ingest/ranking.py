"""Rankings: snapshots of one mode and day, in order. A cut reading starts over; there is no resume."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, insert

from pixmirror.catalogue.schema import ranking, ranking_day
from pixmirror.catalogue.sql import Many, changed, column, row, rows, upsert, value
from pixmirror.models import JST, Medium, from_ms

PUBLISHED_AT_HOUR = 12  # JST, of the next day
AGAIN_AFTER_MS = 24 * 3_600_000  # a ranking is read once more when the first reading is so old
DENIALS = 2  # a day that Pixiv has no ranking of has said so twice, a day apart

# complete: as deep as was asked; whole: to the end of the list.
DayState = Literal["reading", "complete", "whole", "empty_for_account", "same"]
READ = ("complete", "whole", "same")

_RANKED = Many(upsert(ranking, "work_key"))
_OF_LIST = "account_id = :account_id AND medium = :medium AND mode = :mode"
_OF_DAY = f"{_OF_LIST} AND date = :date"
_IS = f"{_OF_DAY} AND snapshot = :snapshot"
_DROP_RANKS = f"DELETE FROM ranking WHERE {_IS}"
_UNSEEN = """
SELECT DISTINCT r.work_key FROM ranking r JOIN ranking_day d ON d.account_id = r.account_id
  AND d.medium = r.medium AND d.mode = r.mode AND d.date = r.date AND d.snapshot = r.snapshot
WHERE r.account_id = :account AND r.medium = :medium AND r.mode = :mode AND r.date BETWEEN :first AND :last
  AND r.rank <= :top AND d.read_at >= :since AND EXISTS (SELECT 1 FROM work w WHERE w.work_key = r.work_key)
  AND NOT EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = r.work_key AND j.job = :job)
LIMIT :n"""


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


def begin_ranking(conn: Connection, one: Ranking, now: int) -> int:
    """Begin a reading, and drop the rows of one that was cut. Return the number of the snapshot to read."""
    newest = f"SELECT snapshot, state FROM ranking_day WHERE {_OF_DAY} ORDER BY snapshot DESC LIMIT 1"
    last = row(conn, newest, **one._asdict())
    if last is not None and last.state == "reading":
        changed(conn, _DROP_RANKS, **one._asdict(), snapshot=last.snapshot)
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
        changed(conn, f"DELETE FROM ranking_day WHERE {_OF_DAY} AND state = 'empty_for_account'", **one._asdict())
        earlier = f"SELECT max(snapshot) FROM ranking WHERE {_OF_DAY} AND snapshot < :snapshot"
        before = value(conn, earlier, **one._asdict(), snapshot=snapshot)
        same = before is not None and _ranks(conn, one, before) == _ranks(conn, one, snapshot)
    if same:
        changed(conn, _DROP_RANKS, **one._asdict(), snapshot=snapshot)
        if state == "whole":
            whole = f"UPDATE ranking_day SET state = :state WHERE {_IS}"
            changed(conn, whole, **one._asdict(), snapshot=before, state=state)
    ended = f"UPDATE ranking_day SET state = :state, depth = :depth, read_at = :now WHERE {_IS}"
    became = "same" if same else state
    changed(conn, ended, **one._asdict(), snapshot=snapshot, state=became, depth=depth, now=now)
    return not same


def deny_ranking(conn: Connection, one: Ranking, snapshot: int, now: int) -> bool:
    """Record that Pixiv says there is no such ranking. Return whether that is believed for good.

    The first time it is only noted: a refused app, maintenance or a wrong clock say the same. It is believed when
    it is said again a day later, and another ranking was read in between.
    """
    earlier = f"SELECT read_at FROM ranking_day WHERE {_IS} AND state = 'empty_for_account'"
    before = value(conn, earlier, **one._asdict(), snapshot=snapshot - 1)
    read = f"SELECT 1 FROM ranking_day WHERE account_id = :account AND state IN {READ} AND read_at > :at LIMIT 1"
    is_sure = before is not None and row(conn, read, account=one.account_id, at=before) is not None
    if before is None or is_sure:
        finish_ranking(conn, one, snapshot, "empty_for_account", 0, now)
        return is_sure
    changed(conn, f"DELETE FROM ranking_day WHERE {_IS}", **one._asdict(), snapshot=snapshot)
    again = f"UPDATE ranking_day SET read_at = :now WHERE {_IS}"
    changed(conn, again, **one._asdict(), snapshot=snapshot - 1, now=now)
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
    first, last = days
    of = {"account": account_id, "medium": medium, "mode": mode, "first": first, "last": last}
    return column(conn, _UNSEEN, **of, job=job, top=top, since=since, n=limit)


def _ranks(conn: Connection, one: Ranking, snapshot: int) -> list[Any]:
    ranks = f"SELECT rank, work_key FROM ranking WHERE {_IS} ORDER BY rank"
    return list(rows(conn, ranks, **one._asdict(), snapshot=snapshot))


def ranking_days(conn: Connection, account_id: int, medium: Medium, mode: str) -> dict[str, RankingDay]:
    """Return each day's newest reading."""
    read = f"SELECT * FROM ranking_day WHERE {_OF_LIST} ORDER BY date, snapshot"
    days: dict[str, RankingDay] = {}
    for r in rows(conn, read, account_id=account_id, medium=medium, mode=mode):
        before = days.get(r.date)
        whole = r.state == "whole" or (before is not None and before.whole)
        denied = (before.denied if before is not None else 0) + 1 if r.state == "empty_for_account" else 0
        days[r.date] = RankingDay(r.snapshot, r.state, r.depth, r.read_at, whole, denied)
    return days
