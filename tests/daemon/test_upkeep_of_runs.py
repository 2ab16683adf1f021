"""Upkeep of what the mirror notes of its own work, in a running service."""

from pathlib import Path

import pytest

from pixmirror.catalogue import runs
from pixmirror.catalogue.sql import rows
from pixmirror.clock import DAY_MS
from pixmirror.config import load
from pixmirror.daemon import upkeep
from pixmirror.daemon.mirror import open_mirror
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import Service

pytestmark = pytest.mark.anyio


async def test_runs_of_the_last_90_days_stay_and_older_ones_become_one_a_day(tmp_path: Path) -> None:
    service = Service(tmp_path, "http://127.0.0.1:9")
    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        now = mirror.clock.now()
        for days in (200, 91, 90, 1):
            for n in range(3):
                at = (now // DAY_MS - days) * DAY_MS + n
                run_id = await mirror.db.run(runs.start_run, "following", "following", at)
                await mirror.db.run(runs.end_run, run_id, "done", at + 1, requests=4)
        await upkeep.run_due(mirror, lambda cause, error: None)
        found = await mirror.db.read(lambda conn: rows(conn, "SELECT runs, requests FROM run ORDER BY id"))
        assert [tuple(one) for one in found] == [(3, 12), (3, 12), *[(1, 4)] * 6]
        assert mirror.db.path.with_name("catalogue.db-wal").stat().st_size < 1 << 20
