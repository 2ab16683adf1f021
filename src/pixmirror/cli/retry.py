"""`pixmirror retry`: ask again for what was given up."""

from typing import Annotated, Any

import typer

from pixmirror.catalogue.refs import parse_ref
from pixmirror.cli import formats
from pixmirror.cli.common import Json, Session, note, print_json, say, session, tell
from pixmirror.cli.seen import what_brings
from pixmirror.errors import ConfigError, ExitCode


def retry(
    ctx: typer.Context,
    ref: Annotated[str | None, typer.Argument(metavar="REF", help="123, novel:123, user:123, or a URL.")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All files, questions and lists that failed or wait for a next try.")
    ] = False,
    gone: Annotated[bool, typer.Option("--gone", help="All files that Pixiv did not have.")] = False,
    damaged: Annotated[bool, typer.Option("--damaged", help="All files that came damaged.")] = False,
    too_large: Annotated[
        bool, typer.Option("--too-large", help="All files that mirror.max_file refused, by the limit of now.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ask again for what was given up: files that failed, are gone or damaged, and questions that failed.

    Of a REF also what became of it, where Pixiv did not show it. What you forgot stays forgotten.
    A running pixmirror does it at once, else the next `pixmirror sync` does.

    \b
    Examples:
      pixmirror retry 12345         a work, with all its files
      pixmirror retry user:67       an artist and all their works
      pixmirror retry --failed      after an outage
      pixmirror retry --too-large   after raising mirror.max_file (a restart does it, too)
    """
    s = session(ctx)
    kinds = {"failed": failed, "gone": gone, "damaged": damaged, "too_large": too_large}
    chosen = [name for name, on in kinds.items() if on]
    if len(chosen) + (ref is not None) != 1:
        raise ConfigError(
            "Say what to ask for again: one REF, or one of --failed, --gone, --damaged, --too-large."
        )
    what = chosen[0] if chosen else None
    named = None if ref is None else str(parse_ref(ref))
    s.refuse_no_mirror()
    answer = s.do("retry", ref=named, what=what)
    asked = {key: answer[key] for key in ("files", "questions", "lists", "is_known")}
    name = ref if ref is not None else what
    if as_json:
        print_json({"asked": name, **asked})
    elif asked["is_known"]:
        _say(s, asked, _NOTHING[what] if what else _NOTHING_OF.format(ref))
    else:
        note(f"{name} is not in this mirror; `pixmirror why {name}` says more.")
    if not asked["is_known"]:
        raise typer.Exit(ExitCode.NOT_HERE)


_NOTHING_OF = "Nothing of {0} was given up: `pixmirror why {0}` says what happens next."
_NOTHING = {
    "failed": "Nothing to ask for again: no file, question or list failed, and none waits for a next try.",
    "gone": "Nothing to ask for again: Pixiv had every file that was asked for.",
    "damaged": "Nothing to ask for again: no file came damaged.",
    "too_large": "Nothing to ask for again: mirror.max_file refuses no file.",
}


def _say(s: Session, asked: dict[str, Any], nothing: str) -> None:
    parts = [
        formats.count(asked[key], noun)
        for key, noun in (("files", "file"), ("questions", "question"), ("lists", "list"))
        if asked[key]
    ]
    if not parts:
        tell(nothing)
        return
    say(f"Asked for again: {', '.join(parts)}. {what_brings(s)}")
