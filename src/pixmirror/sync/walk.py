"""Walks one feed, page by page, each with its marks in one transaction (architecture: one transaction; no hole).

A head walk reads page 1; what it does not reach is left as a gap in the same transaction, so that a cut at any
moment leaves no hole. Closing a gap is the same walk, started elsewhere.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pixmirror.catalogue import feeds
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.feeds import Feed, Gap
from pixmirror.clock import Clock
from pixmirror.contained import contained
from pixmirror.errors import BadResponse, NotFound, OffsetCap, PixmirrorError
from pixmirror.ledger import leavers
from pixmirror.models import Lane, Listing, to_ms
from pixmirror.sync import setbacks, steps
from pixmirror.sync.recording import write_page
from pixmirror.sync.setbacks import backoff_ms as backoff_ms
from pixmirror.sync.steps import Cut, Done, Span, Stretch
from pixmirror.sync.suspicion import concerns_what_was_asked

LONGEST_NUMBER = 19


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a page brought: its ids in order, and how many were new to the catalogue."""

    ids: tuple[int, ...]
    new: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """How one feed is read and recorded. `read` takes an offset or a cursor, None for the top.

    `backfill`: whether the first walk reads on to the end. `finished` is called, in the last page's transaction,
    when a pass from the top to the end is complete, with the time at which it began; `overflowed` when a head walk
    came to the list's end, or its cap, and met nothing that was known. `head_read` is called with each page 1 that
    is not the first ever, and says whether a full pass is due; a list that is whole on page 1 has had one.
    """

    paging: Literal["offset", "cursor"]
    read: Callable[[int | None, Lane], Awaitable[Listing[Any]]]
    record: Callable[[Connection, Listing[Any], Lane, int], Recorded]
    backfill: bool = True
    finished: Callable[[Connection, int, int], None] | None = None
    overflowed: Callable[[Connection, int], None] | None = None
    head_read: Callable[[Connection, Feed, int], bool] | None = None


@dataclass(frozen=True, slots=True)
class Walked:
    """How a walk went: what it left (`gap`), whether it met known ground (`met`), why it stopped (`error`)."""

    pages: int = 0
    seen: int = 0
    new: int = 0
    met: bool = False
    gap: Gap | None = None
    failed: str | None = None
    error: PixmirrorError | None = None

    def plus(self, other: "Walked") -> "Walked":
        return replace(
            other,
            pages=self.pages + other.pages,
            seen=self.seen + other.seen,
            new=self.new + other.new,
        )


def _oldest(listing: Listing[Any]) -> int | None:
    dates = [d for item in listing if (d := getattr(item, "create_date", None)) is not None]
    return to_ms(min(dates)) if dates else None


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
        return steps.after_offset_page(spec, ids, next_number(listing, "offset"), _oldest(listing))
    return steps.after_cursor_page(spec, ids, next_number(listing, "max_bookmark_id"))


async def head(
    db: Database, clock: Clock, feed: Feed, source: Source, lane: Lane, *, floor: int | None = None
) -> Walked:
    """Read page 1; leave the rest as a gap, if it does not meet known ground at once.

    A list that fails is put off. Raises what concerns everything.
    """
    try:
        with contained(f"The list {feed.endpoint}", feed.error):
            listing = await source.read(None, lane)
            return await write_page(db, listing, _record_head, feed, source, lane, clock.now(), floor)
    except PixmirrorError as error:
        if concerns_what_was_asked(error):
            await db.run(_head_failed, feed, source, error, clock.now())
        if error.scope == "everything":
            raise
        return Walked(failed=str(error), error=error)


