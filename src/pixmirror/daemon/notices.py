"""What the user is told when something changes: a login is needed, Pixiv limits, the disk is full, a job fails."""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress

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
    MirrorLocked,
    PixmirrorError,
    RateLimited,
    StorageAbsent,
    StorageError,
    Unforeseen,
    UpstreamBrake,
    WebLoginExpired,
)

log = logging.getLogger(__name__)

SENT = "notices"
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
CATALOGUE_FAILS = (StorageError, CatalogueError, MirrorLocked)


class Notices:
    """Told once, on change only; what was sent is remembered over restarts."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._news: asyncio.Queue[tuple[str, PixmirrorError | None]] = asyncio.Queue()
        self.use(mirror.config)

    def use(self, config: Config) -> None:
        url = config.notify.url.get_secret_value() if config.notify.url else None
        self.notifier = notify.Notifier(url, config.notify.command, load=self._load, save=self._save)

    def trouble(self, cause: str, error: PixmirrorError | None) -> None:
        """Something stands still, or (None) goes on."""
        self._news.put_nowait((cause, error))

    def forget_old(self) -> None:
        """Troubles of the last run that are over now count as new when they come again."""
        self.trouble("pixiv", None)
        with suppress(StorageError):
            self._mirror.root.check_media()
            self._mirror.root.check_room()
            self.trouble("storage", None)

    async def tell(self) -> None:
        """For ever: what comes in goes out."""
        while True:
            cause, error = await self._news.get()
            with suppress(Unforeseen), contained(f"The notice about {cause}"):
                await self._tell(cause, error)

    async def _tell(self, cause: str, error: PixmirrorError | None) -> None:
        if error is None:
            await self.notifier.clear(cause)
            return
        if isinstance(error, LoginError):
            await self._suspend_jobs()
        title = next((title for kind, title in TITLES if isinstance(error, kind)), None)
        if title is not None:
            await self.notifier.notify(cause, title, f"{error} {error.advice}".strip())

    async def ended(self, error: Exception | None) -> None:
        """The service ends as asked (None), or of a mistake that is tied to nothing: what starts it again may meet
        it again, and it is told once.
        """
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        with suppress(PixmirrorError), contained("The notice about the end"):
            if error is None:
                await self.notifier.clear("ended")
            elif not isinstance(error, PixmirrorError):
                kind = type(error).__name__
                text = f"It met a {kind} that nobody has foreseen; the log holds the trace."
                await self.notifier.notify("ended", f"pixmirror: the service ended ({kind})", text)

    async def _suspend_jobs(self) -> None:
        try:
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
