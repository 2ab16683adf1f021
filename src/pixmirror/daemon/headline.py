"""How the mirror is, as the running daemon sees it: what `healthcheck` says, and the short screen of `status`."""

import asyncio
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

from pixmirror.catalogue.database import Connection
from pixmirror.config import has_web_login
from pixmirror.daemon import credentials
from pixmirror.daemon.status import facts
from pixmirror.reports import health
from pixmirror.reports.around import around, planned
from pixmirror.reports.glance import glance, screen
from pixmirror.reports.headline import Around, Headline
from pixmirror.reports.screen import Screen
from pixmirror.schedule import due_after
from pixmirror.store import outside

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon


async def situations(daemon: "Daemon", zone: tzinfo | None = None) -> tuple[Headline, ...]:
    """Return every situation that holds, the first for the first line; clock times are those of `zone`.
    CatalogueError, StorageError.
    """
    now, see = daemon.mirror.clock.now(), await _looked_around(daemon)
    return await daemon.mirror.db.read(lambda conn: health.situations(conn, now, see(conn), zone))


async def short(daemon: "Daemon", zone: tzinfo | None = None) -> Screen:
    """Return the short screen of `status`. CatalogueError, StorageError."""
    m, see = daemon.mirror, await _looked_around(daemon)
    now, jobs = m.clock.now(), planned(facts(daemon), m.config.jobs, {})
    web, days = has_web_login(m.config, daemon.env), m.config.scrub.days
    found = await m.db.read(lambda conn: glance(conn, now, see(conn), jobs, has_web=web, days=days, zone=zone))
    return screen(found, m.config.pixiv.requests_per_day, m.config.pixiv.image_bytes_per_day, zone)


async def _looked_around(daemon: "Daemon") -> Callable[[Connection], Around]:
    """Look at what is outside of the catalogue as another process sees it: what this one has opened may have been
    taken away since. Return what adds to it what the catalogue has noted.
    """
    m, answer = daemon.mirror, facts(daemon)
    configured = credentials.configured_token(m.config, daemon.env)
    seen = await asyncio.to_thread(lambda: outside.look(outside.unlocked(m.root.root, m.root.media), configured))
    return lambda conn: around(conn, answer, seen, m.config.jobs, m.config.mirror.keep_free, due_after)
