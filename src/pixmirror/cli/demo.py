"""`pixmirror demo`: the real thing against a generated Pixiv on this machine."""

import asyncio
import shlex
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.runs import account_id
from pixmirror.cli import formats
from pixmirror.cli import verify as verify_command
from pixmirror.cli.common import Session, note, program, say, told
from pixmirror.cli.demo_setup import DAYS, DemoMirror, serving
from pixmirror.cli.demo_story import mirror_at, tell
from pixmirror.clock import DAY_MS
from pixmirror.daemon.engine import Engine
from pixmirror.errors import ExitCode, PixmirrorError, exit_code
from pixmirror.reports import coverage as proof
from pixmirror.reports import queries
from pixmirror.reports.drift import vanished_members
from pixmirror.reports.gone import only_here
from pixmirror.reports.history import replaced

FOLDER = Path("pixmirror-demo")
NEW_WORK_EVERY_S = 8.0
LOOK_EVERY_S = 4.0

EXPLAINED = {
    "limited": "hidden from the app by Pixiv (a web login may see them)",
    "mypixiv": "only for the artist's My pixiv friends",
    "private": "made private by the artist",
    "gone": "deleted upstream, or not shown any more",
    "deleted": "deleted upstream",
    "user_gone": "their artist left Pixiv",
    "user_suspended": "their artist was suspended",
    "unknown": "shown only as a placeholder",
}


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
    with serving(mirror, live, shift) as server:
        mirror.write_config(server.url)
        s = Session(mirror.config_file)
        say(f"A generated Pixiv is at {server.url}; its mirror grows in {mirror.folder}.")
        code, kills = (mirror_at(s, 0), 0) if mirror.told else tell(s, mirror, server)
        if code == ExitCode.DONE:
            mirror.has_been_told()
            if not once:
                code = _go_on(s)
    if code != ExitCode.INTERRUPTED:
        code = _verified(s, complete=once) or code
    _summary(s, mirror, kills)
    if code == ExitCode.INTERRUPTED:
        note("Stopped before it was complete; the same command goes on from here.")
    elif code:
        note("The mirror is not complete; `pixmirror status`, as above, says what is missing and why.")
    raise typer.Exit(code)


def _go_on(s: Session) -> ExitCode:
    """Run the daemon until Ctrl-C."""
    from pixmirror import logs
    from pixmirror.daemon.serve import serve

    logs.setup("WARNING", env=s.env)
    say("Complete. New works appear upstream now and are mirrored within seconds; Ctrl-C ends the demo.")
    watcher: list[asyncio.Task[None]] = []

    def ready(engine: Engine) -> None:
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


async def _tell_news(engine: Engine) -> None:
    before: tuple[int, int] | None = None
    while True:
        after = await engine.mirror.db.read(_figures)
        if before is not None and after != before:
            works, files = (a - b for a, b in zip(after, before, strict=True))
            say(f"{works:+} works, {files:+} files: {after[0]:,} works, {after[1]:,} files here")
        before = after
        await asyncio.sleep(2)


def _figures(conn: Connection) -> tuple[int, int]:
    return sum(queries.known_works(conn)), queue.counts(conn).stored


def _verified(s: Session, *, complete: bool) -> int:
    """Read everything back; 0 when every byte is right and, if `complete`, nothing is wanted or failed."""
    from pixmirror.cli.read import read_status

    report = asyncio.run(verify_command.verify_here(s, quick=False))
    verify_command.summary(report)
    found = read_status(s)
    unfinished = found["files"]["wanted"] + found["files"]["failed"] + found["gaps"]["count"]
    unread = sum(chore["due"] for chore in found["chores"].values()) + len(found["stuck"])
    done = not (unfinished or unread) if complete else not found["files"]["failed"]
    return exit_code(incomplete=not (report["sound"] and done))


# How it ends: what was mirrored, what was not and why, and what to try ----------------------------------


