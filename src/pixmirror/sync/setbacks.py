"""What becomes of a walk when a page cannot be read, or when the list ends before its end.

A page that keeps failing becomes a gap of its own, one for each place, and the walk goes on below it. A pass that
leaves something out is remembered as tried: it counts when its gaps are closed, and until then the next one waits.
"""

from dataclasses import replace
from typing import Any

from pixmirror.catalogue import feeds
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.feeds import Feed, Gap
from pixmirror.clock import DAY_MS
from pixmirror.errors import EndpointGone, Forbidden, NotFound, PixmirrorError
from pixmirror.ledger import leavers
from pixmirror.sync import steps
from pixmirror.sync.recording import Source
from pixmirror.sync.steps import Span, Stretch

RETRIES_OF_A_PAGE = 3
BACKOFF_S = (5, 30, 120, 600, 3600, 21600, 21600, 86400)
TRY_AGAIN_MS = 7 * DAY_MS  # the next pass of a list of which a page cannot be read, or that ends too early
OF_THE_WHOLE_LIST = (NotFound, Forbidden, EndpointGone)  # no other page answers better


def backoff_ms(failures: int) -> int:
    return BACKOFF_S[min(failures, len(BACKOFF_S) - 1)] * 1000


def parse(paging: str, spec: Any) -> Span | Stretch:
    return Span.from_json(spec) if paging == "offset" else Stretch.from_json(spec)


# -- passes ----------------------------------------------------------------------------------------------------


def pass_ended(conn: Connection, feed_id: int, source: Source, started: int, now: int) -> None:
    """Record that a pass reached the list's end. It counts unless a part of it, or page 1, is still unread."""
    feed = feeds.get_feed(conn, feed_id)
    if feed.head_at is None or feed.failures or feeds.gaps(conn, feed_id):
        feeds.set_marks(conn, feed_id, {"tried": {"started": started, "at": now}})
        return
    feeds.set_marks(conn, feed_id, {"tried": None, "cut": None})
    feeds.full_done(conn, feed_id, now, started)
    if source.finished is not None:
        source.finished(conn, started, now)


def gap_closed(conn: Connection, feed_id: int, source: Source, now: int) -> None:
    """Complete the pass when this gap was the last part that it had left."""
    marks = feeds.get_feed(conn, feed_id).marks
    if marks.get("tried") and not marks.get("cut"):
        pass_ended(conn, feed_id, source, int(marks["tried"]["started"]), now)


def tried_lately(conn: Connection, feed_id: int, now: int) -> bool:
    """Tell whether a recent pass left something out, so that another one would meet the same failure."""
    tried = feeds.get_feed(conn, feed_id).marks.get("tried")
    return tried is not None and 0 <= now - int(tried["at"]) < TRY_AGAIN_MS


def head_ended(conn: Connection, source: Source, spec: Span | Stretch, now: int) -> None:
    """Tell the source that a head walk met nothing known before the list's end."""
    if isinstance(spec, Span) and spec.stop and not spec.touched and source.overflowed is not None:
        source.overflowed(conn, now)


def capped(conn: Connection, feed: Feed, gap: Gap, source: Source, spec: Span | Stretch, now: int) -> None:
    """End the walk at Pixiv's cap for this list, with the reason, as no proof of what lies below."""
    feeds.close_gap(conn, gap.id)
    if gap.kind == "head":
        head_ended(conn, source, spec, now)
    if gap.kind in ("backfill", "full"):
        at = (spec.offset if isinstance(spec, Span) else spec.start) or 0
        why = f"Pixiv shows only the first {at // 1000 * 1000 or at} of this list: what lies below cannot be read"
        feeds.set_marks(conn, feed.id, {"cut": {"why": why, "at": now}, "tried": None})
        feeds.full_done(conn, feed.id, now, spec.started)


def cut_short(conn: Connection, feed_id: int, why: str, started: int, now: int) -> None:
    """End the walk of a list that leads nowhere; the try proves nothing."""
    marks = {"cut": {"why": why, "at": now}, "tried": {"started": started, "at": now}}
    feeds.set_marks(conn, feed_id, marks)


