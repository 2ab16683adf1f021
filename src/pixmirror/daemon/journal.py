"""What `pixmirror run` says of its work in the log: one line for each thing that happened, more with debug."""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pixmirror import notify
from pixmirror.catalogue import of_jobs, runs
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.queue import ALL_LANES
from pixmirror.catalogue.words import length, many
from pixmirror.config import Config
from pixmirror.contained import contained
from pixmirror.daemon import headline
from pixmirror.daemon.sync import is_due
from pixmirror.daemon.trouble import CATALOGUE_FAILS
from pixmirror.errors import Unforeseen
from pixmirror.pixiv.waiting import WARNED, Blocked
from pixmirror.reports import doing
from pixmirror.reports.came_in import CameIn
from pixmirror.reports.moments import clock

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

log = logging.getLogger(__name__)

LOOK_S = 1.0
FIRST_LINE_S = 10.0  # it asks more of the catalogue than what is done now
LOOK_AT_JOB_S = 1.0
TELL_S = 600.0  # what takes longer is told in parts
SHORT_REST_S = 60
LATE_MS = 60_000  # what is recorded may carry a time that lies so far back
IMAGES = "the image host"


class Journal:
    """Says what a daemon does, by watching it."""

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self._mirror = daemon.mirror
        self._told: set[str] = set()  # jobs of which one looks on already
        self._rests: dict[str, tuple[int, Blocked]] = {}  # since when, and why, by what rests
        self._status = self._first_line = ""
        self._first_line_at = 0.0  # when it is looked for again, of the monotonic clock

    def started(self) -> None:
        """Say what there is to do, and what comes next."""
        d, jobs = self._daemon, self._mirror.jobs
        if d.mirror.is_warned:
            log.info("Started: %s, but nothing is sent: %s.", many(len(jobs), "job"), WARNED)
            return
        if d.mirror.all_paused:
            log.info("Started: %s, but everything is paused.", many(len(jobs), "job"))
            return
        coming = {name: at for name in jobs if (at := d.schedule.next_run(name)) and name not in d.mirror.paused}
        coming |= dict.fromkeys(d.running, 0)
        first = min(coming, key=lambda name: coming[name], default=None)
        nothing = "none of them will run" if jobs else "nothing is to be done"
        after = f"next {first} {_ahead(coming[first], self._now())}" if first else nothing
        log.info("Started: %s, %s.", many(len(jobs), "job"), after)

    # -- what came in --------------------------------------------------------------------------------------

    async def tell(self, name: str, since: int) -> None:
        """Say what this job has brought since then, as soon as all that it wants is here; of what takes longer
        say it in parts.
        """
        if name in self._told:
            return
        self._told.add(name)
        base, before = since, CameIn()
        try:
            while True:
                asked = self._mirror.transport.counts.api
                is_done = await self._wait_for_end(name)
                asked, until = self._mirror.transport.counts.api - asked, self._now()
                try:
                    with contained(f"What {name} brought"):
                        came, after = await self._mirror.db.read(_came_in, name, (base, until - LATE_MS))
                        if is_done:
                            await self._mirror.db.run(_note_new, name)
                except (*CATALOGUE_FAILS, Unforeseen):
                    return  # which is told as trouble of what does the work
                new = came - before
                line = f"{name}: {brought(new)} ({many(asked, 'request')}, {length((until - since) / 1000)})."
                log.log(logging.INFO if new else logging.DEBUG, "%s", line)
                since, base, before = until, until - LATE_MS, after
                if is_done and name not in self._daemon.running:
                    return
        finally:
            self._told.discard(name)

    async def _wait_for_end(self, name: str) -> bool:
        """Wait until nothing that this job wants is due; False if that takes too long."""
        end = self._mirror.clock.monotonic() + TELL_S
        while self._mirror.clock.monotonic() < end:
            engine, busy = self._daemon.engine, name in self._daemon.running
            try:
                if not (busy or await is_due(engine, [name], self._now(), tuple(engine.held()), ALL_LANES)):
                    return True
            except CATALOGUE_FAILS:
                return True
            await self._mirror.clock.sleep(LOOK_AT_JOB_S)
        return False

    # -- what rests ----------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Say when nothing more is sent and why, and when it goes on; tell systemd what is done now."""
        while True:
            transport = self._mirror.transport
            self._look("", transport.pacer.blocked_until())
            images = transport.images.blocked_until()
            held = self._mirror.all_paused or self._rests.get("", (0, images))[1] == images
            self._look(IMAGES, None if held else images)
            await self._tell_systemd()
            await self._mirror.clock.sleep(LOOK_S)

    def _look(self, what: str, blocked: Blocked | None) -> None:
        now, rests = self._now(), self._rests
        known = rests.get(what)
        if blocked is None:
            if known is not None:
                del rests[what]
                log.info("Going on after %s%s.", length((now - known[0]) / 1000), f": {what}" if what else "")
            return
        if known is not None and not _is_longer(blocked, known[1]):
            return
        if known is None and blocked.until is not None and blocked.until - now < SHORT_REST_S * 1000:
            return  # which is over at once
        rests[what] = (known[0] if known else now, blocked)
        log.info("%s", resting(blocked, now, what))

    # -- what is done now ----------------------------------------------------------------------------------

    async def _tell_systemd(self) -> None:
        """Let `systemctl status` show the first line of `status`, and what is done now."""
        if not self._daemon.env.get("NOTIFY_SOCKET"):
            return
        now = self._mirror.clock.monotonic()
        try:
            if now >= self._first_line_at:
                self._first_line = (await headline.situations(self._daemon))[0].says
                self._first_line_at = now + FIRST_LINE_S
            told = await self._mirror.db.read(doing.told, self._daemon.engine.doing())
        except CATALOGUE_FAILS:
            return
        status = f"{self._first_line} Now: {', '.join(told)}." if told else self._first_line
        if status != self._status:
            self._status = status
            notify.sd_notify(f"STATUS={status}", self._daemon.env)

    def _now(self) -> int:
        return self._mirror.clock.now()


