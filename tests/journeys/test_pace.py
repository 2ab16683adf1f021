"""The default pace, in virtual time: how long things take, and that they take no longer than they must."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.schema import work
from pixmirror.config import FollowingJob
from pixmirror.daemon.engine import Engine
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.models import JST, work_key
from tests.faults import Faults, Seen, rate_limit
from tests.standin import Setup
from tests.virtual_time import VirtualClock, run_virtually, serving, working

SLOT_S = 2.0  # 30 requests a minute, the default
EVERY_S = 1800.0
DEFAULT_PACE = {"requests_per_minute": 30, "requests_per_day": 20_000}
LISTS_ONLY = FollowingJob(
    name="following", kind="following", every="30m", comments=False, profiles=False, files=False, novels=False
)


def a_setup(root: Path, url: str, job: FollowingJob = LISTS_ONLY, **pixiv: int) -> Setup:
    return Setup(root, url, [job], pixiv={**DEFAULT_PACE, **pixiv}, mirror={"sidecars": False})


def a_world(clock: VirtualClock, artists: int, works: int) -> World:
    """Artists all of whose works are older than a day."""
    world = empty_world(clock)
    for _ in range(artists):
        add_artist(world, works=works, until_ms=clock.now() - 86_400_000)
    return world


def known(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(work)).scalar_one()


def api(faults: Faults) -> list[Seen]:
    return [s for s in faults.seen if s.is_api]


def slots(requests: list[Seen]) -> list[float]:
    """Seconds between the starts of requests."""
    return [b.at - a.at for a, b in zip(requests, requests[1:], strict=False)]


async def until_quiet(engine: Engine, clock: VirtualClock, look_every_s: float = 60) -> None:
    """Until nothing is due, without looking so often."""
    await clock.sleep(look_every_s)
    while not engine.bell.quiet():
        await clock.sleep(look_every_s)


def first_mirror(root: Path, artists: int, works: int) -> tuple[float, list[Seen], int]:
    """Virtual seconds of a first sync, its requests, and how many works are known then."""

    async def main(clock: VirtualClock) -> tuple[float, list[Seen], int]:
        faults = Faults(create_app(a_world(clock, artists, works)))
        async with serving(faults) as url:
            setup = a_setup(root, url)
            report = await setup.sync(clock=clock)
            assert report.exit_code == 0
            return clock.monotonic(), api(faults), len(setup.export("works"))

    return run_virtually(main)


def check_first_mirror(root: Path, artists: int, works: int) -> None:
    took, requests, found = first_mirror(root, artists, works)

    lists = -(-works // 30) * artists
    assert found == artists * works
    assert Counter(s.path for s in requests)["/v1/user/illusts"] == lists
    assert took <= 1.1 * lists * SLOT_S
    assert min(slots(requests)) >= SLOT_S


def test_all_works_of_60_artists_are_known_within_1_1_times_what_their_lists_need(tmp_path: Path) -> None:
    check_first_mirror(tmp_path / "mirror", artists=60, works=100)


@pytest.mark.long
def test_all_works_of_1000_artists_are_known_within_1_1_times_what_their_lists_need(tmp_path: Path) -> None:
    check_first_mirror(tmp_path / "mirror", artists=1000, works=100)
