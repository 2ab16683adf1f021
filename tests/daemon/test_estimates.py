"""How often the engine counts what is left: each minute of work, and rarely while there is none."""

from pathlib import Path

import pytest

from pixmirror.catalogue.database import Connection
from pixmirror.config import Config
from pixmirror.daemon.engine import UPKEEP_S
from pixmirror.daemon.estimates import keep_what_is_left
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.reports.kept import kept_line
from tests.standin import FOLLOWING, Setup
from tests.virtual_time import VirtualClock, run_virtually, serving, working


def test_what_is_left_is_counted_each_minute_of_work_and_rarely_while_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []

    def noted(conn: Connection, now: int, config: Config) -> None:
        counted.append(now)
        keep_what_is_left(conn, now, config)

    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        for _ in range(6):
            add_artist(world, works=2, manga=0, ugoira=0, novels=0, until_ms=clock.now() - 9 * 86_400_000)
        async with serving(create_app(world)) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING], pixiv={"requests_per_minute": 2})
            async with working(setup, clock) as engine:
                await engine.run_job(engine.mirror.jobs["following"])
                counted.clear()
                await clock.sleep(600)
                assert 7 <= len(counted) <= 10
                assert await engine.mirror.db.read(kept_line) != ("", "")
                while not engine.wakeup.quiet():
                    await clock.sleep(60)
                await clock.sleep(120)
                assert await engine.mirror.db.read(kept_line) == ("", "")
                counted.clear()
                await clock.sleep(7200)
                assert len(counted) <= 7200 / UPKEEP_S + 2  # the upkeep wakes the loops

    monkeypatch.setattr("pixmirror.daemon.engine.keep_what_is_left", noted)
    run_virtually(main)
