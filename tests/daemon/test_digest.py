"""The digest: sent once a day or week at its time, of the days since the last one; printed when asked for."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pixmirror.catalogue.database import Connection
from pixmirror.cli import app
from pixmirror.config import load
from pixmirror.daemon import digests
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.sync import sync
from pixmirror.demo.server import running
from pixmirror.models import to_ms
from pixmirror.models.notices import Rhythm
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import Service, SetClock, app_of, small_world
from tests.daemon.test_calm import notices_to, told

pytestmark = pytest.mark.anyio


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(app_of(small_world())) as url:
        yield Service(tmp_path, url)


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).astimezone())


@pytest.mark.parametrize(
    ("rhythm", "now", "due"),
    [
        ("daily", "2026-12-02T08:00", "2026-12-02T08:00"),
        ("daily", "2026-12-02T07:59", "2026-12-01T08:00"),
        ("weekly", "2026-12-02T12:00", "2026-11-30T08:00"),
        ("weekly", "2026-11-30T07:59", "2026-11-23T08:00"),
        ("weekly", "2026-11-30T08:01", "2026-11-30T08:00"),
    ],
)
def test_it_is_due_in_the_morning_a_week_s_on_monday(rhythm: Rhythm, now: str, due: str) -> None:
    assert digests.last_time(rhythm, at(now)) == at(due)


def gone(conn: Connection, now: int) -> None:
    """Let one work that is stored be gone at Pixiv."""
    key = conn.exec_driver_sql("select min(owner_id) from media where state = 'stored'").scalar()
    conn.exec_driver_sql("update work set state = 'gone' where work_key = ?", (key,))
    columns = "account_id, owner_kind, owner_id, state, evidence, at"
    sql = f"insert into state_change ({columns}) values (1, 'work', ?, 'gone', 'test', ?)"
    conn.exec_driver_sql(sql, (key, now))


async def test_a_sync_sends_it_once_a_day_of_what_came_since_the_last_one(service: Service) -> None:
    file, clock = notices_to(service, after="30m"), SetClock()
    service.more += 'digest = "daily"\n'
    service.write()

    async def synced(hours: float) -> list[str]:
        clock.offset_s += hours * 3600
        async with open_mirror(load(service.config, service.env, KINDS), service.env, clock=clock) as mirror:
            await sync(mirror, horizon_s=1)
            await mirror.db.run(gone, clock.now())
        return told(file)

    morning = at(f"{time.strftime('%Y-%m-%d')}T09:00")
    clock.offset_s = (morning + 86_400_000) / 1000 - time.time()
    assert await synced(0) == []  # the first is of the next day
    assert len(await synced(24)) == 1
    assert len(await synced(1)) == 1
    assert len(await synced(24)) == 2
    assert "pixmirror: 6 new works since" in told(file)[0]
    assert "pixmirror: 0 new works since" in told(file)[1]
    run = CliRunner()

    def printed(*options: str) -> str:
        asked = run.invoke(app, ["--config", str(service.config), "notify", "--digest", *options], env=service.env)
        assert asked.exit_code == 0, asked.output
        return asked.output

    said = await asyncio.to_thread(printed)
    assert "Came in:" in said
    assert "Disk:" in said
    found = json.loads(await asyncio.to_thread(printed, "--json"))
    assert set(found) == {
        *("since", "until", "came", "vanished", "vanished_here", "only_here", "counted_at", "disk", "sound"),
        *("backup", "title", "lines"),
    }


async def test_what_vanished_is_counted_and_how_much_of_it_is_kept(service: Service) -> None:
    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        await sync(mirror, horizon_s=1)
        before = mirror.clock.now()
        await mirror.db.run(gone, before)
        found = await mirror.db.read(digests.tell, mirror.config, mirror.clock.now(), before)
        assert (found.vanished, found.vanished_here, found.came.works) == (1, 1, 0)
        assert "Vanished at Pixiv: 1 work; 1 of them are kept here." in found.lines()
        week = await mirror.db.read(digests.tell, mirror.config, mirror.clock.now())
        assert week.came.works == 6
        assert week.sound.startswith("sound")
