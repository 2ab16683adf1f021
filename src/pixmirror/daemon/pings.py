"""When somebody outside is pinged: at runs of a job that has a `ping`, and for the whole, by `notify.ping`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pixmirror.contained import contained
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import ExitCode, PixmirrorError
from pixmirror.logs import hide
from pixmirror.notify import NotTaken
from pixmirror.notify.pings import Happened, ping
from pixmirror.reports.headline import Headline, Kind
from pixmirror.sync.context import JobResult

log = logging.getLogger(__name__)

EVERY_S = 300.0  # between two signs of life of the daemon
PATIENCE_S = 5.0


class Pings:
    """Sends pings beside the work, for each address in their order. One that fails is logged once in a row."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._last: dict[str, asyncio.Task[None]] = {}  # by address
        self._failing: set[str] = set()  # whose

    def job_began(self, name: str) -> None:
        self._of_job(name, "start")

    def job_ended(self, name: str, result: JobResult | None) -> None:
        """Tell how a run ended. Of one that was cut, as by an outage, say nothing: it went neither way."""
        if result is not None and (result.error is None or result.own):
            self._of_job(name, "success" if result.error is None else "fail")

    def whole(self, happened: Happened) -> None:
        """Tell of all of pixmirror."""
        url = self._mirror.config.notify.ping
        if url is not None:
            self._send("pixmirror", url.get_secret_value(), happened)

    def sync_ended(self, code: int) -> None:
        """Tell how a sync ended; nothing where Pixiv alone kept it from its end."""
        if code != ExitCode.PIXIV:
            self.whole("fail" if code else "success")

    async def watch(self, situations: Callable[[], Awaitable[Sequence[Headline]]]) -> None:
        """Give a sign of life now and then, for ever: all is well or goes on by itself, or it does not."""
        self.whole("start")
        while True:
            await self._mirror.clock.sleep(EVERY_S)
            if self._mirror.config.notify.ping is None:
                continue
            try:
                with contained("The ping"):
                    found = await situations()
            except PixmirrorError:
                self.whole("fail")
                continue
            waits = (ExitCode.DONE, ExitCode.PIXIV)
            well = all(one.code in waits and one.kind != Kind.WARNED for one in found)
            self.whole("success" if well else "fail")

    async def settled(self) -> None:
        """Wait, not for long, until what was sent has arrived."""
        if self._last:
            await asyncio.wait(self._last.values(), timeout=PATIENCE_S)

    def _of_job(self, name: str, happened: Happened) -> None:
        job = self._mirror.jobs.get(name)
        url = getattr(job.config, "ping", None) if job is not None else None
        if url is not None:
            self._send(f"job {name}", url.get_secret_value(), happened)

    def _send(self, whose: str, url: str, happened: Happened) -> None:
        hide(url)
        self._last[url] = asyncio.create_task(self._after(self._last.get(url), whose, url, happened))

    async def _after(self, before: asyncio.Task[None] | None, whose: str, url: str, happened: Happened) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await ping(url, happened)
        except NotTaken as error:
            if whose not in self._failing:
                log.warning("The ping of %s could not be sent: %s.", whose, error)
            self._failing.add(whose)
        else:
            self._failing.discard(whose)
