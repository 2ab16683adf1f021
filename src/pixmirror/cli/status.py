"""`status` and `healthcheck`: is all well, how far is it, and what should be done?

A running pixmirror has all at hand and says it; so this process reads no catalogue, and imports nothing that does.
"""

import time
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from pixmirror import __version__
from pixmirror.cli.common import Json, Session, importing, print_json, say, session
from pixmirror.errors import DaemonBusy, PixmirrorError

ANSWERS_S = 3.0  # else it is looked at from here
WATCH_S = 5.0


def status(
    ctx: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="All of it: what is stuck, and why.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew every few seconds, until Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """Is all well, how far is it, and what should be done: one screen.

    \b
    Examples:
      pixmirror status
      pixmirror status --full
      pixmirror status --watch
      pixmirror status --json
    """
    from pixmirror.cli import glance

    s = session(ctx)
    while True:
        if full or as_json:
            _show_all(s, as_json)
        elif (answer := _asked(s, "screen")) is not None:
            glance.show(answer["screen"], clear=watch)
        elif not _show_short(s, clear=watch):
            return
        if not watch:
            return
        time.sleep(WATCH_S)


def _show_short(s: Session, *, clear: bool) -> bool:
    """Show the short screen as it is seen from here. Return whether there is a mirror."""
    with importing():
        from pixmirror.cli import glance, seen

    if not s.catalogue.exists():
        glance.show_headlines((seen.not_begun(s),))
        return False
    glance.show(seen.look(s), clear=clear)
    return True


def _show_all(s: Session, as_json: bool) -> None:
    with importing():
        from pixmirror.cli import glance, seen, tables

    if as_json:
        print_json(seen.read_status(s))
    elif s.catalogue.exists():
        glance.show_headlines(seen.situations(s))
        tables.show_status(s, seen.read_status(s))
    else:
        glance.show_headlines((seen.not_begun(s),))


def healthcheck(ctx: typer.Context) -> None:
    """Say the first line of `status`; end with 0 if all is well, else with 3 (login), 6 (disk), 8 (Pixiv) or 7.

    \b
    Examples:
      pixmirror healthcheck
      pixmirror healthcheck || mail -s pixmirror me@example.org
    """
    s = session(ctx)
    if (answer := _asked(s, "healthcheck")) is not None:
        says, code = str(answer["says"]), int(answer["code"])
    else:
        with importing():
            from pixmirror.cli import seen

        found = seen.first_line(s)
        says, code = found.says, found.code
    say(says)
    if code:
        raise typer.Exit(code)


def _asked(s: Session, command: str) -> dict[str, Any] | None:
    """Ask the running pixmirror. None: none runs, or one that is busy, of another version, or that does not have
    the jobs which the config file has by now.
    """
    s.is_busy = False
    here = datetime.now().astimezone().utcoffset() or timedelta()
    try:
        answer = s.ask(command, timeout=ANSWERS_S, zone=here // timedelta(minutes=1))
    except DaemonBusy:
        s.is_busy = True
        return None
    except PixmirrorError:
        return None
    of = {"version": __version__, "jobs": [job.name for job in s.config.jobs if job.enabled]}
    return answer if answer is not None and of.items() <= answer.items() else None
