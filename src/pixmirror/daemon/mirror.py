"""Open a mirror: lock, catalogue, Pixiv client, account, jobs; and close them in order."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from pixmirror.catalogue import clocks, migrate, queue, runs, samples
from pixmirror.catalogue.clocks import Finding
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.database import catalogue_path as catalogue_path
from pixmirror.catalogue.samples import Sample
from pixmirror.clock import Clock, jst_day
from pixmirror.config import Config
from pixmirror.daemon import credentials, job_changes
from pixmirror.daemon.credentials import configured_token, identity
from pixmirror.daemon.searching import Searching
from pixmirror.errors import (
    AccountWarned,
    CatalogueError,
    LoginError,
    LoginNeeded,
    MirrorLocked,
    StorageAbsent,
    StorageError,
)
from pixmirror.fetch import trash
from pixmirror.ingest import web_health
from pixmirror.logs import hide
from pixmirror.models import Token, from_ms
from pixmirror.pixiv.app import AppApi
from pixmirror.pixiv.auth import Auth
from pixmirror.pixiv.budget import BudgetState, ImageBudget
from pixmirror.pixiv.pacing import Pacer, PacerState
from pixmirror.pixiv.transport import Transport
from pixmirror.pixiv.waiting import UNREADABLE, WARNED
from pixmirror.pixiv.web.api import WebApi
from pixmirror.store import MirrorRoot, had_catalogue, kept_login
from pixmirror.sync.context import Job, Jobs

log = logging.getLogger(__name__)

SAMPLED_S = 60.0  # between two samples of the pace; what took longer was no work all along


@dataclass(slots=True)
class Mirror:
    """What all parts of one process share of an open mirror. `account_id` is 0 until Pixiv has told it once; `web`
    is None without a cookie of www.pixiv.net.
    """

    config: Config
    root: MirrorRoot
    db: Database
    transport: Transport
    auth: Auth
    api: AppApi
    clock: Clock
    account_id: int
    jobs: Jobs = field(default_factory=Jobs)
    web: WebApi | None = None
    paused: frozenset[str] = frozenset()
    pause_of_all: runs.Pause | None = None
    _counted: tuple[int, int, int] = (0, 0, 0)  # requests, images and their bytes, as saved
    _saved_cooldown: tuple[int, ...] = ()
    _sampled: tuple[float, bool, bool] | None = None  # when, and whether there was more to ask and to fetch

    def job_for_chores(self) -> Job:
        """Return the job in whose name a user's lists are opened when a profile shows that there are any."""
        of = {job.keeps_fresh: job for job in reversed(list(self.jobs.values()))}
        return of.get("followed artists") or of.get("named artists") or Job(name="", kind="user")

    async def log_in(self) -> Token:
        """Return a token for this mirror's account, refreshed only if it must be."""
        if self.is_warned:
            raise AccountWarned(f"{WARNED}: nothing is sent.")
        try:
            token = await self.auth.token()
        except LoginNeeded as error:
            damage = await asyncio.to_thread(kept_login.damaged, self.root)
            raise damage or error from error
        except LoginError as error:
            await self.db.run(runs.note_refused_login, type(error).__name__, self.clock.now())
            raise
        await self.use_account(token)
        return token

    async def use_account(self, token: Token) -> None:
        """Let the token's account be this mirror's. WrongAccount: it belongs to another one."""
        who = (token.user_id, token.user_name, token.user_account, token.is_premium, token.x_restrict)
        await self.db.run(runs.record_account, *who, self.clock.now())
        self.account_id = token.user_id

    @property
    def is_warned(self) -> bool:
        """Whether Pixiv has warned the account, and nobody has said that it was read."""
        return self.transport.pacer.is_frozen

    def freeze(self) -> None:
        """Send Pixiv nothing more, files included, until `warning_read`."""
        self.transport.freeze()

    async def warning_read(self) -> bool:
        """Go on after a warning, which a person has read. Return whether there was one."""
        warned = self.is_warned
        self.transport.thaw()
        await self.save_spent()
        return warned

    @property
    def all_paused(self) -> bool:
        """Whether nothing is sent to Pixiv: the user has paused everything, or the account was warned."""
        return self.pause_of_all is not None or self.is_warned

    async def load_pauses(self) -> int | None:
        """Read which jobs are paused now, and whether everything is. Return when the next pause ends, ms UTC."""
        now = self.clock.now()
        states = await self.db.read(runs.job_states)
        self.pause_of_all = await self.db.read(runs.pause_of_all, now)
        ends = {name: state.paused_until for name, state in states.items() if state.paused}
        self.paused = frozenset(name for name, end in ends.items() if end is None or end > now)
        times = [*ends.values(), self.pause_of_all.until if self.pause_of_all else None]
        return min((t for t in times if t is not None and t > now), default=None)

    def _cooldown(self) -> tuple[int, ...]:
        return (*self.transport.pacer.state.cooldowns, self.transport.images.state.cooldown_until)

    def pace_unsaved(self) -> bool:
        """Return whether Pixiv asked for a pause that a restart would forget."""
        return self._cooldown() != self._saved_cooldown

    async def save_spent(self) -> None:
        """Save the pace, and add what was asked since the last call to the day's count."""
        counts, transport = self.transport.counts, self.transport
        now = (counts.api + counts.token, counts.image, counts.image_bytes)
        api, images, size = (n - before for n, before in zip(now, self._counted, strict=True))
        if not (api or images or size) and not self.pace_unsaved():
            return
        sample = self._sample(api, images, size)
        self._counted = now
        self._saved_cooldown = self._cooldown()
        day = jst_day(self.clock.now())

        def save(conn: Connection) -> None:
            for lane, count, size_of_lane in (("api", api, 0), ("image", images, size)):
                if count or size_of_lane:
                    runs.add_spent(conn, day, lane, count, size_of_lane)
            if sample is not None:
                samples.add(conn, sample)
            runs.set_meta(conn, "pacer", json.dumps(transport.pacer.state.to_dict()))
            runs.set_meta(conn, "image_budget", json.dumps(transport.images.state.to_dict()))

        await self.db.run(save)

    def _sample(self, requests: int, files: int, size: int) -> Sample | None:
        """Return how fast it went since the last call, if that was a moment ago."""
        t, at, before = self.transport, self.clock.monotonic(), self._sampled
        more_to_ask = bool(t.pacer.waiting) or not self.config.pixiv.requests_per_minute
        self._sampled = at, more_to_ask and t.pacer.blocked_until() is None, t.images.is_busy
        if before is None or not 0 < (seconds := at - before[0]) < SAMPLED_S:
            return None
        busy = (a and b for a, b in zip(before[1:], self._sampled[1:], strict=True))
        return Sample(self.clock.now(), seconds, requests, files, size, *busy)


