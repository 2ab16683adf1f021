"""The decisions of a walk, pure: where it goes after a page (design 5). No I/O, so that every rule can be tested.

Offset lists move while they are read: each page overlaps the one before, and when nothing of that one comes
back, the walk steps back until something does. Cursor lists do not move: the cursor alone decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from pixmirror.errors import BadResponse

PAGE = 30
ANCHORS = 120
ENOUGH_ANCHORS = 3
MOST_STEPS_BACK = 60  # in one walk; a list that never shows again what it showed is not waited for


@dataclass(frozen=True, slots=True)
class Span:
    """What an offset walk still has to read: from `offset` down to the anchors `stop`, or to the end.

    `prev` holds the ids of the last page read, some of which must come back. `floor` (ms UTC) makes the walk
    go on below the anchors until works are older. `above` is the gap that a failing page left above;
    `touched` says that an anchor was seen, so that the list did not end above known ground.
    """

    offset: int = 0
    stop: tuple[int, ...] = ()
    prev: tuple[int, ...] | None = None
    backs: int = 0
    floor: int | None = None
    started: int = 0
    above: int | None = None
    touched: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "offset": self.offset,
            "stop": list(self.stop),
            "prev": None if self.prev is None else list(self.prev),
            "backs": self.backs,
            "floor": self.floor,
            "started": self.started,
            "above": self.above,
            "touched": self.touched,
        }

    @classmethod
    def from_json(cls, spec: Mapping[str, Any]) -> Self:
        prev = spec.get("prev")
        return cls(
            offset=int(spec.get("offset", 0)),
            stop=tuple(spec.get("stop", ())),
            prev=None if prev is None else tuple(prev),
            backs=int(spec.get("backs", 0)),
            floor=spec.get("floor"),
            started=int(spec.get("started", 0)),
            above=spec.get("above"),
            touched=bool(spec.get("touched", False)),
        )


@dataclass(frozen=True, slots=True)
class Done:
    """The walk is over. `met`: it ended at known ground, not because the list ended."""

    met: bool


def meets_anchors(ids: Sequence[int], stop: Sequence[int]) -> bool:
    """The page ends on three anchors in their own order: below is what an earlier walk has read, or left as a gap.

    Anchors higher up the page are no proof: they may have been bumped there, above works that are new.
    """
    place = {i: n for n, i in enumerate(stop)}
    last = [place.get(i, -1) for i in ids[-ENOUGH_ANCHORS:]]
    return len(last) == ENOUGH_ANCHORS and last[0] >= 0 and last == sorted(set(last))


def after_offset_page(
    span: Span, ids: Sequence[int], next_offset: int | None, oldest: int | None = None
) -> Span | Done:
    """Where an offset walk goes after the page at `span.offset` showed `ids`.

    `next_offset` is that of next_url, None at the end; `oldest` the create_date of the page's oldest work.
    """
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
    hidden = page - len(ids)
    if not ids or hidden > page // 2:
        # Too little is visible to overlap with: go on without the check; the full pass looks again.
        return replace(span, offset=next_offset, prev=None)
    # With `hidden` items left out by Pixiv, this much overlap is sure to show one visible item again.
    return replace(span, offset=next_offset - 1 - hidden, prev=tuple(ids))


def inserted(ids: Sequence[int], anchors: Sequence[int]) -> int:
    """How many ids stand above the first that was known."""
    known = frozenset(anchors)
    return next((n for n, i in enumerate(ids) if i in known), len(ids)) if known else 0


def new_anchors(ids: Sequence[int], old: Sequence[int]) -> list[int]:
    """The ids at the head, newest first, each once."""
    return list(dict.fromkeys((*ids, *old)))[:ANCHORS]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a cursor walk still has to read: below cursor `start`, down to cursor `stop` or the end."""

    start: int | None = None
    stop: int | None = None
    started: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"start": self.start, "stop": self.stop, "started": self.started}

    @classmethod
    def from_json(cls, spec: Mapping[str, Any]) -> Self:
        return cls(spec.get("start"), spec.get("stop"), int(spec.get("started", 0)))


def after_cursor_page(stretch: Stretch, next_cursor: int | None) -> Stretch | Done:
    """Where a cursor walk goes after a page whose next_url names `next_cursor`."""
    if next_cursor is None:
        return Done(met=False)
    if stretch.stop is not None and next_cursor <= stretch.stop:
        return Done(met=True)
    if stretch.start is not None and next_cursor >= stretch.start:
        raise BadResponse(f"next_url goes back: max_bookmark_id {next_cursor} after {stretch.start}")
    return Stretch(next_cursor, stretch.stop, stretch.started)
