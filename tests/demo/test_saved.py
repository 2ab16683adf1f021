"""A world that was saved goes on as the same world."""

from pathlib import Path
from random import Random

from pixmirror.demo import live, saved
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.world import ManualNow, World

SPEC = WorldSpec(now_ms=1_790_000_000_000, artists=6, private=2, others=3, works=60, bookmarks=20, commented=10)


def everything(world: World) -> dict[str, object]:
    names = ("users", "works", "newest", "series", "comments", "threads", "bookmarks", "follows", "own")
    listed = {key: ids for key, ids in world.by_user.items() if ids}
    same = {name: getattr(world, name) for name in (*names, "files", "left", "me", "seed", "serial")}
    return same | {"by_user": listed}


def test_all_of_a_world_comes_back_and_ids_are_handed_out_once(tmp_path: Path) -> None:
    now = ManualNow(1_790_000_000_000)
    world = generate(SPEC, now)
    world.leave(next(iter(world.follows[world.me])))
    world.own.markers[7] = 3
    world.own.drafts[8] = {"novel_draft_id": 8}
    world.files["a.png"] = b"\x89PNG"
    live.step(world, Random(1))

    saved.save(world, tmp_path / "pixiv.json")
    back = saved.load(tmp_path / "pixiv.json", now)

    assert everything(back) == everything(world)
    ids = set(world.works)
    now.advance(60)
    for _ in range(20):
        live.step(back, Random(1))
    assert len(back.works) == len(ids) + 20
