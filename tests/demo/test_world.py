"""A world is its seed and its time, and changes only as told."""

from random import Random

import pytest

from pixmirror.clock import DAY_MS
from pixmirror.demo import live, media
from pixmirror.demo.generate import UNCOMMENTED_DAYS, WorldSpec, add_artist, empty_world, generate
from tests.truth import mirrored, originals, truth


def files_of(world, works):
    files = [
        media.find(world, url.removeprefix("https://i.pximg.net"))
        for w in works
        for *_, url in originals(world, w)
    ]
    return [file.make() for file in files if file is not None]


def test_the_same_seed_and_time_make_the_same_world_to_the_last_byte(now):
    one, two = generate(WorldSpec(), now), generate(WorldSpec(), now)
    assert one.works == two.works
    assert one.comments == two.comments
    for kind in ("works", "novels", "users", "tags", "comments", "bookmarks", "follows"):
        assert truth(one, kind) == truth(two, kind)
    assert files_of(one, mirrored(one)[:8]) == files_of(two, mirrored(two)[:8])
    assert generate(WorldSpec(seed=8), now).works != one.works


def test_the_default_world_has_what_the_readme_promises(now):
    world = generate(WorldSpec(), now)
    follows = [f.restrict for f in world.follows[world.me].values() if not world.users[f.user_id].gone]
    assert (follows.count("public"), follows.count("private")) == (30, 10)
    assert len(world.works) == 900
    kinds = [w.type for w in world.works.values()]
    assert all(
        kinds.count(kind) >= least
        for kind, least in (("illust", 450), ("manga", 120), ("ugoira", 30), ("novel", 70))
    )
    assert {w.state for w in world.works.values()} >= {"live", "deleted", "limit_sanity_level", "limit_mypixiv"}
    comments = world.comments.values()
    assert any(c.stamp_id for c in comments)
    assert any(c.parent_id for c in comments)
    assert any(c.user_id is None for c in comments)
    assert sum(w.ai_type == 2 for w in world.works.values()) == 2
    marks = world.bookmarks[world.me].values()
    assert {(m.key[0], m.restrict) for m in marks} == {
        (medium, restrict) for medium in ("illust", "novel") for restrict in ("public", "private")
    }
    illusts = {i for m, i in world.works if m == "illust"}
    assert sum(m == "novel" and i in illusts for m, i in world.works) == 3


def test_ids_grow_with_time_and_young_works_have_no_comments(now):
    world = generate(WorldSpec(), now)
    for medium in ("illust", "novel"):
        works = [w for w in world.works.values() if w.medium == medium]
        assert sorted(works, key=lambda w: (w.create_ms, w.id)) == sorted(works, key=lambda w: w.id)
    commented = [world.works[key] for key, thread in world.threads.items() if thread]
    assert max(w.create_ms for w in commented) < now() - UNCOMMENTED_DAYS * DAY_MS
    assert max(c.ms for c in world.comments.values()) <= now()


@pytest.mark.parametrize(
    "spec", [WorldSpec(artists=2, others=0, works=5, private=0), WorldSpec(artists=0, others=0, works=0)]
)
def test_tiny_worlds_are_worlds_too(now, spec):
    world = generate(spec, now)
    assert len(world.works) == spec.works
    assert {w.user_id for w in world.works.values()} <= set(world.follows.get(world.me, {}))


def test_an_exact_artist_has_exactly_what_was_asked(now):
    world = empty_world(now)
    add_artist(world, works=3, manga=2, ugoira=1, novels=4, pages=5)
    kinds = [w.type for w in world.works.values()]
    assert [kinds.count(k) for k in ("illust", "manga", "ugoira", "novel")] == [3, 2, 1, 4]
    assert {w.page_count for w in world.works.values() if w.type == "manga"} == {5}
    assert max(w.create_ms for w in world.works.values()) == now()


def test_what_is_due_happens_at_its_time_and_in_order(now):
    world = empty_world(now)
    artist = add_artist(world, works=1)
    (work,) = world.works.values()
    world.at(now() + 20_000, lambda w: w.edit(work, title="second"))
    world.at(now() + 10_000, lambda w: (w.edit(work, title="first"), w.post(artist.id)))
    world.settle()
    assert len(world.works) == 1
    now.advance(10)
    world.settle()
    assert (world.get(work).title, len(world.works)) == ("first", 2)
    now.advance(10)
    world.settle()
    assert world.get(work).title == "second"


def test_a_live_world_keeps_growing(now):
    world = generate(WorldSpec(artists=4, private=1, others=2, works=40), now)
    before, rng = len(world.works), Random(1)
    for _ in range(40):
        now.advance(5)
        live.step(world, rng)
    assert len(world.works) == before + 40
    assert len({w.id for w in world.works.values() if w.medium == "illust"}) > 40
    assert files_of(world, [w for w in world.works.values() if w.create_ms == now()])
