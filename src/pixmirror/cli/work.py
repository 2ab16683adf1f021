"""`sync`, `run`, `pause`, `resume`: what makes the mirror work, or rest."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixmirror import control
from pixmirror.cli import formats, progress, sync_end
from pixmirror.cli.beside import stopped
from pixmirror.cli.common import (
    Json,
    Session,
    importing,
    job_names,
    note,
    now_ms,
    print_json,
    run,
    say,
    session,
)
from pixmirror.daemon.trouble import by_hand
from pixmirror.errors import ConfigError, PixmirrorError, PixmirrorGone
from pixmirror.pixiv.waiting import WARNED, Blocked
from pixmirror.reports.moments import clock
from pixmirror.reports.reasons import FILES

if TYPE_CHECKING:
    from pixmirror.daemon.mirror import Mirror
    from pixmirror.daemon.sync import SyncReport

MOST_TOLD = 5
NOT_STORED = ("wanted", "failed", "gone", "damaged")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def sync(
    ctx: typer.Context,
    jobs: Annotated[
        list[str] | None,
        typer.Argument(metavar="JOB", help="Names of jobs (default: all enabled ones).", callback=job_names),
    ] = None,
    skip_check: Annotated[
        bool, typer.Option("--skip-check", help="Leave out the look at Pixiv's answers before the first sync.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run jobs once, due or not, fetch all files, and end. If a pixmirror runs already, that one does it.

    With names it ends when those jobs, and the files that they want, are done.

    \b
    Examples:
      pixmirror sync
      pixmirror sync bookmarks
      pixmirror sync --json > report.json
    """
    s = session(ctx)
    names = tuple(jobs or ())
    if not any(job.enabled for job in s.config.jobs):
        raise ConfigError("No job is enabled, so there is nothing to do: add one to [[jobs]] in the config file.")
    shown = progress.display(quiet=as_json)
    since, beside_it = now_ms(), s.has_daemon()
    try:
        if beside_it:
            note("pixmirror runs in the background: it does the work.")
            _say_what_waits(s.ask("status", timeout=5) or {})
            report = run(_by_daemon(s, names, shown))
        else:
            report = run(_by_ourselves(s, names, shown, skip_check)).as_dict()
    except KeyboardInterrupt:
        note(stopped(s, since, daemon=beside_it))
        raise
    except PixmirrorError as error:
        if not beside_it:
            error.advice = by_hand(error.advice)  # type: ignore[misc]
        raise
    if as_json:
        print_json(report)
    else:
        say(sync_end.first_line(s, report, since, of_all=not names, daemon=beside_it))
        _summary(s, report, daemon=beside_it)
    if report["exit_code"]:
        raise typer.Exit(report["exit_code"])


async def _by_ourselves(
    s: Session, names: tuple[str, ...], shown: progress.Display, skip_check: bool
) -> "SyncReport":
    with importing():
        from pixmirror.daemon.first_look import look_first
        from pixmirror.daemon.mirror import open_mirror

    async with (
        open_mirror(s.config, s.env, what="sync") as mirror,
        progress.beside(_say_why_it_waits(mirror)),
    ):
        if not skip_check and mirror.transport.pacer.blocked_until() is None:
            await look_first(mirror)
        return await mirror_once(mirror, names, shown)


async def mirror_once(mirror: "Mirror", names: tuple[str, ...], shown: progress.Display) -> "SyncReport":
    """Sync, with the progress shown."""
    from pixmirror.daemon.sync import sync as daemon_sync

    async with progress.watching(mirror.db, shown, mirror.config, names, mirror.clock.now):
        return await daemon_sync(mirror, names)


async def _say_why_it_waits(mirror: "Mirror") -> None:
    """Say so, once each time, when nothing is sent for a while."""
    from pixmirror.daemon.sync import until

    said = None
    while True:
        blocked = mirror.transport.pacer.blocked_until()
        if blocked is not None and blocked != said:
            note(f"Nothing is sent {until(blocked, mirror.clock.now())}.")
        said = blocked
        await asyncio.sleep(1)


def _say_what_waits(running: Mapping[str, Any]) -> None:
    """Say why a running pixmirror sends nothing for a while."""
    if blocked := (running.get("blocked") or {}).get("api"):
        moment, reason = blocked
        end = clock(moment, now_ms()) if moment else f"`{Blocked(None, reason).ended_by}`"
        note(f"Nothing is sent before {end}: {reason}.")


async def _by_daemon(s: Session, names: tuple[str, ...], shown: progress.Display) -> dict[str, Any]:
    with s.reading() as db:
        async with progress.watching(db, shown, s.config, names):
            answer = control.accepted(
                await control.ask(s.root, s.env, {"command": "sync", "jobs": list(names)}, timeout=None)
            )
    if answer is None:
        raise PixmirrorGone("The running pixmirror went away before it was done; what it has is kept.")
    return {name: value for name, value in answer.items() if name != "ok"}


