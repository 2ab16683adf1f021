"""`forget` and `unforget`: what the user wants no more, and what they want back."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pixmirror.catalogue.refs import parse_ref
from pixmirror.catalogue.words import iso
from pixmirror.cli import formats
from pixmirror.cli.common import Json, Session, now_ms, on_terminal, print_json, say, session
from pixmirror.errors import ConfigError, ExitCode
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Forgotten, Target
from pixmirror.reports import backups, naming
from pixmirror.reports.moments import clock, exact
from pixmirror.store.backup_notes import read_notes
from pixmirror.terminal import one_line

Page = Annotated[
    int | None, typer.Option("--page", metavar="N", help="Only this page, counted from 0 as in names of files.")
]


def forget(
    ctx: typer.Context,
    ref: Annotated[str | None, typer.Argument(help="An id, novel:ID, user:ID or a URL.")] = None,
    page: Page = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Say what is forgotten.")] = False,
    as_json: Json = False,
) -> None:
    """Remove a work, one page of it, or a user, and never fetch it again. Files can be had back for a while.

    Of a user all works go, and with them the name, the profile and all that they wrote in comments. The text of a
    novel goes when the trash is emptied (mirror.trash_days).

    \b
    Examples:
      pixmirror forget 123                the files of a work; novel:123 for a novel
      pixmirror forget 123 --page 2       123_p2 only
      pixmirror forget user:7 --yes
      pixmirror forget --list
    """
    s = session(ctx)
    if list_:
        if ref is not None:
            raise ConfigError("--list takes nothing beside it.")
        _list(s, as_json)
        return
    if ref is None:
        raise ConfigError("Say what to forget: an id, novel:ID or user:ID; --list says what is forgotten.")
    target = Target.of(parse_ref(ref), page)
    if not yes:
        with s.reading() as db:
            found = db.read_sync(forgetting.preview, target, now_ms(), s.config.mirror.trash_days)
            _confirm(target, db.read_sync(naming.name_of, target.ref), found)
    s.refuse_no_mirror()
    done = s.do("forget", timeout=None, ref=str(target.ref), page=page)["done"]
    if as_json:
        held = backups.holding(read_notes(s.root))
        print_json({"ref": str(target.ref), "page": page, **done, "until": iso(done["until"]), "backups": held})
    elif done["already"] and not done["files"]:
        say(f"{_name(target)} was forgotten before.")
    elif nothing := _nothing(done, target):
        say(f"{_name(target)} is forgotten: {nothing}")
    else:
        say(f"{_name(target)} is forgotten: {_amount(done)}. {_until(done, target)}")
        _tell_of_backups(s, done)


def unforget(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(help="An id, novel:ID, user:ID or a URL.")],
    page: Page = None,
    as_json: Json = False,
) -> None:
    """Have back what was forgotten: files from the trash, and what is no longer there from Pixiv.

    \b
    Examples:
      pixmirror unforget 123
      pixmirror unforget 123 --page 2
      pixmirror unforget user:7
    """
    s = session(ctx)
    target = Target.of(parse_ref(ref), page)
    s.refuse_no_mirror()
    done = s.do("unforget", timeout=None, ref=str(target.ref), page=page)["done"]
    if as_json:
        print_json({"ref": str(target.ref), "page": page, **done})
        return
    say(f"{_name(target)} is forgotten no more: {formats.count(done['files'], 'file')} came back from the trash.")
    if done["wanted"]:
        say(f"{formats.count(done['wanted'], 'file')} will be fetched again at the next sync.")


def _tell_of_backups(s: Session, done: dict[str, Any]) -> None:
    """Say which backups still have it, and when it leaves them."""
    if held := backups.holding(read_notes(s.root)):
        when = f"after {clock(done['until'], now_ms())}" if done["until"] else "from now on"
        say(
            f"Backups have it still ({', '.join(held)}): the first one that is made {when} removes the files from "
            "all runs; what earlier runs say of it goes with them, at once by `pixmirror backup --keep 1`."
        )


def _confirm(target: Target, name: str, found: Forgotten) -> None:
    """Show what it is and what would go, then ask."""
    if not on_terminal():
        raise ConfigError("Nobody is there to be asked: `--yes` forgets without asking.")
    said = asdict(found)
    what = one_line(f"Page {target.idx} of {name}" if target.kind == "page" else name)
    if nothing := _nothing(said, target):
        say(f"{what}: {nothing}")
    else:
        say(f"{what}: {_amount(said)}.")
        say(_until(said, target))
    if not typer.confirm("Forget it?"):
        say("Nothing was changed.")
        raise typer.Exit(ExitCode.DECLINED)


def _name(target: Target) -> str:
    return {"work": f"Work {target.ref}", "page": f"Page {target.idx} of {target.ref}"}.get(
        target.kind, f"User {target.id}"
    )


def _nothing(said: dict[str, Any], target: Target) -> str | None:
    """Return what is said where there is nothing to remove."""
    if said["files"] or said["comments"] or said.get("texts"):
        return None
    if target.kind == "user":
        return "no file of theirs is here, and none will be fetched. Comments and profile are erased for good."
    if not said["works"]:
        return "nothing of it is here, and it will not be fetched."
    return "no file of it is here, and none will be fetched."


def _amount(said: dict[str, Any]) -> str:
    parts = [f"{formats.count(said['files'], 'file')} ({formats.size(said['bytes'])})"]
    if said.get("texts"):
        parts.append(formats.count(said["texts"], "text"))
    if said["comments"]:
        parts.append(formats.count(said["comments"], "comment"))
    works = f" of {formats.count(said['works'], 'work')}" if said["works"] > 1 else ""
    return f"{parts[0]}{works}" + "".join(f", {part}" for part in parts[1:])


def _until(said: dict[str, Any], target: Target) -> str:
    command = f"`pixmirror unforget {target.ref}" + (f" --page {target.idx}`" if target.kind == "page" else "`")
    erased = " Comments and profile are erased for good." if target.kind == "user" else ""
    if said["until"] is None:
        return f"The files cannot be had back but from Pixiv: {command}.{erased}"
    text = ""
    if texts := said.get("texts"):
        whose = "The text goes" if texts == 1 else f"The texts of {texts:,} novels go"
        text = f" {whose} then too, when the trash is emptied."
    return f"Until {clock(said['until'], now_ms())} the files can be had back: {command}.{text}{erased}"


# --- what is forgotten


def _list(s: Session, as_json: bool) -> None:
    with s.reading() as db:
        found = db.read_sync(forgetting.listing)
    if as_json:
        print_json(
            [
                {
                    "ref": str(t.target.ref),
                    "page": t.target.idx if t.target.kind == "page" else None,
                    "at": iso(t.at),
                    "until": iso(t.purge_at),
                    "files": t.files,
                    "bytes": t.bytes,
                }
                for t in found
            ]
        )
    elif not found:
        say("Nothing is forgotten.")
    else:
        rows = [
            (
                str(t.target),
                exact(t.at),
                f"{t.files:,}",
                formats.size(t.bytes),
                exact(t.purge_at),
            )
            for t in found
        ]
        formats.table(("what", "forgotten", "files", "in the trash", "until"), rows)
