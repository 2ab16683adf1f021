"""`pixmirror check`: is everything in place, and does Pixiv answer as we read it?"""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from pixmirror import control
from pixmirror.catalogue import migrate, runs
from pixmirror.catalogue.gallery.database import gallery_path, refuse_damaged
from pixmirror.catalogue.gallery.schema import LINEAGE
from pixmirror.catalogue.words import length
from pixmirror.cli import formats, modes
from pixmirror.cli import login as login_command
from pixmirror.cli.common import Json, Session, now_ms, print_json, run, say, sentence, session, told
from pixmirror.cli.pace import refuse_warned
from pixmirror.clock import HOUR_MS
from pixmirror.config import PixivConfig, find_config
from pixmirror.daemon import credentials
from pixmirror.errors import (
    BadResponse,
    ConfigError,
    DaemonBusy,
    DaemonOlder,
    ExitCode,
    LoginError,
    MirrorLocked,
    PixmirrorError,
    StorageError,
    WebLoginExpired,
)
from pixmirror.reports import queries
from pixmirror.reports.moments import as_of, day
from pixmirror.store import MirrorRoot, kept_login
from pixmirror.store.disks import refuse_share
from pixmirror.store.start import try_locks
from pixmirror.terminal import one_line

if TYPE_CHECKING:
    from pixmirror.daemon.first_look import Report

