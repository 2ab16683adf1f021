"""`backup` and `restore`: the mirror on another disk, and back."""

from pathlib import Path
from typing import Annotated

import typer

from pixmirror.backup import checking, making, restoring
from pixmirror.catalogue.words import iso, length
from pixmirror.cli import formats, progress
from pixmirror.cli.common import Json, Session, finish, note, now_ms, print_json, say, session
from pixmirror.config import config_to_back_up, find_config
from pixmirror.errors import ConfigError, ExitCode
from pixmirror.reports.moments import clock
from pixmirror.store.disks import refuse_share

Folder = Annotated[Path | None, typer.Argument(metavar="DIR", help="The folder; without it that of backup.to.")]


def backup(
    ctx: typer.Context,
    to: Folder = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read a backup again instead; takes no mirror and no config.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="With --check: only whether each file is there with its size.")
    ] = False,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=1, help="Keep so many runs (default: backup.keep, 7).")
    ] = None,
    with_credentials: Annotated[
        bool, typer.Option("--with-credentials", help="The login, too. Whoever has the backup is you at Pixiv.")
    ] = False,
    begin: Annotated[
        bool, typer.Option("--begin", help="Begin a backup there anew: the disk that held the last one is lost.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read what the backup has already, too, and bring anew what is bad.")
    ] = False,
    believe: Annotated[
        bool, typer.Option("--believe", help="So many files are not in the catalogue any more, and it is true.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Back up the mirror to a folder on another disk, while it runs or not: only what is new is copied.

    Each run is a whole one; the newest ones are kept. The login stays out of it unless you ask for it.

    \b
    Examples:
      pixmirror backup /mnt/usb/pixmirror
      pixmirror backup                              to backup.to of the config
      pixmirror backup --check /mnt/usb/pixmirror   reads every byte of it
    """
    s = session(ctx)
    if check:
        _check(s, to or _configured(s), quick=quick, as_json=as_json)
        return
    if quick:
        raise ConfigError("--quick belongs to --check.")
    s.refuse_others(to_write=True)
    s.refuse_no_mirror()
    b = s.config.backup
    secrets = with_credentials or b.with_credentials
    plan = making.Plan(
        s.unlocked(), to or _configured(s), keep=keep or b.keep, begin=begin, secrets=secrets,
        config=config_to_back_up(find_config(s.config_file), secrets=secrets), full=full, believe=believe,
    )  # fmt: skip
    began = now_ms()
    shown = progress.counting(lambda found: f"{found.files:,} files, {found.new:,} new", quiet=as_json)
    with shown as show:
        report = making.make(plan, began, progress=show or (lambda report: None))
    if as_json:
        print_json(report.as_dict())
    else:
        _tell(report, plan, (now_ms() - began) / 1000)
    if report.waiting:
        raise typer.Exit(ExitCode.STORAGE)
    finish(incomplete=not report.is_whole or bool(report.damaged_runs or report.held))


def _configured(s: Session) -> Path:
    if s.config.backup.to is None:
        raise ConfigError("Say where: `pixmirror backup DIR`, or set backup.to in the config.")
    return s.config.backup.to


def _tell(report: making.Report, plan: making.Plan, seconds: float) -> None:
    size, files = formats.size, formats.count(report.files, "file")
    new = f"{report.new:,} new ({size(report.new_bytes)})"
    say(f"Backed up to {report.to} in {length(seconds)}: {files}, {size(report.bytes)}; {new}.")
    if report.same_disk:
        shared = " New files share their bytes with the mirror." if report.linked else ""
        note(f"It lies on the mirror's own disk: it helps against mistakes, not when that disk fails.{shared}")
    removed = f"; {formats.count(report.removed_runs, 'older one')} removed" if report.removed_runs else ""
    say(f"  {formats.count(report.runs, 'run')} there{removed}.")
    if not report.secrets:
        say("  Without the login (--with-credentials takes it along).")
    if plan.config is None:
        say("  Without the config, which holds a secret, or cannot be read.")
    formats.say_any(report.forgotten, "forgotten file", "left all runs.")
    if report.waiting:
        note(f"{formats.count(report.waiting, 'file')} wait: the media folder {plan.mirror.media} is not there.")
    formats.say_any(report.missing, "file", "could not be read; pixmirror verify fetches them again:")
    formats.say_any(report.bad, "file", "had other bytes than were stored, and were not taken; pixmirror verify:")
    _examples(report.examples)
    for name in report.damaged_runs:
        note(f"The run {name} is damaged; pixmirror backup --check {report.to} says more.")
    if report.held:
        note(report.held)


def _examples(lines: list[str]) -> None:
    for line in lines[:10]:
        say(f"    {line}")


def _check(s: Session, path: Path, *, quick: bool, as_json: bool) -> None:
    shown = progress.counting(lambda found: f"{found.files:,} files, {formats.size(found.bytes)}", quiet=as_json)
    with shown as show:
        report = checking.check(path, quick=quick, progress=show or (lambda report: None))
    if as_json:
        print_json(report.as_dict() | {"last_at": iso(report.last_at)})
    else:
        _tell_check(report)
    finish(incomplete=not report.sound)


def _tell_check(report: checking.Report) -> None:
    runs, how = formats.count(report.runs, "run"), "looked at" if report.quick else "read"
    files = f"{formats.count(report.files, 'file')} {how}, {formats.size(report.bytes)}"
    if not report.runs:
        say(f"{report.folder} holds no run that was finished.")
    elif report.sound:
        last = f"the last of {clock(report.last_at or 0, now_ms())}"
        say(f"The backup in {report.folder} is sound: {runs}, {last}; {files}.")
    else:
        say(f"The backup in {report.folder} is damaged: {runs}; {files}.")
        say("  pixmirror backup --full brings anew what the mirror still has.")
    formats.say_any(report.missing, "file", "missing")
    formats.say_any(report.bad, "file", "with other bytes, or not readable")
    for name in report.damaged_runs:
        say(f"  The run {name} cannot be restored.")
    _examples(report.examples)
    if report.partial:
        say("  The last run is partial: the media folder was not there.")
    formats.say_any(report.cut_runs, "run", "that was cut; the next one goes on from there.")
    formats.say_any(report.unnamed, "file", "that no run has; the run after a cut one uses them or removes them.")


def restore(
    ctx: typer.Context,
    backup: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the backup.")],
    run: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="An older run (default: the newest).")
    ] = None,
    root: Annotated[
        Path | None, typer.Option("--root", metavar="DIR", help="To there (default: mirror.root of the config).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring a backup into an empty root. The mirror keeps its id; a media folder that survived gets what it lacks.

    \b
    Examples:
      pixmirror restore /mnt/usb/pixmirror
      pixmirror restore /mnt/usb/pixmirror --root /srv/pixmirror
      pixmirror restore /mnt/usb/pixmirror --run 20261130T040000Z
    """
    s = session(ctx)
    to, media = (root.absolute(), None) if root is not None else (s.root, s.config.mirror.media)
    refuse_share(to, allowed=root is None and s.config.mirror.root_on_share)
    shown = progress.counting(lambda found: f"{found.files + found.there:,} files", quiet=as_json)
    with shown as show:
        report = restoring.restore(backup.absolute(), to, media, run=run, progress=show or (lambda report: None))
    if as_json:
        print_json(report.as_dict() | {"made_at": iso(report.made_at)})
    else:
        _tell_restore(report, is_elsewhere=root is not None)
    finish(incomplete=bool(report.lacking))


def _tell_restore(report: restoring.Report, *, is_elsewhere: bool) -> None:
    there = f", {report.there:,} were there" if report.there else ""
    files = f"{formats.count(report.files, 'file')} ({formats.size(report.bytes)}{there})"
    say(f"Restored to {report.root}: the mirror as of {clock(report.made_at, now_ms())}, {files}.")
    if report.lacking:
        note(f"{formats.count(report.lacking, 'file')} of it could not be had back:")
        _examples(report.examples)
    if report.partial:
        note("That run is partial: the media folder was not there when it was made.")
    if report.config:
        say(f"  The config of that time: {report.config}")
    if is_elsewhere:
        say("  Name this folder as mirror.root in the config.")
    if not report.login:
        say("  The login was not in it: pixmirror login")
    say("  Then: pixmirror verify --quick, and pixmirror sync.")
