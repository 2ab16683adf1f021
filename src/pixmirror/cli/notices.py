"""`pixmirror notify`: try the notices."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from pixmirror.cli.common import Json, Session, now_ms, print_json, run, say, session
from pixmirror.errors import ConfigError, ExitCode
from pixmirror.notify import NotTaken, Receiver

TITLE = "pixmirror: a test"
TEXT = "This is what a notice looks like; `pixmirror notify --test` has sent it."


def notify(
    ctx: typer.Context,
    test: Annotated[
        bool, typer.Option("--test", help="Send one notice to all receivers, and say what each answers.")
    ] = False,
    digest: Annotated[
        bool, typer.Option("--digest", help="Print the digest of the last week, or day; it is not sent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Try the notices that the table [notify] of the config sends, or read the digest.

    \b
    Examples:
      pixmirror notify --test
      pixmirror notify --digest       what came in, what vanished, what survives only here
    """
    from pixmirror.daemon.notices import receivers

    s = session(ctx)
    if test == digest:
        raise ConfigError("Say what to do: --test or --digest.")
    if digest:
        _print_digest(s, as_json)
        return
    found = receivers(s.config)
    if not found:
        raise ConfigError(
            "Nobody gets notices: [notify] has no url, command or apprise (`pixmirror help notices`)."
        )
    answers = run(_try(found))
    if as_json:
        print_json([{"receiver": who, "taken": taken, "says": says} for who, taken, says in answers])
    else:
        for who, taken, says in answers:
            say(f"{who}: {'taken' if taken else 'not taken'} ({says}).")
    if not all(taken for _, taken, _ in answers):
        raise typer.Exit(ExitCode.INCOMPLETE)


def _print_digest(s: Session, as_json: bool) -> None:
    from pixmirror.daemon.digests import tell

    s.refuse_no_mirror()
    with s.reading() as db:
        found = db.read_sync(tell, s.config, now_ms())
    if as_json:
        print_json(found.as_dict())
        return
    say(f"{found.title.removeprefix('pixmirror: ')}.")
    for line in found.lines():
        say(f"  {line}")


async def _try(found: Sequence[Receiver]) -> list[tuple[str, bool, str]]:
    return list(await asyncio.gather(*(_send(one) for one in found)))


async def _send(receiver: Receiver) -> tuple[str, bool, str]:
    try:
        return receiver.name, True, await receiver.send("test", TITLE, TEXT)
    except NotTaken as error:
        return receiver.name, False, str(error)
