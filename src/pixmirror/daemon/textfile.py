"""The metrics as a file for the node exporter (`http.textfile`), written whole or not at all."""

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pixmirror.contained import contained
from pixmirror.daemon import metrics
from pixmirror.errors import PixmirrorError
from pixmirror.store.part import storage

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

log = logging.getLogger(__name__)

EVERY_S = 30.0
MODE = 0o644  # another user reads it


async def keep(daemon: "Daemon") -> None:
    """Write it again and again; at the end take it away, for what does not run has no figures."""
    written: Path | None = None
    told = ""
    try:
        while True:
            wanted = daemon.mirror.config.http.textfile  # which a reload may change
            if written not in (None, wanted):
                _remove(written)
            written = wanted
            if wanted is not None:
                try:
                    with contained("The metrics", told):
                        facts = await metrics.gather(daemon)
                        # The node exporter has memory and CPU of its own process under the same names.
                        text = metrics.expose(daemon, facts, process=False)
                        await asyncio.to_thread(replace, wanted, text)
                    told = ""
                except PixmirrorError as error:
                    if str(error) != told:
                        log.warning("The metrics are not written (http.textfile): %s.", str(error).rstrip("."))
                    told = str(error)
            await daemon.mirror.clock.sleep(EVERY_S)
    finally:
        _remove(written)


def _remove(path: Path | None) -> None:
    if path is not None:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def replace(path: Path, text: bytes) -> None:
    """Give a file this content in one step: who reads it meanwhile has the old one. StorageError."""
    temporary = path.with_name(f".{path.name}.tmp")  # the node exporter reads none that ends so
    with storage(path):
        temporary.unlink(missing_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, MODE)  # whatever mirror.umask says
            file.write(text)
        temporary.replace(path)
