"""The commands that a running pixmirror takes over its socket; most of them can be done where none runs, too."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, TypeVar

from pixmirror import __version__, verify
from pixmirror.catalogue import losses, runs
from pixmirror.catalogue.refs import Ref, parse_ref
from pixmirror.config import Config
from pixmirror.daemon import adding, headline
from pixmirror.daemon.credentials import configured_token, identity
from pixmirror.daemon.first_look import first_look
from pixmirror.daemon.look import look
from pixmirror.daemon.mirror import Mirror, open_mirror
from pixmirror.daemon.status import facts
from pixmirror.daemon.sync import beside, until
from pixmirror.daemon.upkeep import accept
from pixmirror.errors import ConfigError, PixmirrorError
from pixmirror.fetch import trash
from pixmirror.ingest import retrying
from pixmirror.ingest.forgetting import Target
from pixmirror.logs import hide
from pixmirror.pixiv.auth import redeem_refresh_token
from pixmirror.store import kept_login

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

MOST_WORKS = 1000  # that a request names
DAY_MIN = 24 * 60

T = TypeVar("T")
Request = dict[str, Any]


class Commands:
    """One method for each command."""

    def __init__(self, daemon: "Daemon") -> None:
        self.daemon = daemon
        self._commands: dict[str, Callable[[Request], Awaitable[dict[str, Any]]]] = {
            "status": self._status,
            "healthcheck": self._healthcheck,
            "screen": self._screen,
            "sync": self._sync,
            "add": self._add,
            "check": self._check,
            "reload": self._reload,
            "token": self._token,
            **dict.fromkeys(IN_A_MIRROR, self._in_the_mirror),
        }

    async def answer(self, request: Request) -> dict[str, Any]:
        command = self._commands.get(request["command"])
        if command is None:
            raise ConfigError(f"Unknown command {request['command']!r}; known: {', '.join(self._commands)}.")
        return await command(request)

    async def _status(self, request: Request) -> dict[str, Any]:
        return {"pid": os.getpid(), **facts(self.daemon)}

    async def _healthcheck(self, request: Request) -> dict[str, Any]:
        """Say the first line of `status` in a `zone` so many minutes ahead of UTC, and of which jobs it speaks."""
        first = (await headline.situations(self.daemon, _zone(request)))[0]
        return {**first.as_dict(), **self._of()}

    async def _screen(self, request: Request) -> dict[str, Any]:
        """Say the whole short screen of `status`, in the same way."""
        return {"screen": await headline.short(self.daemon, _zone(request)), **self._of()}

    def _of(self) -> dict[str, Any]:
        """Say by which version and of which jobs that is said."""
        return {
            "version": __version__,
            "jobs": [job.name for job in self.daemon.mirror.config.jobs if job.enabled],
        }

    async def _sync(self, request: Request) -> dict[str, Any]:
        names = [str(name) for name in _field(request, "jobs", list) or ()]
        return (await beside(self.daemon, names)).as_dict()

    async def _add(self, request: Request) -> dict[str, Any]:
        named = _field(request, "refs", list) or ()
        return (await adding.beside(self.daemon.engine, [parse_ref(str(ref)) for ref in named])).as_dict()

    async def _check(self, request: Request) -> dict[str, Any]:
        """Read a page of each endpoint, as `check --pixiv` does alone; not while a pause or a limit holds all."""
        m = self.daemon.mirror
        if (blocked := self.daemon.engine.held_back()) is not None:
            return {"held": until(blocked, m.clock.now())}
        return (await first_look(m)).as_dict()

    async def _in_the_mirror(self, request: Request) -> dict[str, Any]:
        """Do it in the open mirror, and let all that runs go by it at once."""
        command = request["command"]
        done = await IN_A_MIRROR[command](self.daemon.mirror, request)
        if command in ("pause", "resume"):
            await self.daemon.use_pauses()
        if command == "resume":
            await self.daemon.resumed(_field(request, "job", str))
        self.daemon.engine.wakeup.wake()
        return done

    async def _reload(self, request: Request) -> dict[str, Any]:
        await self.daemon.reload()
        return {"jobs": list(self.daemon.mirror.jobs)}

    async def _token(self, request: Request) -> dict[str, Any]:
        """Take over a new login. Whatever is wrong with it, the old one stays."""
        m = self.daemon.mirror
        token = kept_login.read_token(request.get("token"))
        hide(token.refresh_token)
        hide(token.access_token)
        if not token.fresh(m.clock.now()):
            token = await redeem_refresh_token(m.transport, identity(m.config), token.refresh_token)
        await m.use_account(token)
        configured = configured_token(m.config, self.daemon.env)
        await asyncio.to_thread(kept_login.save, m.root, configured, token)
        m.auth.set_token(token)
        await self.daemon.logged_in(token)
        return {"user_id": token.user_id}


async def do_alone(config: Config, env: Mapping[str, str], request: Request) -> dict[str, Any]:
    """Do what a request says where no pixmirror runs: in the mirror, which is opened for it."""
    command = str(request["command"])
    async with open_mirror(config, env, what=_COMMAND_OF.get(command, command)) as mirror:
        return await IN_A_MIRROR[command](mirror, request)


async def _pause(m: Mirror, request: Request) -> dict[str, Any]:
    name, until = _job_name(m, request), _field(request, "until", int)
    if until is not None and until <= m.clock.now():
        raise ConfigError("That moment lies in the past.")
    await m.db.run(runs.pause_job, name, until)
    return {}


async def _resume(m: Mirror, request: Request) -> dict[str, Any]:
    if _field(request, "warning_read", bool):
        return {"was_warned": await m.warning_read()}
    await m.db.run(runs.resume_job, _job_name(m, request))
    return {"is_warned": m.is_warned}


def _job_name(m: Mirror, request: Request) -> str | None:
    name = _field(request, "job", str)
    if name is not None and name not in m.jobs:
        raise ConfigError(f"No enabled job is called {name}.")
    return name


async def _retry(m: Mirror, request: Request) -> dict[str, Any]:
    if (refs := _works(request)) is not None:
        return await _retry_all(m, refs)
    named = _field(request, "ref", str)
    ref = parse_ref(named) if named is not None else None
    return asdict(await m.db.run(retrying.again, ref, _field(request, "what", str), m.clock.now()))


async def _retry_all(m: Mirror, refs: Sequence[Ref]) -> dict[str, Any]:
    """Say how many works were looked at, of how many something was asked for again, and why not the rest."""
    done = asked = 0
    for some in (refs[at : at + trash.AT_ONCE] for at in range(0, len(refs), trash.AT_ONCE)):
        try:
            asked += await m.db.run(retrying.several, some, m.clock.now())
        except PixmirrorError as error:
            if not done:
                raise
            return {"done": done, "asked": asked, "why": str(error)}
        done += len(some)
    return {"done": done, "asked": asked, "why": ""}


async def verify_files(m: Mirror, request: Request, progress: verify.Progress | None = None) -> dict[str, Any]:
    """Read the stored files again, as the request says; `progress` is told how far that is."""
    report = await verify.run(
        m.db,
        m.root.media,
        quick=bool(_field(request, "quick", bool)),
        now=m.clock.now(),
        believe=bool(_field(request, "believe", bool)),
        progress=progress,
        guard=m.root.check_media,
        root=m.root,
        copies=[copy.path for copy in m.config.copies],
    )
    return {"report": report.as_dict()}


async def _accept_lost(m: Mirror, request: Request) -> dict[str, Any]:
    ref = parse_ref(_field(request, "ref", str) or "")
    return {"files": await m.db.run(losses.accept, ref, m.clock.now())}


async def _forget(m: Mirror, request: Request) -> dict[str, Any]:
    days = m.config.mirror.trash_days
    if (refs := _works(request)) is not None:
        done, why = await trash.forget_all(
            m.db, m.root, [Target.of(ref, None) for ref in refs], m.clock.now(), days
        )
        return {"done": done, "why": why}
    return {"done": asdict(await trash.forget(m.db, m.root, _target(request), m.clock.now(), days))}


async def _unforget(m: Mirror, request: Request) -> dict[str, Any]:
    return {"done": asdict(await trash.unforget(m.db, m.root, _target(request), m.clock.now()))}


async def _accept(m: Mirror, request: Request) -> dict[str, Any]:
    return {"moved": await accept(m, _field(request, "kind", str) or "")}


async def _look(m: Mirror, request: Request) -> dict[str, Any]:
    names = [str(name) for name in _field(request, "jobs", list) or ()]
    return {"requests": await look(m, names)}


IN_A_MIRROR: Mapping[str, Callable[[Mirror, Request], Awaitable[dict[str, Any]]]] = {
    "pause": _pause,
    "resume": _resume,
    "retry": _retry,
    "verify": verify_files,
    "accept_lost": _accept_lost,
    "forget": _forget,
    "unforget": _unforget,
    "accept": _accept,
    "look": _look,
}


_COMMAND_OF = {"look": "plan", "accept_lost": "verify", "accept": "gone"}  # what the user has typed


def _target(request: Request) -> Target:
    ref, page = _field(request, "ref", str), _field(request, "page", int)
    if ref is None:
        raise ConfigError('"ref" names what is meant: an id, novel:123 or user:123.')
    return Target.of(parse_ref(ref), page)


def _works(request: Request) -> list[Ref] | None:
    """Return the works that "refs" names, each once; None where a request names one thing by "ref"."""
    named = _field(request, "refs", list)
    if named is None:
        return None
    refs = list(dict.fromkeys(parse_ref(str(one)) for one in named))
    if not 0 < len(refs) <= MOST_WORKS or any(ref.work_key is None for ref in refs):
        raise ConfigError(f'"refs" names 1 to {MOST_WORKS:,} works, as 123 or novel:123.')
    return refs


def _zone(request: Request) -> tzinfo | None:
    ahead = _field(request, "zone", int)
    return None if ahead is None or abs(ahead) >= DAY_MIN else timezone(timedelta(minutes=ahead))


def _field(request: Request, name: str, kind: type[T]) -> T | None:
    value = request.get(name)
    if value is not None and type(value) is not kind:
        raise ConfigError(f'"{name}" has a wrong type: {value!r}.')
    return value
