"""The sockets of the daemon and of the gallery. On the Unix sockets: one JSON object a line, a question and its
answer; who may open a socket may ask.
"""

import asyncio
import errno
import hashlib
import json
import logging
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pixmirror.contained import contained
from pixmirror.errors import (
    ConfigError,
    DaemonBusy,
    DaemonOlder,
    DaemonRefused,
    ExitCode,
    PixmirrorError,
    StorageError,
)

if TYPE_CHECKING:
    from pixmirror.models.addresses import Listen

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

LIMIT = 1 << 20
LONGEST_PATH = 107  # bytes, sun_path of Linux without its final zero
OWN_FOLDER = ".run"  # of the mirror's root
SYSTEM_FOLDERS = (Path("/run/pixmirror"), Path("/run/pixmirror-gallery"))  # RuntimeDirectory= of the units
Of = Literal["", "-gallery", "-http"]
DAEMON: Of = ""
GALLERY: Of = "-gallery"
HTTP: Of = "-http"  # the daemon's, for health checks and metrics


def _name(root: Path, of: Of) -> str:
    """Name the socket by a hash of the root, which may be too long for a socket's path."""
    return f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]}{of}.sock"


def _folders(env: Mapping[str, str]) -> list[Path]:
    """List our own folders for sockets, the best first: systemd's, the session's, and one that always is there."""
    folders = [Path(env[name].split(":")[0]) for name in ("RUNTIME_DIRECTORY",) if env.get(name)]
    folders += [Path(env[name]) / "pixmirror" for name in ("XDG_RUNTIME_DIR",) if env.get(name)]
    folders += [Path(f"/tmp/pixmirror-{os.getuid()}")]
    return [folder for folder in folders if folder.is_absolute()]


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_PATH


def socket_paths(root: Path, env: Mapping[str, str], of: Of = DAEMON) -> list[Path]:
    """List where the daemon (or the gallery) of this mirror may listen, the best first. The last place is in the
    mirror's root, for a read-only container without /tmp.
    """
    folders = [*_folders(env), root.resolve() / OWN_FOLDER]
    return [path for folder in folders if _fits(path := folder / _name(root, of))]


def _candidates(root: Path, env: Mapping[str, str], of: Of) -> list[Path]:
    """List where a daemon of this mirror may be found: it may have been started from elsewhere, as by cron."""
    session = Path(f"/run/user/{os.getuid()}/pixmirror")
    others = [path for folder in (session, *SYSTEM_FOLDERS) if _fits(path := folder / _name(root, of))]
    return [path for path in dict.fromkeys([*socket_paths(root, env, of), *others]) if _trusted(path.parent)]


def _trusted(folder: Path) -> bool:
    """Return whether only this user can listen in this folder: who answers there may be given a token. Below /run
    only root makes folders for others.
    """
    try:
        info = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and (info.st_uid == os.getuid() or folder in SYSTEM_FOLDERS)


@asynccontextmanager
async def listening(root: Path, env: Mapping[str, str], handler: Handler, of: Of = DAEMON) -> AsyncIterator[Path]:
    """Answer requests while the block runs. The caller holds the mirror's lock, so an old socket is a dead one."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        # Cancelled only by us below, at the end; what asyncio would make of that is a traceback in the log.
        with suppress(asyncio.CancelledError):
            await _serve(reader, writer, handler)

    path, bound = bind(root, env, of)
    if path.parent != (first := socket_paths(root, env, of)[0].parent):
        log.warning("Listening in %s, as no socket can be made in %s.", path.parent, first)
    server = await asyncio.start_unix_server(serve, sock=bound, limit=LIMIT)
    try:
        yield path
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        path.unlink(missing_ok=True)


def bind(root: Path, env: Mapping[str, str], of: Of = DAEMON) -> tuple[Path, socket.socket]:
    """Make a socket at the first place where that works. StorageError, with what would help, where none does."""
    return _first(socket_paths(root, env, of))


def try_places(root: Path, env: Mapping[str, str]) -> Path:
    """Return the folder in which a daemon would listen, tried without disturbing one that listens. StorageError as
    `bind`.
    """
    path, bound = _first([path.with_suffix(".try") for path in socket_paths(root, env)])
    bound.close()
    path.unlink(missing_ok=True)
    return path.parent


def _first(paths: Sequence[Path]) -> tuple[Path, socket.socket]:
    reasons = []
    for path in paths:
        try:
            return path, _bind(path)
        except OSError as error:
            reasons.append(f"{path.parent}: {error.strerror or error}")
    raise StorageError(
        f"The control socket cannot be made anywhere ({'; '.join(reasons)}). Set RUNTIME_DIRECTORY or "
        "XDG_RUNTIME_DIR to a folder of this user with a short path on a local disk."
    )


@contextmanager
def bound(listen: "Listen", who: str, key: str) -> Iterator[socket.socket]:
    """Listen at an address of this machine. ConfigError, which names `who` and the `key`, where that cannot be."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # with its protocol named: asyncio switches Nagle's delay off only where it sees TCP (40 ms a request)
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(tuple(listen))
            sock.listen(128)
        except OSError as error:
            raise ConfigError(f"{who} cannot listen at {listen}: {_why(error, key)}") from error
        sock.setblocking(False)
        yield sock