def _summary(s: Session, report: Mapping[str, Any], *, daemon: bool) -> None:
    for name, result in report["jobs"].items():
        parts = [formats.count(result["works"], "new work")]
        if result["novels"]:
            parts.append(formats.count(result["novels"], "new novel"))
        say(f"{name}: {', '.join(parts)}" + (f"; {result['error']}" if result["error"] else ""))
    f = report["files"]
    waiting = {**f, "wanted": f["wanted"] + f["waiting"]}
    words = {state: FILES[state].says for state in NOT_STORED}
    parts = [f"{f['stored']:,} stored ({formats.size(f['bytes_stored'])})", *formats.amounts(waiting, words)]
    say(f"Files: {'; '.join(parts)}.")
    if report["requests"]:
        say(sync_end.requests(s, report))
    if report["held"]:
        note(report["held"])
    if report["trouble"]:
        note(report["trouble"])
    told = [
        sync_end.trouble(one, daemon)
        for one in report["troubles"]
        if not one["explained"] and one["cause"] not in ("brake", "limited")
    ]
    for sentence in told[:MOST_TOLD]:
        note(sentence)
    if report["exit_code"] and not report["trouble"] and len(told) != 1:
        note("Some things could not be had; `pixmirror status` lists them with reasons.")


# --- run


def run_(
    ctx: typer.Context,
    log_level: Annotated[
        str, typer.Option("--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR.")
    ] = "INFO",
    log_json: Annotated[bool, typer.Option("--log-json", help="One JSON object a line.")] = False,
    with_gallery: Annotated[
        bool, typer.Option("--gallery", help="Run the gallery, too: `pixmirror help gallery`.")
    ] = False,
) -> None:
    """Keep mirroring: every job at its time, until it is stopped (Ctrl-C or SIGTERM). SIGHUP reloads the config.

    \b
    Examples:
      pixmirror run
      pixmirror run --gallery
      pixmirror run --log-level WARNING
    """
    with importing():
        from pixmirror import logs
        from pixmirror.cli.gallery_process import gallery_beside
        from pixmirror.config import find_config
        from pixmirror.daemon.serve import serve

    s = session(ctx)
    if log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ConfigError(f"--log-level {log_level}: it must be DEBUG, INFO, WARNING or ERROR.")
    logs.setup(log_level.upper(), json=log_json, env=s.env)
    config_file = find_config(s.config_file).absolute()
    with gallery_beside(config_file) if with_gallery else nullcontext():
        run(serve(config_file, s.env))


# --- pause, resume


def pause(
    ctx: typer.Context,
    job: Annotated[str | None, typer.Argument(help="One job (default: everything).", callback=job_names)] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="2h, 3d, 07:00 or 2026-12-01T08:00 (local time).")
    ] = None,
) -> None:
    """Let everything, or one job, rest. It is remembered over restarts.

    \b
    Examples:
      pixmirror pause                     until `pixmirror resume`
      pixmirror pause --until 07:00
      pixmirror pause bookmarks --until 3d
    """
    s = session(ctx)
    _known_job(s, job)
    moment = until_ms(until, now_ms() / 1000) if until is not None else None
    s.do("pause", job=job, until=moment)
    say(f"{job or 'Everything'} rests until {clock(moment, now_ms()) if moment else '`pixmirror resume`'}.")


def resume(
    ctx: typer.Context,
    job: Annotated[str | None, typer.Argument(help="One job (default: everything).", callback=job_names)] = None,
    warning_read: Annotated[
        bool, typer.Option("--warning-read", help="You have read that Pixiv warned the account: ask it again.")
    ] = False,
) -> None:
    """Go on after a pause. A job that was paused by its name is resumed by its name.

    \b
    Examples:
      pixmirror resume
      pixmirror resume bookmarks
      pixmirror resume --warning-read     what Pixiv's warning stopped goes on
    """
    s = session(ctx)
    _known_job(s, job)
    if warning_read and job is not None:
        raise ConfigError("--warning-read is about the account, not one job: leave the job out.")
    done = s.do("resume", job=job, warning_read=warning_read)
    goes_on = f"goes on{'' if s.has_daemon() else ' with the next `pixmirror run` or `sync`'}"
    if not warning_read:
        say(f"{job or 'Everything'} {goes_on}.")
    elif done["was_warned"]:
        say(f"Everything {goes_on}, at half its pace at first.")
    else:
        say("Nothing was stopped by a warning of Pixiv.")
    if done.get("is_warned"):
        note(f"Nothing is sent before `pixmirror resume --warning-read`: {WARNED}.")


def _known_job(s: Session, job: str | None) -> None:
    names = [j.name for j in s.config.jobs if j.enabled]
    if job is not None and job not in names:
        raise ConfigError(f"No enabled job is called {job}; enabled jobs: {', '.join(names) or 'none'}.")


def until_ms(text: str, now: float) -> int:
    """Read a moment to come: a span from now, a time of day, or an ISO date with or without a time."""
    text = text.strip()
    here = datetime.fromtimestamp(now).astimezone()
    if found := _SPAN.fullmatch(text):
        moment = here + timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    elif found := _CLOCK.fullmatch(text):
        day = here.replace(tzinfo=None, hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        moment = day.astimezone()
        if moment <= here:
            moment = (day + timedelta(days=1)).astimezone()
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ConfigError(f"--until {text}: write it like 2h, 3d, 07:00 or 2026-12-01T08:00.") from None
        moment = moment if moment.tzinfo else moment.astimezone()
    if moment <= here:
        raise ConfigError(f"--until {text} lies in the past.")
    return int(moment.timestamp() * 1000)