# -- pages that fail -------------------------------------------------------------------------------------------


def head_failed(conn: Connection, feed: Feed, source: Source, error: PixmirrorError, now: int) -> None:
    """Put page 1 off. While it keeps failing, the pages below it are read all the same."""
    _note_denial(conn, feed, error, now)
    feeds.feed_failed(conn, feed.id, now + backoff_ms(feed.failures), str(error))
    if feed.failures + 1 < RETRIES_OF_A_PAGE or _of_the_whole_list(error):
        return
    first = feed.head_at is None
    if feeds.gaps(conn, feed.id) or (first and (not source.backfill or feed.marks.get("tried"))):
        return
    if source.paging == "offset":
        span = Span(stop=tuple(feed.marks.get("anchors", ())), started=now)
        spec = replace(steps.below_offset_page(span, 0), above=None)
        if first:
            feeds.set_marks(conn, feed.id, {"anchors": [], "fresh": 0})
        feeds.open_gap(conn, feed.id, "backfill" if first else "head", spec.to_json(), now)
    elif first:
        feeds.open_gap(conn, feed.id, "backfill", Stretch(started=now).to_json(), now)


def gap_failed(
    conn: Connection, feed: Feed, gap: Gap, source: Source, error: PixmirrorError, now: int
) -> Gap | None:
    """Put the page off, or go on below it. Return the gap where the walk can go on at once."""
    _note_denial(conn, feed, error, now)
    failures = feeds.gap_failed(conn, gap.id, now + backoff_ms(gap.failures), str(error))
    if failures is None or _of_the_whole_list(error):
        return None
    spec = parse(source.paging, gap.spec)
    if gap.kind == "page":
        if isinstance(spec, Span) or spec.probe is None:
            return None
        # In a cursor list each try moves the gap's end closer to the failing item.
        return _moved(conn, gap, replace(spec, fails=spec.probe), now)
    if isinstance(spec, Span):
        return _pass_over_offset(conn, gap, spec, failures, str(error), now)
    return _pass_over_cursor(conn, gap, spec, failures, str(error), now)


def _of_the_whole_list(error: PixmirrorError) -> bool:
    return isinstance(error, OF_THE_WHOLE_LIST) or error.scope == "everything"


def _note_denial(conn: Connection, feed: Feed, error: PixmirrorError, now: int) -> None:
    """Note that a user's list was refused; their profile tells whether they are gone."""
    user_id = feed.params.get("user_id")
    if isinstance(error, NotFound) and isinstance(user_id, int):
        leavers.list_refused(conn, user_id, now)


def _moved(conn: Connection, gap: Gap, spec: Span | Stretch, now: int) -> Gap:
    feeds.shift_gap(conn, gap.id, spec.to_json(), now)
    return replace(gap, spec=spec.to_json())


def _page_gap(conn: Connection, gap: Gap, spec: Span | Stretch, error: str, now: int) -> int:
    page = feeds.open_gap(conn, gap.feed_id, "page", spec.to_json(), now)
    feeds.gap_failed(conn, page.id, now + backoff_ms(RETRIES_OF_A_PAGE), error)
    return page.id


def _pages(conn: Connection, gap: Gap) -> list[Gap]:
    return [g for g in feeds.gaps(conn, gap.feed_id) if g.kind == "page" and g.failures]


def _pass_over_offset(conn: Connection, gap: Gap, spec: Span, failures: int, error: str, now: int) -> Gap | None:
    """Leave a gap that ends at the ids found below it, since the list may move before the gap is read."""
    pages = {g.id: Span.from_json(g.spec) for g in _pages(conn, gap)}
    if spec.tries:
        feeds.shift_gap(conn, gap.id, replace(spec, tries=spec.tries + 1).to_json())
        return None
    if spec.above in pages:
        if spec.leaps >= steps.MOST_LEAPS:
            _list_fails(conn, gap, spec, pages[spec.above], now)
            return None
        above: int | None = spec.above
    else:
        above = next((i for i, p in pages.items() if abs(p.offset - spec.offset) < steps.PAGE), None)
        if above is not None and spec.offset < pages[above].offset:
            feeds.shift_gap(conn, above, {**pages[above].to_json(), "offset": spec.offset, "prev": spec.prev})
        if above is None and failures >= RETRIES_OF_A_PAGE:
            above = _page_gap(conn, gap, replace(spec, trail=(), again=0, empty=0), error, now)
    return None if above is None else _moved(conn, gap, steps.below_offset_page(spec, above), now)