def _came_in(conn: Connection, name: str, times: Iterable[int]) -> tuple[CameIn, ...]:
    """Return what came in since each of these times, of one moment."""

    def since(moment: int) -> CameIn:
        works, novels = of_jobs.came_in(conn, name, moment)
        return CameIn(works + novels, novels, *of_jobs.files_came_in(conn, name, moment))

    return tuple(map(since, times))


def _note_new(conn: Connection, name: str) -> None:
    """Record of the newest run of a job what came in since it began."""
    if (ran := runs.last_runs(conn).get(name)) is not None:
        runs.note_new(conn, ran.id, sum(of_jobs.came_in(conn, name, ran.started_at)))


def brought(came: CameIn) -> str:
    """Say what a job brought: "31 new works, 58 files"."""
    parts = [many(n, one) for n, one in ((came.works, "new work"), (came.files, "file")) if n]
    return ", ".join(parts) or "nothing new"


def resting(blocked: Blocked, now: int, what: str = "") -> str:
    """Say until when nothing is sent and why: "Resting until 14:32: Pixiv asked for fewer requests."."""
    if blocked.reason == "paused":
        until = f"until {clock(blocked.until, now)}" if blocked.until is not None else "until pixmirror resume"
        return f"Paused {until}, by you."
    until = f"until {clock(blocked.until, now)}" if blocked.until is not None else f"until {blocked.ended_by}"
    reason = blocked.reason.removeprefix("cooling down: ")
    return f"{'Pictures rest' if what else 'Resting'} {until}: {reason}."


def changed(old: Config, new: Config) -> str:
    """Say what another reading of the configuration changed: "daily is new"."""
    before, after = ({job.name: job for job in config.jobs if job.enabled} for config in (old, new))
    parts = [f"{name} is new" for name in after if name not in before]
    parts += [f"{name} is no longer there" for name in before if name not in after]
    parts += [f"{name} is changed" for name, job in after.items() if name in before and job != before[name]]
    return "; ".join([*parts, *_keys(old, new)]) or "nothing is changed"


def _keys(old: Config, new: Config) -> Iterable[str]:
    """Name the other keys that are changed."""
    for table in sorted(type(old).model_fields.keys() - {"jobs"}):
        before, after = getattr(old, table), getattr(new, table)
        fields: Mapping[str, object] = getattr(type(before), "model_fields", {})
        yield from (f"{table}.{key} is changed" for key in fields if getattr(before, key) != getattr(after, key))


def _is_longer(blocked: Blocked, known: Blocked) -> bool:
    """Return whether it takes clearly longer than what was said, or is for another reason."""
    if blocked.until is None or known.until is None:
        return blocked != known
    return blocked.until - known.until > SHORT_REST_S * 1000


def _ahead(ms: int, now: int) -> str:
    return "now" if ms - now < 1500 else f"in {length((ms - now) / 1000)}"