@asynccontextmanager
async def open_mirror(
    config: Config, env: Mapping[str, str], *, clock: Clock | None = None, what: str = ""
) -> AsyncIterator[Mirror]:
    """Open all that a process which writes needs, for the command `what`. MirrorLocked, CatalogueError,
    StorageError.
    """
    clock = clock or Clock()
    m = config.mirror
    with MirrorRoot.open(
        m.root,
        m.media,
        umask=m.umask,
        keep_free=m.keep_free,
        max_file=m.max_file,
        what=what,
        on_share=m.root_on_share,
    ) as root:
        migrate.refuse_lost(catalogue_path(root.root), had_catalogue(m.root, m.media))
        migrate.upgrade(catalogue_path(root.root))
        root.note_catalogue()
        db = Database.open(catalogue_path(root.root))
        searching = Searching(root.root)
        db.call_after_commits(searching.wake)
        try:
            async with _transport(config, db, clock) as transport:
                mirror = await _build(config, env, root, db, transport, clock)
                try:
                    yield mirror
                finally:
                    await _leave(mirror)
        finally:
            searching.close()  # first, for the last connection writes back the log of the catalogue
            db.close()


async def _leave(mirror: Mirror) -> None:
    """Save what the next process wants to know. A disk that does not take it has been told of already."""
    with suppress(StorageError, CatalogueError, MirrorLocked):
        await mirror.save_spent()
        await mirror.db.run(queue.release_all)
        await mirror.db.run(clocks.note, mirror.clock.now())


