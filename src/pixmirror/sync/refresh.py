"""How old what we know may grow before it is read again, in the slowest lane; and planning that it is.

New works change often and old ones rarely; an artist is read in the rhythm in which they post. All times in ms.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ingest import refresh as rows
from pixmirror.ingest.refresh import Wishes
from pixmirror.ledger import agenda
from pixmirror.models import Lane
from pixmirror.models.jobs import Fresh
from pixmirror.sync.context import Job

YEAR_MS = 365 * DAY_MS
SHORTEST_MS, LONGEST_MS = 3 * DAY_MS, 60 * DAY_MS
RECENT = 10  # works that tell an artist's rhythm
SILENCE = 12  # who was silent for so many of a span is read after that span at the earliest
# How long ago an artist last posted, and the longest time between two full passes of their list.
PASSES = ((30 * DAY_MS, 30 * DAY_MS), (YEAR_MS, 90 * DAY_MS))
LONGEST_PASS_MS = 180 * DAY_MS
# How old a work is that no list shows, and how old what we know of it may be.
DETAILS = ((30 * DAY_MS, 7 * DAY_MS), (YEAR_MS, 60 * DAY_MS))
LONGEST_DETAIL_MS = 365 * DAY_MS
TEXTS_MS = (30 * DAY_MS, 180 * DAY_MS)  # ages of a novel at which its text is read again in any case
JITTER = 0.1  # of a span, always earlier, so that what was found together is not read together again
SHARE = 0.2  # of a day's requests, for all re-readings together
UNCAPPED_A_DAY = 4000


def head_again_ms(posted: Sequence[int], now: int) -> int:
    """Return after how long an artist's page 1 is reread. `posted`: times of their last works, newest first."""
    silent = now - posted[0] if posted else YEAR_MS
    if silent >= YEAR_MS:
        return LONGEST_MS
    gaps = [newer - older for newer, older in pairwise(posted)]
    rhythm = int(median(gaps)) if gaps else silent
    return min(max(rhythm, silent // SILENCE, SHORTEST_MS), LONGEST_MS)


def full_again_ms(posted: Sequence[int], now: int) -> int:
    """Return after how long an artist's whole list is read again."""
    silent = now - posted[0] if posted else YEAR_MS + 1
    return next((span for age, span in PASSES if silent <= age), LONGEST_PASS_MS)


def detail_again_ms(age: int) -> int:
    """Return how old our knowledge of a work that no list shows may grow, by the work's age."""
    return next((span for limit, span in DETAILS if age < limit), LONGEST_DETAIL_MS)


def text_again(created: int | None, now: int) -> int | None:
    """Return when a novel's text, read now, is read again though the novel has not changed; None: never."""
    if created is None:
        return None
    return next((created + age for age in TEXTS_MS if created + age > now), None)


def earlier(span: int, key: int) -> int:
    """Return the span shortened by up to a tenth, always alike for one key, so that many keys spread out."""
    share = (key * 2654435761 % 2**32) / 2**32
    return int(span * (1 - JITTER * share))


def full_due_at(feed_id: int, posted: Sequence[int], full_at: int | None, now: int) -> int:
    """Return when the artist's whole list is to be read again; at once where it never was."""
    return now if full_at is None else full_at + earlier(full_again_ms(posted, now), feed_id)


def read_again_at(feed_id: int, posted: Sequence[int], head_at: int, full_at: int | None, now: int) -> int:
    """Return when the artist's page 1 is to be read again; a full pass that is due by then goes on from there."""
    head = head_at + earlier(head_again_ms(posted, now), feed_id)
    return head if full_at is None else min(head, full_due_at(feed_id, posted, full_at, now))


def most_a_day(requests_per_day: int) -> int:
    """Return how many re-readings a day may hold, of a day's `requests_per_day` (0: no cap)."""
    return max(1, int(requests_per_day * SHARE)) if requests_per_day else UNCAPPED_A_DAY


def spread(due: Sequence[int], most: int, now: int, within_ms: int) -> dict[int, int]:
    """Spread what is due, longest waiting first: {thing: when} for those beyond `most` in one `within_ms`."""
    step = within_ms // max(most, 1)
    return {item: now + (n + 1) * step for n, item in enumerate(due[most:], start=most)}


# -- planning: the reading is the walkers' and the chores' -------------------------------------------------------

LISTS_AT_ONCE = 500
WORKS_AT_ONCE = 20_000
_CURSOR = "refresh:works"  # meta key: the last work that was looked at
_SPANS = {
    "month": DETAILS[0][0],
    "year": DETAILS[1][0],
    "young": detail_again_ms(0),
    "middle": DETAILS[1][1],
    "old": LONGEST_DETAIL_MS,
}


def wishes(account_id: int, jobs: Mapping[str, Job]) -> Wishes:
    """Return what the enabled jobs want kept fresh."""

    def of(whose: Fresh) -> tuple[str, ...]:
        return tuple(name for name, job in jobs.items() if job.keeps_fresh == whose)

    return Wishes(account_id, of("named artists"), of("followed artists"), of("bookmarks"))


async def plan_lists(db: Database, wanted: Wishes, requests_per_day: int, now: int) -> None:
    """Give every list that a job wants a time to be read again, and spread over hours what is due at once."""
    while await db.run(_plan_some, wanted, now) == LISTS_AT_ONCE:
        pass
    most = max(1, most_a_day(requests_per_day) * HOUR_MS // DAY_MS)

    def tidy(conn: Connection) -> None:
        rows.forget_unwanted(conn, wanted)
        rows.put_off(conn, spread(rows.due_lists(conn, now), most, now, HOUR_MS))

    await db.run(tidy)


def _plan_some(conn: Connection, wanted: Wishes, now: int) -> int:
    found = rows.unplanned(conn, wanted, LISTS_AT_ONCE)
    for one in found:
        posted = rows.posted(conn, one.user_id, one.medium, RECENT)
        feeds.refresh_at(conn, one.feed_id, read_again_at(one.feed_id, posted, one.head_at, one.full_at, now))
    return len(found)


async def find_works(db: Database, wanted: Wishes, requests_per_day: int, now: int) -> int:
    """Ask over the day for works that no list shows and that were last seen too long ago. Return how many.

    All re-readings together stay below their share of a day's requests; what finds no room waits for another day.
    """
    room = most_a_day(requests_per_day) - await db.read(rows.planned, now + DAY_MS, int(Lane.REFRESH))
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
