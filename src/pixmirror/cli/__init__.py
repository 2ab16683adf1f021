"""The commands. This layer is the only one that prints; every error becomes one sentence and an exit code here.

Heavy libraries are imported inside the commands, so that `pixmirror --help` answers at once.
"""

import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pixmirror import __version__, terminal
from pixmirror.cli import (
    api,
    check,
    coverage,
    database,
    demo,
    forget,
    gone,
    help,
    imports,
    login,
    plan,
    read,
    reindex,
    retry,
    setup,
    verify,
    work,
)
from pixmirror.cli.common import (
    Session,
    complain,
    leave_no_core,
    no_output,
    note,
    refuse_other_systems,
    the_error,
)
from pixmirror.errors import ExitCode, PixmirrorError
from pixmirror.logs import redact

# httpx brings a command line of its own, mako (of alembic) colours for its errors: each takes a highlighter along,
# 4 MB in a daemon that never shows it. Where these modules cannot be had both do without.
for never_used in ("httpx._main", "mako.ext.pygmentplugin"):
    sys.modules.setdefault(never_used, None)  # type: ignore[arg-type]


class Commands(TyperGroup):
    """End every error of ours: one sentence, what to do, and the exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (KeyboardInterrupt, typer.Abort):
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except OSError as error:
            raise typer.Exit(no_output(error)) from None
        except UnicodeEncodeError as error:
            if (encoding := sys.getfilesystemencoding()) == "utf-8":
                raise
            note(f"The locale's encoding, {encoding}, cannot name {error.object!r}: set LC_ALL=C.UTF-8.")
            raise typer.Exit(ExitCode.CONFIG) from None
        except PixmirrorError as error:
            complain(error)
            raise typer.Exit(error.exit_code) from None
        except BaseExceptionGroup as group:
            error_inside = the_error(group)
            if error_inside is None:
                raise
            complain(error_inside)
            raise typer.Exit(error_inside.exit_code) from None
        return result


app = typer.Typer(
    name="pixmirror",
    cls=Commands,
    help="Keeps a complete, searchable, verifiable local mirror of the Pixiv that you care about.",
    epilog="Try it without an account: pixmirror demo.  Set it up: pixmirror init, then login, check, sync.  "
    "More: pixmirror help.",
    no_args_is_help=True,
    add_completion=False,
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
        typer.Option("--config", metavar="FILE", help="The config file (default: ./config.toml, then yours)."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keeps a complete, searchable, verifiable local mirror of the Pixiv that you care about."""
    refuse_other_systems()
    leave_no_core()
    ctx.obj = Session(config)


COMMANDS = (
    *(setup.init, login.login, check.check, work.sync, work.run_, work.pause, work.resume),
    *(read.status, read.why, read.show, read.search, read.export, plan.plan, coverage.coverage, gone.gone),
    *(forget.forget, forget.unforget, verify.verify, retry.retry, reindex.reindex, demo.demo, help.help_),
)
for command in COMMANDS:
    app.command(name=command.__name__.rstrip("_"))(command)
for name, group in {"import": imports.imports, "api": api.api, "db": database.db}.items():
    app.add_typer(group, name=name)


def main() -> None:
    """The console script `pixmirror`."""
    terminal.prepare()
    try:
        app()
    except Exception:  # noqa: BLE001  (a bug: its trace is shown like all else, without secrets and control characters)
        sys.stderr.write(terminal.shown(redact(traceback.format_exc())))
        note("This is a fault of pixmirror: please report these lines.")
        sys.exit(ExitCode.FAULT)
