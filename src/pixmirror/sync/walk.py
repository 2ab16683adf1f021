"""Walks one feed, page by page, each with its marks in one transaction (architecture: one transaction; no hole).

A head walk reads page 1; what it does not reach is left as a gap in the same transaction, so that a cut at any
moment leaves no hole. Closing a gap is the same walk, started elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pixmirror.catalogue import feeds
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.feeds import Feed, Gap
from pixmirror.clock import Clock
from pixmirror.contained import contained
from pixmirror.errors import BadResponse, OffsetCap, PixmirrorError
from pixmirror.logs import about
from pixmirror.models import Lane, Listing, to_ms
from pixmirror.sync import setbacks, steps
from pixmirror.sync.recording import Source, write_page
from pixmirror.sync.steps import Cut, Done, Span, Stretch
from pixmirror.sync.suspicion import concerns_what_was_asked

LONGEST_NUMBER = 19


@dataclass(frozen=True, slots=True)
class Walked:
    """How a walk went: what it read, what it left (`gap`), and why it stopped (`error`, `failed` in words)."""

    pages: int = 0
    seen: int = 0
    gap: Gap | None = None
    failed: str | None = None
    error: PixmirrorError | None = None

    def plus(self, other: "Walked") -> "Walked":
        return replace(other, pages=self.pages + other.pages, seen=self.seen + other.seen)


def next_number(listing: Listing[Any], name: str) -> int | None:
    """Return the offset or cursor in next_url, None at the end; BadResponse for a next_url without it."""
    if not listing.next:
        return None
    value = listing.next.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < LONGEST_NUMBER):
        raise BadResponse(f"{listing.endpoint}: next_url has no {name} that is a number")
    return int(value)


def _after(spec: Span | Stretch, ids: Sequence[int], listing: Listing[Any]) -> Span | Stretch | Done | Cut:
    if isinstance(spec, Span):
        dates = [d for item in listing if (d := getattr(item, "create_date", None)) is not None]
        oldest = to_ms(min(dates)) if dates else None
        return steps.after_offset_page(spec, ids, next_number(listing, "offset"), oldest)
    return steps.after_cursor_page(spec, ids, next_number(listing, "max_bookmark_id"))


async def head(
    db: Database, clock: Clock, feed: Feed, source: Source, lane: Lane, *, floor: int | None = None
) -> Walked:
    """Read page 1; leave the rest as a gap, if it does not meet known ground at once.

    A list that fails is put off. Raises what concerns everything.
    """
    try:
        with about(user=feed.params.get("user_id")), contained(f"The list {feed.endpoint}", feed.error):
            listing = await source.read(None, lane)
            return await write_page(db, listing, _record_head, feed, source, lane, clock.now(), floor)
    except PixmirrorError as error:
        if concerns_what_was_asked(error):
            await db.run(setbacks.head_failed, feed, source, error, clock.now())
        if error.scope == "everything":
            raise
        return Walked(failed=str(error), error=error)


def _record_head(
    conn: Connection, listing: Listing[Any], feed: Feed, source: Source, lane: Lane, now: int, floor: int | None
) -> Walked:
    ids = source.record(conn, listing, lane, now)
    first = feed.head_at is None
    spec: Span | Stretch
    if source.paging == "offset":
        anchors = tuple(feed.marks.get("anchors", ()))
        spec = Span(stop=anchors, floor=floor, started=now)
        marks = {"anchors": steps.new_anchors(ids, anchors), "fresh": len(ids)}
        if by := steps.inserted(ids, anchors):
            for below in feeds.gaps(conn, feed.id):  # they move down by what is new at the top
                feeds.shift_gap(conn, below.id, {**below.spec, "offset": int(below.spec.get("offset", 0)) + by})
    else:
        spec = Stretch(stop=feed.marks.get("cursor"), started=now)
        cursor = next_number(listing, "max_bookmark_id")
        marks = {"cursor": cursor if cursor is not None else feed.marks.get("cursor")}
    step = _after(spec, ids, listing)
    feeds.set_marks(conn, feed.id, marks)
    feeds.head_done(conn, feed.id, now)
    gap = None
    if isinstance(step, Cut):
        setbacks.cut_short(conn, feed.id, step.why, now, now)
    elif not ids and setbacks.tried_lately(conn, feed.id, now):
        pass  # nothing at the top, and what follows led nowhere
    elif not isinstance(step, Done) and (source.backfill or not first):
        gap = feeds.open_gap(conn, feed.id, "backfill" if first else "head", step.to_json(), now)
    full_due = source.head_read is not None and source.head_read(conn, feed, now)
    if isinstance(step, Done) and (first or (source.head_read is not None and not step.met)):
        setbacks.pass_ended(conn, feed.id, source, now, now)
    elif not first and source.backfill and (full_due or feeds.late_comer(conn, feed.id, feed.full_started or 0)):
        open_full_pass(conn, feed, source, now, (ids, listing))
    if isinstance(step, Done):
        setbacks.head_ended(conn, source, _touching(spec, ids), now)
        setbacks.gap_closed(conn, feed.id, source, now)
        if not source.backfill:
            feeds.set_marks(conn, feed.id, {"cut": None, "tried": None})
    return Walked(pages=1, seen=len(ids), gap=gap)


def open_full_pass(
    conn: Connection, feed: Feed, source: Source, now: int, page: tuple[Sequence[int], Listing[Any]] | None = None
) -> Gap | None:
    """Open a gap from the top, or from below the `page` 1 that was just read, to the end.

    Not if one is open or the last pass lately left something out.
    """
    is_open = any(g.kind in ("full", "backfill") for g in feeds.gaps(conn, feed.id))
    if is_open or setbacks.tried_lately(conn, feed.id, now):
        return None
    top = Span(started=now) if source.paging == "offset" else Stretch(started=now)
    step = top if page is None else _after(top, *page)
    if isinstance(step, Done):
        setbacks.pass_ended(conn, feed.id, source, now, now)
    elif not isinstance(step, Cut):  # of which the head walk has told
        return feeds.open_gap(conn, feed.id, "full", step.to_json(), now)
    return None


async def close(
    db: Database,
    clock: Clock,
    feed: Feed,
    gap: Gap,
    source: Source,
    lane: Lane,
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> Walked:
    """Read a gap page by page until it is closed, a page fails, or `go_on` says no."""
    total = Walked(gap=gap)
    while total.gap is not None and go_on():
        spec = setbacks.parse(source.paging, total.gap.spec)
        try:
            of = about(user=feed.params.get("user_id"))
            with of, contained(f"A part of the list {feed.endpoint}", total.gap.error):
                listing = await source.read(spec.position, lane)
                step = await write_page(db, listing, _record_gap, feed, total.gap, source, spec, lane, clock.now())
        except OffsetCap:
            await db.run(setbacks.capped, feed, total.gap, source, spec, clock.now())
            return replace(total, gap=None)
        except PixmirrorError as error:
            if not concerns_what_was_asked(error):
                raise
            below = await db.run(setbacks.gap_failed, feed, total.gap, source, error, clock.now())
            if error.scope == "everything":
                raise
            # Unclear: whether the next page would fail alike is judged first.
            if below is None or error.scope == "unclear":
                return replace(total, gap=below, failed=str(error) if below is None else None, error=error)
            total = replace(total, gap=below)
        else:
            total = total.plus(step)
    return total


def _touching(spec: Span | Stretch, ids: Sequence[int]) -> Span | Stretch:
    """Return the walk, remembering whether an anchor was seen."""
    if isinstance(spec, Span) and not spec.touched and not set(ids).isdisjoint(spec.stop):
        return replace(spec, touched=True)
    return spec


def _record_gap(
    conn: Connection,
    listing: Listing[Any],
    feed: Feed,
    gap: Gap,
    source: Source,
    spec: Span | Stretch,
    lane: Lane,
    now: int,
) -> Walked:
    ids = source.record(conn, listing, lane, now)
    walked = Walked(pages=1, seen=len(ids))
    if feeds.get_gap(conn, gap.id) is None:
        return walked  # somebody else has closed it meanwhile
    if isinstance(spec, Stretch):
        if spec.probe is not None:
            cursor = next_number(listing, "max_bookmark_id")
            return replace(walked, gap=setbacks.probed(conn, gap, spec, cursor, now))
        setbacks.read_below(conn, spec, now)
    elif spec.tries:
        spec = setbacks.answers_again(conn, gap, spec, now)
    spec = _touching(spec, ids)
    step = _after(spec, ids, listing)
    if isinstance(spec, Span):
        if gap.kind in ("head", "backfill"):
            _extend_anchors(conn, feed.id, ids)
        above = spec.above
        if above is not None and len(ids) >= steps.ENOUGH_ANCHORS:
            feeds.end_gap_at(conn, above, ids)
            above = None
        step = replace(step, above=above, leaps=0) if isinstance(step, Span) else step
    if isinstance(step, Span | Stretch):
        feeds.move_gap(conn, gap.id, step.to_json())
        return replace(walked, gap=replace(gap, spec=step.to_json(), failures=0))
    feeds.close_gap(conn, gap.id)
    if isinstance(step, Cut):
        setbacks.cut_short(conn, feed.id, step.why, spec.started, now)
        return walked
    if gap.kind == "head":
        setbacks.head_ended(conn, source, spec, now)
    if gap.kind in ("backfill", "full"):
        setbacks.pass_ended(conn, feed.id, source, spec.started, now)
    else:
        setbacks.gap_closed(conn, feed.id, source, now)
    return walked


def _extend_anchors(conn: Connection, feed_id: int, ids: Sequence[int]) -> None:
    """Make ids below page 1 anchors, too, where page 1 showed too few to be found again."""
    marks = feeds.get_feed(conn, feed_id).marks
    fresh = int(marks.get("fresh", steps.PAGE))
    if fresh < steps.ENOUGH_ANCHORS:
        old = list(marks.get("anchors", ()))
        anchors = steps.new_anchors([*old[:fresh], *ids], old[fresh:])
        feeds.set_marks(conn, feed_id, {"anchors": anchors, "fresh": fresh + len(ids)})