def _list_fails(conn: Connection, gap: Gap, spec: Span, page: Span, now: int) -> None:
    """Take the list for failing, since the pages below fail like the first. Leave one gap, from where it began."""
    if spec.above is not None:
        feeds.close_gap(conn, spec.above)
    whole = replace(spec, offset=page.offset, prev=page.prev, above=None, leaps=0, tries=1)
    due = now + backoff_ms(RETRIES_OF_A_PAGE)
    feeds.shift_gap(conn, gap.id, whole.to_json(), due, failures=RETRIES_OF_A_PAGE)


def answers_again(conn: Connection, gap: Gap, spec: Span, now: int) -> Span:
    """Go on from the first page read of a list that failed as a whole. What lies above becomes its own gap."""
    if not spec.ahead:
        return replace(spec, tries=0)
    page = feeds.open_gap(
        conn, gap.feed_id, "page", replace(spec, tries=0, again=0, empty=0, trail=()).to_json(), now
    )
    return replace(spec, offset=spec.position or 0, prev=None, above=page.id, leaps=0, tries=0)


def _pass_over_cursor(
    conn: Connection, gap: Gap, spec: Stretch, failures: int, error: str, now: int
) -> Gap | None:
    start = steps.TOP_CURSOR if spec.start is None else spec.start
    pages = {g.id: Stretch.from_json(g.spec) for g in _pages(conn, gap)}
    if spec.above in pages:
        above: int | None = spec.above
    else:
        for page_id, page in pages.items():
            if page.stop is not None and page.stop < start and start - (page.start or start) < 2 * spec.width:
                # The same place as in an earlier pass.
                top = None if page.start is None else max(start, page.start)
                feeds.shift_gap(conn, page_id, replace(page, start=top).to_json())
                return _moved(conn, gap, replace(spec, start=page.stop, above=None), now)
        if failures < RETRIES_OF_A_PAGE:
            return None
        left = Stretch(start=spec.start, stop=spec.stop, started=spec.started)
        above = _page_gap(conn, gap, left, error, now)
    assert above is not None
    below = steps.below_cursor_page(spec, above)
    if below is not None:
        return _moved(conn, gap, below, now)
    feeds.close_gap(conn, gap.id)
    if gap.kind in ("backfill", "full"):
        feeds.set_marks(conn, gap.feed_id, {"tried": {"started": spec.started, "at": now}})
    return None


def read_below(conn: Connection, spec: Stretch, now: int) -> None:
    """End the gap of a failing page at the first page that was read below it; it is narrowed from both sides."""
    gap = None if spec.above is None else feeds.get_gap(conn, spec.above)
    if gap is not None:
        closed_in = replace(Stretch.from_json(gap.spec), stop=spec.start, fails=(spec.start or 0) + spec.jump)
        feeds.shift_gap(conn, gap.id, closed_in.to_json(), now)


def probed(conn: Connection, gap: Gap, spec: Stretch, next_cursor: int | None, now: int) -> Gap:
    """End the gap at this page, which lies between the failing item and what was read below it."""
    stop, probe = spec.stop, spec.probe
    if next_cursor is not None and stop is not None and probe is not None and stop < next_cursor < probe:
        rest = Stretch(start=next_cursor, stop=stop, started=spec.started)
        feeds.open_gap(conn, gap.feed_id, "page", rest.to_json(), now)
    return _moved(conn, gap, replace(spec, stop=probe), now)
