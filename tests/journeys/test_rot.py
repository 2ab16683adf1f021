"""Rot in many files while works vanish upstream, with a copy that has rotted, too: what can be had comes back."""

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pixmirror import verify
from pixmirror.catalogue import losses
from pixmirror.catalogue.database import open_readonly
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.sync.kinds import FollowingJob
from tests.faults import Faults
from tests.standin import Setup
from tests.virtual_time import VirtualClock, run_virtually, serving

JOB = FollowingJob(name="f", kind="following", every="30m", comments=False, profiles=False, novels=False)
DAY_S = 86_400


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 4
    path.write_bytes(body)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def blank(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


HARM: tuple[Callable[[Path], None], ...] = (flip, shorten, blank, Path.unlink)


async def verified(setup: Setup, clock: VirtualClock, copy: Path) -> verify.Report:
    async with open_mirror(setup.config(), {}, clock=clock) as mirror:
        root = mirror.root
        return await verify.run(
            mirror.db,
            root.media,
            quick=False,
            now=clock.now(),
            believe=True,
            guard=root.check_media,
            root=root,
            copies=[copy, copy / "not mounted"],
        )


@pytest.mark.parametrize("many", [12, pytest.param(200, marks=pytest.mark.long)])
def test_of_rotten_files_all_that_can_be_had_is_back_and_the_rest_is_listed(tmp_path: Path, many: int) -> None:
    rng = random.Random(many)

    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        add_artist(world, works=many, until_ms=clock.now())
        gone = add_artist(world, works=many, until_ms=clock.now())
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [JOB])
            await setup.sync(clock=clock)
            media, copy = setup.root / "media", tmp_path / "copy"
            shutil.copytree(media, copy / "media")
            stored = {f["path"]: f["sha256"] for f in setup.export("files")}
            rotten = rng.sample(sorted(stored), many)
            for path in rotten:
                rng.choice(HARM)(media / path)
            bad_copies = set(rng.sample(sorted(stored), many))
            for path in bad_copies:
                rng.choice(HARM)(copy / "media" / path)
            for work in [w for w in world.works.values() if w.user_id == gone.id]:
                world.delete(work)
            await clock.sleep(30 * DAY_S)  # after which the image host has their files no more

            report = await verified(setup, clock, copy)
            assert report.missing + report.wrong_size + report.wrong_hash == many
            assert report.copies_absent == [str(copy / "not mounted")]
            for _ in range(12):
                await setup.sync(clock=clock)
                await clock.sleep(3 * DAY_S)
                if not {f["state"] for f in setup.export("files")} & {"wanted", "waiting"}:
                    break
            report = await verified(setup, clock, copy)

            lost = {path for path in set(rotten) & bad_copies if path.startswith(f"{gone.id}/")}
            assert lost
            assert report.lost == sorted(lost)
            assert (report.given_up, report.still_wanted, report.sound) == (len(lost), 0, False)
            for path, sha256 in stored.items():
                if path not in lost:
                    assert hashlib.sha256((media / path).read_bytes()).hexdigest() == sha256, path
            with open_readonly(catalogue_path(setup.root)) as db:
                listed = db.read_sync(losses.given_up, many)
            assert {one.path: one.sha256 for one in listed} == {path: stored[path] for path in lost}

    run_virtually(main)
