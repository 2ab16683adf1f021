"""`pixmirror help`: the reference pages that came with the program."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from typing import Annotated, Any

import typer

from pixmirror.cli.common import say
from pixmirror.errors import ConfigError


def topics() -> dict[str, str]:
    """Return each topic with the heading of its page."""
    return dict(sorted(_pages()))


def _pages() -> Iterator[tuple[str, str]]:
    for page in (files("pixmirror") / "docs").iterdir():
        name, _, ending = page.name.rpartition(".")
        if ending == "md":
            first = page.read_text("utf-8").lstrip().partition("\n")[0]
            yield name, first.lstrip("# ").strip()


def help_(
    ctx: typer.Context,
    topic: Annotated[str | None, typer.Argument(help="A topic, or the name of a command.")] = None,
) -> None:
    """Read a reference page; without a topic, list them.

    \b
    Examples:
      pixmirror help
      pixmirror help recover
      pixmirror help sync
    """
    known = topics()
    if topic is None:
        say("Topics; read one with `pixmirror help TOPIC`:")
        for name, heading in known.items():
            say(f"  {name:<18}{heading}")
        say("Each command explains itself: `pixmirror COMMAND --help`.")
        return
    if topic in known:
        _show((files("pixmirror") / "docs" / f"{topic}.md").read_text("utf-8"))
        return
    root: Any = ctx.find_root()
    command = root.command.get_command(root, topic)
    if command is None:
        import difflib

        close = difflib.get_close_matches(topic, [*known, *root.command.commands], n=1)
        hint = f"did you mean {close[0]}?" if close else f"topics are {', '.join(known)}."
        raise ConfigError(f"There is no help on {topic!r}; {hint}")
    with command.make_context(topic, [], parent=root, resilient_parsing=True) as inner:
        _turn(command.get_help(inner))


def _show(page: str) -> None:
    """Print a page: laid out on a terminal, plain for a pipe."""
    from rich.console import Console
    from rich.markdown import Markdown

    out = Console()
    if out.is_terminal:
        with out.capture() as drawn:
            out.print(Markdown(page))
        _turn(drawn.get())
    else:
        say(page.rstrip())


def _turn(text: str) -> None:
    """Print a text, by $PAGER (less) where it is longer than the terminal and somebody sits there."""
    pager: list[str] = []
    with suppress(ValueError):  # quotes that do not end
        pager = shlex.split(os.environ.get("PAGER", "less"))
    is_long = text.count("\n") >= shutil.get_terminal_size().lines
    if not (is_long and sys.stdout.isatty() and sys.stdin.isatty() and pager and shutil.which(pager[0])):
        typer.echo(text.rstrip())
        return
    with subprocess.Popen(pager, stdin=subprocess.PIPE, env={"LESS": "FRX", **os.environ}) as process:
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # a reader who has seen enough
            process.stdin.write(text.encode(errors="replace"))
            process.stdin.close()
        while process.poll() is None:
            with suppress(KeyboardInterrupt):  # which is the pager's, as long as it is there
                process.wait()
