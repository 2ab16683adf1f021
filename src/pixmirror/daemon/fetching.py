"""The files that are ours to fetch now: claimed together, handed to the connections one by one."""

import asyncio

from pixmirror.catalogue import queue
from pixmirror.contained import contained
from pixmirror.daemon.bell import Bell, Looks
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import PixmirrorError, StorageError, Unforeseen
from pixmirror.fetch.finishing import Fetcher, Finisher, again
from pixmirror.fetch.worker import Claim, Worker, prepare
from pixmirror.models import Lane

CLAIM = 64


class Fetching:
    """What the fetch loops share."""

    def __init__(self, mirror: Mirror, bell: Bell) -> None:
        self._mirror = mirror
        self._looks = Looks(bell)
        self._fetcher = Fetcher(
            mirror.db,
            mirror.transport,
            mirror.root,
            mirror.clock,
            bell.ring,
            lambda: mirror.config.mirror.brake_percent / 100,  # which a reload may change
        )
        self._finisher = Finisher(self._fetcher, enough=mirror.config.pixiv.image_connections)
        self._claims: list[Claim] = []
        self._claiming = asyncio.Lock()

    def worker(self) -> Worker:
        """One connection, which the caller closes."""
        return Worker(self._fetcher, self._finisher, self._mirror.transport.image_client())

    async def step(self, worker: Worker) -> tuple[bool, int]:
        """Fetch the next file: whether there was one, and how many were stored meanwhile."""
        claim = None if self._mirror.all_paused else await self._next()
        try:
            if claim is None:
                return False, await worker.settle()
            with contained(f"The file {claim.item.path}"):
                return True, await worker.fetch(claim)
        except Unforeseen as error:
            if claim is None:
                raise
            await self._mirror.db.run(again, claim.item, str(error), self._mirror.clock.now())
            return True, 0
        except PixmirrorError as error:
            self._looks.again()  # what it had is free for others
            if isinstance(error, StorageError):
                await self._give_back()  # no file is asked for before the disk was looked at again
            raise

    async def _next(self) -> Claim | None:
        async with self._claiming:
            if not self._claims:
                self._claims = await self._looks.find(self._claim) or []
            return self._claims.pop() if self._claims else None

    async def _claim(self) -> list[Claim] | None:
        """The last one is the most urgent; None if there is none."""
        m = self._mirror
        await asyncio.to_thread(self._check_disk)
        now = m.clock.now()
        items = await m.db.run(queue.claim, CLAIM, now, lanes_before(m))
        try:
            return await asyncio.to_thread(prepare, m.root, items[::-1], now) if items else None
        except BaseException:
            await m.db.run(queue.release, [item.media_id for item in items])
            raise

    async def _give_back(self) -> None:
        async with self._claiming:
            await self._mirror.db.run(queue.release, [claim.item.media_id for claim in self._claims])
            self._claims = []

    def _check_disk(self) -> None:
        self._mirror.root.check_media()
        self._mirror.root.check_room()


def lanes_before(mirror: Mirror) -> int:
    """The first lane whose files wait now: today's last bytes are for new works."""
    return Lane.BACKFILL if mirror.transport.images.keeps_back(Lane.BACKFILL) else queue.ALL_LANES
