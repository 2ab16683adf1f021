"""The commands that a running pixmirror takes over its socket."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from pixmirror import verify
from pixmirror.catalogue import losses, runs
from pixmirror.catalogue.refs import parse_ref
from pixmirror.daemon import credentials
from pixmirror.daemon.credentials import configured_token, identity
from pixmirror.daemon.status import facts
from pixmirror.daemon.sync import beside
from pixmirror.daemon.upkeep import accept
from pixmirror.errors import ConfigError
from pixmirror.fetch import trash
from pixmirror.ingest import retrying
from pixmirror.ingest.forgetting import Target
from pixmirror.logs import hide
from pixmirror.pixiv import redeem_refresh_token

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

T = TypeVar("T")
Request = dict[str, Any]


class Commands:
    """One method for each command."""

    def __init__(self, daemon: "Daemon") -> None:
        self.daemon = daemon
        self.mirror = daemon.mirror
        self._commands: dict[str, Callable[[Request], Awaitable[dict[str, Any]]]] = {
            "status": self._status,
            "sync": self._sync,
            "pause": self._pause,
            "resume": self._resume,
            "reload": self._reload,
            "token": self._token,
            "retry": self._retry,
            "verify": self._verify,
            "accept_lost": self._accept_lost,
            "forget": self._forget,
            "unforget": self._unforget,
            "accept": self._accept,
        }

    async def answer(self, request: Request) -> dict[str, Any]:
        command = self._commands.get(request["command"])
        if command is None:
            raise ConfigError(f"Unknown command {request['command']!r}; known: {', '.join(self._commands)}.")
        return await command(request)

    async def _status(self, request: Request) -> dict[str, Any]:
        return {"pid": os.getpid(), **facts(self.daemon)}

    async def _sync(self, request: Request) -> dict[str, Any]:
        names = [str(name) for name in _field(request, "jobs", list) or ()]
        return (await beside(self.daemon, names)).as_dict()

    def _job_name(self, request: Request) -> str | None:
        name = _field(request, "job", str)
        if name is not None and name not in self.mirror.jobs:
            raise ConfigError(f"No enabled job is called {name}.")
        return name

    async def _pause(self, request: Request) -> dict[str, Any]:
        m = self.mirror
        name, until = self._job_name(request), _field(request, "until", int)
        if until is not None and until <= m.clock.now():
            raise ConfigError("That moment lies in the past.")
        await m.db.run(runs.pause_job, name, until)
        await self.daemon.use_pauses()
        return {}

    async def _resume(self, request: Request) -> dict[str, Any]:
        await self.mirror.db.run(runs.resume_job, self._job_name(request))
        await self.daemon.use_pauses()
        await self.daemon.use_schedule()
        return {}

    async def _reload(self, request: Request) -> dict[str, Any]:
        await self.daemon.reload()
        return {"jobs": list(self.mirror.jobs)}

    async def _token(self, request: Request) -> dict[str, Any]:
        """Take over a new login. Whatever is wrong with it, the old one stays."""
        m = self.mirror
        token = credentials.read_token(request.get("token"))
        hide(token.refresh_token)
        hide(token.access_token)
        if not token.fresh(m.clock.now()):
            token = await redeem_refresh_token(m.transport, identity(m.config), token.refresh_token)
        await m.use_account(token)
        configured = configured_token(m.config, self.daemon.env)
        await asyncio.to_thread(credentials.save, m.root, configured, token)
        m.auth.set_token(token)
        await self.daemon.logged_in()
        return {"user_id": token.user_id}

    async def _retry(self, request: Request) -> dict[str, Any]:
        m, named = self.mirror, _field(request, "ref", str)
        ref = parse_ref(named) if named is not None else None
        asked = await m.db.run(retrying.again, ref, _field(request, "what", str), m.clock.now())
        self.daemon.engine.wakeup.wake()
        return asdict(asked)

    async def _verify(self, request: Request) -> dict[str, Any]:
        m, quick = self.mirror, bool(_field(request, "quick", bool))
        believe = bool(_field(request, "believe", bool))
        guard = m.root.check_media
        now = m.clock.now()
        report = await verify.run(m.db, m.root.media, quick=quick, now=now, believe=believe, guard=guard)
        self.daemon.engine.wakeup.wake()
        return {"report": report.as_dict()}

    async def _accept_lost(self, request: Request) -> dict[str, Any]:
        m, ref = self.mirror, parse_ref(_field(request, "ref", str) or "")
        return {"files": await m.db.run(losses.accept, ref, m.clock.now())}

    async def _forget(self, request: Request) -> dict[str, Any]:
        m = self.mirror
        days = m.config.mirror.trash_days
        done = await trash.forget(m.db, m.root, _target(request), m.clock.now(), days)
        return {"done": asdict(done)}

    async def _unforget(self, request: Request) -> dict[str, Any]:
        m = self.mirror
        done = await trash.unforget(m.db, m.root, _target(request), m.clock.now())
        self.daemon.engine.wakeup.wake()
        return {"done": asdict(done)}

    async def _accept(self, request: Request) -> dict[str, Any]:
        moved = await accept(self.mirror, _field(request, "kind", str) or "")
        self.daemon.engine.wakeup.wake()
        return {"moved": moved}


def _target(request: Request) -> Target:
    ref, page = _field(request, "ref", str), _field(request, "page", int)
    if ref is None:
        raise ConfigError('"ref" names what is meant: an id, novel:123 or user:123.')
    return Target.of(parse_ref(ref), page)


def _field(request: Request, name: str, kind: type[T]) -> T | None:
    value = request.get(name)
    if value is not None and type(value) is not kind:
        raise ConfigError(f'"{name}" has a wrong type: {value!r}.')
    return value
