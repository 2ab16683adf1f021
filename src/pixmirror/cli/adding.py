"""`pixmirror add`: one work, or all works of one artist, now and once, without a job."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixmirror import control
from pixmirror.catalogue.refs import Ref, parse_ref
from pixmirror.catalogue.words import length
from pixmirror.cli import formats
from pixmirror.cli.common import Json, Session, importing, note, print_json, run, say, session, tell
from pixmirror.errors import PixmirrorGone

if TYPE_CHECKING:
    from pixmirror.reports.added import Added

KEPT = "It is remembered: {} goes on from there."


def add(
    ctx: typer.Context,
    refs: Annotated[list[str], typer.Argument(metavar="URL", help="123, novel:123, user:123, or URLs of Pixiv.")],
    as_json: Json = False,
) -> None:
    """Mirror a work, or all works of an artist, now and once; no filter leaves it out, and it stays.

    What an artist posts later is not part of it: for that the lines of a job are printed.

    \b
    Examples:
      pixmirror add https://www.pixiv.net/artworks/12345678
      pixmirror add novel:123
      pixmirror add user:11
    """
    s = session(ctx)
    wanted = list(dict.fromkeys(parse_ref(text) for text in refs))
    beside = s.has_daemon()
    goes_on = "the running pixmirror" if beside else "pixmirror sync"
    try:
        report = run(_by_daemon(s, wanted)) if beside else run(_alone(s, wanted, quiet=as_json))
    except KeyboardInterrupt:
        note(f"Stopped. {KEPT.format(goes_on)}")
        raise
    if as_json:
        print_json(report)
    else:
        for one in report["added"]:
            _say(s, one, report)
        if report["trouble"]:
            note(report["trouble"])
        if any(one["became"] in ("part", "unanswered") for one in report["added"]):
            note(KEPT.format(goes_on))
    if report["exit_code"]:
        raise typer.Exit(report["exit_code"])


async def _alone(s: Session, refs: Sequence[Ref], *, quiet: bool) -> dict[str, Any]:
    with importing():
        from pixmirror.daemon import adding
        from pixmirror.daemon.mirror import open_mirror

    with _Line(quiet=quiet) as line:
        async with open_mirror(s.config, s.env) as mirror:
            return (await adding.add(mirror, refs, line.show)).as_dict()


async def _by_daemon(s: Session, refs: Sequence[Ref]) -> dict[str, Any]:
    request = {"command": "add", "refs": [str(ref) for ref in refs]}
    answer = control.accepted(await control.ask(s.root, s.env, request, timeout=None))
    if answer is None:
        raise PixmirrorGone("The running pixmirror went away before it was done; what was added is remembered.")
    return {name: value for name, value in answer.items() if name != "ok"}


class _Line:
    """One line on a terminal, redrawn, of how far an artist's works are."""

    def __init__(self, *, quiet: bool) -> None:
        import sys

        self._quiet = quiet or not sys.stderr.isatty()
        self._shown = ""

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *ended: object) -> None:
        self._draw("")

    def show(self, found: "Sequence[Added]") -> None:
        artists = [one for one in found if one.type == "user" and one.works]
        if artists and not self._quiet:
            works, files = sum(one.works for one in artists), sum(one.files for one in artists)
            here = sum(one.stored for one in artists)
            self._draw(f"{formats.count(works, 'work')}, {here:,} of {formats.count(files, 'file')}")

    def _draw(self, text: str) -> None:
        if text != self._shown:
            typer.echo(f"\r{text:<{len(self._shown)}}\r{text}", err=True, nl=False)
            self._shown = text


def _say(s: Session, one: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Say in a sentence what became of one thing."""
    is_artist, ref = one["type"] == "user", one["ref"]
    name = one["artist"] if is_artist else one["title"]
    name = (f"{name} ({ref})" if is_artist else name) if name else ref
    by = f" by {one['artist']}" if one["artist"] and not is_artist else ""
    match one["became"]:
        case "here" if one.get("was_here"):
            tell(f"{name}{by}, {one['amount']}, was here already; it stays, also where a filter refuses it.")
        case "here":
            tell(f"Added: {name}{by}, {one['amount']}: here in {length(max(report['seconds'], 1))}.")
        case "kept":
            tell(f"Pixiv says that {name}{by} is not there any more; what is here stays.")
        case "not_there":
            tell(f"Pixiv says that {ref} is not there.")
        case "hidden":
            tell(f"{name}{by} is hidden from the app by Pixiv; a web login shows it: pixmirror help recover.")
        case "unanswered":
            tell(f"Not here yet: {name}{by}{_reason(one)}.")
        case _:
            here = f"{one['stored']:,} of {formats.count(one['files'], 'file')} are here"
            tell(f"Not whole yet: {name}{by}, {here}{_reason(one)}.")
    if is_artist and one["became"] in ("here", "part"):
        _say_how_to_go_on(s, one)


def _reason(one: Mapping[str, Any]) -> str:
    return f": {one['reason'].rstrip('.')}" if one["reason"] else ""


def _say_how_to_go_on(s: Session, one: Mapping[str, Any]) -> None:
    """Print the lines of a job that goes on with the artist, unless one does."""
    named = [job for job in s.config.jobs if job.enabled and one["user_id"] in getattr(job, "users", ())]
    if named:
        tell(f"Job {named[0].name} goes on with what they post.")
        return
    say("To go on with what they post, unless you follow them, add a job to the config file:")
    say("  [[jobs]]")
    say(f'  name = "artist-{one["user_id"]}"')
    say('  kind = "user"')
    say(f"  users = [{one['user_id']}]")
    say('  every = "1d"')
