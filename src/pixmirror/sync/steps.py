"""Decide where a walk goes after each page (architecture: walks). Pure: no I/O.

Offset lists move while they are read: each page overlaps the one before, and when nothing of that one comes
back, the walk steps back until something does. Cursor lists do not move: the cursor alone decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self, TypeVar
from zlib import crc32

from pixmirror.errors import BadResponse

PAGE = 30
ANCHORS = 120
ENOUGH_ANCHORS = 3
MOST_STEPS_BACK = 60  # in one walk; a list that never shows again what it showed is not waited for
MOST_SKIPPED = 10 * PAGE  # by one next_url
MOST_OFFSET = 100_000
MOST_EMPTY = 200  # pages in a row; all works of an artist can be hidden from us, up to Pixiv's cap
MOST_AGAIN = 3  # pages in a row that were shown before
TRAIL = 64  # pages that are remembered, to see that a list turns in a circle
MOST_LEAPS = 5
TOP_CURSOR = 2**40  # above every bookmark id


@dataclass(frozen=True, slots=True)
class _Trail:
    """What a walk remembers of the pages it read: digests of the last ones, and how many in a row told nothing."""

    trail: tuple[int, ...] = ()
    again: int = 0
    empty: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, spec: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, in this version or an earlier one."""
        known = {f.name for f in fields(cls)}
        found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in spec.items() if k in known}
        return cls(**found)


@dataclass(frozen=True, slots=True)
class Span(_Trail):
    """What an offset walk still has to read: from `offset` down to the anchors `stop`, or to the end.

    `prev` holds the ids of the last page read, some of which must come back. `floor` (ms UTC) makes the walk
    go on below the anchors until works are older. `above` is the gap that a failing page left above, `leaps` how
    many failing pages in a row were passed over; `touched` says that an anchor was seen, so that the list did not
    end above known ground. `tries` counts those since all pages failed alike: 0 while it is a page that fails.
    """

    offset: int = 0
    stop: tuple[int, ...] = ()
    prev: tuple[int, ...] | None = None
    backs: int = 0
    floor: int | None = None
    started: int = 0
    above: int | None = None
    leaps: int = 0
    touched: bool = False
    tries: int = 0

    @property
    def position(self) -> int | None:
        """The offset of the next page; None for the top."""
        return self.offset + self.ahead * (PAGE - 1) or None

    @property
    def ahead(self) -> int:
        """How many pages below `offset` the next try is: while the whole list fails, each is at another page."""
        return (self.tries - 1) % (MOST_LEAPS + 2) if self.tries else 0


@dataclass(frozen=True, slots=True)
class Stretch(_Trail):
    """What a cursor walk still has to read: below cursor `start`, down to cursor `stop` or the end.

    `width` is how many cursors the last page spanned, `jump` how many the last leap over a failing page passed,
    `above` the gap that it left. In such a gap `fails` is the lowest cursor whose page is known to fail: between
    it and `stop` the failing item is closed in on.
    """

    start: int | None = None
    stop: int | None = None
    started: int = 0
    width: int = 0
    jump: int = 0
    above: int | None = None
    fails: int | None = None

    @property
    def position(self) -> int | None:
        """The cursor of the next page; None for the top."""
        return self.start if self.probe is None else self.probe

    @property
    def probe(self) -> int | None:
        """The next cursor to try between a page that fails and one that does not; None when none is left."""
        if self.fails is None or self.stop is None or self.fails - self.stop <= 1:
            return None
        return (self.fails + self.stop) // 2


