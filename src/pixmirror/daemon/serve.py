"""`pixmirror run`: open the mirror, start the loops, the schedule and the socket, wait for a signal, stop."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pixmirror import control, notify
from pixmirror.catalogue import runs
from pixmirror.config import Config, load
from pixmirror.daemon.desk import Desk
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.mirror import Mirror, log_in_if_known, open_mirror, use_jobs
from pixmirror.errors import ConfigError, LoginError, PixmirrorError
from pixmirror.schedule import Schedule, When

log = logging.getLogger(__name__)

FAILURES_TO_TELL = 3
LONGEST_BACKOFF_S = 24 * 3600


async def serve(
    config_path: Path | None, env: Mapping[str, str], *, on_ready: Callable[[Engine], None] = lambda engine: None
) -> None:
    """Run until SIGTERM or SIGINT."""
    config = load(config_path, env)
    async with open_mirror(config, env) as mirror:
        await Daemon(mirror, config_path, env).run(on_ready)


class Daemon:
    """The running service: which jobs run now, and what stops them."""

    def __init__(self, mirror: Mirror, config_path: Path | None, env: Mapping[str, str]) -> None:
        self.mirror = mirror
        self.env = env
        self.config_path = config_path
        self.engine = Engine(mirror, on_trouble=self._on_trouble)
        self.schedule = Schedule(self._due)
        self.running: dict[str, asyncio.Task[None]] = {}
        self.started_at = mirror.clock.now()
        self._stop = asyncio.Event()
        self._news: asyncio.Queue[tuple[str, PixmirrorError | None]] = asyncio.Queue()
        self._notifier = self._make_notifier(mirror.config)
        self._group: asyncio.TaskGroup | None = None

    async def run(self, on_ready: Callable[[Engine], None]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)
        desk = Desk(self)
        async with control.listening(self.mirror.root.root, self.env, desk.answer), asyncio.TaskGroup() as group:
            self._group = group
            error = await log_in_if_known(self.mirror)
            if error is not None:
                self.engine.met_trouble("login", error)
            tasks = self.engine.start(group)
            tasks += [group.create_task(c) for c in (self._tell_news(), self._watchdog(), self._quiet_hours())]
            self.schedule.start()
            await self.use_schedule()
            notify.sd_notify("READY=1", self.env)
            on_ready(self.engine)
            await self._stop.wait()
            log.info("Stopping.")
            notify.sd_notify("STOPPING=1", self.env)
            self.schedule.stop()
            for task in (*tasks, *self.running.values()):
                task.cancel()
            self._group = None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)

    # -- jobs ----------------------------------------------------------------------------------------------

    async def use_schedule(self) -> None:
        states = await self.mirror.db.read(runs.job_states)
        whens = []
        for job in self.mirror.config.jobs:
            if job.enabled:
                state = states.get(job.name)
                last = state.last_done_at if state else None
                whens.append(When(job.name, job.every, job.cron, job.timezone, last))
        self.schedule.use(whens)

    def _due(self, name: str) -> None:
        paused = name in self.mirror.paused or self.mirror.all_paused
        if not paused and "login" not in self.engine.trouble.errors:
            self.start_job(name)

    def start_job(self, name: str) -> asyncio.Task[None] | None:
        """Start a run unless one of this job is under way, which then is the one."""
        if name in self.running:
            return self.running[name]
        if self._group is None:
            return None
        task = self._group.create_task(self._run_job(name))
        self.running[name] = task
        task.add_done_callback(lambda _: self.running.pop(name, None))
        return task

    async def _run_job(self, name: str) -> None:
        job = self.mirror.jobs[name]
        result = await self.engine.run_job(job)
        state = (await self.mirror.db.read(runs.job_states)).get(name)
        failures = state.failures if state else 0
        if result.error is None:
            await self._notifier.clear(f"job:{name}")
            return
        log.warning("Job %s: %s", name, result.error)
        every = next((c.every for c in self.mirror.config.jobs if c.name == name), None) or 3600
        wait_s = min(every * 2 ** min(failures, 8), LONGEST_BACKOFF_S)
        self.schedule.postpone(name, self.mirror.clock.now() + wait_s * 1000)
        if failures >= FAILURES_TO_TELL:
            title = f"pixmirror: job {name} failed {failures} times"
            await self._notifier.notify(f"job:{name}", title, result.error)

    # -- reload, pauses ------------------------------------------------------------------------------------

    def _reload_soon(self) -> None:
        if self._group is not None:
            self._group.create_task(self._reload_and_log())

    async def _reload_and_log(self) -> None:
        notify.sd_notify("RELOADING=1", self.env)
        try:
            await self.reload()
        except ConfigError as error:
            log.error("The configuration was not reloaded; the old one stays. %s", error)
        notify.sd_notify("READY=1", self.env)

    async def reload(self) -> None:
        """Use the configuration file as it is now. ConfigError: it is refused, the old one stays."""
        config = load(self.config_path, self.env)
        old = self.mirror.config
        fixed = [
            name
            for name, before, after in (
                ("mirror.root", old.mirror.root, config.mirror.root),
                ("mirror.media", old.mirror.media, config.mirror.media),
                ("pixiv.hosts", dict(old.pixiv.hosts), dict(config.pixiv.hosts)),
            )
            if before != after
        ]
        if fixed:
            raise ConfigError(f"{', '.join(fixed)} cannot change while it runs: restart pixmirror.")
        await use_jobs(self.mirror, config)
        p = config.pixiv
        self.mirror.transport.pacer.configure(per_minute=p.requests_per_minute, per_day=p.requests_per_day)
        self.mirror.transport.images.configure(
            bytes_per_day=p.image_bytes_per_day, connections=p.image_connections
        )
        self._notifier = self._make_notifier(config)
        await self.use_schedule()
        self.engine.bell.ring()
        log.info("The configuration was reloaded: %d jobs.", len(self.mirror.jobs))

    async def logged_in(self) -> None:
        """After a new token: check whose it is, and let go on what waited."""
        await self.mirror.log_in()
        await self.mirror.db.run(runs.unsuspend_jobs, "login")
        self.engine.logged_in()
        await self.use_schedule()

    # -- notices, watchdog, quiet hours --------------------------------------------------------------------

    def _make_notifier(self, config: Config) -> notify.Notifier:
        url = config.notify.url.get_secret_value() if config.notify.url else None
        return notify.Notifier(url, config.notify.command)

    def _on_trouble(self, cause: str, error: PixmirrorError | None) -> None:
        self._news.put_nowait((cause, error))

    async def _tell_news(self) -> None:
        titles = {
            "login": "pixmirror: login needed",
            "pixiv": "pixmirror: Pixiv does not answer",
            "storage": "pixmirror: the disk does not take files",
        }
        while True:
            cause, error = await self._news.get()
            if error is None:
                await self._notifier.clear(cause)
                continue
            if isinstance(error, LoginError):
                for name in self.mirror.jobs:
                    await self.mirror.db.run(runs.suspend_job, name, "login")
            await self._notifier.notify(cause, titles[cause], f"{error} {error.advice}".strip())

    async def _watchdog(self) -> None:
        """Ping systemd only while the catalogue answers: a daemon that cannot write is not alive."""
        interval = notify.watchdog_interval(self.env)
        while interval is not None:
            await self.mirror.db.read(runs.get_meta, "watchdog")
            notify.sd_notify("WATCHDOG=1", self.env)
            await asyncio.sleep(interval)

    async def _quiet_hours(self) -> None:
        while True:
            quiet = self.mirror.config.pixiv.quiet_hours
            until = quiet_until(datetime.now().astimezone(), quiet) if quiet else None
            if until is not None:
                for lane in (self.mirror.transport.pacer, self.mirror.transport.images):
                    lane.hold_until(int(until.timestamp() * 1000), "quiet hours")
            await asyncio.sleep(30)

    def facts(self) -> dict[str, Any]:
        """What only the running daemon knows, for `status`."""
        blocked = {
            "api": self.mirror.transport.pacer.blocked_until(),
            "image": self.mirror.transport.images.blocked_until(),
        }
        problems = [f"{e} {e.advice}".strip() for e in self.engine.trouble.errors.values()]
        jobs = {
            name: {"kind": job.kind, "next_run": self.schedule.next_run(name), "running": name in self.running}
            for name, job in self.mirror.jobs.items()
        }
        return {"started_at": self.started_at, "jobs": jobs, "problems": problems, "blocked": blocked}

    def stop(self) -> None:
        self._stop.set()


def quiet_until(now: datetime, quiet: tuple[int, int]) -> datetime | None:
    """The end of the quiet hours that `now` is in, or None. `quiet` is minutes after local midnight."""
    start, end = quiet
    minute = now.hour * 60 + now.minute
    inside = start <= minute < end if start <= end else minute >= start or minute < end
    if not inside:
        return None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    finish = midnight + timedelta(minutes=end)
    return finish if finish > now else finish + timedelta(days=1)


async def run_forever(config_path: Path | None, env: Mapping[str, str]) -> None:
    with suppress(asyncio.CancelledError):
        await serve(config_path, env)
