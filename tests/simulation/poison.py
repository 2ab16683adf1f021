"""The engine under answers that are wrong, some for ever: what is poisoned, one life under it, what came of it.

A plan says which requests are spoiled, how, for how long, when the mirror is restarted, and how its clock jumps.
`live` lives through it in virtual time, with the engine's own loops and pace.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.refs import parse_ref
from pixmirror.daemon.engine import AGAIN_S, Engine
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.errors import PixmirrorError
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.why import Why, why
from pixmirror.sync.kinds import BookmarksJob, FollowingJob
from tests import faults
from tests.faults import Act, Exchange, Faults
from tests.simulation.clock import DAY_MS, HOUR_MS, YearClock
from tests.standin import Setup
from tests.truth import truth
from tests.virtual_time import run_virtually, serving

PER_MINUTE = 1  # slow, so that few requests make a long first mirror
EVERY_S = 3 * 3600.0
LOOK_S = 120.0
NAP_S = 30.0  # half a request
JOBS: tuple[JobConfig, ...] = (
    FollowingJob(name="following", kind="following", every="3h"),
    BookmarksJob(name="bookmarks", kind="bookmarks", every="3h"),
)

# -- what can be wrong -------------------------------------------------------------------------------------------


def _says(response: Response) -> Act:
    return lambda x: x.say(response)


def _drip(x: Exchange) -> Any:
    """A byte now and then, for as long as anybody listens."""

    async def act() -> None:
        code, headers, body = await x.answer()
        await x.begin(code, headers, b"", more=True)
        for n in range(len(body) - 1):
            await asyncio.sleep(5)
            with suppress(OSError):
                await x.send({"type": "http.response.body", "body": body[n : n + 1], "more_body": True})
            if x.connection.is_closing():
                return
        await x.until_hung_up()

    return act()


PAGE = "<!DOCTYPE html><html><head><title>Not found</title></head><body><p>Nothing here.</p></body></html>"
ACTS: Mapping[str, Callable[[], Act]] = {
    "stalls": faults.stall,
    "drips": lambda: _drip,
    "is reset": faults.reset,
    "is cut": lambda: faults.cut(0.5),
    "is a web page": lambda: _says(HTMLResponse(PAGE)),
    "is a web page, 403": lambda: _says(HTMLResponse(PAGE, 403)),
    "is a web page, 404": lambda: _says(HTMLResponse(PAGE, 404)),
    "is a web page, 503": lambda: _says(HTMLResponse(PAGE, 503)),
    "is empty, 404": lambda: faults.status(404),
    "is not there, 404": lambda: faults.error(404, user_message="The work was not found."),
    "is refused, 403": lambda: faults.error(403, user_message="Your access is currently restricted."),
    "is a bad request": lambda: faults.error(400, message="invalid request"),
    "fails, 500": lambda: faults.error(500, message="internal"),
    "is not JSON": faults.not_json,
    "is empty": lambda: faults.status(200, {}),
    "is a list": lambda: faults.status(200, []),
    "leads elsewhere": lambda: _says(RedirectResponse("https://www.pixiv.net/")),
}
GENTLE = tuple(act for act in ACTS if "404" not in act)  # 404 is evidence; an outage that says it is no outage

Pattern = Callable[[World, int], str]


def _illust(world: World, n: int, kind: str | None = None) -> int:
    ids = sorted(w.id for w in world.works.values() if w.medium == "illust" and kind in (None, w.type))
    return ids[n % len(ids)]


def _novel(world: World, n: int) -> int:
    ids = sorted(w.id for w in world.works.values() if w.medium == "novel")
    return ids[n % len(ids)]


def _artist(world: World, n: int) -> int:
    ids = sorted(u for u in world.users if u != world.me)
    return ids[n % len(ids)]


# Each with what a request of it looks like; ITEMS are asked one by one, ENDPOINTS and HOSTS are everybody's.
ITEMS: Mapping[str, Pattern] = {
    "file": lambda w, n: rf"/img-original/.*/{_illust(w, n, 'illust')}_p0\.",
    "frames": lambda w, n: rf"/v1/ugoira/metadata\?.*illust_id={_illust(w, n, 'ugoira')}\b",
    "text": lambda w, n: rf"/webview/v2/novel\?.*\bid={_novel(w, n)}\b",
    "comments": lambda w, n: rf"/v3/illust/comments\?.*illust_id={_illust(w, n)}\b",
    "profile": lambda w, n: rf"/v1/user/detail\?.*user_id={_artist(w, n)}\b",
    "list": lambda w, n: rf"/v1/user/illusts\?.*user_id={_artist(w, n)}\b",
    "page": lambda w, n: (
        rf"/v1/user/illusts\?.*user_id={_artist(w, n)}\b.*offset=\d|offset=\d.*user_id={_artist(w, n)}\b"
    ),
    "detail": lambda w, n: rf"/v1/illust/detail\?.*illust_id={_illust(w, n)}\b",
}
ENDPOINTS: Mapping[str, Pattern] = {
    "all frames": lambda w, n: "/v1/ugoira/metadata",
    "all comments": lambda w, n: "/v3/illust/comments",
    "all profiles": lambda w, n: "/v1/user/detail",
    "all texts": lambda w, n: "/webview/v2/novel",
    "all bookmarks": lambda w, n: "/v1/user/bookmarks/illust",
    "all lists of novels": lambda w, n: "/v1/user/novels",
}
HOSTS: Mapping[str, Pattern] = {
    "app": lambda w, n: r"^/v\d/|^/webview/",
    "images": lambda w, n: r"^/img-",
    "login": lambda w, n: r"^/auth/token",
    "everything": lambda w, n: ".",
}
TARGETS = {**ITEMS, **ENDPOINTS, **HOSTS}


@dataclass(frozen=True, slots=True)
class Poison:
    """`what` of TARGETS, the `which`th, answers `act` of ACTS, from `since` to `until` hours; None: for ever."""

    what: str
    which: int
    act: str
    since: float = 0.0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Restarts at these hours; the mirror's clock is set by so many hours at an hour, and back later."""

    poisons: tuple[Poison, ...] = ()
    restarts: tuple[float, ...] = ()
    jumps: tuple[tuple[float, float], ...] = ()
    days: float = 6.0


