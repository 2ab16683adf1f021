"""The commands. This layer is the only one that prints; every error becomes one sentence and an exit code here.

The module of a command is imported when it is used, so that `pixmirror --help` answers at once.
"""

import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group_from_info
from typer.models import CommandInfo, TyperInfo

from pixmirror import __version__, terminal
from pixmirror.cli.common import (
    Session,
    complain,
    hinting,
    importing,
    leave_no_core,
    name_the_zone,
    no_output,
    note,
    plain,
    refuse_other_systems,
    the_error,
)
from pixmirror.errors import ExitCode, MirrorLocked, PixmirrorError
from pixmirror.logs import redact

# mako (of alembic) brings colours for its errors and a highlighter along, 4 MB in a daemon that never shows them.
# Where this module cannot be had it does without.
sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]


# Of each command the module, and what the list of commands says of it.
COMMANDS = {
    "init": ("setup", "Write a commented config file to begin with."),
    "login": ("login", "Connect your Pixiv account."),
    "check": ("check", "See whether config, disk, clock and login are in order, and what the login unlocks."),
    "sync": ("work", "Run jobs once, due or not, fetch all files, and end."),
    "add": (
        "adding",
        "Mirror a work, or all works of an artist, now and once; no filter leaves it out, and...",
    ),
    "run": ("work", "Keep mirroring: every job at its time, until it is stopped (Ctrl-C or SIGTERM)."),
    "pause": ("work", "Let everything, or one job, rest."),
    "resume": ("work", "Go on after a pause."),
    "status": ("status", "Is all well, how far is it, and what should be done: one screen."),
    "healthcheck": ("status", "Say the first line of `status`; end with 0, or with what needs you."),
    "notify": ("notices", "Try the notices: send one, and say what each receiver answers; or read the digest."),
    "why": ("read", "Why a work or user is here or not: who saw it, who refused it, what failed, what..."),
    "show": ("read", "All that the mirror holds of a work or a user, and where its files lie; now, or at..."),
    "open": (
        "opening",
        "Look at a work's pictures, a novel's text or an artist's folder in the viewer of...",
    ),
    "gallery": (
        "gallery",
        "Look at your mirror in a browser: it prints an address to open, and runs...",
    ),
    "search": ("read", "Find works, newest first."),
    "export": ("read", "Write everything of one kind as JSON lines."),
    "plan": ("plan", "How many requests, bytes and hours your jobs will take, from what is known so far."),
    "coverage": (
        "coverage",
        "How much of all that you asked for is here: artists, bookmarks, rankings; the rest...",
    ),
    "gone": ("gone", "What survives only here: works and users that Pixiv shows no more, and what..."),
    "forget": ("forget", "Remove a work, one page of it, or a user, and never fetch it again."),
    "unforget": ("forget", "Have back what was forgotten: files from the trash, and what is no longer there..."),
    "backup": ("backup", "Back up the mirror to another disk, while it runs or not; or check a backup."),
    "restore": ("backup", "Bring a backup into an empty root."),
    "verify": ("verify", "Compare every stored file with the catalogue; what is missing or bad is fetched..."),
    "retry": ("retry", "Ask again for what was given up: files that failed, are gone or damaged, and..."),
    "reindex": ("reindex", "Build works, users, tags and series again from what Pixiv said, which is all kept."),
    "demo": ("demo", "Try it without an account: mirrors a small generated Pixiv that runs on this..."),
    "help": ("help", "Read a reference page; without a topic, list them."),
    "import": ("imports", "Take in what others saved of Pixiv."),
    "api": ("api", "Ask any endpoint of Pixiv, change something there, or check saved answers."),
    "db": ("database", "Look after the schemas of the catalogue and of gallery.db, and open the catalogue..."),
}

WITH_A_COMMAND = ("demo",)  # what follows their first argument belongs to the command that it is