Level = Literal["ok", "warn", "bad"]
FIRST_YEAR = 2026
PATIENCE_S = 120.0  # for a running pixmirror to ask Pixiv at its pace


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was looked at; `exit_code` is that of the whole command if it is bad."""

    what: str
    level: Level
    text: str
    exit_code: int = ExitCode.DONE

    @classmethod
    def bad(cls, what: str, error: PixmirrorError) -> Self:
        return cls(what, "bad", sentence(error), error.exit_code)


def check(
    ctx: typer.Context,
    pixiv: Annotated[
        bool, typer.Option("--pixiv", help="Also ask Pixiv, at most 12 times, and compare what it answers.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="DIR", help="With --pixiv: keep the answers there, names blanked."),
    ] = None,
    as_json: Json = False,
) -> None:
    """See whether config, disk, clock and login are in order, and what the login unlocks.

    \b
    Examples:
      pixmirror check
      pixmirror check --pixiv
      pixmirror check --record answers/     for a bug report: no tokens, mail addresses or names
    """
    s = session(ctx)
    with suppress(ConfigError):  # which is one of the rows
        s.refuse_others()
    asks, report = pixiv or record is not None, None
    rows = list(_looked(s, asks))
    if asks and not any(r.level == "bad" for r in rows):
        report, row = _pixiv(s, record)
        rows.append(row)
    bad = next((r for r in rows if r.level == "bad"), None)
    if as_json:
        answer = {"ok": bad is None, "checks": [asdict(r) for r in rows]}
        print_json(answer | ({"pixiv": report.as_dict()} if report else {}))
    else:
        say(_first_line(rows, asks))
        formats.table(("", "", ""), [(r.level.upper() if r.level != "ok" else "ok", r.what, r.text) for r in rows])
        for line in report.differences() if report else ():
            say(f"  {line}")
        if record is not None and report is not None:
            say(
                f"{formats.count(report.requests, 'answer')} in {record}; look through them before you share them."
            )
    if bad is not None:
        raise typer.Exit(bad.exit_code)


def _first_line(rows: Sequence[Row], asks: bool) -> str:
    """Answer what the command was asked, before the rows that say why."""
    wrong, odd = (", ".join(r.what for r in rows if r.level == level) for level in ("bad", "warn"))
    if wrong:
        return f"Not in order: {wrong}."
    asked = "" if asks else " Pixiv's API was not asked: --pixiv does."
    return (f"In order, but look at: {odd}." if odd else "All is in order.") + asked


def _looked(s: Session, asks: bool) -> Iterator[Row]:
    """Yield all that can be seen without asking Pixiv, as far as the system lets us look."""
    try:
        yield from _local(s, asks)
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        yield Row("system", "bad", f"{what}{error.strerror or error}.", StorageError.exit_code)


def _local(s: Session, asks: bool) -> Iterator[Row]:
    try:
        config = s.config
    except ConfigError as error:
        yield Row.bad("config", error)
        return
    on = [job.name for job in config.jobs if job.enabled]
    if on:
        yield Row("config", "ok", f"Enabled jobs: {', '.join(on)}.")
    else:
        yield Row("config", "warn", "No job is enabled, so nothing would be mirrored: add one to [[jobs]].")
    yield _service(s)
    root = s.unlocked()
    yield disk(s)
    yield from places(s)
    yield storage(s, root)
    yield from (Row("modes", "warn", said) for said in modes.mended(s))
    yield _catalogue(s)
    yield from _gallery(s)
    yield _clock(s)
    yield from login_rows(s, root, asks)
    yield from web_rows(s)


def _service(s: Session) -> Row:
    try:
        answer = s.ask("status", timeout=5)
    except PixmirrorError as error:
        return Row("service", "warn", sentence(error))
    if answer is None:
        return Row("service", "ok", "pixmirror does not run in the background now.")
    return Row("service", "ok", f"pixmirror runs as process {answer.get('pid')}.")


def disk(s: Session) -> Row:
    m = s.config.mirror
    media = m.media or m.root
    there = next(p for p in (media, *media.parents) if p.is_dir())
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Row("disk", "bad", f"{there} cannot be read: {error.strerror}.", StorageError.exit_code)
    text = f"{formats.size(free)} are free at {there}; {formats.size(m.keep_free)} are kept free."
    for place in {m.root, media}:
        nearest = next(p for p in (place, *place.parents) if p.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            return Row("disk", "bad", f"{place} cannot be written to.", StorageError.exit_code)
    if free < m.keep_free:
        return Row("disk", "bad", f"{text} Free some space or lower mirror.keep_free.", StorageError.exit_code)
    return Row("disk", "ok", text)


def places(s: Session) -> Iterator[Row]:
    """Yield what the mirror's folder must allow beside writing: file locks, and a socket there or elsewhere."""
    nearest = next(p for p in (s.root, *s.root.parents) if p.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return  # which was said
    try:
        refuse_share(s.root, allowed=s.config.mirror.root_on_share)
    except StorageError as error:
        yield Row.bad("file system", error)
    try:
        try_locks(nearest)
    except StorageError as error:
        yield Row("locks", "bad", told(error), error.exit_code)
    if not s.root.is_dir():
        return
    try:
        control.try_places(s.root, s.env)
    except StorageError as error:
        yield Row("socket", "bad", told(error), error.exit_code)


def storage(s: Session, root: MirrorRoot) -> Row:
    if root.new:
        if s.config.mirror.media is not None and not root.media.is_dir():
            text = f"The media folder {root.media} is not there: mount it, or make it."
            return Row("storage", "bad", text, StorageError.exit_code)
        return Row("storage", "ok", f"A new mirror will be made in {root.root}.")
    try:
        root.check_media()
    except StorageError as error:
        return Row.bad("storage", error)
    return Row("storage", "ok", f"The media folder {root.media} is this mirror's.")


def _catalogue(s: Session) -> Row:
    try:
        s.refuse_lost()
        if not s.catalogue.exists():
            return Row("catalogue", "ok", "Nothing is mirrored yet.")
        migrate.check(s.catalogue)
    except PixmirrorError as error:
        return Row.bad("catalogue", error)
    size = s.catalogue.stat().st_size
    return Row("catalogue", "ok", f"Schema {migrate.HEAD}, {formats.size(size)}.")


def _gallery(s: Session) -> Iterator[Row]:
    """Yield what is wrong with gallery.db, which is read whole; nothing where there is none."""
    path = gallery_path(s.root)
    if not path.exists():
        return
    try:
        migrate.check(path, LINEAGE)
        refuse_damaged(path)
    except PixmirrorError as error:
        yield Row("gallery", "bad", told(error), error.exit_code)
    else:
        yield Row("gallery", "ok", f"Schema {LINEAGE.head}, {formats.size(path.stat().st_size)}.")


def _clock(s: Session) -> Row:
    now = time.time()
    if time.gmtime(now).tm_year < FIRST_YEAR:
        return Row("clock", "bad", f"It says {time.strftime('%Y-%m-%d')}, which is in the past: set the clock.", 2)
    try:
        ahead = s.catalogue.stat().st_mtime - now
    except OSError:
        ahead = 0
    if ahead > HOUR_MS / 1000:
        return Row(
            "clock", "warn", f"The catalogue was written {length(ahead)} in the future: the clock went back."
        )
    return Row("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S %Z.", time.localtime(now)))


def login_rows(s: Session, root: MirrorRoot, asks: bool) -> Iterator[Row]:
    """Look at the login, which is not tried here. `asks`: Pixiv is asked after this."""
    try:
        refresh, token = kept_login.load(root, credentials.configured_token(s.config, s.env))
        damage = kept_login.damaged(root)
    except PixmirrorError as error:
        yield Row.bad("login", error)
        return
    if damage is not None:
        level: Level = "bad" if refresh is None else "warn"
        yield Row("login", level, told(damage), damage.exit_code if refresh is None else ExitCode.DONE)
        if refresh is None:
            return
    if refresh is None:
        absent = _absent(s, "refresh_token_file")
        how = f"{absent}, or run" if absent else "run"
        text = f"There is no Pixiv login yet: {how} `pixmirror login`."
        yield Row("login", "bad", text, LoginError.exit_code)
        return
    since = None if asks else _refused_since(s, root)
    untried = "It is tried below." if asks else "Pixiv was not asked now: `check --pixiv` asks."
    if since is not None:
        text = f"Pixiv rejected the login on {day(since, now_ms())}. {untried} {LoginError.advice}"
        yield Row("login", "bad", text, LoginError.exit_code)
    elif token is None:
        yield Row("login", "ok", f"There is a refresh token that was not used yet. {untried}")
    if token is not None:
        now = now_ms()
        good = "still good" if token.fresh(now) else "renewed when it is needed"
        when = as_of(token.expires_at - HOUR_MS, now)
        who = f"{one_line(token.user_name)} (user:{token.user_id}); access token from {when}, {good}."
        if since is None:
            yield Row("login", "ok", f"{who} {untried}")
        hides = token.x_restrict <= 0
        yield Row("rating", "warn" if hides else "ok", login_command.rating(token.x_restrict))
    yield Row("unlocks", "ok", "With this login: all that the app shows, your private follows and bookmarks, too.")


