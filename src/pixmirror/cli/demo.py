"""`pixmirror demo`: the real thing against a generated Pixiv on this machine."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixmirror.cli import progress
from pixmirror.cli import verify as verify_command
from pixmirror.cli.common import Session, note, say
from pixmirror.cli.demo_run import mirror_at
from pixmirror.cli.demo_server import DemoServer
from pixmirror.cli.demo_setup import DAYS, DemoMirror
from pixmirror.cli.demo_story import Told, tell
from pixmirror.cli.demo_summary import summary
from pixmirror.clock import DAY_MS
from pixmirror.errors import ExitCode, exit_code

if TYPE_CHECKING:
    from pixmirror.daemon.engine import Engine

FOLDER = Path("pixmirror-demo")
NEW_WORK_EVERY_S = 8.0
LOOK_EVERY_S = 4.0


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the mirror is complete and verified.")] = False,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where it goes.")] = FOLDER,
    seed: Annotated[int | None, typer.Option("--seed", help="Another generated Pixiv (default: 7).")] = None,
    artists: Annotated[int | None, typer.Option("--artists", min=1, help="How many (default: 40).")] = None,
    works: Annotated[int | None, typer.Option("--works", min=1, help="How many (default: 900).")] = None,
) -> None:
    """Try it without an account: mirrors a small generated Pixiv that runs on this machine only.

    Without --once new works keep appearing and are mirrored until Ctrl-C.

    \b
    Examples:
      pixmirror demo
      pixmirror demo --once --dir /tmp/demo
    """
    mirror = DemoMirror.prepare(folder, seed=seed, artists=artists, works=works)
    mirror.refuse_a_second()
    live = None if once else NEW_WORK_EVERY_S
    shift = 0 if mirror.told else -DAYS * DAY_MS
    with DemoServer(mirror.seed, mirror.artists, mirror.works, mirror.made_ms, live, shift) as server:
        mirror.write_config(server.url)
        s = Session(mirror.config_file)
        say(f"A generated Pixiv is at {server.url}; its mirror grows in {mirror.folder}.")
        told = tell(s, mirror, server) if not mirror.told else Told(_once_more(s))
        code = told.code
        if code == ExitCode.DONE:
            mirror.has_been_told()
            if not once:
                code = _go_on(s)
    if code != ExitCode.INTERRUPTED:
        code = _verified(s, complete=once) or code
    summary(s, mirror, told.kills)
    if code == ExitCode.INTERRUPTED:
        note("Stopped before it was complete; the same command goes on from here.")
    elif code:
        note("The mirror is not complete; `pixmirror status`, as above, says what is missing and why.")
    raise typer.Exit(code)


def _once_more(s: Session) -> int:
    try:
        return asyncio.run(mirror_at(s, 0, progress.display()))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _go_on(s: Session) -> ExitCode:
    """The daemon, until Ctrl-C."""
    from pixmirror import logs
    from pixmirror.daemon.serve import serve

    logs.setup("WARNING", env=s.env)
    say("Complete. New works appear upstream now and are mirrored within seconds; Ctrl-C ends the demo.")
    watcher: list[asyncio.Task[None]] = []

    def ready(engine: "Engine") -> None:
        loop = asyncio.get_running_loop()
        watcher.extend(loop.create_task(c) for c in (_tell_news(engine), _look_often(s)))

    async def go_on() -> None:
        try:
            await serve(s.config_file, s.env, on_ready=ready)
        finally:
            for task in watcher:
                task.cancel()
            await asyncio.gather(*watcher, return_exceptions=True)

    with suppress(KeyboardInterrupt):
        asyncio.run(go_on())
    return ExitCode.DONE


async def _look_often(s: Session) -> None:
    """Ask the daemon as `pixmirror sync` would: the shortest `every` is too long for who watches."""
    from pixmirror import control

    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await control.ask(s.root, s.env, {"command": "sync", "jobs": ["following"]}, timeout=None)


async def _tell_news(engine: "Engine") -> None:
    before: progress.Figures | None = None
    while True:
        after = await engine.mirror.db.read(progress.figures, engine.mirror.clock.now())
        if before is not None and (after.works, after.stored) != (before.works, before.stored):
            works, files = after.works - before.works, after.stored - before.stored
            say(f"{works:+} works, {files:+} files: {progress.line(after)}")
        before = after
        await asyncio.sleep(2)


def _verified(s: Session, *, complete: bool) -> int:
    """Read everything back; 0 when every byte is right and, if `complete`, nothing is wanted or failed."""
    from pixmirror.cli.read import read_status
    from pixmirror.daemon.mirror import open_mirror

    async def verify() -> dict[str, Any]:
        async with open_mirror(s.config, s.env) as mirror:
            return await verify_command.verify_mirror(mirror, quick=False, progress=True)

    report = asyncio.run(verify())
    verify_command.summary(report)
    found = read_status(s)
    unfinished = found["files"]["wanted"] + found["files"]["failed"] + found["gaps"]["count"]
    unread = sum(chore["due"] for chore in found["chores"].values()) + len(found["stuck"])
    done = not (unfinished or unread) if complete else not found["files"]["failed"]
    return exit_code(incomplete=not (report["sound"] and done))
