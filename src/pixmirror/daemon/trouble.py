"""What stands still and why, how long to wait before the next try, and what the user is told of it."""

import asyncio
import json
import logging
from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pixmirror import notify
from pixmirror.catalogue import runs
from pixmirror.config import Config
from pixmirror.contained import contained
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import (
    CatalogueError,
    Challenge,
    DiskFull,
    LoginError,
    LoginNeeded,
    MirrorLocked,
    PixmirrorError,
    RateLimited,
    StorageAbsent,
    StorageError,
    Unforeseen,
    UpstreamBrake,
    WebLoginExpired,
)
from pixmirror.reports import troubles

log = logging.getLogger(__name__)

TROUBLE_S = (15, 60, 300, 900)
UNFORESEEN = "unforeseen"  # a mistake of ours, outside of any one thing
PIXIV = "pixiv"
LASTING = ("login", "storage", "catalogue")  # no use to wait for, where somebody waits for the end
CATALOGUE_FAILS = (StorageError, CatalogueError, MirrorLocked)
THINGS = {
    "login": "the Pixiv login", "pixiv": "Pixiv", "images": "the image host", "storage": "the media folder",
    "catalogue": "the catalogue", UNFORESEEN: "pixmirror itself",
}  # fmt: skip
WORKS_AGAIN = {
    "pixiv": "Pixiv answers again", "images": "the image host answers again",
    "storage": "the media folder takes files again", "catalogue": "the catalogue takes entries again",
}  # fmt: skip
SENT = "notices"
PATIENCE_S = 60.0
FAILURES_TO_TELL = 3
WELL_AGAIN = "pixmirror: well again"
_OVER = {
    "login": "Pixiv takes the login again.", PIXIV: "Pixiv answers again.", "images": "Pictures come again.",
    "storage": "The disk takes files again.", "catalogue": "The catalogue can be written again.",
    "web": "The web login works again.", "brake": "Nothing is held any more.",
}  # fmt: skip
TITLES: tuple[tuple[type[PixmirrorError], str], ...] = (
    (LoginError, "pixmirror: login needed"),
    (WebLoginExpired, "pixmirror: the web login has expired"),
    (Challenge, "pixmirror: Pixiv limits the account"),
    (RateLimited, "pixmirror: Pixiv limits the account"),
    (DiskFull, "pixmirror: the disk is full"),
    (StorageAbsent, "pixmirror: the media folder is not there"),
    (StorageError, "pixmirror: the disk does not take files"),
    (UpstreamBrake, "pixmirror: too much seems gone at Pixiv at once"),
    (Unforeseen, "pixmirror: something failed that nobody has foreseen"),
)


@dataclass(slots=True)
class Troubles:
    """What stands still and why, by cause: login, pixiv, storage. Errors stay until something works again."""

    errors: dict[str, PixmirrorError] = field(default_factory=dict)
    strikes: dict[str, int] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)

    def add(self, cause: str, error: PixmirrorError, now: int) -> float:
        """Return the seconds to wait before the next try. Loops that meet one trouble together strike once."""
        self.errors[cause] = error
        self.since.setdefault(cause, now)
        if now >= self.until.get(cause, 0):
            strikes = self.strikes[cause] = self.strikes.get(cause, 0) + 1
            self.until[cause] = now + TROUBLE_S[min(strikes - 1, len(TROUBLE_S) - 1)] * 1000
        # The clock may have been set back: never wait longer than the longest pause.
        return min((self.until[cause] - now) / 1000, TROUBLE_S[-1])

    def left(self, cause: str, now: int) -> float:
        """Return the seconds until the next try of what stands still for this cause."""
        return min(max((self.until.get(cause, now) - now) / 1000, 0.0), TROUBLE_S[-1])

    def as_data(self, now: int) -> tuple[troubles.Trouble, ...]:
        """Return what stands still as `status` and `sync --json` show it."""
        return tuple(
            troubles.Trouble(
                cause, THINGS.get(cause, cause), str(error), error.advice,
                at if (at := self.until.get(cause, 0)) > now and cause not in LASTING else None,
                since=self.since.get(cause), error=type(error).__name__,
            )
            for cause, error in self.errors.items()
        )  # fmt: skip

    def sentences(self) -> list[str]:
        return [f"{error} {error.advice}".strip() for error in self.errors.values()]

    def over(self, cause: str) -> bool:
        """Forget this cause. Return whether it was there."""
        self.strikes.pop(cause, None)
        self.since.pop(cause, None)
        self.until.pop(cause, None)
        return self.errors.pop(cause, None) is not None


