"""How the loops that ask Pixiv get through an outage: who waits, who tries, and what is asked again after it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection

from pixmirror.catalogue import chores, feeds, runs
from pixmirror.catalogue.database import Connection
from pixmirror.daemon.mirror import Mirror
from pixmirror.daemon.trouble import PIXIV, Troubles
from pixmirror.daemon.wakeups import Wakeup
from pixmirror.models import Lane
from pixmirror.pixiv.app import users
from pixmirror.sync.suspicion import NOTHING, Endpoints, PutOff, Subject, Suspicion

_NAME = "outage"
MOST = 1000  # things put off are remembered over a restart; others wait for their own back-off


class Outage:
    """One for all loops that ask. `suspicion` judges the App API; `website` judges www.pixiv.net, whose trouble
    stops only what needs the cookie.
    """

    def __init__(self, mirror: Mirror, trouble: Troubles, wakeup: Wakeup, on_answer: Callable[[], None]) -> None:
        self._mirror = mirror
        self._trouble = trouble
        self._wakeup = wakeup
        self._trying = asyncio.Lock()  # held by the one that tries while Pixiv does not answer
        self.suspicion = Suspicion(
            self._ask_control, wake=self._wake, keep=self._keep, load=self._load, on_answer=on_answer
        )
        self.website = Suspicion()
        self.endpoints = Endpoints()

    async def in_turn(self, name: str, step: Callable[[], Awaitable[bool]]) -> bool:
        """Take one step of a loop that asks. While Pixiv does not answer one loop at a time tries, after each
        pause.
        """
        if PIXIV in self._trouble.errors:
            self._wakeup.pause(name)
            async with self._trying:
                await self.pause_ended()
                if PIXIV in self._trouble.errors:
                    self._wakeup.busy(name)
                    return await step() or await self._look()
            self._wakeup.busy(name)
        return await step()

    async def pause_ended(self) -> None:
        """Wait until Pixiv may be tried again."""
        while left := self._trouble.left(PIXIV, self._mirror.clock.now()):
            await self._mirror.clock.sleep(left)

    async def _look(self) -> bool:
        """Ask the control question when nothing is due that would tell whether Pixiv answers again."""
        if PIXIV in self._trouble.errors and "login" not in self._trouble.errors and not self._mirror.all_paused:
            await self._ask_control()
            await self.suspicion.answered()
        return False

    async def _ask_control(self) -> None:
        """Ask for our own profile, which is there as long as Pixiv answers."""
        await users.detail(self._mirror.api.at(Lane.NEW), self._mirror.account_id)

    async def _wake(self, put_off: Collection[Subject]) -> None:
        """Make due at once what the outage put off."""
        now = self._mirror.clock.now()

        def wake(conn: Connection) -> None:
            chores.wake(conn, [(kind, key) for what, kind, key in put_off if what == "chore"], now)
            lists = {what: [n for of, _, n in put_off if of == what] for what in ("feed", "gap")}
            feeds.wake(conn, lists["feed"], lists["gap"], now)

        await self._mirror.db.run(wake)
        self._wakeup.wake()

    async def _keep(self, found: PutOff) -> None:
        """Remember over a restart what the outage put off."""
        kept = {"failures": found.failures, "put_off": sorted(found.subjects)[:MOST]}
        await self._mirror.db.run(runs.set_meta, _NAME, json.dumps(kept))

    async def _load(self) -> PutOff:
        text = await self._mirror.db.read(runs.get_meta, _NAME)
        if not text:
            return NOTHING
        kept = json.loads(text)
        return PutOff(frozenset((what, kind, key) for what, kind, key in kept["put_off"]), kept["failures"])
