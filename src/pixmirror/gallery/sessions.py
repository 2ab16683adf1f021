"""Browsers that were let in. The gallery alone writes them, so it knows them all without looking."""

import logging
import secrets
from collections.abc import Collection
from dataclasses import replace
from typing import Self

from pixmirror.catalogue.gallery import passwords
from pixmirror.catalogue.gallery import sessions as rows
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.gallery.sessions import Kind, Session
from pixmirror.clock import DAY_MS, Clock
from pixmirror.errors import PixmirrorError
from pixmirror.gallery.login import digest
from pixmirror.terminal import one_line

log = logging.getLogger(__name__)

IDLE_MS = 60 * DAY_MS
MOST = 200


class Sessions:
    """All sessions, here and in gallery.db."""

    def __init__(self, own: GalleryDatabase, clock: Clock, known: Collection[Session], idle_ms: int) -> None:
        self._own, self._clock, self._idle_ms = own, clock, idle_ms
        self._known = {one.digest: one for one in known}
        self._kept = {one.digest: one.last_seen for one in known}  # as gallery.db has it

    @classmethod
    def open(cls, own: GalleryDatabase, clock: Clock, password: str | None, idle_ms: int = IDLE_MS) -> Self:
        """Read the sessions that began under this password and were seen within `idle_ms`. Blocks."""
        own.run_sync(passwords.end_of_others, digest(password) if password else "")
        own.run_sync(rows.end_idle, clock.now() - idle_ms)
        return cls(own, clock, own.run_sync(rows.known), idle_ms)

    def all(self) -> tuple[Session, ...]:
        """Return them, the one seen last first."""
        return tuple(sorted(self._known.values(), key=lambda one: one.last_seen, reverse=True))

    async def of(self, token: str, *, is_seen: bool = True) -> Session | None:
        """Return the session of this cookie, and note that it was seen, unless a page asks by itself."""
        one = self._known.get(digest(token)) if token else None
        if one is None:
            return None
        now = self._clock.now()
        if now - one.last_seen > self._idle_ms:
            await self.end([one.digest])
            return None
        if is_seen:
            one = self._known[one.digest] = replace(one, last_seen=now)
        if one.last_seen - self._kept.get(one.digest, 0) > rows.TOUCHED:
            self._kept[one.digest] = now
            try:
                await self._own.run(rows.touch, one.digest, now)
            except PixmirrorError as error:  # a full disk keeps nobody out
                log.warning("When a browser looked last is not kept: %s", error)
        return one

    async def begin(self, agent: str, kind: Kind) -> str:
        """Let a browser in. Return its cookie."""
        await self.end([old.digest for old in self.all()[MOST - 1 :]])
        token, now = secrets.token_urlsafe(32), self._clock.now()
        one = Session(digest(token), kind, one_line(agent)[: rows.LONGEST_AGENT], now, now)
        await self._own.run(rows.begin, one.digest, kind, one.agent, now)
        self._known[one.digest], self._kept[one.digest] = one, now
        return token

    async def end(self, digests: Collection[str]) -> None:
        """Let these browsers in no more."""
        for one in digests:
            self._kept.pop(one, None)
            if self._known.pop(one, None):
                await self._own.run(rows.end, one)