@cache
def _command(name: str) -> Any:
    """Import a command, or a group of commands."""
    refuse_other_systems()
    with importing():
        module = import_module(f"pixmirror.cli.{COMMANDS[name][0]}")
    found = getattr(module, f"{name}_", None) or getattr(module, name)
    if not isinstance(found, typer.Typer):
        settings = {"allow_interspersed_args": name not in WITH_A_COMMAND}
        info = CommandInfo(name=name, callback=found, context_settings=settings)
        return plain(get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None))
    group = TyperInfo(found, name=name)
    return plain(
        get_group_from_info(group, pretty_exceptions_short=True, suggest_commands=True, rich_markup_mode=None)
    )


class _Imported(Mapping[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return _command(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Commands(TyperGroup):
    """End every error of ours: one sentence, what to do, and the exit code."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Imported()  # type: ignore[assignment]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List them without importing any."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        shown = {name: TyperCommand(name, help=text) for name, (_, text) in COMMANDS.items()}
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(room)) for name, command in shown.items()])

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an empty value, as that of an unset variable of the shell: as a path it is this folder. An empty
        text may be sent to Pixiv.
        """
        for option, given in pairwise([*args, "-"]) if "api" not in args else ():
            if (option.startswith("-") and not given) or (option.startswith("--") and option.endswith("=")):
                raise typer.BadParameter(f"what follows {option.rstrip('=')} is empty.", ctx=ctx)
        if command := _search_without(args):
            raise typer.BadParameter(f"a word to leave out comes after --: pixmirror {command}", ctx=ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (KeyboardInterrupt, typer.Abort):
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except OSError as failed:
            raise typer.Exit(no_output(failed)) from None
        except UnicodeEncodeError as unnamed:
            if (encoding := sys.getfilesystemencoding()) == "utf-8":
                raise
            note(f"The locale's encoding, {encoding}, cannot name {unnamed.object!r}: set LC_ALL=C.UTF-8.")
            raise typer.Exit(ExitCode.CONFIG) from None
        except (PixmirrorError, BaseExceptionGroup) as raised:
            if (error := the_error(raised)) is None:
                raise
            complain(error, _how_far(ctx) if type(error) is MirrorLocked else None)
            raise typer.Exit(error.exit_code) from None
        finally:
            if ctx.invoked_subcommand != "run":  # whose lines are for a journal, which has times of its own
                name_the_zone()
        return result


def _search_without(args: list[str]) -> str | None:
    """Return how to write a search in which a word to leave out, like `-cat`, stands where options do."""
    if "search" not in args or "api" in args:
        return None
    at = args.index("search")
    search = takewhile(lambda word: word != "--", args[at:])
    words = [word for before, word in pairwise(search) if not word.startswith("--") and before != "--limit"]
    if "-h" in words or not any(word.startswith("-") for word in words):
        return None
    return shlex.join([*args[: at + 1], "--", " ".join(words)])


def _how_far(ctx: Any) -> str | None:
    """Say what the process that holds the mirror has done so far, as far as that can be seen."""
    from pixmirror.cli.beside import how_far

    with suppress(PixmirrorError):
        return how_far(ctx.obj)
    return None


app = typer.Typer(
    name="pixmirror",
    cls=Commands,
    help="Keeps a complete, searchable, verifiable local mirror of the Pixiv that you care about.",
    epilog="Try it without an account: pixmirror demo.  Set it up: pixmirror init, then login, check, sync.  "
    "More: pixmirror help.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pixmirror {__version__}")
        raise typer.Exit


@app.callback()
def common_options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            readable=False,
            help="The config file (default: ./config.toml, then yours).",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keeps a complete, searchable, verifiable local mirror of the Pixiv that you care about."""
    leave_no_core()
    if config is not None and ctx.obj is None and ctx.invoked_subcommand != "help":
        ctx.with_resource(hinting(config=shlex.quote(str(config))))
    ctx.obj = ctx.obj or Session(config)


def main() -> None:
    """The console script `pixmirror`."""
    terminal.prepare()
    try:
        app()
    except Exception:  # noqa: BLE001  (a bug: its trace is shown like all else, without secrets and control characters)
        sys.stderr.write(terminal.shown(redact(traceback.format_exc())))
        note("This is a fault of pixmirror: please report these lines.")
        sys.exit(ExitCode.FAULT)
