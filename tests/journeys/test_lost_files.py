"""A disk that was away, and a file that Pixiv does not have any more: nothing that lies there is lost for good."""

from pathlib import Path

from pixmirror import verify
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.sync.kinds import FollowingJob
from tests.faults import Faults
from tests.standin import Setup
from tests.virtual_time import VirtualClock, run_virtually, serving

JOB = FollowingJob(name="f", kind="following", every="30m", comments=False, profiles=False, novels=False)
DAY_S = 86_400


async def verified(setup: Setup, clock: VirtualClock) -> verify.Report:
    async with open_mirror(setup.config(), {}, clock=clock) as mirror:
        root = mirror.root
        return await verify.run(mirror.db, root.media, quick=False, now=clock.now(), guard=root.check_media)


def test_what_was_given_up_while_its_disk_was_away_is_stored_again_when_it_is_back(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        add_artist(world, works=6, manga=0, ugoira=0, novels=0, until_ms=clock.now())
        away = add_artist(world, works=2, manga=0, ugoira=0, novels=0, until_ms=clock.now())
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [JOB])
            await setup.sync(clock=clock)
            for work in [w for w in world.works.values() if w.user_id == away.id]:
                world.delete(work)
            await clock.sleep(30 * DAY_S)
            folder = setup.root / "media" / str(away.id)
            folder.rename(tmp_path / "away")
            lost = (await verified(setup, clock)).missing
            assert lost >= 2
            for _ in range(12):
                await setup.sync(clock=clock)
                await clock.sleep(3 * DAY_S)
                if not {f["state"] for f in setup.export("files")} & {"wanted", "waiting"}:
                    break
            given_up = [f for f in setup.export("files") if f["state"] != "stored"]
            assert {f["state"] for f in given_up} == {"gone"}
            report = await verified(setup, clock)
            assert (report.sound, report.given_up, report.still_wanted) == (False, lost, 0)

            for sidecar in folder.glob("*.json"):
                sidecar.unlink()
            if folder.exists():
                folder.rmdir()
            (tmp_path / "away").rename(folder)
            await clock.sleep(DAY_S)
            await setup.sync(clock=clock)
            assert {f["state"] for f in setup.export("files")} == {"stored"}
            assert (await verified(setup, clock)).sound

    run_virtually(main)
