"""What happens in a generated world in the days after it was made: the things that a mirror is for.

The same world has the same story, whenever its server starts: what lies in the past has happened.
"""

from dataclasses import dataclass

from pixmirror.clock import HOUR_MS
from pixmirror.demo import lists, words
from pixmirror.demo.world import LIVE, Key, World

A_LIFE_S_WORK = 12  # about how many works the artist has who leaves


@dataclass(frozen=True, slots=True)
class Cast:
    """To whom it happens; None where the world is too small for it."""

    leaver: int | None
    poster: int | None
    deleted: Key | None
    unmarked: Key | None


def begin(world: World, made_ms: int) -> Cast:
    """Make it happen in the hours and days after `made_ms`."""
    with world.lock:
        cast = _cast(world)
    if (poster := cast.poster) is not None:
        _post_and_replace(world, poster, made_ms + HOUR_MS, made_ms + 60 * HOUR_MS)
    if (deleted := cast.deleted) is not None:
        world.at(made_ms + 8 * HOUR_MS, lambda w: w.delete(deleted))
    if (unmarked := cast.unmarked) is not None:
        world.at(made_ms + 9 * HOUR_MS, lambda w: w.unbookmark(unmarked))
    if (leaver := cast.leaver) is not None:
        world.at(made_ms + 10 * HOUR_MS, lambda w: w.leave(leaver))
    return cast


def _post_and_replace(world: World, user_id: int, posted_ms: int, replaced_ms: int) -> None:
    """Post a picture, and some days later a better one in its place, under a new title."""
    made: list[Key] = []

    def post(w: World) -> None:
        made.append(w.post(user_id, create_ms=posted_ms, title=f"{words.SPOKEN}の街").key)

    def replace(w: World) -> None:
        w.edit(made[0], file_ms=replaced_ms, title=f"{w.get(made[0]).title} (修正版)")

    world.at(posted_ms, post)
    world.at(replaced_ms, replace)


def _cast(world: World) -> Cast:
    marks = world.bookmarks.get(world.me, {})
    followed = [f.user_id for f in world.follows.get(world.me, {}).values() if not world.users[f.user_id].gone]
    works = {u: [k for m in ("illust", "novel") for k in lists.works_of(world, u, m)] for u in followed}
    several = [u for u in followed if len(works[u]) > 1]
    leaver = min(several, key=lambda u: (abs(len(works[u]) - A_LIFE_S_WORK), u), default=None)
    stay = sorted(u for u in followed if u != leaver and works[u])
    newest = max(
        (world.get(k) for u in stay for k in works[u] if k not in marks),
        key=lambda w: (w.create_ms, w.key),
        default=None,
    )
    marked = sorted(k for k in marks if world.get(k).state == LIVE and world.get(k).user_id in stay)
    return Cast(leaver, stay[0] if stay else None, newest.key if newest else None, marked[0] if marked else None)