def _record_head(
    conn: Connection,
    listing: Listing[Any],
    feed: Feed,
    source: Source,
    lane: Lane,
    now: int,
    floor: int | None,
) -> Walked:
    recorded = source.record(conn, listing, lane, now)
    first = feed.head_at is None
    spec: Span | Stretch
    if source.paging == "offset":
        anchors = tuple(feed.marks.get("anchors", ()))
        spec = Span(stop=anchors, floor=floor, started=now)
        marks = {"anchors": steps.new_anchors(recorded.ids, anchors), "fresh": len(recorded.ids)}
        _shift_gaps(conn, feed.id, steps.inserted(recorded.ids, anchors))
    else:
        spec = Stretch(stop=feed.marks.get("cursor"), started=now)
        cursor = next_number(listing, "max_bookmark_id")
        marks = {"cursor": cursor if cursor is not None else feed.marks.get("cursor")}
    step = _after(spec, recorded.ids, listing)
    feeds.set_marks(conn, feed.id, marks)
    feeds.head_done(conn, feed.id, now)
    gap = None
    if isinstance(step, Cut):
        setbacks.cut_short(conn, feed.id, step.why, now, now)
    elif not recorded.ids and setbacks.tried_lately(conn, feed.id, now):
        pass  # nothing at the top, and what follows led nowhere
    elif not isinstance(step, Done) and (source.backfill or not first):
        gap = feeds.open_gap(conn, feed.id, "backfill" if first else "head", step.to_json(), now)
    full_due = source.head_read is not None and source.head_read(conn, feed, now)
    if isinstance(step, Done) and (first or (source.head_read is not None and not step.met)):
        setbacks.pass_ended(conn, feed.id, source.finished, now, now)
    elif not first and source.backfill and (full_due or feeds.late_comer(conn, feed.id, feed.full_started or 0)):
        _go_on_to_the_end(conn, feed, source, recorded.ids, listing, now)
    if isinstance(step, Done):
        _head_ended(conn, source, _touching(spec, recorded.ids), now)
        setbacks.gap_closed(conn, feed.id, source.finished, now)
        if not source.backfill:
            feeds.set_marks(conn, feed.id, {"cut": None, "tried": None})
    met = isinstance(step, Done) and step.met
    return Walked(pages=1, seen=len(recorded.ids), new=recorded.new, met=met, gap=gap)


def _go_on_to_the_end(
    conn: Connection, feed: Feed, source: Source, ids: Sequence[int], listing: Listing[Any], now: int
) -> None:
    """Open a full pass whose first page is this head, unless one is under way or lately left something out."""
    if not _may_pass(conn, feed, now):
        return
    begin = Span(started=now) if source.paging == "offset" else Stretch(started=now)
    step = _after(begin, ids, listing)
    if isinstance(step, Cut):
        return  # as the head walk has told
    if isinstance(step, Done):
        setbacks.pass_ended(conn, feed.id, source.finished, now, now)
    else:
        feeds.open_gap(conn, feed.id, "full", step.to_json(), now)


def open_full_pass(conn: Connection, feed: Feed, source: Source, now: int) -> Gap | None:
    """Open a gap from the top to the end, unless one is open or the last pass lately left something out."""
    if not _may_pass(conn, feed, now):
        return None
    spec = Span(started=now) if source.paging == "offset" else Stretch(started=now)
    return feeds.open_gap(conn, feed.id, "full", spec.to_json(), now)


def _may_pass(conn: Connection, feed: Feed, now: int) -> bool:
    is_open = any(g.kind in ("full", "backfill") for g in feeds.gaps(conn, feed.id))
    return not is_open and not setbacks.tried_lately(conn, feed.id, now)


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
            with contained(f"A part of the list {feed.endpoint}", total.gap.error):
                listing = await source.read(spec.position, lane)
                step = await write_page(db, listing, _record_gap, feed, total.gap, source, spec, lane, clock.now())
        except OffsetCap:
            await db.run(_capped, feed, total.gap, source, spec, clock.now())
            return total.plus(Walked())
        except PixmirrorError as error:
            if not concerns_what_was_asked(error):
                raise
            step = await db.run(_gap_failed, total.gap, source, error, clock.now())
            if isinstance(error, NotFound):
                await db.run(_denied, feed, clock.now())
            if error.scope == "everything":
                raise
            # Unclear: whether the next page would fail alike is judged first.
            if step.gap is None or error.scope == "unclear":
                return replace(total.plus(step), error=error)
        total = total.plus(step)
    return total


