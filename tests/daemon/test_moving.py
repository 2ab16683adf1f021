"""Moving the mirror: stop, copy, change one key."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pixmirror import verify
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.server import running
from pixmirror.sync.kinds import FollowingJob
from tests.daemon.service import app_of, small_world
from tests.standin import FOLLOWING, Setup

pytestmark = pytest.mark.anyio


async def test_a_copied_mirror_with_one_key_changed_verifies_and_goes_on_without_fetching_anything(
    tmp_path: Path,
) -> None:
    app = app_of(small_world())
    jobs: list[FollowingJob] = [FOLLOWING]
    with running(app) as url:
        old = Setup(tmp_path / "old", url, jobs)
        assert (await old.sync()).exit_code == 0
        shutil.copytree(old.root, tmp_path / "new disk" / "mirror")
        shutil.rmtree(old.root)
        app.state.counts.clear()
        app.state.image_counts.clear()

        new = replace(old, root=tmp_path / "new disk" / "mirror")
        async with open_mirror(new.config(), {}) as mirror:
            mirror.root.check_media()
            report = await verify.run(
                mirror.db, mirror.root.media, quick=True, now=mirror.clock.now(), guard=mirror.root.check_media
            )
        assert report.sound
        assert report.checked == 6
        assert report.unknown_files == 0
        assert (await new.sync()).exit_code == 0

    assert not app.state.image_counts
    assert "/auth/token" not in app.state.counts  # the login moved with it
