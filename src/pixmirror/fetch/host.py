"""Tell a file that fails from an image host that fails: failure after failure is held against the host."""

import asyncio
import hashlib
from dataclasses import dataclass, field

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.queue import StoredMedia
from pixmirror.clock import Clock
from pixmirror.errors import FileError, ImageHostDown, NotFound, PixmirrorError
from pixmirror.models import MediaItem
from pixmirror.pixiv.images import open_image
from pixmirror.pixiv.transport import Transport

WORKS = 3  # that fail one after the other, with no file between, before a control question is asked
DENIED_WORKS = 50  # the same where they answer 404, which says more of the file
CONTROLS = 3
LARGEST_CONTROL = 4 << 20
CONTROL_HOLDS_S = 600.0
HELD_S = 300
LONGEST_S = 6 * 3600


@dataclass(slots=True)
class Host:
    """What is known of the image host since the start. `error` is set while it is in trouble."""

    error: ImageHostDown | None = None
    failures: int = 0  # since the start: tells a waiting loop that somebody else's probe failed
    probing: asyncio.Lock = field(default_factory=asyncio.Lock)
    # Files that failed since the last that came, and their works.
    _suspects: dict[int, int] = field(default_factory=dict)
    _denied: set[int] = field(default_factory=set)  # works whose files answered 404 since then
    _held: dict[int, int] = field(default_factory=dict)  # files put off while it is in trouble: how often
    _control_at: float | None = None

    def came(self) -> list[int]:
        """Note that a file came whole: the host is well. Return the files held back, which are due at once."""
        held = list(self._held)
        self.error = None
        for kept in (self._suspects, self._denied, self._held):
            kept.clear()
        return held

    def trouble(self) -> ImageHostDown | None:
        return self.error

    def has_failed(self, work_key: int) -> bool:
        """Return whether a file of this work failed. A file of another work is the better probe."""
        return work_key in self._suspects.values()

    def failed(self, item: MediaItem, error: PixmirrorError) -> bool:
        """Note a failure. Return True when it is time to ask whether it is the host."""
        self.failures += 1
        if isinstance(error, NotFound):
            self._denied.add(item.work_key)
        else:
            self._suspects[item.media_id] = item.work_key
        many = len(set(self._suspects.values())) >= WORKS or len(self._denied) >= DENIED_WORKS
        return many or self.error is not None

    def is_own_fault(self) -> None:
        """Note that a control came as it should: what failed lately is each file's own fault."""
        self._suspects.clear()
        self._denied.clear()
        self.error = None

    def believe(self, item: MediaItem, error: PixmirrorError, now: int) -> tuple[ImageHostDown, dict[int, int]]:
        """Believe that it is the host. Return the error for all, and the files put off untried: {id: ms UTC}."""
        text = str(error).rstrip(".")
        self.error = ImageHostDown(f"The image host, or the way to it, fails file after file: {text}.")
        for media_id in (*self._suspects, item.media_id):
            self._held[media_id] = self._held.get(media_id, 0) + 1
        held = {i: now + min(HELD_S * 2 ** (self._held[i] - 1), LONGEST_S) * 1000 for i in self._held}
        put_off = {media_id: held[media_id] for media_id in (*self._suspects, item.media_id)}
        self._suspects.clear()
        self._suspects[item.media_id] = item.work_key
        return self.error, put_off

    async def control(self, db: Database, transport: Transport, clock: Clock) -> bool:
        """Return whether a stored file comes again with the same bytes. A good answer holds ten minutes."""
        if self._control_at is not None and clock.monotonic() - self._control_at < CONTROL_HOLDS_S:
            return True
        for sample in await db.read(queue.samples, CONTROLS, LARGEST_CONTROL):
            if await _comes(transport, sample):
                self._control_at = clock.monotonic()
                return True
        return False


async def _comes(transport: Transport, sample: StoredMedia) -> bool:
    digest, size = hashlib.sha256(), 0
    try:
        async with open_image(transport, sample.url) as stream:
            async for chunk in stream:
                digest.update(chunk)
                size += len(chunk)
                if size > sample.size:
                    return False
    except (PixmirrorError, FileError):
        return False
    return digest.hexdigest() == sample.sha256