def _transport(config: Config, db: Database, clock: Clock) -> Transport:
    p = config.pixiv
    pacer_state = PacerState.from_dict(db.read_sync(runs.get_saved, "pacer"))
    budget_state = BudgetState.from_dict(db.read_sync(runs.get_saved, "image_budget"))
    if pacer_state.warned_at == UNREADABLE:
        log.warning(
            "Whether Pixiv has warned the account cannot be read in the catalogue: nothing is sent to Pixiv. "
            "Read the mail or the inbox there, then run `pixmirror resume --warning-read`."
        )
    pacer = Pacer(clock, per_minute=p.requests_per_minute, per_day=p.requests_per_day, state=pacer_state)
    images = ImageBudget(
        clock, bytes_per_day=p.image_bytes_per_day, connections=p.image_connections, state=budget_state
    )
    if pacer.is_frozen:
        images.freeze()
    # One repeat after a cool-down: what is limited again gives way to another, which tells whose limit it is.
    return credentials.transport_to(config, clock, pacer, images=images, cooldowns=1)


async def _build(
    config: Config, env: Mapping[str, str], root: MirrorRoot, db: Database, transport: Transport, clock: Clock
) -> Mirror:
    configured = configured_token(config, env)
    refresh_token, token = kept_login.load(root, configured)
    for secret in (configured, refresh_token):
        if secret:
            hide(secret)

    async def keep(token: Token) -> None:
        log.debug("Token renewed.")
        # In a thread: the file is synced, and the loop must not wait for the disk.
        await asyncio.to_thread(kept_login.save, root, configured, token)

    app = identity(config)
    auth = Auth(
        transport,
        identity=app,
        refresh_token=refresh_token,
        token=token,
        on_token=keep,
    )
    api = AppApi(transport, auth, identity=app, language=config.pixiv.language)
    account = await db.read(runs.account_id)
    web = credentials.web_api(config, env, transport)
    mirror = Mirror(config, root, db, transport, auth, api, clock, account or 0, web=web)
    if root.rebooted:
        with suppress(StorageAbsent):  # its disk may be mounted later; they are looked for now and then
            await asyncio.to_thread(root.remove_stale_parts)
    await db.run(queue.release_all)  # what the last process had claimed
    await db.run(runs.mark_interrupted, clock.now())
    await pull_back_times(db, clock.now())
    await use_web(mirror, web)
    with suppress(StorageAbsent):  # else when the disk is back
        await trash.settle(db, root)
    await job_changes.use_jobs(mirror, config)
    return mirror


async def pull_back_times(db: Database, now: int) -> Finding:
    """Pull back times that a clock which stood ahead left in the future. While it stands behind nothing moves."""
    found = await db.read(clocks.look, now)
    await db.run(clocks.say, found)
    if found.state == "behind":
        log.warning(
            "The clock says %s, but %s has been before, and Pixiv has shown works of later days: set the clock.",
            from_ms(now).isoformat(timespec="minutes"), from_ms(found.latest).isoformat(timespec="minutes"),
        )  # fmt: skip
        return found
    if found.state == "right":
        await db.run(clocks.pull_back_due, now)
    else:
        log.warning(
            "The clock was set back by %d seconds: what waited for later times is planned anew.",
            (found.latest - now) // 1000,
        )
        await db.run(clocks.pull_back_due, now, found.latest)
        for part in await db.read(clocks.slices):
            await db.run(clocks.pull_back_past, part, now)
        await db.run(clocks.pull_back_values, now)
    await db.run(clocks.note, now)
    return found


async def use_web(mirror: Mirror, web: WebApi | None) -> None:
    """Use this login at www.pixiv.net from now on. A new one is tried at once, though the old one was refused."""
    mirror.web = web
    session = web_health.digest(web.session.phpsessid) if web and web.session else None
    await mirror.db.run(web_health.use, session, mirror.clock.now())
