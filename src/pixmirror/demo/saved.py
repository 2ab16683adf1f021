"""A world on disk, so that it goes on where it was when its server starts again: ids are handed out once."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pixmirror.demo.own import Own, Upload
from pixmirror.demo.things import Bookmark, Comment, Follow, Left, Series, User, Work
from pixmirror.demo.world import World

SETTINGS = ("seed", "short_pages", "strip_captions", "ranking_size")


def save(world: World, path: Path) -> None:
    """Write all of a world, but what is only going to happen in it."""
    with world.lock:
        text = json.dumps(_state(world), ensure_ascii=False)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)


def load(path: Path, now: Callable[[], int]) -> World:
    """Return the world that was saved there. ValueError, KeyError or TypeError if the file is damaged."""
    kept = json.loads(path.read_text("utf-8"))
    users = [User(**user) for user in kept["users"]]
    me = next(user for user in users if user.id == kept["me"])
    world = World(now, **{name: kept[name] for name in SETTINGS}, me=me)
    for user in users:
        world.add_user(user)
    for work in kept["works"]:
        world.add(Work(**work | {"tags": tuple(work["tags"]), "tools": tuple(work["tools"])}
                       | {"uploads": tuple(work["uploads"])}))  # fmt: skip
    for series in kept["series"]:
        one = Series(**series | {"works": tuple(series["works"])})
        world.series[one.medium, one.id] = one
    for comment in (Comment(**comment) for comment in kept["comments"]):
        world.comments[comment.medium, comment.id] = comment
        world.threads.setdefault((comment.medium, comment.work_id), []).append(comment.id)
    for user_id, marks in kept["bookmarks"]:
        made = (Bookmark(**m | {"key": tuple(m["key"]), "tags": tuple(m["tags"])}) for m in marks)
        world.bookmarks[user_id] = {mark.key: mark for mark in made}
    for user_id, follows in kept["follows"]:
        world.follows[user_id] = {follow["user_id"]: Follow(**follow) for follow in follows}
    for user_id, states, said in kept["left"]:
        world.left[user_id] = Left({tuple(key): state for key, state in states}, tuple(map(tuple, said)))
    world.own = _own(kept["own"])
    world.files = {name: b64decode(body) for name, body in kept["files"].items()}
    world.newest = kept["newest"]
    world.go_on_counting(kept["serial"])
    return world


def _state(world: World) -> dict[str, Any]:
    return {
        **{name: getattr(world, name) for name in SETTINGS},
        "me": world.me,
        "newest": world.newest,
        "serial": world.serial,
        "users": [asdict(user) for user in world.users.values()],
        "works": [asdict(work) for work in world.works.values()],
        "series": [asdict(series) for series in world.series.values()],
        "comments": [asdict(comment) for comment in world.comments.values()],
        "bookmarks": [(user, [asdict(m) for m in marks.values()]) for user, marks in world.bookmarks.items()],
        "follows": [(user, [asdict(f) for f in follows.values()]) for user, follows in world.follows.items()],
        "left": [(user, list(left.states.items()), left.said) for user, left in world.left.items()],
        "own": asdict(world.own),
        "files": {name: b64encode(body).decode() for name, body in world.files.items()},
    }


def _own(kept: dict[str, Any]) -> Own:
    """Return it with numbers where JSON has only words for keys."""
    numbered = {name: {int(key): value for key, value in kept[name].items()} for name in ("markers", "drafts")}
    return Own(**kept | numbered | {"uploads": {key: Upload(**one) for key, one in kept["uploads"].items()}})
