"""How the mirror is, as the running daemon sees it: what `healthcheck` says, without asking over a socket."""

import asyncio
from typing import TYPE_CHECKING

from pixmirror.catalogue.database import Connection
from pixmirror.daemon import credentials
from pixmirror.daemon.status import facts
from pixmirror.reports import health
from pixmirror.reports.around import around
from pixmirror.reports.headline import Headline
from pixmirror.schedule import due_after
from pixmirror.store import outside

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon


async def situations(daemon: "Daemon") -> tuple[Headline, ...]:
    """Return every situation that holds, the first for the first line. CatalogueError, StorageError."""
    m, answer = daemon.mirror, facts(daemon)
    configured = credentials.configured_token(m.config, daemon.env)
    # As another process sees it: what this one has opened may have been taken away since.
    seen = await asyncio.to_thread(lambda: outside.look(outside.unlocked(m.root.root, m.root.media), configured))

    def read(conn: Connection) -> tuple[Headline, ...]:
        found = around(conn, answer, seen, m.config.jobs, m.config.mirror.keep_free, due_after)
        return health.situations(conn, m.clock.now(), found)

    return await m.db.read(read)