@dataclass(slots=True)
class Life:
    """What came of it. `missing` by hour: what is not poisoned and not stored yet."""

    done_after: float | None = None  # hours until nothing that is not poisoned was missing
    left: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    poisoned_requests: dict[int, int] = field(default_factory=dict)  # by day
    requests: int = 0
    died: str | None = None


class SetClock(YearClock):
    """The mirror's own clock, which somebody sets; the world's stays right."""

    def __init__(self, true: YearClock) -> None:
        super().__init__(true._loop, true.start_ms)

    async def sleep(self, seconds: float) -> None:
        # a request that stalls keeps the mirror from being idle for minutes of looks
        looks = seconds < 1 or seconds == AGAIN_S
        await super().sleep(NAP_S if looks and not self.idle() else seconds)

    def set_by(self, hours: float) -> None:
        self.start_ms += round(hours * HOUR_MS)


def make_world(clock: YearClock) -> World:
    """Three artists, one with a list of two pages, a few of everything."""
    world = empty_world(clock)
    old = clock.now() - 9 * DAY_MS
    add_artist(world, works=34, manga=2, ugoira=2, novels=2, pages=2, until_ms=old)
    add_artist(world, works=6, ugoira=1, novels=2, until_ms=old)
    other = add_artist(world, works=4, manga=1, until_ms=old, follow=None)
    add_artist(world, works=5, novels=1, until_ms=old, follow="private")
    for work in [w for w in world.works.values() if w.user_id == other.id]:
        world.bookmark(work)
    for work in [w for w in world.works.values() if w.medium == "illust"][::5]:
        world.comment(work, other.id, "きれい")
    return world


def live(root: Path, plan: Plan) -> Life:
    """Live through it; the judging of what came of it is another's."""

    async def main(true: YearClock) -> Life:
        world = make_world(true)
        switches = Faults(create_app(world))
        patterns = [(p, TARGETS[p.what](world, p.which)) for p in plan.poisons]
        async with serving(switches) as url:
            setup = Setup(root, url, JOBS, pixiv={"requests_per_minute": PER_MINUTE}, mirror={"sidecars": False})
            return await _Living(true, world, switches, setup, plan, patterns).live()

    return run_virtually(main, make=YearClock)


