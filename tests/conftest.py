"""What all tests need of this process."""

import asyncio
import os
import shutil
import signal
import ssl
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import settings

from pixmirror.catalogue import migrate
from pixmirror.catalogue.migrate import CATALOGUE, HEAD, Lineage

# A busy machine, or one that measures branches, is no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

MEMORY = Path("/dev/shm")
ENOUGH = 4 * 1024**3  # bytes: what passed is removed at once (pyproject), so a run keeps about a tenth of it


def pytest_configure() -> None:
    """Processes that we start must take Ctrl-C, also where the tests run in the background of a script."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.umask(0o077)  # files with tokens that tests write are read only if they are closed to others
    uvicorn.Server.main_loop = _until_it_shall_exit  # type: ignore[assignment]
    _write_to_memory()
    _copy_new_files()
    _read_certificates_once()


def _write_to_memory() -> None:
    """Put the files of tests into memory where there is room, unless TMPDIR says where: they sync by the hundred.

    A disk adds only waiting to that: what a killed process wrote survives in memory as it does there.
    """
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # look again


def _copy_new_files() -> None:
    """Begin an empty catalogue or gallery.db as a copy of the first of this process.

    Alembic takes 40 ms to make one, and tests make thousands. What exists is upgraded as ever.
    """
    real, made = migrate._run_alembic, dict[tuple[str, str], bytes]()

    def run(path: Path, revision: str = HEAD, of: Lineage = CATALOGUE) -> None:
        first = made.get((of.what, revision))
        if path.exists() or first is None:
            is_new = not path.exists()
            real(path, revision, of)
            if is_new and not path.with_name(f"{path.name}-wal").exists():
                made[of.what, revision] = path.read_bytes()
        else:
            path.write_bytes(first)
            path.chmod(0o600)

    migrate._run_alembic = run


def _read_certificates_once() -> None:
    """Let the clients of this process share the certificates, which take 40 ms to read for each of thousands."""
    real = httpx.create_ssl_context
    shared = cache(lambda trust_env: real(trust_env=trust_env))

    def make(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        named = trust_env and ("SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ)
        return real(verify, cert, trust_env) if named or verify is not True or cert else shared(trust_env)

    for module in (httpx, httpx._config, httpx._transports.default):
        setattr(module, "create_ssl_context", make)  # noqa: B010 it is no name of theirs for mypy


async def _until_it_shall_exit(server: uvicorn.Server) -> None:
    """Look every 10 ms, where uvicorn does every 100: the tests of this process stop hundreds of servers."""
    ticks = 0
    while not await server.on_tick(ticks // 10):
        ticks += 1
        await asyncio.sleep(0.01)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure branches in the tests of the lower floors alone, in .ci/long in those of all parts.

    Measuring takes half as long again, and as long again where commands, daemon and pages run whole.
    """
    whole = ["journeys", "bench"]
    if "PIXMIRROR_MEASURES_ALL" not in os.environ:
        whole += ["cli", "daemon", "gallery", "demo"]
    folders = {Path(__file__).parent / name for name in whole}
    for item in items:
        if folders & {*item.path.parents}:
            item.add_marker(pytest.mark.no_cover)
