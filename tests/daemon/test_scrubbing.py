"""The running daemon reads its files again, beside all else, and stops at once when it is told to."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from pixmirror.catalogue.database import Connection
from pixmirror.daemon import scrubbing
from pixmirror.daemon.scrubbing import Rest, Stopped
from pixmirror.daemon.serve import Daemon
from tests.daemon.service import FOLLOWING, Service, SetClock, app_of, small_world, until
from tests.virtual_time import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def unread(conn: Connection) -> int:
    sql = "SELECT count(*) FROM media WHERE verified_at IS NULL OR state != 'stored'"
    count: int = conn.exec_driver_sql(sql).scalar_one()
    return count


def has_left(daemon: Daemon, most: int) -> bool:
    return daemon.mirror.db.read_sync(unread) <= most


async def test_a_running_daemon_reads_every_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "TICK_S", 0.05)
    clock = SetClock()
    async with serving(app_of(small_world())) as url:
        service = Service(tmp_path, url, [FOLLOWING], more="[scrub]\ndays = 2")
        async with service.running(clock) as daemon:
            await until(lambda: daemon.engine.files >= 6)
            assert daemon.mirror.db.read_sync(unread) == 6
            for left in (3, 0):  # the share of a day each, which no longer rest makes larger
                clock.offset_s += 2 * 86_400
                await until(partial(has_left, daemon, left))


def test_it_rests_three_times_as_long_as_it_reads_and_ends_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rest, waits, times = Rest(), list[float](), iter((0.0, 0.2, 0.8, 9.8, 9.8))
    monkeypatch.setattr(scrubbing, "time", SimpleNamespace(monotonic=lambda: next(times)))
    monkeypatch.setattr(rest._stop, "wait", waits.append)
    rest.begin()
    rest(1)
    rest(1)
    assert waits == [pytest.approx(0.6), scrubbing.LONGEST_S]
    rest.stop()
    monkeypatch.undo()
    with pytest.raises(Stopped):
        rest(1)
