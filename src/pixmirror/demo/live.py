"""A world that goes on: now and then somebody posts, edits, replaces, bookmarks."""

import time
from collections.abc import Callable
from random import Random

from pixmirror.demo import words
from pixmirror.demo.world import LIVE, World


def go_on(world: World, seconds: float, saved: Callable[[], None]) -> None:
    """Let something happen every so many seconds, for ever, and save it each time. Needs a thread of its own."""
    rng = Random(f"{world.seed} live {world.serial}")
    while True:
        time.sleep(seconds)
        step(world, rng)
        saved()


def step(world: World, rng: Random) -> None:
    """Post a work by somebody whom the own account follows, and sometimes do something more."""
    with world.lock:
        people = [f for f in world.follows.get(world.me, {}) if not world.users[f].gone]
        if not people:
            return
        kind = rng.choices(("illust", "manga", "ugoira", "novel"), (62, 20, 6, 12))[0]
        posted = world.post(rng.choice(people), kind, total_bookmarks=rng.randint(0, 9))
        known = [work for work in world.works.values() if work.state == LIVE]
        if rng.random() < 0.25:
            world.edit(rng.choice(known), title=words.title(rng))
        if rng.random() < 0.25:
            world.bookmark(posted if rng.random() < 0.5 else rng.choice(known))
        if rng.random() < 0.2:
            world.replace_files(rng.choice([work for work in known if work.medium == "illust"] or [posted]))
