"""The daemon makes backups at their time, tells when one fails, and fills no disk that is not mounted."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pixmirror.backup import checking
from pixmirror.config import BackupConfig
from pixmirror.daemon.backups import AGAIN_MS, is_due
from pixmirror.demo.server import create_app
from pixmirror.store.backup_notes import Note, read_notes, write_note
from tests.daemon.service import Service, SetClock, small_world, until
from tests.virtual_time import serving

NOW = 1_790_000_000_000
HOUR = 3_600_000
pytestmark = pytest.mark.anyio


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with serving(create_app(small_world())) as url:
        found = Service(tmp_path, url)
        found.more = f'[backup]\nto = "{tmp_path}/usb/pixmirror"\nevery = "1h"\nkeep = 2\n'
        found.write()
        yield found


async def test_a_backup_that_was_never_begun_is_told_and_nothing_is_made(service: Service, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    async with service.running() as daemon:
        await until(lambda: any(note.error for note in read_notes(service.root)))
        await daemon.notices.all_told()
    note = read_notes(service.root)[0]
    assert "pixmirror backup --begin" in note.error
    assert not (tmp_path / "usb/pixmirror").exists()


async def test_backups_are_made_while_it_mirrors_and_again_when_they_are_due(
    service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixmirror.backup.making import Plan, make
    from pixmirror.daemon import backups
    from pixmirror.store import outside

    monkeypatch.setattr(backups, "LOOK_S", 0.05)
    to, clock = tmp_path / "usb/pixmirror", SetClock()
    to.parent.mkdir()
    async with service.running(clock):
        await until(lambda: read_notes(service.root))
        mirror = outside.unlocked(service.root, service.root / "media")
        await asyncio.to_thread(make, Plan(mirror, to), clock.now())
        caplog.set_level(logging.INFO)
        clock.offset_s += 2 * 3600
        await until(lambda: "Backed up to" in caplog.text)
        found = await asyncio.to_thread(checking.check, to)
        assert (found.sound, found.runs) == (True, 2)
        assert read_notes(service.root)[0].error == ""
        to.rename(tmp_path / "away")
        clock.offset_s += 2 * 3600
        await until(lambda: "No backup was made to" in caplog.text)
        assert not to.exists()
        assert (await service.ask("status"))["pid"]
    shutil.rmtree(tmp_path / "away")


def test_a_backup_is_due_by_its_own_time_and_after_a_failure_in_an_hour(tmp_path: Path) -> None:
    assert not is_due(BackupConfig(), tmp_path, NOW)
    daily = BackupConfig.model_construct(to=tmp_path / "usb", every=None, cron=None, timezone=None)
    assert is_due(daily, tmp_path, NOW)
    write_note(tmp_path, Note(str(tmp_path / "usb"), at=NOW))
    assert not is_due(daily, tmp_path, NOW + 23 * HOUR)
    assert is_due(daily, tmp_path, NOW + 25 * HOUR)
    write_note(tmp_path, Note(str(tmp_path / "usb"), at=NOW, tried_at=NOW + 25 * HOUR, error="away"))
    assert not is_due(daily, tmp_path, NOW + 25 * HOUR + AGAIN_MS - 1)
    assert is_due(daily, tmp_path, NOW + 26 * HOUR)
    # A clock that was set back does not put it off for long.
    assert is_due(daily, tmp_path, NOW + 24 * HOUR + 1)
