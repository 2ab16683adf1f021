"""What goes on, for pages that are open: one look at the mirror for all of them together, told as it changes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from zlib import crc32

from pixmirror.clock import Clock
from pixmirror.errors import PixmirrorError
from pixmirror.gallery.around import Seen
from pixmirror.gallery.asked import Refused

EVERY_S = 5.0  # between two looks
HEARTBEAT_S = 15.0  # without news, so that what stands between does not take the stream for dead
LONGEST_S = 600.0  # then the page asks anew: one that went away without a word is not told for ever
MOST = 32  # streams at once


@dataclass(frozen=True, slots=True)
class News:
    """What a page shows live. `mark` moves with the situations and with what the jobs did."""

    problems: int
    works: int
    files: int
    mark: int


def news_of(seen: Seen, problems: int) -> News:
    """Make news of a look at the mirror."""
    glance = seen.glance
    jobs = [(job.name, job.result) for job in glance.jobs]
    running = sorted(job.name for job in seen.around.jobs if job.running)
    mark = crc32(repr(([str(one.kind) for one in glance.headlines], running, jobs, seen.says)).encode())
    return News(problems, glance.works, glance.files.stored, mark)


class Live:
    """The streams of all open pages. Each has the last news alone: one that is slow keeps nothing waiting."""

    def __init__(self, look: Callable[[], Awaitable[News]], clock: Clock) -> None:
        self._look, self._clock = look, clock
        self._news: News | None = None
        self._at = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._closed = asyncio.Event()
        self.streams = 0

    async def now(self) -> News:
        """Return the news, at most a few seconds old: whoever asks, the mirror is looked at once in that time."""
        async with self._one_at_a_time:
            if self._news is None or self._clock.monotonic() - self._at >= EVERY_S:
                self._news = await self._look()
                self._at = self._clock.monotonic()
            return self._news

    def stream(self, is_let_in: Callable[[], bool]) -> AsyncIterator[str]:
        """Return the news as server-sent events, until the gallery stops, a while has passed, or `is_let_in` says
        no. Refused where too many listen.
        """
        if self.streams >= MOST:
            raise Refused("Too many pages listen at once; this one asks now and then.", 503)
        return self._told(is_let_in)

    async def _told(self, is_let_in: Callable[[], bool]) -> AsyncIterator[str]:
        self.streams += 1
        last, until, told_at = None, self._clock.monotonic() + LONGEST_S, self._clock.monotonic()
        try:
            while not self._closed.is_set() and self._clock.monotonic() < until and is_let_in():
                news = await self.now()
                if news != last:
                    yield f"data: {json.dumps(asdict(news))}\n\n"
                elif self._clock.monotonic() - told_at >= HEARTBEAT_S:
                    yield ":\n\n"
                if news != last or self._clock.monotonic() - told_at >= HEARTBEAT_S:
                    last, told_at = news, self._clock.monotonic()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), EVERY_S)
            yield "event: end\ndata:\n\n"
        except PixmirrorError:
            return  # the page asks now and then, and is told why there are no news
        finally:
            self.streams -= 1

    def close(self) -> None:
        """End all streams, so that no open page holds up the end of the gallery."""
        self._closed.set()