def cause_of(error: PixmirrorError, *, fetching: bool = False) -> str:
    """Name what stands still: login, pixiv, images (the image host), catalogue, storage (where the files go)."""
    if isinstance(error, LoginError):
        return "login"
    if isinstance(error, CATALOGUE_FAILS):
        return "storage" if fetching else "catalogue"
    return "images" if fetching else PIXIV


class Notices:
    """Notices to the user, each once, on change only: that something stands still, and that it goes on again. What
    was sent is remembered over restarts.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._news: asyncio.Queue[tuple[str, PixmirrorError | None, bool]] = asyncio.Queue()
        self.use(mirror.config)

    def use(self, config: Config) -> None:
        url = config.notify.url.get_secret_value() if config.notify.url else None
        self.notifier = notify.Notifier(url, config.notify.command, load=self._load, save=self._save)

    def trouble(self, cause: str, error: PixmirrorError | None) -> None:
        """Tell of what stands still, or (None) that it goes on. Returns at once; `tell` sends it."""
        self._news.put_nowait((cause, error, False))

    def forget_old(self) -> None:
        """Count what may be over since the last run as new when it comes again; tell what is seen to be over."""
        self._news.put_nowait((PIXIV, None, True))
        self.disk_works()

    def disk_works(self) -> None:
        """Tell that the disk takes files, if it does."""
        with suppress(StorageError):
            self._mirror.root.check_media()
            self._mirror.root.check_room()
            self.trouble("storage", None)

    async def tell(self) -> None:
        """Send what `trouble` is told, for ever."""
        while True:
            cause, error, silent = await self._news.get()
            try:
                with suppress(Unforeseen), contained(f"The notice about {cause}"):
                    await self._tell(cause, error, silent)
            finally:
                self._news.task_done()

    async def all_told(self) -> None:
        """Wait until everything is sent that `trouble` was told, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._news.join()

    async def _tell(self, cause: str, error: PixmirrorError | None, silent: bool) -> None:
        if error is None:
            well = "" if silent else WELL_AGAIN
            await self.notifier.clear(cause, well, _OVER.get(cause, "What stood still goes on."))
            return
        if isinstance(error, LoginError):
            await self._wait_for_login(error)
        title = next((title for kind, title in TITLES if isinstance(error, kind)), None)
        if title is not None:
            await self.notifier.notify(cause, title, f"{error} {error.advice}".strip())

    async def ended(self, error: Exception | None) -> None:
        """Tell once that a mistake of ours ended the service, which it may meet again. None: it ended as asked."""
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        with suppress(PixmirrorError), contained("The notice about the end"):
            if error is None:
                await self.notifier.clear("ended")
            elif not isinstance(error, PixmirrorError):
                kind = type(error).__name__
                text = f"It met a {kind} that nobody has foreseen; the log holds the trace."
                await self.notifier.notify("ended", f"pixmirror: the service ended ({kind})", text)

    async def job_ended(self, name: str, error: str | None, failures: int, causes: Container[str]) -> None:
        """Tell that a job keeps failing, or (`error` None) works again. `causes`: what stands still beside it."""
        if error is None:
            await self.notifier.clear(f"job:{name}", WELL_AGAIN, f"Job {name} works again.")
        elif failures >= FAILURES_TO_TELL and "login" not in causes:
            event, title = f"job:{name}", f"pixmirror: job {name} keeps failing"
            if PIXIV in causes:  # no job's own: one notice for all
                event, title = PIXIV, "pixmirror: Pixiv does not answer"
            await self.notifier.notify(event, title, error)

    async def _wait_for_login(self, error: LoginError) -> None:
        """Remember that Pixiv refuses the login, and that the jobs wait for another one."""
        try:
            if not isinstance(error, LoginNeeded):
                now = self._mirror.clock.now()
                await self._mirror.db.run(runs.note_refused_login, type(error).__name__, now)
            for name in self._mirror.jobs:
                await self._mirror.db.run(runs.suspend_job, name, "login")
        except CATALOGUE_FAILS as error:
            log.warning("That the jobs wait for a login is not remembered: %s", error)

    async def _load(self) -> Mapping[str, str]:
        try:
            text = await self._mirror.db.read(runs.get_meta, SENT)
        except CATALOGUE_FAILS:
            return {}
        kept: dict[str, str] = json.loads(text) if text else {}
        return kept

    async def _save(self, sent: Mapping[str, str]) -> None:
        try:
            await self._mirror.db.run(runs.set_meta, SENT, json.dumps(sent))
        except CATALOGUE_FAILS as error:
            log.warning("What was told is not remembered: %s", error)
