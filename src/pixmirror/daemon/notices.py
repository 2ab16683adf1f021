"""What the user is told: which notice each trouble is, and whether it is told at once or only when it lasts."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import NamedTuple

from pixmirror import notify
from pixmirror.backup import BackupFailed
from pixmirror.catalogue import runs
from pixmirror.config import Config
from pixmirror.contained import contained
from pixmirror.daemon import digests
from pixmirror.daemon.mirror import Mirror
from pixmirror.daemon.trouble import CATALOGUE_FAILS, PIXIV, WARNING
from pixmirror.errors import (
    AccountWarned,
    BadResponse,
    Challenge,
    DiskFull,
    ImageHostDown,
    LoginError,
    LoginNeeded,
    PixivError,
    PixmirrorError,
    RateLimited,
    StorageAbsent,
    StorageError,
    Unforeseen,
    UpstreamBrake,
    WebLoginExpired,
)
from pixmirror.models.notices import Event
from pixmirror.notify.notifier import Kept

log = logging.getLogger(__name__)

SENT = "notices"  # meta key
LOOK_S = 15.0  # between two looks for what has lasted long enough to be told
DIGEST_LOOK_S = 600.0
PATIENCE_S = 60.0
FAILURES_TO_TELL = 3
WELL_AGAIN = "pixmirror: well again"
_OVER = {
    "login": "Pixiv takes the login again.", PIXIV: "Pixiv answers again.", "images": "Pictures come again.",
    "storage": "The disk takes files again.", "catalogue": "The catalogue can be written again.",
    "web": "The web login works again.", "brake": "Nothing is held any more.",
    "backup": "The backup was made.",
}  # fmt: skip


class Title(NamedTuple):
    """The notice that an error is. `lasts`: it may pass by itself, and is told when it goes on for a while."""

    event: Event
    text: str
    lasts: bool = False


TITLES: tuple[tuple[type[PixmirrorError], Title], ...] = (
    (LoginError, Title(Event.LOGIN, "pixmirror: login needed")),
    (WebLoginExpired, Title(Event.LOGIN, "pixmirror: the web login has expired")),
    (AccountWarned, Title(Event.WARNING, "pixmirror: Pixiv has warned the account")),
    (Challenge, Title(Event.LIMIT, "pixmirror: Pixiv limits the account", lasts=True)),
    (RateLimited, Title(Event.LIMIT, "pixmirror: Pixiv limits the account", lasts=True)),
    (ImageHostDown, Title(Event.OUTAGE, "pixmirror: Pixiv's image host does not answer", lasts=True)),
    (BadResponse, Title(Event.FAULT, "pixmirror: Pixiv answers what cannot be read")),
    (PixivError, Title(Event.OUTAGE, "pixmirror: Pixiv does not answer", lasts=True)),
    (DiskFull, Title(Event.DISK, "pixmirror: the disk is full")),
    (StorageAbsent, Title(Event.DISK, "pixmirror: the media folder is not there")),
    (StorageError, Title(Event.DISK, "pixmirror: the disk does not take files")),
    (BackupFailed, Title(Event.BACKUP, "pixmirror: the backup failed")),
    (UpstreamBrake, Title(Event.BRAKE, "pixmirror: too much seems gone at Pixiv at once")),
    (Unforeseen, Title(Event.FAULT, "pixmirror: something failed that nobody has foreseen")),
)


def receivers(config: Config) -> list[notify.Receiver]:
    """Return who gets notices."""
    n = config.notify
    found: list[notify.Receiver] = [notify.Topic(n.url.get_secret_value())] if n.url else []
    found += [notify.Command(n.command)] if n.command else []
    return [*found, *(notify.Apprise(url.get_secret_value()) for url in n.apprise)]


class Notices:
    """Notices to the user, each once, on change only: that something stands still, and that it goes on again. What
    was sent, and since when the rest waits, is remembered over restarts.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._news: asyncio.Queue[tuple[str, PixmirrorError | None]] = asyncio.Queue()
        self._digest_after = 0.0  # of the monotonic clock
        self.notifier = notify.Notifier((), now=mirror.clock.now, load=self._load, save=self._save)
        self.use(mirror.config)

    def use(self, config: Config) -> None:
        """Send notices from now on as this configuration says."""
        n = config.notify
        self.notifier.configure(
            receivers(config), after_ms=n.after * 1000, events=tuple(Event) if n.events is None else n.events
        )

    def trouble(self, cause: str, error: PixmirrorError | None) -> None:
        """Tell of what stands still, or (None) that it goes on. Returns at once; `tell` sends it."""
        self._news.put_nowait((cause, error))

    def disk_works(self) -> None:
        """Tell that the disk takes files, if it does."""
        with suppress(StorageError):
            self._mirror.root.check_media()
            self._mirror.root.check_room()
            self.trouble("storage", None)

    async def tell(self) -> None:
        """Send what `trouble` is told, for ever, some of it when it has lasted for a while."""
        waiting = asyncio.create_task(self._look())
        try:
            while True:
                cause, error = await self._news.get()
                try:
                    with suppress(Unforeseen), contained(f"The notice about {cause}"):
                        await self._tell(cause, error)
                finally:
                    self._news.task_done()
        finally:
            waiting.cancel()

    async def _look(self) -> None:
        while True:
            await self._mirror.clock.sleep(LOOK_S)
            with suppress(Unforeseen), contained("Looking for notices that are due"):
                await self.notifier.send_due()
            if self._mirror.clock.monotonic() >= self._digest_after:
                await self.send_digest()

    async def send_digest(self) -> None:
        """Send the digest, if it is due; what fails is tried again in a while."""
        self._digest_after = self._mirror.clock.monotonic() + DIGEST_LOOK_S
        try:
            with contained("The digest"):
                await digests.send_if_due(self._mirror, self.notifier)
        except (*CATALOGUE_FAILS, Unforeseen) as error:
            log.warning("The digest was not sent: %s", error)

    async def all_told(self) -> None:
        """Wait until everything is sent that `trouble` was told, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._news.join()

    async def _tell(self, cause: str, error: PixmirrorError | None) -> None:
        if error is None:
            well = "" if cause == WARNING else WELL_AGAIN  # which the user has ended
            await self.notifier.clear(cause, well, _OVER.get(cause, "What stood still goes on."))
            return
        if isinstance(error, LoginError):
            await self._wait_for_login(error)
        elif isinstance(error, PixivError) and not isinstance(error, BadResponse):
            cause = PIXIV if cause == "login" else cause  # it did not answer when it was asked to let us in
        title = next((title for kind, title in TITLES if isinstance(error, kind)), None)
        if title is not None:
            text = f"{error} {error.advice}".strip()
            await self.notifier.notify(cause, title.event, title.text, text, lasts=title.lasts)

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
                title = f"pixmirror: the service ended ({kind})"
                await self.notifier.notify("ended", Event.FAULT, title, text)

    async def job_ended(self, name: str, error: str | None, failures: int) -> None:
        """Tell that a job keeps failing for reasons of its own, or (`error` None) works again."""
        if error is None:
            await self.notifier.clear(f"job:{name}", WELL_AGAIN, f"Job {name} works again.")
        elif failures >= FAILURES_TO_TELL:
            await self.notifier.notify(f"job:{name}", Event.JOB, f"pixmirror: job {name} keeps failing", error)

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

    async def _load(self) -> Kept:
        try:
            kept: Kept | None = await self._mirror.db.read(runs.get_json, SENT)
        except CATALOGUE_FAILS:
            return {}
        return kept or {}

    async def _save(self, told: Kept) -> None:
        try:
            await self._mirror.db.run(runs.set_meta, SENT, json.dumps(told))
        except CATALOGUE_FAILS as error:
            log.warning("What was told is not remembered: %s", error)