@dataclass(slots=True)
class _Living:
    true: YearClock
    world: World
    switches: Faults
    setup: Setup
    plan: Plan
    patterns: list[tuple[Poison, str]]
    life: Life = field(default_factory=Life)

    async def live(self) -> Life:
        clock = SetClock(self.true)
        begin = self.true.monotonic()
        events: list[tuple[float, Callable[[], None]]] = []
        for poison, pattern in self.patterns:
            events += self._of(poison, pattern)
        for at, by in self.plan.jumps:
            events.append((at, lambda by=by: clock.set_by(by)))  # type: ignore[misc]
        end = self.plan.days * 24
        stops = sorted({*self.plan.restarts, end})
        async with asyncio.TaskGroup() as group:
            happening = group.create_task(self._happen(sorted(events, key=lambda e: e[0]), begin))
            for stop in stops:
                await self._up(clock, begin, begin + stop * 3600)
                if self.life.died:
                    break
            happening.cancel()
        self._count(begin)
        return self.life

    def _of(self, poison: Poison, pattern: str) -> list[tuple[float, Callable[[], None]]]:
        fault = faults.Fault(re.compile(pattern), ACTS[poison.act](), None)
        events: list[tuple[float, Callable[[], None]]] = [
            (poison.since, lambda: self.switches.faults.append(fault))
        ]
        if poison.until is not None:
            events.append((poison.until, lambda: self.switches.faults.remove(fault)))
        return events

    async def _happen(self, events: list[tuple[float, Callable[[], None]]], begin: float) -> None:
        for at, do in events:
            await asyncio.sleep(max(0.0, begin + at * 3600 - self.true.monotonic()))
            do()

    async def _up(self, clock: SetClock, begin: float, until: float) -> None:
        """One process, from its start to its stop."""
        async with open_mirror(self.setup.config(), {}, clock=clock) as mirror:
            while True:
                try:
                    await mirror.log_in()
                    break
                except PixmirrorError:
                    if self.true.monotonic() >= until:
                        return
                    await asyncio.sleep(300)
            engine = Engine(mirror)
            clock.idle = lambda: engine.wakeup.quiet(ignoring=tuple(engine.held()))
            async with asyncio.TaskGroup() as group:
                tasks = engine.start(group)
                tasks += [group.create_task(self._job(engine, clock, job.name)) for job in self.setup.jobs]
                while self.true.monotonic() < until and not any(t.done() for t in tasks):
                    await asyncio.sleep(
                        min(LOOK_S if self.life.done_after is None else 3600.0, until - self.true.monotonic())
                    )
                    await self._look(engine, begin)
                for task in (t for t in tasks if t.done() and not t.cancelled()):
                    self.life.died = f"{task.get_name()}: {task.exception()!r}"
                if until >= begin + self.plan.days * 24 * 3600 or self.life.died:
                    await self._name(engine)
                for task in tasks:
                    task.cancel()
            clock.idle = lambda: False

    async def _job(self, engine: Engine, clock: SetClock, name: str) -> None:
        """Run it every three hours; while it rests after many failures it is left alone, as the daemon does."""
        while True:
            rest = (await engine.mirror.db.read(runs.resting)).get(name)
            if rest is None or clock.now() >= rest.until:
                await engine.run_job(engine.mirror.jobs[name])
            clock.wake()
            await asyncio.sleep(EVERY_S)
            clock.wake()

    async def _look(self, engine: Engine, begin: float) -> None:
        self.life.left = sorted(self._whole() - await engine.mirror.db.read(_stored))
        hours = (self.true.monotonic() - begin) / 3600
        if self.life.left:
            self.life.done_after = None
        elif self.life.done_after is None:
            self.life.done_after = hours

    def _whole(self) -> set[str]:
        """What must be here: every work, file and text that no poison of now or for ever spoils."""
        spoiled = self._spoiled()
        works = {_ref(row) for row in [*truth(self.world, "works"), *truth(self.world, "novels")]}
        files = {f"{_ref(row)} {row['role']} {row['page']}" for row in truth(self.world, "files")}
        return {thing for thing in works | files if thing.split(" ")[0] not in spoiled}

    def _spoiled(self) -> set[str]:
        """The works that something which is poisoned for ever belongs to."""
        found: set[str] = set()
        for poison, _ in self.patterns:
            if poison.until is None:
                found |= self._things(poison)
        return found

    def _things(self, poison: Poison) -> set[str]:
        w, n = self.world, poison.which
        of = {
            "file": lambda: {str(_illust(w, n, "illust"))},
            "frames": lambda: {str(_illust(w, n, "ugoira"))},
            "text": lambda: {f"novel:{_novel(w, n)}"},
            "list": lambda: {str(i) for i in self._of_artist(_artist(w, n))},
            "page": lambda: {str(i) for i in self._of_artist(_artist(w, n))},
            "all frames": lambda: {str(x.id) for x in w.works.values() if x.type == "ugoira"},
            "all texts": lambda: {f"novel:{x.id}" for x in w.works.values() if x.medium == "novel"},
            "all lists of novels": lambda: {f"novel:{x.id}" for x in w.works.values() if x.medium == "novel"},
            "all bookmarks": lambda: {str(x.id) for x in w.works.values() if x.user_id not in w.follows[w.me]},
        }
        make = of.get(poison.what)
        return make() if make else set()

    def _of_artist(self, user_id: int) -> list[int]:
        return [w.id for w in self.world.works.values() if w.user_id == user_id and w.medium == "illust"]

    async def _name(self, engine: Engine) -> None:
        """Each thing poisoned for ever that was asked in vain must be named, with its next try."""
        for poison, pattern in self.patterns:
            if poison.until is not None or poison.what not in ITEMS or not self.switches.asked(pattern):
                continue
            ref = self._named(poison)
            answer = await engine.mirror.db.read(_why, ref, self.true.now())
            if not _names_it(answer):
                self.life.unnamed.append(f"{poison.what} {ref} that {poison.act}: {' '.join(answer.answer)}")

    def _named(self, poison: Poison) -> str:
        """The work or user of which `why` must tell it."""
        w, n = self.world, poison.which
        if poison.what in ("profile", "list", "page"):
            return f"user:{_artist(w, n)}"
        if poison.what == "text":
            return f"novel:{_novel(w, n)}"
        kind = {"frames": "ugoira", "file": "illust"}.get(poison.what)
        return str(_illust(w, n, kind))

    def _count(self, begin: float) -> None:
        self.life.requests = len(self.switches.seen)
        for poison, pattern in self.patterns:
            if poison.until is not None:
                continue
            for seen in self.switches.asked(pattern):
                day = int((seen.at - begin) // 86_400)
                self.life.poisoned_requests[day] = self.life.poisoned_requests.get(day, 0) + 1


def _ref(row: Mapping[str, Any]) -> str:
    return str(row["id"]) if row["medium"] == "illust" else f"novel:{row['id']}"


def _stored(conn: Connection) -> set[str]:
    rows = conn.exec_driver_sql("SELECT work_key, user_id FROM work WHERE user_id IS NOT NULL")
    names = {key: f"novel:{key // 2}" if key % 2 else str(key // 2) for key, _ in rows}
    files = conn.exec_driver_sql(
        "SELECT owner_id, role, idx FROM media WHERE owner_kind = 'work' AND state = 'stored' AND is_current = 1"
    )
    return set(names.values()) | {f"{names[key]} {role} {index}" for key, role, index in files if key in names}


def _why(conn: Connection, ref: str, now: int) -> Why:
    return why(conn, parse_ref(ref), now)


def _names_it(answer: Why) -> bool:
    """Whether an error, a doubt or a state that is not `live` is told."""
    files = any(f.state != "stored" and f.error for f in answer.files)
    pending = any(p.error for p in answer.pending)
    return files or pending or bool(answer.broken) or answer.state not in (None, "live")
