"""The stand-in Pixiv of these mirrors, in a process of its own: `python -m tests.kills.pixiv SEED ORIGIN_MS`.

It serves one world twice: as it is, and with one request in ten failing. It prints both addresses; for each line
that it reads something happens in the world, and it prints what was asked of it so far.
"""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pixmirror.demo import words
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import Key, World
from tests.faults import Act, Exchange, bytes_changed, cut, error, html, not_json, reset, status
from tests.kills.clock import FastClock

SHARE = 0.1  # of all requests
POSTS, EDITS, REPLACED, BOOKMARKS = 14, 2, 2, 3  # in each line's time
KINDS, WEIGHTS = ("illust", "manga", "ugoira", "novel"), (60, 20, 8, 12)


def _stalled(seconds: float) -> Act:
    """A part of the body, and then nothing for a while, until the connection ends."""

    async def act(x: Exchange) -> None:
        code, headers, body = await x.answer()
        await x.begin(code, headers, body[: len(body) // 2], more=True)
        await asyncio.sleep(seconds)
        x.connection.close()

    return act


def _too_many() -> Act:
    return status(
        429, {"error": {"user_message": "", "message": "Too Many Requests", "reason": ""}}, Retry_After="2"
    )


# What passes, and says nothing about a work.
ANYWHERE: dict[str, Act] = {
    "reset": reset(),
    "reset in the body": reset(0.5),
    "cut": cut(),
    "stalled": _stalled(0.3),
    "500": status(500),
    "503": status(503, Retry_After="1"),
}
API = ANYWHERE | {
    "429": _too_many(),
    "error": error(500, "Internal Server Error"),
    "empty": status(200),
    "HTML": html(),
    "HTML 502": html(502),
    "not JSON": not_json(),
}
IMAGE = ANYWHERE | {
    "429": _too_many(),
    "empty": lambda x: x.say(Response(b"", media_type="image/jpeg")),
    "HTML": html(),
    "half, and called whole": bytes_changed(lambda body: body[: len(body) // 2]),
    "zeros": bytes_changed(lambda body: body[:64] + bytes(len(body) - 64)),
}


@dataclass(slots=True)
class Failing:
    """The app, with failures of a share of the requests. `seen` counts all, `failed` these by kind."""

    app: ASGIApp
    rng: Random
    seen: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen += scope["type"] == "http"
        if scope["type"] != "http" or self.rng.random() >= SHARE:
            await self.app(scope, receive, send)
            return
        acts = IMAGE if scope["path"].endswith((".jpg", ".png", ".gif", ".zip")) else API
        name = self.rng.choice(list(acts))
        self.failed[name] += 1
        await acts[name](Exchange(self.app, scope, receive, send))


def happen(world: World, rng: Random, newest: list[Key]) -> list[Key]:
    """Let people post, edit, replace files of what was posted just before, and bookmark. Return what is new.

    Only what stands on a feed's first page changes: any head walk sees it, whether it was cut before or not.
    """
    with world.lock:
        people = sorted(f for f in world.follows[world.me] if not world.users[f].gone)
        newest = newest[-6:]  # no more than these are still on it when others have posted
        for key in rng.sample(newest, min(EDITS, len(newest))):
            world.edit(key, title=words.title(rng), caption=words.caption(rng, 1))
        images = [key for key in newest if world.get(key).type in ("illust", "manga")]
        for key in rng.sample(images, min(REPLACED, len(images))):
            world.replace_files(key)
        posted = []
        for _ in range(POSTS):
            kind = rng.choices(KINDS, WEIGHTS)[0]
            pages = {"page_count": rng.randint(2, 4)} if kind == "manga" else {}
            work = world.post(rng.choice(people), kind, width=64, height=64, ext="jpg", **pages)
            posted.append(work.key)
        for key in rng.sample(posted, BOOKMARKS):
            world.bookmark(key, rng.choice(("public", "private")), ("mine",))
        return posted


def main(seed: str, origin_ms: str) -> None:
    clock = FastClock(int(origin_ms))
    rng = Random(f"{seed} world")
    spec = WorldSpec(int(seed), artists=4, private=1, others=3, works=36, bookmarks=16, commented=8)
    world = generate(spec, clock)
    undisturbed, spoiled = create_app(world), create_app(world)
    failing = Failing(spoiled, Random(f"{seed} failures"))
    newest: list[Key] = []
    with running(undisturbed) as whole, running(failing) as failed:
        _say({"whole": whole, "failing": failed})
        for _ in sys.stdin:
            newest = happen(world, rng, newest)
            images = [app.state.image_counts.total() for app in (undisturbed, spoiled)]
            _say({"seen": failing.seen, "failed": dict(failing.failed), "images": images})


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
