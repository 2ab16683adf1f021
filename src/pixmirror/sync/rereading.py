"""Planning what is read again only to see what has changed; the reading is the walkers' and the chores'."""

from collections.abc import Mapping

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ingest import refresh as rows
from pixmirror.ingest.refresh import Wishes
from pixmirror.ledger import agenda
from pixmirror.models import Lane
from pixmirror.sync import refresh
from pixmirror.sync.context import Job

LISTS_AT_ONCE = 500
WORKS_AT_ONCE = 20_000
_CURSOR = "refresh:works"  # meta key: the last work that was looked at
_SPANS = {
    "month": refresh.DETAILS[0][0],
    "year": refresh.DETAILS[1][0],
    "young": refresh.detail_again_ms(0),
    "middle": refresh.DETAILS[1][1],
    "old": refresh.LONGEST_DETAIL_MS,
}


def wishes(account_id: int, jobs: Mapping[str, Job]) -> Wishes:
    """Return what the enabled jobs want kept fresh."""

    def of(kind: str) -> tuple[str, ...]:
        return tuple(name for name, job in jobs.items() if job.kind == kind)

    return Wishes(account_id, of("user"), of("following"), of("bookmarks"))


async def plan_lists(db: Database, wanted: Wishes, requests_per_day: int, now: int) -> None:
    """Give every list that a job wants a time to be read again, and spread over hours what is due at once."""
    while await db.run(_plan_some, wanted, now) == LISTS_AT_ONCE:
        pass
    most = max(1, refresh.most_a_day(requests_per_day) * HOUR_MS // DAY_MS)

    def tidy(conn: Connection) -> None:
        rows.forget_unwanted(conn, wanted)
        rows.put_off(conn, refresh.spread(rows.due_lists(conn, now), most, now, HOUR_MS))

    await db.run(tidy)


def _plan_some(conn: Connection, wanted: Wishes, now: int) -> int:
    found = rows.unplanned(conn, wanted, LISTS_AT_ONCE)
    for one in found:
        posted = rows.posted(conn, one.user_id, one.medium, refresh.RECENT)
        feeds.refresh_at(
            conn, one.feed_id, refresh.read_again_at(one.feed_id, posted, one.head_at, one.full_at, now)
        )
    return len(found)


async def find_works(db: Database, wanted: Wishes, requests_per_day: int, now: int) -> int:
    """Ask over the day for works that no list shows and that were last seen too long ago. Return how many.

    All re-readings together stay below their share of a day's requests; what finds no room waits for another day.
    """

    def planned(conn: Connection) -> int:
        tomorrow = now + DAY_MS
        return rows.planned_lists(conn, tomorrow) + rows.planned_details(conn, tomorrow, int(Lane.REFRESH))

    room = refresh.most_a_day(requests_per_day) - await db.read(planned)
    start = int(await db.read(runs.get_meta, _CURSOR) or 0)
    found: list[int] = []
    after, wrapped = start, False
    while len(found) < room:
        last = await db.read(rows.chunk_end, after, WORKS_AT_ONCE)
        if last is None:
            if wrapped or start == 0:
                break
            after, wrapped = 0, True
            continue
        found += await db.read(rows.unshown, wanted, after, last, now, _SPANS, room - len(found))
        after = found[-1] if len(found) >= room else last
        if wrapped and after >= start:
            break

    def ask(conn: Connection) -> None:
        agenda.ask_about_unseen(conn, found, now)
        runs.set_meta(conn, _CURSOR, str(after))

    await db.run(ask)
    return len(found)
