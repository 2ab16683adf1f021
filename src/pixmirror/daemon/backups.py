"""The backups of the running daemon: made when they are due, in a thread of low priority; told when they fail."""

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pixmirror.backup import BackupFailed, making
from pixmirror.backup.making import Report, Stopped
from pixmirror.catalogue.words import length, many
from pixmirror.clock import HOUR_MS
from pixmirror.config import BackupConfig, Config, config_to_back_up, find_config
from pixmirror.contained import contained
from pixmirror.errors import ConfigError, PixmirrorError
from pixmirror.models import from_ms
from pixmirror.schedule import When
from pixmirror.store import MirrorRoot
from pixmirror.store.backup_notes import read_notes
from pixmirror.terminal import size

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

log = logging.getLogger(__name__)

CAUSE = "backup"
LOOK_S = 60.0
AGAIN_MS = HOUR_MS  # after a failure
DAY_S = 86_400


async def keep(daemon: "Daemon") -> None:
    """Make each backup when it is due, for ever. What fails is told, and tried again in an hour."""
    while True:
        mirror = daemon.mirror
        if is_due(mirror.config.backup, mirror.root.root, mirror.clock.now()):
            failed = await _once(mirror.config, mirror.root, daemon.config_path, mirror.clock.now())
            if failed is not None:
                log.warning("%s", failed)
            daemon.notices.trouble(CAUSE, failed)
        await mirror.clock.sleep(LOOK_S)


def is_due(config: BackupConfig, root: Path, now: int) -> bool:
    """Return whether a backup is to be made now."""
    if config.to is None:
        return False
    note = next((one for one in read_notes(root) if one.to == str(config.to.absolute())), None)
    if note is not None and note.error and 0 <= now - (note.tried_at or 0) < AGAIN_MS:
        return False
    every = config.every or (None if config.cron else DAY_S)
    last = note.at if note is not None else None
    return When(CAUSE, every, config.cron, config.timezone, last).overdue(from_ms(now))


async def _once(config: Config, root: MirrorRoot, config_path: Path | None, now: int) -> BackupFailed | None:
    """Make one. Return what is to be told of it."""
    b = config.backup
    assert b.to is not None
    stop, began = threading.Event(), time.monotonic()
    with suppress(ConfigError):
        config_path = config_to_back_up(find_config(config_path), secrets=b.with_credentials)
    plan = making.Plan(
        root, b.to, keep=b.keep, secrets=b.with_credentials, config=config_path, is_scheduled=True
    )  # fmt: skip
    pool = ThreadPoolExecutor(1, "backup", initializer=_be_the_last)
    try:
        with contained(f"The backup to {b.to}"):
            loop = asyncio.get_running_loop()
            report = await loop.run_in_executor(pool, _make, plan, now, stop)
    except PixmirrorError as error:
        return BackupFailed(f"No backup was made to {b.to}: {str(error).rstrip('.')}.")
    finally:
        stop.set()
        pool.shutdown(wait=False)
    if report is None:
        return None
    took = length(time.monotonic() - began)
    new = f"{many(report.new, 'new file')} ({size(report.new_bytes)})"
    log.info("Backed up to %s: %s of %s, in %s.", b.to, new, f"{report.files:,}", took)
    return _lacks(report)


def _make(plan: making.Plan, now: int, stop: threading.Event) -> Report | None:
    try:
        return making.make(plan, now, is_stopped=stop.is_set)
    except Stopped:
        return None


def _lacks(report: Report) -> BackupFailed | None:
    """Return what a run that was made does not have, or did not do."""
    if report.is_whole and not report.held:
        return None
    lack = report.missing + report.bad + report.waiting
    text = f"The backup to {report.to} lacks {many(lack, 'file')}." if lack else ""
    return BackupFailed(f"{text} {report.held}".strip())


def _be_the_last(priority: int = 19) -> None:
    """Let all else go first. Where the system does not allow that, it is done as it is."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), priority)