@dataclass(frozen=True, slots=True)
class Done:
    """The walk is over. `met`: it ended at known ground, not because the list ended."""

    met: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The list leads nowhere from here, which is no proof of what lies below. `why` is for the user."""

    why: str


_Spec = TypeVar("_Spec", Span, Stretch)


def _noted(spec: _Spec, ids: Sequence[int]) -> _Spec | Cut:
    """Return the walk with this page remembered, or Cut when the list has shown nothing new for too long."""
    if not ids:
        if spec.empty >= MOST_EMPTY:
            return Cut(f"The list goes on and on, and {MOST_EMPTY} pages in a row were empty")
        return replace(spec, empty=spec.empty + 1)
    digest = crc32(repr(sorted(ids)).encode())
    if digest not in spec.trail:
        return replace(spec, trail=(*spec.trail, digest)[-TRAIL:], again=0, empty=0)
    if spec.again + 1 >= MOST_AGAIN:
        return Cut("The list repeats itself: it shows the same pages again and again")
    return replace(spec, again=spec.again + 1, empty=0)


def meets_anchors(ids: Sequence[int], stop: Sequence[int]) -> bool:
    """Tell whether the page ends on three anchors in their own order: below, an earlier walk has been.

    Anchors higher up the page are no proof: they may have been bumped there, above works that are new.
    """
    place = {i: n for n, i in enumerate(stop)}
    last = [place.get(i, -1) for i in ids[-ENOUGH_ANCHORS:]]
    return len(last) == ENOUGH_ANCHORS and last[0] >= 0 and last == sorted(set(last))


def after_offset_page(
    span: Span, ids: Sequence[int], next_offset: int | None, oldest: int | None = None
) -> Span | Done | Cut:
    """Return where an offset walk goes after the page at `span.offset` showed `ids`.

    `next_offset` is that of next_url, None at the end; `oldest` the create_date of the page's oldest work. Raises
    BadResponse for a next_url that skips too much to be believed.
    """
    if next_offset is not None and next_offset - span.offset > MOST_SKIPPED:
        raise BadResponse(f"next_url skips too much: offset {next_offset} after {span.offset}")
    if next_offset is not None and next_offset <= span.offset:
        return Cut(f"The list repeats itself: after offset {span.offset} it leads to offset {next_offset}")
    page = max(2, (next_offset - span.offset) if next_offset is not None else PAGE)
    lost = span.prev is not None and span.offset > 0 and not set(ids) & set(span.prev)
    if lost and span.backs < MOST_STEPS_BACK:
        offset = max(0, span.offset - page + 1)
        return replace(span, offset=offset, prev=span.prev if offset else None, backs=span.backs + 1)
    if next_offset is None:
        return Done(met=False)
    deep_enough = span.floor is None or (oldest is not None and oldest < span.floor)
    if meets_anchors(ids, span.stop) and deep_enough:
        return Done(met=True)
    if next_offset > MOST_OFFSET:
        return Cut(f"The list goes on past offset {MOST_OFFSET}")
    noted = _noted(span, ids)
    if isinstance(noted, Cut):
        return noted
    hidden = max(0, page - len(ids))
    if not ids or hidden > page // 2:
        # Too little is visible to overlap with: go on without the check; the full pass looks again.
        return replace(noted, offset=next_offset, prev=None)
    # With `hidden` items left out by Pixiv, this much overlap is sure to show one visible item again.
    return replace(noted, offset=next_offset - 1 - hidden, prev=tuple(ids))


def below_offset_page(span: Span, above: int) -> Span:
    """Return where an offset walk goes on when the page at `span.offset` fails; gap `above` keeps its place."""
    return replace(span, offset=span.offset + PAGE - 1, prev=None, above=above, leaps=span.leaps + 1)


def inserted(ids: Sequence[int], anchors: Sequence[int]) -> int:
    """Count the ids above the first that was known."""
    known = frozenset(anchors)
    return next((n for n, i in enumerate(ids) if i in known), len(ids)) if known else 0


def new_anchors(ids: Sequence[int], old: Sequence[int]) -> list[int]:
    """Return the ids at the head of the list, newest first, each once."""
    return list(dict.fromkeys((*ids, *old)))[:ANCHORS]


def after_cursor_page(stretch: Stretch, ids: Sequence[int], next_cursor: int | None) -> Stretch | Done | Cut:
    """Return where a cursor walk goes after a page whose next_url names `next_cursor`."""
    if next_cursor is None:
        return Done(met=False)
    if stretch.stop is not None and next_cursor <= stretch.stop:
        return Done(met=True)
    if stretch.start is not None and next_cursor >= stretch.start:
        return Cut(f"The list repeats itself: after bookmark {stretch.start} it leads to bookmark {next_cursor}")
    noted = _noted(stretch, ids)
    if isinstance(noted, Cut):
        return noted
    width = stretch.start - next_cursor if stretch.start is not None else 0
    return replace(noted, start=next_cursor, width=width, jump=0, above=None, fails=None)


def below_cursor_page(stretch: Stretch, above: int) -> Stretch | None:
    """Return a cursor below the page at `stretch.start`, which cannot be read; None if there is nothing below.

    Any number works as a cursor. Each leap is twice as long as the one before, but never passes over more than
    half of what is left: what was passed over unread, the gap `above` closes in on afterwards.
    """
    start = TOP_CURSOR if stretch.start is None else stretch.start
    left = start - (stretch.stop or 0)
    if left <= 1:
        return None
    jump = min(stretch.jump * 2 or max(1, stretch.width // 8 or left // 8), left // 2)
    return replace(stretch, start=start - jump, jump=jump, above=above)


class Round:
    """Notice that a list which is read in one go turns in a circle: it leads back, or shows nothing new."""

    def __init__(self) -> None:
        self._led_to: set[frozenset[tuple[str, str]]] = set()
        self._shown: set[int] = set()
        self._idle = 0

    def closes(self, ids: Sequence[object], following: Mapping[str, str] | None) -> bool:
        """Tell whether the list turns in a circle at the page that showed `ids` and leads to `following`."""
        if following is None:
            return False
        place, digest = frozenset(following.items()), crc32(repr(ids).encode())
        if place in self._led_to:
            return True
        self._idle = self._idle + 1 if digest in self._shown else 0
        self._led_to.add(place)
        self._shown.add(digest)
        return self._idle >= MOST_AGAIN
