"""The daemon's Unix socket: one JSON object a line, a question and its answer. Who may open the socket may ask."""

import asyncio
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pixmirror.errors import PixmirrorError, StorageError

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

LIMIT = 1 << 20
SYSTEM_FOLDER = Path("/run/pixmirror")


def _name(root: Path) -> str:
    """Roots can be too long for a socket's path, or lie where there are no sockets: their hash is enough."""
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16] + ".sock"


def _own_folder(env: Mapping[str, str]) -> Path:
    if "RUNTIME_DIRECTORY" in env:
        return Path(env["RUNTIME_DIRECTORY"].split(":")[0])
    if "XDG_RUNTIME_DIR" in env:
        return Path(env["XDG_RUNTIME_DIR"]) / "pixmirror"
    return Path(tempfile.gettempdir()) / f"pixmirror-{os.getuid()}"


def socket_path(root: Path, env: Mapping[str, str]) -> Path:
    """Where the daemon of this mirror listens."""
    return _own_folder(env) / _name(root)


def _candidates(root: Path, env: Mapping[str, str]) -> list[Path]:
    return [socket_path(root, env), SYSTEM_FOLDER / _name(root)]


@asynccontextmanager
async def listening(root: Path, env: Mapping[str, str], handler: Handler) -> AsyncIterator[Path]:
    """Answer requests while the block runs. The caller holds the mirror's lock, so an old socket is a dead one."""
    path = socket_path(root, env)
    _make_folder(path.parent)
    path.unlink(missing_ok=True)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await _serve(reader, writer, handler)

    server = await asyncio.start_unix_server(serve, path=str(path), limit=LIMIT)
    path.chmod(0o600)
    try:
        yield path
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        path.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        raise StorageError(f"{folder} belongs to somebody else; the control socket cannot be made there.")


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    try:
        while line := await reader.readline():
            writer.write(json.dumps(await _answer(line, handler), ensure_ascii=False).encode() + b"\n")
            await writer.drain()
    except (ConnectionError, ValueError):
        return  # the asker went away, or sent a line without end
    finally:
        writer.close()


async def _answer(line: bytes, handler: Handler) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError:
        request = None
    if not isinstance(request, dict) or not isinstance(request.get("command"), str):
        return {"ok": False, "error": 'A request is one JSON object a line, with a "command".', "exit_code": 2}
    try:
        return {"ok": True, **await handler(request)}
    except PixmirrorError as error:
        return {"ok": False, "error": str(error), "exit_code": error.exit_code}


async def ask(
    root: Path, env: Mapping[str, str], request: Mapping[str, Any], timeout: float | None = 10
) -> dict[str, Any] | None:
    """The daemon's answer; None when no daemon of this mirror listens, or it went away before answering."""
    for path in _candidates(root, env):
        try:
            reader, writer = await asyncio.open_unix_connection(str(path), limit=64 * LIMIT)
        except OSError:
            continue
        try:
            async with asyncio.timeout(timeout):
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
        except (ConnectionError, TimeoutError):
            return None
        finally:
            writer.close()
        return json.loads(line) if line else None
    return None


def ask_now(
    root: Path, env: Mapping[str, str], request: Mapping[str, Any], timeout: float | None = 10
) -> dict[str, Any] | None:
    """`ask` for callers without a loop."""
    return asyncio.run(ask(root, env, request, timeout))