def _touching(spec: Span | Stretch, ids: Sequence[int]) -> Span | Stretch:
    """Return the walk, remembering whether an anchor was seen."""
    if isinstance(spec, Span) and not spec.touched and not set(ids).isdisjoint(spec.stop):
        return replace(spec, touched=True)
    return spec


def _head_ended(conn: Connection, source: Source, spec: Span | Stretch, now: int) -> None:
    if isinstance(spec, Span) and spec.stop and not spec.touched and source.overflowed is not None:
        source.overflowed(conn, now)


def _capped(conn: Connection, feed: Feed, gap: Gap, source: Source, spec: Span | Stretch, now: int) -> None:
    setbacks.capped(conn, feed, gap, spec, now)
    if gap.kind == "head":
        _head_ended(conn, source, spec, now)


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
    recorded = source.record(conn, listing, lane, now)
    walked = Walked(pages=1, seen=len(recorded.ids), new=recorded.new)
    if feeds.get_gap(conn, gap.id) is None:
        return walked  # somebody else has closed it meanwhile
    if isinstance(spec, Stretch):
        if spec.probe is not None:
            cursor = next_number(listing, "max_bookmark_id")
            return replace(walked, gap=setbacks.probed(conn, gap, spec, cursor, now))
        setbacks.read_below(conn, spec, now)
    elif spec.tries:
        spec = setbacks.answers_again(conn, gap, spec, now)
    spec = _touching(spec, recorded.ids)
    step = _after(spec, recorded.ids, listing)
    if isinstance(spec, Span):
        if gap.kind in ("head", "backfill"):
            _extend_anchors(conn, feed.id, recorded.ids)
        above = spec.above
        if above is not None and len(recorded.ids) >= steps.ENOUGH_ANCHORS:
            feeds.end_gap_at(conn, above, recorded.ids)
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
        _head_ended(conn, source, spec, now)
    if gap.kind in ("backfill", "full"):
        setbacks.pass_ended(conn, feed.id, source.finished, spec.started, now)
    else:
        setbacks.gap_closed(conn, feed.id, source.finished, now)
    return replace(walked, met=step.met)


def _extend_anchors(conn: Connection, feed_id: int, ids: Sequence[int]) -> None:
    """Make ids below page 1 anchors, too, where page 1 showed too few to be found again."""
    marks = feeds.get_feed(conn, feed_id).marks
    fresh = int(marks.get("fresh", steps.PAGE))
    if fresh < steps.ENOUGH_ANCHORS:
        old = list(marks.get("anchors", ()))
        anchors = steps.new_anchors([*old[:fresh], *ids], old[fresh:])
        feeds.set_marks(conn, feed_id, {"anchors": anchors, "fresh": fresh + len(ids)})


def _shift_gaps(conn: Connection, feed_id: int, by: int) -> None:
    """Move the gaps down by what is new at the top."""
    if by:
        for gap in feeds.gaps(conn, feed_id):
            feeds.shift_gap(conn, gap.id, {**gap.spec, "offset": int(gap.spec.get("offset", 0)) + by})


def _head_failed(conn: Connection, feed: Feed, source: Source, error: PixmirrorError, now: int) -> None:
    setbacks.head_failed(conn, feed, source.paging, source.backfill, error, now)
    if isinstance(error, NotFound):
        _denied(conn, feed, now)


def _denied(conn: Connection, feed: Feed, now: int) -> None:
    """Note that a user's list was refused; their profile tells whether they are gone."""
    user_id = feed.params.get("user_id")
    if isinstance(user_id, int):
        leavers.list_refused(conn, user_id, now)


def _gap_failed(conn: Connection, gap: Gap, source: Source, error: PixmirrorError, now: int) -> Walked:
    below = setbacks.gap_failed(conn, gap, source.paging, error, now)
    return Walked(gap=below, failed=None if below is not None else str(error))
