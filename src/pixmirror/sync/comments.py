"""Chores on comments: all comments of a work, and the replies to one of them.

A reading is whole (to the end) the first time, when the work is 30 and 180 days old, when there are fewer
comments than before, and a day after one in which known comments were missing; else it ends at the first page of
known ones.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from pixmirror.catalogue import chores
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.ingest import comments as ingest_comments
from pixmirror.ingest.broken import broken_ids, record_broken
from pixmirror.ingest.comments import Plan
from pixmirror.ingest.lists import touch_unread
from pixmirror.models import Comment, Lane, Listing, split_key
from pixmirror.pixiv.app import comments
from pixmirror.sync.context import Context, Job
from pixmirror.sync.recording import write_page
from pixmirror.sync.steps import Round
from pixmirror.sync.walk import next_number

HIDDEN_AGAIN_MS = 30 * DAY_MS  # of a work that is gone or hidden nothing is asked; it may come back


@dataclass(frozen=True, slots=True)
class _Reading:
    """How far a reading has come; kept with the chore, so that a cut reading goes on."""

    started: int = -DAY_MS
    whole: bool = True
    offset: int = 0
    total: int | None = None
    new: int = 0
    proves: bool = True  # what it does not show is missing


def _begin(chore: Chore, plan: Plan, now: int) -> _Reading:
    """Return where the reading goes on. After a day only a first reading goes on, and then proves no absence."""
    saved = _Reading(**{name: value for name, value in chore.progress.items() if name in _Reading.__slots__})
    fresh = 0 <= now - saved.started < DAY_MS
    if not saved.offset or not (fresh or plan.first):
        return _Reading(now, plan.whole)
    return saved if fresh else replace(saved, started=now, proves=False)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**53 else None


async def run(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Read the comments of a work."""
    medium, work_id = split_key(chore.key)
    ask = comments.illust_comments if medium == "illust" else comments.novel_comments
    plan = await ctx.db.read(ingest_comments.plan, chore.key, ctx.clock.now())
    if plan is None or not plan.is_asked:
        again = None if plan is None else ctx.clock.now() + HIDDEN_AGAIN_MS
        await ctx.db.run(chores.done, chore.kind, chore.key, again)
        return
    reading = _begin(chore, plan, ctx.clock.now())

    def record(conn: Connection, listing: Listing[Comment], following: int | None) -> tuple[int, int]:
        """Record a page. In a list that was read before, ask again for the replies of threads that have some."""
        now = ctx.clock.now()
        record_broken(conn, listing.endpoint, listing.unread, now)
        seen = ctx.seen(job, "comments", lane, now)
        found = ingest_comments.record_comments(conn, seen, chore.key, listing.items, all_replies=not plan.first)
        touch_unread(conn, ctx.account_id, "comment", medium, broken_ids(listing.broken), now)
        if following is not None:
            after = replace(_after(reading, plan, listing, found[0]), offset=following)
            chores.save_progress(conn, chore.kind, chore.key, asdict(after))
        return found

    def walked(conn: Connection, ended: bool) -> None:
        now = ctx.clock.now()
        seen = ctx.seen(job, "comments", lane, now)
        total = reading.total if reading.total is not None else plan.shown
        again = ingest_comments.comments_walked(conn, seen, chore.key, total)
        proves = ended and reading.whole and reading.proves and not plan.first
        if proves and ingest_comments.miss_comments(conn, seen, chore.key, reading.started):
            again = min(again or now + DAY_MS, now + DAY_MS)
        chores.done(conn, chore.kind, chore.key, again_at=again)

    if plan.is_told:
        # Asked for by a list that tells no number; another has told it since.
        reading = replace(reading, total=0)
        await ctx.db.run(walked, True)
        return
    turned = Round()
    while True:
        listing = await ask(ctx.api.at(lane), work_id, reading.offset or None)
        following = next_number(listing, "offset")
        new, known = await write_page(ctx.db, listing, record, following)
        reading = _after(reading, plan, listing, new)
        if following is None or (not reading.whole and known and not new):
            break
        if following <= reading.offset or turned.closes([c.id for c in listing], listing.next):
            break  # a list that repeats itself proves nothing
        reading = replace(reading, offset=following)
    await ctx.db.run(walked, following is None)


def _after(reading: _Reading, plan: Plan, listing: Listing[Comment], new: int) -> _Reading:
    """Go on to the list's end when more comments are new than the total grew: others must be gone."""
    total, new = _count(listing.head.get("total_comments", reading.total)), reading.new + new
    fewer = plan.total is not None and total is not None and total - plan.total < new
    return replace(reading, total=total, new=new, whole=reading.whole or fewer)


async def run_replies(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Read all replies to one comment."""
    medium, comment_id = split_key(chore.key)
    owner = await ctx.db.read(ingest_comments.replies_of, chore.key)
    now = ctx.clock.now()
    started = int(chore.progress.get("started", -DAY_MS))
    fresh = 0 <= now - started < DAY_MS
    following: Mapping[str, str] | None = chore.progress.get("next") if fresh else None
    started = started if following else now
    turned = Round()
    while owner is not None:
        listing = await comments.replies(ctx.api.at(lane), medium, comment_id, next=following)
        following = listing.next
        circle = turned.closes([c.id for c in listing], following)

        def record(conn: Connection, listing: Listing[Comment], work: int = owner, circle: bool = circle) -> None:
            now = ctx.clock.now()
            record_broken(conn, listing.endpoint, listing.unread, now)
            seen = ctx.seen(job, "comments", lane, now)
            ingest_comments.record_comments(conn, seen, work, listing.items, parent_key=chore.key)
            touch_unread(conn, ctx.account_id, "comment", medium, broken_ids(listing.broken), now)
            if circle:
                chores.done(conn, chore.kind, chore.key)  # a list that repeats itself proves nothing
                return
            if listing.next is not None:
                saved = {"next": dict(listing.next), "started": started}
                chores.save_progress(conn, chore.kind, chore.key, saved)
                return
            missing = ingest_comments.miss_replies(conn, seen, work, chore.key, started)
            chores.done(conn, chore.kind, chore.key, again_at=now + DAY_MS if missing else None)

        await write_page(ctx.db, listing, record)
        if following is None or circle:
            return
    await ctx.db.run(chores.done, chore.kind, chore.key)
