"""`pixmirror help`: the reference pages that came with the program."""

from collections.abc import Iterator
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
        say(command.get_help(inner))


def _show(page: str) -> None:
    """Print a page: laid out on a terminal, plain for a pipe."""
    from rich.console import Console
    from rich.markdown import Markdown

    out = Console()
    if out.is_terminal:
        out.print(Markdown(page))
    else:
        say(page.rstrip())
