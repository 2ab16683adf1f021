"""The catalogue is lost, empty, or put back from a backup: no byte is mixed up, and none is lost."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database, catalogue_path, open_readonly
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.fetch import from_media
from pixmirror.store import MirrorRoot
from pixmirror.sync.kinds import FollowingJob
from tests.faults import Faults
from tests.standin import Setup
from tests.truth import truth
from tests.virtual_time import VirtualClock, run_virtually, serving

PLAIN_JOB = FollowingJob(name="f", kind="following", every="30m", comments=False, profiles=False, novels=False)
DAY_S = 86_400


def test_a_catalogue_from_before_a_work_was_met_takes_no_old_version_for_the_present_one(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        add_artist(world, works=1, manga=0, ugoira=0, novels=0, until_ms=clock.now() - 9 * DAY_S * 1000)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            setup = Setup(tmp_path / "mirror", url, [PLAIN_JOB])
            await setup.sync(clock=clock)
            shutil.copy(setup.root / "catalogue.db", tmp_path / "backup.db")
            add_artist(world, works=3, manga=0, ugoira=0, novels=0, until_ms=clock.now())
            await clock.sleep(DAY_S)
            await setup.sync(clock=clock)
            late = list(world.works.values())[1]
            world.replace_files(late)
            await clock.sleep(40 * DAY_S)
            await setup.sync(clock=clock)
            before = {path: path.read_bytes() for path in (setup.root / "media").rglob("*.*") if path.is_file()}
            shutil.copy(tmp_path / "backup.db", setup.root / "catalogue.db")
            fetched = len(faults.asked("/img-original/"))
            await setup.sync(clock=clock)
            assert len(faults.asked("/img-original/")) == fetched
        mine = {(f["id"], f["page"]): f for f in setup.export("files")}
        for true in truth(world, "files"):
            assert mine[true["id"], true["page"]]["sha256"] == true["sha256"]
        for file in setup.export("files"):
            body = (setup.root / "media" / file["path"]).read_bytes()
            assert hashlib.sha256(body).hexdigest() == file["sha256"]
        for path, body in before.items():
            if path.suffix != ".json":
                assert path.read_bytes() == body
        # The earlier version, which this catalogue never met, stays on record in the sidecar.
        [sidecar] = (setup.root / "media").glob(f"*/{late.id}.json")
        files = json.loads(sidecar.read_text())["files"]
        for file in files:
            body = (setup.root / "media" / file["path"]).read_bytes()
            assert (file["size"], file["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
        assert len(files) == 2 * late.page_count

    run_virtually(main)


def as_of_before(sidecar: Path) -> None:
    """As sidecars were written before they listed versions and hashes."""
    data = json.loads(sidecar.read_text())
    keys = ("role", "index", "url", "path")
    data["files"] = [{k: f[k] for k in keys} for f in data["files"] if f["current"]]
    sidecar.write_text(json.dumps(data))


def as_it_is(sidecar: Path) -> None:
    """With all that it says."""


@pytest.mark.parametrize("harm", [as_it_is, as_of_before, Path.unlink])
def test_both_versions_of_a_replaced_picture_come_back(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        add_artist(world, works=2, manga=1, ugoira=1, novels=0, until_ms=clock.now() - 9 * DAY_S * 1000)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            setup = Setup(tmp_path / "mirror", url, [PLAIN_JOB])
            await setup.sync(clock=clock)
            world.replace_files(next(w for w in world.works.values() if w.type == "illust"))
            await clock.sleep(40 * DAY_S)
            await setup.sync(clock=clock)
            await setup.sync(clock=clock)
            columns = "owner_id, role, idx, version, is_current, path, size, sha256, state"
            query = f"SELECT {columns} FROM media ORDER BY 1, 2, 3, 4"
            with open_readonly(catalogue_path(setup.root)) as db:
                before = db.read_sync(lambda c: c.exec_driver_sql(query).all())
            assert len({row.is_current for row in before}) == 2
            catalogue_path(setup.root).unlink()
            for sidecar in (setup.root / "media").rglob("*.json"):
                harm(sidecar)
            migrate.upgrade(catalogue_path(setup.root))
            with MirrorRoot.open(setup.root) as root, Database.open(catalogue_path(setup.root)) as db:
                await asyncio.to_thread(from_media.rebuild, root, db, clock.now())
                assert db.read_sync(lambda c: c.exec_driver_sql(query).all()) == before
            fetched = len(faults.asked("/img-"))
            report = await setup.sync(clock=clock)
            assert (report.exit_code, len(faults.asked("/img-"))) == (0, fetched)
            with open_readonly(catalogue_path(setup.root)) as db:
                assert db.read_sync(lambda c: c.exec_driver_sql(query).all()) == before

    run_virtually(main)
