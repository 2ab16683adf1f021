"""`pixmirror verify`: read the stored files again."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pixmirror.catalogue import losses
from pixmirror.catalogue.refs import parse_ref
from pixmirror.cli import formats, progress
from pixmirror.cli.common import Json, Session, finish, note, print_json, run, say, session
from pixmirror.daemon.commands import verify_files
from pixmirror.daemon.mirror import open_mirror

FOUND = {
    "missing": "missing",
    "wrong_size": "of another size",
    "wrong_hash": "with other bytes",
    "wrong_kind": "no plain files",
    "unreadable": "unreadable: look at the disk",
}


def verify(
    ctx: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Only whether each file is there with its size.")] = False,
    believe: Annotated[
        bool, typer.Option("--believe", help="So much is lost, and it is true: fetch it again.")
    ] = False,
    accept: Annotated[
        str | None,
        typer.Option("--accept", metavar="REF", help="Accept that files of this work or user are lost for good."),
    ] = None,
    lost: Annotated[
        bool, typer.Option("--lost", help="Read nothing; list each file that was here and cannot be had.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare every stored file with the catalogue; what is missing or bad is fetched again at the next sync.

    A file that was lost and is in its place again counts as stored. Exit code 7 as long as anything that was
    found is neither back nor accepted.

    \b
    Examples:
      pixmirror verify --quick           after moving the mirror
      pixmirror verify                   reads every byte
      pixmirror verify --accept 12345    Pixiv does not have it any more, and there is no copy
      pixmirror verify --lost --json     what is lost: path, size, sha256
    """
    s = session(ctx)
    if accept is not None:
        _accept(s, accept, as_json)
        return
    if lost:
        _list_lost(s, as_json)
        return
    answer = s.ask("verify", timeout=None, quick=quick, believe=believe)
    if answer is not None:
        report = answer["report"]
    else:
        if not s.catalogue.exists():
            s.refuse_no_mirror()
        report = run(verify_here(s, quick=quick, believe=believe, quiet=as_json))
    if as_json:
        print_json(report)
    else:
        summary(report)
    finish(incomplete=not report["sound"])


def _accept(s: Session, text: str, as_json: bool) -> None:
    ref = parse_ref(text)
    s.refuse_no_mirror()
    count = int(s.do("accept_lost", ref=str(ref))["files"])
    if as_json:
        print_json({"ref": str(ref), "files": count})
    elif count:
        say(f"{formats.count(count, 'lost file')} of {ref} accepted: verify fails for them no more.")
    else:
        say(f"Nothing of {ref} is lost that was not accepted already.")


def _list_lost(s: Session, as_json: bool) -> None:
    s.refuse_no_mirror()
    with s.reading() as db:
        found = db.read_sync(losses.given_up, losses.MOST_LISTED)
    if as_json:
        print_json({"lost": [asdict(one) for one in found]})
    else:
        for one in found:
            say(one.path)


async def verify_here(s: Session, *, quick: bool, quiet: bool = False, believe: bool = False) -> dict[str, Any]:
    """Verify without the daemon. Return the report."""
    shown = progress.counting(lambda found: f"{found.checked:,} files, {formats.size(found.bytes)}", quiet=quiet)
    async with open_mirror(s.config, s.env, what="verify") as mirror:
        with shown as show:
            done = await verify_files(mirror, {"quick": quick, "believe": believe}, show)
    report: dict[str, Any] = done["report"]
    return report


def summary(report: dict[str, Any]) -> None:
    """Print in words what verify found."""
    checked, size = formats.count(report["checked"], "file"), formats.size(report["bytes"])
    say(f"{checked} verified, {size}: {report['ok']:,} good.")
    for line in formats.amounts(report, FOUND):
        say(f"  {line}")
    for bad in report["bad"][:10]:
        say(f"    {bad['path']}: {bad['detail']}")
    _summary_of_lost(report)
    formats.say_any(report["sidecars_missing"], "sidecar", "missing; written again at the next sync.")
    changed = report["sidecars_changed"]
    formats.say_any(changed, "sidecar", "not as written; written again at the next sync.")
    formats.say_any(report["unknown_files"], "file", "there are not the mirror's; left alone.")
    for finding in report["catalogue"]:
        note(f"The catalogue itself is damaged: {finding}")
    _summary_of_rows(report)
    for copy in report["copies_absent"]:
        note(f"The copy {copy} is not there; nothing is brought back from it.")


def _summary_of_rows(report: dict[str, Any]) -> None:
    if names := report["garbled"]:
        note("Rows of the catalogue are not as they were written:")
        for name in names[:10]:
            note(f"    {name}")
        note("  Put back your backup of catalogue.db; or go on with them as they are: pixmirror verify --believe")


def _summary_of_lost(report: dict[str, Any]) -> None:
    if report["held"]:
        note(report["held"])
    back, still = report["back"], report["still_wanted"]
    formats.say_any(back, "file", f"that {'was' if back == 1 else 'were'} lost: back.")
    formats.say_any(report["adopted"], "file", "found under another name, and put in place.")
    formats.say_any(report["copied"], "file", "brought back from a copy.")
    formats.say_any(report["wanted_again"], "file", "will be fetched again at the next sync.")
    formats.say_any(still, "file", f"wanted again earlier {'is' if still == 1 else 'are'} not back yet.")
    if lost := report["given_up"]:
        say(f"{formats.count(lost, 'file')} lost and not to be had from Pixiv any more:")
        for path in report["lost"][:10]:
            say(f"    {path}")
        if (more := len(report["lost"]) - 10) > 0:
            say(f"    and {more:,} more: pixmirror verify --lost lists all")
        say("  Put copies back in place, `pixmirror retry ID` to ask again, or `pixmirror verify --accept ID`.")