def _why(error: OSError, key: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"another program does. Choose another port in {key}."
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address."
        case errno.EACCES | errno.EPERM:
            return f"ports below 1024 are for root alone. Choose another one in {key}."
    return f"{error.strerror or error}."


def _bind(path: Path) -> socket.socket:
    _make_folder(path.parent)
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        path.chmod(0o600)
    except OSError:
        bound.close()
        raise
    return bound


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=folder.name != OWN_FOLDER, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "it belongs to somebody else")
    if info.st_mode & 0o077:
        folder.chmod(0o700)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    try:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                await _send(writer, _refusal(f"A request is one line of at most {LIMIT:,} bytes."))
                return
            if not line:
                return
            await _send(writer, await _answer(line, handler))
    except ConnectionError:
        return  # the asker went away; what was asked is done all the same
    finally:
        writer.close()


async def _send(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await writer.drain()


def _refusal(sentence: str, exit_code: int = ExitCode.CONFIG) -> dict[str, Any]:
    return {"ok": False, "error": sentence, "exit_code": exit_code}


async def _answer(line: bytes, handler: Handler) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict) or not isinstance(request.get("command"), str):
        return _refusal('A request is one JSON object a line, with a "command".')
    try:
        with contained(f"The command {request['command']!r}"):
            return {"ok": True, **await handler(request)}
    except PixmirrorError as error:
        return _refusal(str(error), error.exit_code)


async def ask(
    root: Path, env: Mapping[str, str], request: Mapping[str, Any], timeout: float | None = 10, of: Of = DAEMON
) -> dict[str, Any] | None:
    """Ask the daemon, or the gallery. Return None when none of this mirror listens, or it went away before it
    answered. DaemonBusy: it has not answered within `timeout` seconds, and does it all the same.
    """
    for path in _candidates(root, env, of):
        try:
            reader, writer = await asyncio.open_unix_connection(str(path), limit=64 * LIMIT)
        except OSError:
            continue
        try:
            async with asyncio.timeout(timeout):
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
        except TimeoutError as error:
            raise DaemonBusy("The running pixmirror is busy; this will be done next.") from error
        except ConnectionError:
            return None
        finally:
            writer.close()
        answer: dict[str, Any] | None = json.loads(line) if line else None
        return answer
    return None


def accepted(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return an answer of the daemon, None where none runs. DaemonRefused, in its own words, when it refused."""
    if answer is None or answer.get("ok"):
        return answer
    sentence = str(answer.get("error") or "The running pixmirror does not say why it will not.")
    code = int(answer.get("exit_code", ExitCode.FAULT))
    if sentence.startswith("Unknown command"):
        raise DaemonOlder("The running pixmirror is older than this one: restart it.", code)
    raise DaemonRefused(sentence, code)


def ask_now(
    root: Path, env: Mapping[str, str], request: Mapping[str, Any], timeout: float | None = 10, of: Of = DAEMON
) -> dict[str, Any] | None:
    """Ask as `ask` does, where no loop runs."""
    return asyncio.run(ask(root, env, request, timeout, of))
