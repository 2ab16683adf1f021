"""`pixmirror run`: open the mirror, start the loops, the schedule and the socket, wait for a signal, stop."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from pixmirror import control, notify
from pixmirror.catalogue import queue, runs
from pixmirror.config import Config, load
from pixmirror.contained import contained
from pixmirror.daemon import backups, credentials, headline, http, scrubbing, textfile
from pixmirror.daemon.commands import Commands
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.first_look import WouldLose, look_first
from pixmirror.daemon.job_changes import use_jobs
from pixmirror.daemon.journal import Journal, changed
from pixmirror.daemon.mirror import Mirror, open_mirror, use_web
from pixmirror.daemon.notices import Notices
from pixmirror.daemon.pauses import Pauses
from pixmirror.daemon.status import Pace
from pixmirror.daemon.trouble import CATALOGUE_FAILS, PIXIV, WARNING, cause_of
from pixmirror.errors import (
    AccountWarned,
    ConfigError,
    LoginError,
    PixivError,
    PixmirrorError,
    StorageError,
    Unforeseen,
    Unreachable,
)
from pixmirror.logs import about
from pixmirror.models import Token, from_ms
from pixmirror.reports import syncs, troubles
from pixmirror.schedule import Schedule, When
from pixmirror.store import kept_login
from pixmirror.sync.kinds import KINDS
from pixmirror.terminal import one_line

log = logging.getLogger(__name__)

LOGIN_PATIENCE_S = 5  # then we are up without it
TICK_S = 15
LOOK_AGAIN_S = 6 * 3600.0  # after answers that pixmirror cannot read
LOGIN_AGAIN_S = 3600.0
JUMP_S = 60
RETRY_S = 300  # after a job's first failure; then three times as long each time
LONGEST_RETRY_S = 24 * 3600
OUTAGE_RETRY_S = 3600  # while the trouble is not the job's own
# What is built once from the configuration.
NEED_RESTART = (
    "mirror.root", "mirror.media", "mirror.umask", "mirror.keep_free", "pixiv.hosts",
    "pixiv.proxy", "pixiv.language", "pixiv.user_agent", "pixiv.app_version", "pixiv.client_id",
    "pixiv.client_secret", "pixiv.image_connections", "http.listen", "http.open_to_others",
)  # fmt: skip


async def serve(
    config_path: Path | None, env: Mapping[str, str], *, on_ready: Callable[[Engine], None] = lambda engine: None
) -> None:
    """Run until SIGTERM or SIGINT."""
    config = load(config_path, env, KINDS)
    async with open_mirror(config, env, what="run") as mirror:
        daemon = Daemon(mirror, config_path, env)
        try:
            await daemon.run(on_ready)
        except Exception as error:
            await daemon.notices.ended(error)
            raise
        await daemon.notices.ended(None)
    log.info("Stopped; all is on disk.")


class Daemon:
    """The running service: which jobs run now, and what stops them."""

    def __init__(self, mirror: Mirror, config_path: Path | None, env: Mapping[str, str]) -> None:
        self.mirror = mirror
        self.env = env
        self.config_path = config_path
        self.notices = Notices(mirror)
        self.engine = Engine(mirror, on_trouble=self._trouble)
        self.schedule = Schedule(self._due)
        self.running: dict[str, asyncio.Task[None]] = {}
        self.started_at = self.config_read_at = mirror.clock.now()
        self._stop = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reloading = asyncio.Lock()
        self._configured = kept_login.digest(credentials.configured_token(mirror.config, env))
        self._login_tried = asyncio.Event()
        self._account_checked = False
        self._retry_at: dict[str, int] = {}
        self._warning_read = asyncio.Event()
        self._warning_read.set()
        self._waiting: set[str] = set()  # jobs that became due while Pixiv did not answer
        self.pauses = Pauses(mirror)
        self.pace = Pace()
        self.journal = Journal(self)

    async def run(self, on_ready: Callable[[Engine], None] = lambda engine: None) -> None:
        loop = asyncio.get_running_loop()
        actions = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop, signal.SIGHUP: self._reload_soon}
        for number, action in actions.items():
            loop.add_signal_handler(number, action)
        self.schedule.start()
        try:
            async with (
                control.listening(self.mirror.root.root, self.env, Commands(self).answer),
                http.answering(self),
            ):
                async with asyncio.TaskGroup() as group:
                    self._group = group
                    await self._start(group)
                    self.journal.started()
                    notify.sd_notify("READY=1", self.env)
                    on_ready(self.engine)
                    await self._stop.wait()
                    log.debug("Stopping.")
                    notify.sd_notify("STOPPING=1", self.env)
                    self._group = None
                    for task in (*self._tasks, *self.running.values()):
                        task.cancel()
                await self.mirror.db.run(queue.release_all)
        finally:
            self._group = None
            self.schedule.stop()
            for number in actions:
                loop.remove_signal_handler(number)

    async def _start(self, group: asyncio.TaskGroup) -> None:
        await self.mirror.db.run(troubles.keep, ())
        await self.mirror.db.run(syncs.note_run)
        await self.use_pauses()
        await self.use_schedule()
        for part in (
            self.notices.tell(),
            self._watchdog(),
            self._keep_time(),
            self._log_in(),
            self.journal.watch(),
            self.engine.pings.watch(partial(headline.situations, self)),
            textfile.keep(self),
            scrubbing.keep(self.engine),
            backups.keep(self),
        ):
            self._spawn(part)
        self.notices.disk_works()
        self.engine.remember_warning()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOGIN_PATIENCE_S):
                await self._login_tried.wait()
        if not self._login_tried.is_set() and not self.mirror.is_warned:
            self.engine.met_trouble("login", Unreachable("Pixiv has not answered the login yet."))
        self._tasks.update(self.engine.start(group))
        for name in self.mirror.jobs:  # of what an earlier run left, too
            self._tell_of(name)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._group is not None
        task = self._group.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        self._stop.set()

    # -- login ---------------------------------------------------------------------------------------------

    async def _log_in(self) -> None:
        """Log in at the start and whenever the login was lost.

        Without an answer try again and again. What Pixiv refused is asked about once a day (`Auth` sees to that),
        as a refusal can pass too.
        """
        while True:
            await self._warning_read.wait()
            if self._account_checked and "login" not in self.engine.trouble.errors:
                await self.mirror.clock.sleep(LOGIN_AGAIN_S)
                continue
            try:
                with contained("The login", str(self.engine.trouble.errors.get("login"))):
                    token = await self.mirror.log_in()
                    self._login_tried.set()
                    if not self._account_checked:
                        await look_first(self.mirror)
                    await self.logged_in(token)
                continue
            except WouldLose as error:
                self.engine.met_trouble("login", error)
                seconds: float = LOOK_AGAIN_S
            except LoginError as error:
                self.engine.met_trouble("login", error)
                seconds = LOGIN_AGAIN_S
            except AccountWarned as error:
                self.engine.met_trouble(WARNING, error)
                continue
            except (PixivError, StorageError, Unforeseen) as error:
                seconds = self.engine.met_trouble("login", error)
            finally:
                self._login_tried.set()
            await self.mirror.clock.sleep(seconds)

    async def logged_in(self, token: Token) -> None:
        """Let go on what waited for a login. It is known by now whose it is."""
        log.info("Logged in as %s.", one_line(token.user_name or token.user_account or token.user_id))
        self._account_checked = True
        await self.mirror.db.run(runs.unsuspend_jobs, "login")
        self._retry_at.clear()
        self.engine.logged_in()
        self.notices.trouble("login", None)
        await self.use_schedule()

    # -- jobs ----------------------------------------------------------------------------------------------

    async def use_schedule(self) -> None:
        states, rests = await self.mirror.db.read(runs.states_and_rests)
        whens = []
        for job in self.mirror.config.jobs:
            if job.enabled:
                last = states[job.name].last_done_at if job.name in states else None
                if (rest := rests.get(job.name)) is not None:
                    self._retry_at[job.name] = rest.until
                retry = self._retry_at.get(job.name)
                whens.append(When(job.name, job.every, job.cron, job.timezone, last, retry))
        self.schedule.use(whens, from_ms(self.mirror.clock.now()))

    def _due(self, name: str) -> None:
        errors = self.engine.trouble.errors
        if not self._account_checked or "login" in errors or self.mirror.all_paused or name in self.mirror.paused:
            return
        if PIXIV in errors:  # the loops try whether it answers; the jobs need not fail for it
            self._waiting.add(name)
        else:
            self.start_job(name)

    def _trouble(self, cause: str, error: PixmirrorError | None) -> None:
        """Have the user told of what stands still. A warning of the account ends all runs; when Pixiv answers
        again, what was due meanwhile runs.
        """
        self.notices.trouble(cause, error)
        if cause == WARNING and error is not None:
            self._warning_read.clear()
            self._login_tried.set()
            self._stop_runs()
        if cause == PIXIV and error is None:
            due, self._waiting = self._waiting, set()
            for name in sorted(due):
                self._due(name)

    def start_job(self, name: str) -> asyncio.Task[None] | None:
        """Start a run of this job, or return the one under way; None without such a job, or while we stop."""
        if name in self.running:
            return self.running[name]
        if self._group is None or name not in self.mirror.jobs:
            return None
        with about(job=name):
            task = self._group.create_task(self._run_job(name))
        self.running[name] = task
        task.add_done_callback(lambda _: self.running.pop(name, None))
        return task

    async def _run_job(self, name: str) -> None:
        try:
            with contained(f"The job {name}"):
                self._tell_of(name)
                result = await self.engine.run_job(self.mirror.jobs[name])
                states, rests = await self.mirror.db.read(runs.states_and_rests)
        except PixmirrorError as error:
            # Not the job: its run could not even be recorded.
            if error.scope != "item":
                self.engine.met_trouble(cause_of(error), error)
            self._try_again(name, 1)
            return
        if result.error is None:
            if self._retry_at.pop(name, None) is not None:
                await self.use_schedule()
            await self.notices.job_ended(name, None, 0)
            return
        known = result.error in map(str, self.engine.trouble.errors.values())  # and told
        log.log(logging.DEBUG if known else logging.WARNING, "Job %s: %s", name, result.error)
        failures = states[name].failures if name in states else 1
        if PIXIV in self.engine.trouble.errors:
            self._waiting.add(name)
        self._try_again(name, failures, rests.get(name))
        if result.own:
            await self.notices.job_ended(name, result.error, failures)

    def _tell_of(self, name: str) -> None:
        """Let the journal tell what this job brings from now on, once all of it is here."""
        if self._group is not None:
            self._spawn(self.journal.tell(name, self.mirror.clock.now()))

    async def resumed(self, name: str | None) -> None:
        """Go on after a pause or a warning that was read, or with a job that rested for failing too often."""
        if not self.mirror.is_warned:
            self.engine.works_again(WARNING)
            self._warning_read.set()
        self._retry_at.pop(name or "", None)
        await self.use_schedule()

    def _try_again(self, name: str, failures: int, rest: runs.Rest | None = None) -> None:
        """Plan the next try of a job that failed so often in a row."""
        if rest is not None:
            self._retry_at[name] = rest.until
            self.schedule.set_next(name, rest.until)
            return
        longest = OUTAGE_RETRY_S if self.engine.trouble.errors else LONGEST_RETRY_S
        every = next((job.every for job in self.mirror.config.jobs if job.name == name), None)
        # One list that fails must not make all the others of its job rarer than the user wants them.
        longest = min(longest, every) if every else longest
        wait_s = min(RETRY_S * 3 ** min(max(failures - 1, 0), 8), longest)
        self._retry_at[name] = self.mirror.clock.now() + wait_s * 1000
        self.schedule.set_next(name, self._retry_at[name])

    # -- reload, pauses ------------------------------------------------------------------------------------

    def _reload_soon(self) -> None:
        if self._group is not None:
            self._spawn(self._reload_and_log())

    async def _reload_and_log(self) -> None:
        notify.sd_notify("RELOADING=1", self.env)
        try:
            with contained("Reloading"):
                await self.reload()
        except PixmirrorError as error:
            log.error("Config not read again; the old one stays. %s", error)
        notify.sd_notify("READY=1", self.env)

    async def reload(self) -> None:
        """Use the configuration file as it is now. ConfigError: it is refused, the old one stays."""
        async with self._reloading:
            config, old = load(self.config_path, self.env, KINDS), self.mirror.config
            self._refuse_what_needs_a_restart(config)
            web = credentials.web_api(config, self.env, self.mirror.transport)
            await use_jobs(self.mirror, config)
            await use_web(self.mirror, web)
            p = config.pixiv
            self.mirror.transport.pacer.configure(per_minute=p.requests_per_minute, per_day=p.requests_per_day)
            self.mirror.transport.images.configure(
                bytes_per_day=p.image_bytes_per_day, connections=p.image_connections
            )
            self.notices.use(config)
            self._retry_at.clear()
            await self.use_pauses()
            await self.use_schedule()
            self.engine.wakeup.wake()
            self.config_read_at = self.mirror.clock.now()
            log.info("Config read again: %s.", changed(old, config))

    def _refuse_what_needs_a_restart(self, config: Config) -> None:
        old = self.mirror.config
        changed = [key for key in NEED_RESTART if attrgetter(key)(old) != attrgetter(key)(config)]
        if kept_login.digest(credentials.configured_token(config, self.env)) != self._configured:
            changed.append("the configured refresh token")
        if changed:
            raise ConfigError(f"{', '.join(changed)} cannot change while it runs: restart pixmirror.")

    async def use_pauses(self) -> None:
        """Let rest what is paused now: its runs end where they are. With everything paused nothing is asked."""
        await self.pauses.load()
        self._stop_runs()
        self.engine.wakeup.wake()

    def _stop_runs(self) -> None:
        m, running = self.mirror, dict(self.running)
        for name, task in running.items():
            if (m.all_paused or name in m.paused or name not in m.jobs) and task is not asyncio.current_task():
                task.cancel()

    # -- time ----------------------------------------------------------------------------------------------

    async def _keep_time(self) -> None:
        """End pauses, begin and end quiet hours, and notice when the clock was set or the machine slept."""
        clock = self.mirror.clock
        wall, ticks = clock.now(), clock.monotonic()
        while True:
            self.pace.sample(self.mirror, self.engine.files)
            await self.pauses.wait(TICK_S)
            jump = (clock.now() - wall) / 1000 - (clock.monotonic() - ticks)
            wall, ticks = clock.now(), clock.monotonic()
            try:
                with contained("Looking at the clock"):
                    await self._look_at_the_clock(jump)
            except Unforeseen:
                pass  # which is logged; the next look is soon
            except CATALOGUE_FAILS as error:
                self.engine.met_trouble("storage", error)

    async def _look_at_the_clock(self, jump: float) -> None:
        """Plan anew when a pause has ended, or the clock was set by `jump` seconds."""
        if abs(jump) > JUMP_S:
            log.warning("The clock was set by %+.0f seconds; runs are planned anew.", jump)
            self._retry_at.clear()
        if abs(jump) > JUMP_S or self.pauses.one_has_ended():
            await self.use_pauses()
            await self.use_schedule()
        self.pauses.hold_lanes()

    async def _watchdog(self) -> None:
        """Ping systemd only while this loop and the catalogue's writer answer."""
        interval = notify.watchdog_interval(self.env)
        while interval is not None:
            try:
                with contained("The catalogue's writer"):
                    await self.mirror.db.run(runs.get_meta, "watchdog")
                notify.sd_notify("WATCHDOG=1", self.env)
            except (*CATALOGUE_FAILS, Unforeseen) as error:
                log.error("The catalogue does not answer: %s", error)
            await asyncio.sleep(interval)