def _refused_since(s: Session, root: MirrorRoot) -> int | None:
    """Return since when Pixiv refuses the login that is kept; None if it does not, as far as is known."""
    try:
        with s.reading() as db:
            refused, is_begun = db.read_sync(runs.refused_login), db.read_sync(runs.account_id) is not None
    except (PixmirrorError, OSError):
        return None
    written = kept_login.written_at(root)
    if refused is None or refused[0] <= written or (is_begun and not written):  # else another login came since
        return None
    return refused[0]


def web_rows(s: Session) -> Iterator[Row]:
    """Check the login at the website, with one request where there is one. Without it all else works."""
    try:
        session = credentials.web_session(s.config, s.env)
        if session is None:
            absent = _absent(s, "phpsessid_file")
            yield Row("web", "warn", f"No web login: {absent}.") if absent else Row("web", "ok", _without_web(s))
            return
        refuse_warned(s)
        run(credentials.try_web_login(s.config, s.env))
    except ConfigError as error:
        yield Row.bad("web", error)
        return
    except LoginError:
        yield Row("web", "warn", f"The web login does not work. {WebLoginExpired.advice}")
        return
    except PixmirrorError as error:
        yield Row("web", "warn", f"Whether the web login works is not known: {told(error)}")
        return
    account = None
    with suppress(PixmirrorError), s.reading() as db:  # else the mirror has not begun
        account = db.read_sync(runs.account_id)
    if account and account != session.user_id:
        text = (
            f"The web login works, but is user:{session.user_id}'s; this mirror is user:{account}'s. It shows "
            "what that account may see."
        )
        yield Row("web", "warn", text)
        return
    yield Row("web", "ok", f"The web login works (user:{session.user_id}): it shows what the app hides.")


def _absent(s: Session, key: str) -> str:
    """Say that a file that the config names is not there; "" if it is, and for a default, which need not be."""
    named = getattr(s.config.pixiv, key)
    usual = find_config(s.config_file).absolute().parent / PixivConfig.model_fields[key].default
    return (
        "" if named == usual or named.exists() else f"pixiv.{key} names {named}, which is not there: correct that"
    )


def _without_web(s: Session) -> str:
    """Say what is not here for want of a web login."""
    hidden = 0
    with suppress(PixmirrorError), s.reading() as db:  # else the mirror has not begun
        hidden = db.read_sync(queries.hidden_from_app)
    proves = "an artist's list is proven against the website's: pixmirror help recover."
    if not hidden:
        come = "With one, works that Pixiv hides from the app come, too"
        return f"There is no web cookie, and none is needed. {come}, and {proves}"
    works = formats.count(hidden, "work")
    return f"There is no web cookie. {works} hidden from the app would come with one, and {proves} All else works."


def _pixiv(s: Session, record: Path | None) -> "tuple[Report | None, Row]":
    from pixmirror.daemon.first_look import Report, first_look
    from pixmirror.daemon.mirror import open_mirror

    async def look() -> "Report":
        async with open_mirror(s.config, s.env, what="check") as mirror:
            return await first_look(mirror, record)

    try:
        answer = s.ask("check", timeout=PATIENCE_S) if record is None else None
        if answer is not None and "held" in answer:
            return None, Row("pixiv", "warn", f"Pixiv was not asked: nothing is sent {answer['held']}.")
        report = run(look()) if answer is None else Report.of(answer)
    except DaemonBusy:
        text = f"The running pixmirror is busy and has not asked Pixiv yet. {MirrorLocked.advice}"
        return None, Row("pixiv", "warn", text)
    except (MirrorLocked, DaemonOlder) as error:
        return None, Row("pixiv", "warn", f"Pixiv was not asked, for another pixmirror is at work. {told(error)}")
    except PixmirrorError as error:
        return None, Row("pixiv", "bad", told(error), error.exit_code)
    return report, row_of(report)


def row_of(report: "Report") -> Row:
    asked = f"{formats.count(report.requests, 'request')}, {formats.count(len(report.probes), 'endpoint')}"
    if report.lossy:
        return Row("pixiv", "bad", f"{asked}: data would be lost, see below.", BadResponse.exit_code)
    broken = sum(len(p.broken) for p in report.probes)
    if broken or any(p.missing or p.error for p in report.probes):
        return Row(
            "pixiv", "warn", f"{asked}: answers differ from what we read, nothing would be lost; see below."
        )
    return Row("pixiv", "ok", f"{asked}: all were understood.")
