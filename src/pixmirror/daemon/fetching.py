"""The files to fetch now: claimed many at once, handed to the connections one by one."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.refs import Ref
from pixmirror.contained import contained
from pixmirror.daemon.mirror import Mirror
from pixmirror.daemon.wakeups import EmptyPolls, Wakeup
from pixmirror.errors import NoRoom, PixmirrorError, StorageError, Unforeseen
from pixmirror.fetch import verdicts
from pixmirror.fetch.finishing import Fetcher, Finisher
from pixmirror.fetch.room import Room
from pixmirror.fetch.worker import Claim, Worker, prepare
from pixmirror.ingest import retrying
from pixmirror.ledger import file_doubts
from pixmirror.logs import about
from pixmirror.models import Lane

CLAIM = 64


class Fetching:
    """What the fetch loops share. `only`: fetch no files but those that these jobs want."""

    def __init__(self, mirror: Mirror, wakeup: Wakeup, only: Sequence[str] | None = None) -> None:
        self._only = only
        self._mirror = mirror
        self._empty_polls = EmptyPolls(wakeup)
        self._wakeup = wakeup
        self._fetcher = Fetcher(
            mirror.db,
            mirror.transport,
            mirror.root,
            mirror.clock,
            Room(mirror.root),
            wakeup.wake,
            lambda: mirror.config.mirror.brake_percent / 100,  # which a reload may change
            wake_in=self._wake_in,
        )
        self._alarms: set[asyncio.Task[None]] = set()
        self._begun = False
        self._finisher = Finisher(self._fetcher, enough=mirror.config.pixiv.image_connections)
        self._claims: list[Claim] = []
        self.under_way: dict[Worker, int] = {}  # the key of the work whose file each connection fetches
        self._claiming = asyncio.Lock()

    def worker(self) -> Worker:
        """Open one connection, which the caller closes."""
        return Worker(self._fetcher, self._finisher, self._mirror.transport.image_client())

    async def step(self, worker: Worker) -> tuple[bool, int]:
        """Fetch the next file. Return whether there was one, and how many were stored meanwhile.

        While the image host is in trouble one loop tries one file, for all; when it fails, so does each step that
        waited for it. Who fails has no file in hand: a loop that rests counts as one without work, and `sync`
        would end before that file is stored.
        """
        try:
            return await self._step_for_all(worker)
        except PixmirrorError:
            with suppress(PixmirrorError):  # one error is enough to rest for
                await self._settle(worker)
            raise

    async def _step_for_all(self, worker: Worker) -> tuple[bool, int]:
        host = self._fetcher.host
        if host.trouble() is None:
            return await self._step(worker)
        failures = host.failures
        async with host.probing:
            if (down := host.trouble()) is not None and host.failures != failures:
                raise down
            found, stored = await self._step(worker)
            return found, stored + await self._settle(worker)

    async def _step(self, worker: Worker) -> tuple[bool, int]:
        claim = None if self._mirror.all_paused else await self._next()
        if claim is None:
            return False, await self._settle(worker)
        self.under_way[worker] = claim.item.work_key
        try:
            of = about(user=claim.item.user_id, work=str(Ref.of_work(claim.item.work_key)))
            with of, contained(f"The file {claim.item.path}"):
                return True, await self._tidied(worker.fetch(claim))
        except Unforeseen as error:
            await self._mirror.db.run(verdicts.again, claim.item, str(error), self._mirror.clock.now())
            return True, 0
        finally:
            self.under_way.pop(worker, None)

    async def _settle(self, worker: Worker) -> int:
        """Wait for the last file of this connection. Who writes sidecars may have looked before it was stored."""
        stored = await self._tidied(worker.settle())
        if stored:
            self._wakeup.wake()
        return stored

    async def _tidied(self, step: Awaitable[int]) -> int:
        try:
            return await step
        except PixmirrorError as error:
            self._empty_polls.again()  # what it had is free for others
            if isinstance(error, StorageError):
                await self._give_back()  # no file is asked for before the disk was looked at again
            raise

    def _wake_in(self, seconds: float) -> None:
        """Wake the loops in so many seconds: sooner than the alarm, which looks each half minute."""
        if self._alarms:
            return  # it goes off soon enough

        async def wake() -> None:
            await self._mirror.clock.sleep(seconds)
            self._wakeup.wake()

        alarm = asyncio.create_task(wake())
        self._alarms.add(alarm)
        alarm.add_done_callback(self._alarms.discard)

    async def _next(self) -> Claim | None:
        async with self._claiming:
            if not self._claims:
                self._claims = await self._empty_polls.find(self._claim) or []
            if not self._claims:
                return None
            host = self._fetcher.host
            # A probe of another work tells more of the host.
            others = [n for n, c in enumerate(self._claims) if not host.has_failed(c.item.work_key)]
            return self._claims.pop(others[-1] if others and host.error else -1)

    async def _claim(self) -> list[Claim] | None:
        """Claim the next files, the most urgent last. Return None if there are none."""
        m = self._mirror
        fit = await asyncio.to_thread(self._check_disk)
        now = m.clock.now()
        if fit or not self._begun:
            await m.db.run(self._want_again, fit)
        items = await m.db.run(queue.claim, CLAIM, now, lanes_before(m), self._only)
        try:
            return await asyncio.to_thread(prepare, m.root, items[::-1], now) if items else None
        except BaseException:
            await m.db.run(queue.release, [item.media_id for item in items])
            raise

    async def _give_back(self) -> None:
        async with self._claiming:
            await self._mirror.db.run(queue.release, [claim.item.media_id for claim in self._claims])
            self._claims = []

    def lacks_room(self) -> NoRoom | None:
        """Return what to say of the files that the disk has no room for, if there are any."""
        return self._fetcher.room.lacking()

    def _want_again(self, conn: Connection, fit: list[int]) -> None:
        """Ask again for what fits on the disk after all; and once, for what an earlier version gave up."""
        if not self._begun:
            self._begun = True
            retrying.once_more(conn, self._mirror.clock.now())
            queue.revive(conn)
            file_doubts.forget_settled(conn)
        queue.ask_now(conn, fit)

    def _check_disk(self) -> list[int]:
        self._mirror.root.check_media()
        return self._fetcher.room.look()


def lanes_before(mirror: Mirror) -> int:
    """Return the first lane whose files wait now: today's last bytes are for new works."""
    return Lane.BACKFILL if mirror.transport.images.keeps_back(Lane.BACKFILL) else queue.ALL_LANES
