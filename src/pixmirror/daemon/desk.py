"""What the daemon answers over its socket."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from pixmirror import verify
from pixmirror.catalogue import queue, runs
from pixmirror.daemon import credentials
from pixmirror.daemon.mirror import configured_token, load_pauses
from pixmirror.errors import ConfigError, LoginError
from pixmirror.models import Token

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

Request = dict[str, Any]


class Desk:
    """One method a command."""

    def __init__(self, daemon: "Daemon") -> None:
        self.daemon = daemon
        self._commands: dict[str, Callable[[Request], Awaitable[dict[str, Any]]]] = {
            "status": self._status,
            "sync": self._sync,
            "pause": self._pause,
            "resume": self._resume,
            "reload": self._reload,
            "token": self._token,
            "retry": self._retry,
            "verify": self._verify,
        }

    async def answer(self, request: Request) -> dict[str, Any]:
        command = self._commands.get(request["command"])
        if command is None:
            raise ConfigError(f"Unknown command {request['command']!r}; known: {', '.join(self._commands)}.")
        return await command(request)

    async def _status(self, request: Request) -> dict[str, Any]:
        return {"pid": os.getpid(), **self.daemon.facts()}

    async def _sync(self, request: Request) -> dict[str, Any]:
        """Run jobs, due or not, and answer when what they made due is done."""
        d = self.daemon
        names = [str(n) for n in request.get("jobs") or d.mirror.jobs]
        unknown = sorted(set(names) - set(d.mirror.jobs))
        if unknown:
            raise ConfigError(f"No enabled job is called {', '.join(unknown)}.")
        if "login" in d.engine.trouble.errors:
            raise LoginError(str(d.engine.trouble.errors["login"]))
        tasks = [task for name in names if (task := d.start_job(name)) is not None]
        await asyncio.gather(*(asyncio.shield(t) for t in tasks))
        await d.engine.drain()
        last = await d.mirror.db.read(runs.last_runs)
        return {
            "results": {
                name: {"new": run.new, "seen": run.seen, "error": run.error}
                for name, run in last.items()
                if name in names
            }
        }

    def _job_name(self, request: Request) -> str | None:
        name = request.get("job")
        if name is not None and name not in self.daemon.mirror.jobs:
            raise ConfigError(f"No enabled job is called {name}.")
        return name

    async def _pause(self, request: Request) -> dict[str, Any]:
        m = self.daemon.mirror
        await m.db.run(runs.pause_job, self._job_name(request), request.get("until"))
        await load_pauses(m)
        return {}

    async def _resume(self, request: Request) -> dict[str, Any]:
        m = self.daemon.mirror
        await m.db.run(runs.resume_job, self._job_name(request))
        await load_pauses(m)
        self.daemon.engine.bell.ring()
        return {}

    async def _reload(self, request: Request) -> dict[str, Any]:
        await self.daemon.reload()
        return {"jobs": list(self.daemon.mirror.jobs)}

    async def _token(self, request: Request) -> dict[str, Any]:
        d = self.daemon
        token = Token(**request["token"])
        d.mirror.auth.set_token(token)
        await d.logged_in()
        configured = configured_token(d.mirror.config, d.env)
        await asyncio.to_thread(credentials.save, d.mirror.root, configured, token)
        return {}

    async def _retry(self, request: Request) -> dict[str, Any]:
        m = self.daemon.mirror
        count = await m.db.run(queue.want_again, request.get("work_key"))
        self.daemon.engine.bell.ring()
        return {"files": count}

    async def _verify(self, request: Request) -> dict[str, Any]:
        m = self.daemon.mirror
        report = await verify.run(m.db, m.root.media, quick=bool(request.get("quick")), now=m.clock.now())
        self.daemon.engine.bell.ring()
        return {"report": report.as_dict()}
