"""What to make next where no page asks: first pictures of works, then all others; of each what has just come, then
from the newest work down. A lane remembers its place, so that nothing is looked at twice.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic

from pixmirror.catalogue.database import Connection
from pixmirror.reports import thumbnails
from pixmirror.reports.pictures import StoredFile
from pixmirror.reports.thumbnails import TOP, Stretch

AGAIN_S = 5.0  # between two looks at what has just come

Place = tuple[int, int]
Question = Callable[[Connection, Place, bool], Stretch]
Ask = Callable[[Question, Place, bool], Awaitable[Stretch]]


class Lane:
    """Files that one question finds, stretch after stretch, from a place on."""

    def __init__(self, question: Question, first: bool, place: Place | None, again_s: float | None = None) -> None:
        self._question = question
        self._first = first
        self._place = place
        self._again_s = again_s  # None: it comes to an end
        self._due = 0.0
        self._found: deque[StoredFile] = deque()

    def take(self) -> StoredFile | None:
        """Return the next file, if one is known."""
        return self._found.popleft() if self._found else None

    @property
    def is_due(self) -> bool:
        """True while there may be more than was found yet."""
        return self._place is not None and monotonic() >= self._due

    async def look(self, ask: Ask) -> None:
        """Look at the next stretch, once all of the last one is taken."""
        assert self._place is not None
        stretch = await ask(self._question, self._place, self._first)
        if self._again_s is not None and stretch.after == self._place:
            self._due = monotonic() + self._again_s
        self._place = stretch.after
        self._found.extend(stretch.files)


def lanes(newest: Place) -> tuple[Lane, ...]:
    """Return all lanes, the most urgent first. `newest` is the place of what was stored last."""
    fresh, old = thumbnails.since, thumbnails.downwards
    return (
        Lane(fresh, True, newest, AGAIN_S),
        Lane(old, True, (TOP, 0)),
        Lane(fresh, False, newest, AGAIN_S),
        Lane(old, False, (TOP, 0)),
    )
