"""What `plan` says beforehand, against what the stand-in was really asked."""

from pathlib import Path

import pytest

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import open_readonly
from pixmirror.clock import Clock
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.reports import estimate, plan
from pixmirror.sync.kinds import FollowingJob
from pixmirror.sync.planning import planned
from tests.faults import Faults, status
from tests.standin import Setup

pytestmark = pytest.mark.anyio

JOB = FollowingJob(name="following", kind="following", every="30m")


def near(said: float, true: float, share: float = 0.2) -> bool:
    return abs(said - true) <= share * true


async def test_what_is_left_of_a_mirror_is_known_within_a_fifth(tmp_path: Path) -> None:
    world = empty_world()
    for works in (35, 70, 140, 200):
        add_artist(world, works=works, ugoira=works // 10, novels=works // 5)
    for n, work in enumerate(sorted(world.works.values(), key=lambda w: w.id)):
        if n % 2:
            world.comment(work.key, work.user_id, "well done")
    app = create_app(world)
    faults = Faults(app)
    with running(faults) as url:
        faults.add("/v1/user/(illusts|novels).*offset=", status(500))
        setup = Setup(tmp_path / "mirror", url, [JOB], mirror={"sidecars": False})
        await setup.sync(horizon_s=0)
        with open_readonly(catalogue_path(setup.root)) as db:
            before = db.read_sync(queue.counts)
            said = db.read_sync(plan.plan, Clock().now(), [planned(JOB)])
            left = db.read_sync(estimate.estimate, Clock().now(), [planned(JOB)])
        assert left == said.estimate

        faults.clear()
        app.state.counts.clear()
        report = await setup.sync(horizon_s=700)
        assert report.exit_code == 0
        asked = sum(n for path, n in app.state.counts.items() if path != "/auth/token")
        with open_readonly(catalogue_path(setup.root)) as db:
            after = db.read_sync(queue.counts)

    assert near(said.requests_total, asked), (said.requests, dict(app.state.counts))
    assert near(said.files, after.stored - before.stored)
    assert near(said.bytes, after.bytes_stored - before.bytes_stored)