def _summary(s: Session, mirror: DemoMirror, kills: int) -> None:
    from pixmirror.cli.read import read_status

    try:
        found = read_status(s)
        types = _types(s)
    except PixmirrorError as error:
        note(told(error))
        return
    files = found["files"]
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in types.items())
    say()
    say(
        f"Mirrored: {kinds}; {found['users']:,} users, {found['tags']:,} tags, {found['comments']:,} comments, "
        f"{found['bookmarks']:,} bookmarks."
    )
    say(
        f"Files: {files['stored']:,} stored, {formats.size(found['bytes'])}; {files['wanted']:,} wanted, "
        f"{files['failed']:,} failed."
    )
    _explain(found)
    _story(s, mirror, kills)
    _what_next(s, mirror)


def _types(s: Session) -> dict[str, int]:
    from pixmirror.reports.export import export

    counts = dict.fromkeys(("illust", "manga", "ugoira", "novel"), 0)
    with s.reading() as db, db.reading() as conn:
        for kind in ("works", "novels"):
            for row in export(conn, kind):
                if row["state"] == "live" or row["title"]:
                    counts[row["type"] or "novel"] = counts.get(row["type"] or "novel", 0) + 1
    return counts


def _explain(found: dict[str, Any]) -> None:
    """Print what is not there, and why: explained, not failed."""
    files, lines = found["files"], []
    lines += [f"{formats.count(n, 'work')}: {EXPLAINED.get(state, state)}" for state, n in found["states"].items()]
    lines += [f"{r['count']:,} × {r['what']}: {r['reason']}" for r in found["explained"]]
    if files["refused"]:
        lines.append(f"{files['refused']:,} files of works that a filter of the config refuses")
    if lines:
        say("Not to be seen on Pixiv any more, or never; what was mirrored stays:")
        for line in lines:
            say(f"  {line}")


def _story(s: Session, mirror: DemoMirror, kills: int) -> None:
    """Print what happened meanwhile, and the command that shows it."""
    with s.reading() as db, db.reading() as conn:
        told = list(_happened(conn))
    if kills:
        times = {1: "once", 2: "twice"}.get(kills, f"{kills} times")
        told.append((f"The mirroring was killed {times}, and nothing was lost.", "verify"))
    say("What happened, and what shows it:")
    command = f"{program()} --config {shlex.quote(str(mirror.config_file))}"
    for line, arguments in told:
        say(f"  {line}")
        say(f"      {command} {arguments}")


def _happened(conn: Connection) -> Iterator[tuple[str, str]]:
    """Yield an example of each kind of event, and what of the result can be proved."""
    leavers = (user for user in only_here(conn, 1).users if user.works)
    if user := max(leavers, key=lambda user: user.works, default=None):
        yield (
            f"{user.name} left Pixiv: {formats.count(user.works, 'work')} with "
            f"{formats.count(user.files, 'file')} ({formats.size(user.bytes)}) survive only here.",
            "gone",
        )
    for ref in replaced(conn, 1):
        yield f"The picture of {ref} was replaced; both files are kept.", f"show {ref} --history"
    for mark in vanished_members(conn, "bookmark", 1):
        yield f"A bookmark vanished: {mark.title} ({mark.reason}).", "gone bookmarks"
    found = proof.coverage(conn, account_id(conn) or 0).total
    what = f"{found.complete:,} of {found.total:,} works of all artists"
    if found.holes:
        yield f"Here are {what}; each other has its reason.", "coverage --missing"
    else:
        yield f"The mirror is complete, and can prove it: {what}.", "coverage"


def _what_next(s: Session, mirror: DemoMirror) -> None:
    command = f"{program()} --config {shlex.quote(str(mirror.config_file))}"
    say(f"Look into {mirror.folder / 'mirror' / 'media'}, and try:")
    example, tag = _example(s)
    for arguments in ("status", f"search {shlex.quote(tag)}", f"show {example}", f"why {example}", "export works"):
        say(f"  {command} {arguments}")


def _example(s: Session) -> tuple[str, str]:
    """Return a work to show and a tag to search for."""
    from pixmirror.reports.export import export

    rows: Any = export  # a generator, which must end before its connection does

    with s.reading() as db, db.reading() as conn, closing(rows(conn, "works")) as works:
        for row in works:
            if row["tags"] and row["state"] == "live":
                return str(row["id"]), str(row["tags"][0])
    return "1", "風景"
