"""`pixmirror demo`: the real thing against a generated Pixiv on this machine."""

import asyncio
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.runs import account_id
from pixmirror.cli import formats
from pixmirror.cli import verify as verify_command
from pixmirror.cli.common import Session, hinting, note, say, told
from pixmirror.cli.demo_setup import DAYS, NOTE, DemoMirror, DemoServer, DemoSession, serving
from pixmirror.cli.demo_story import MIRRORED, mirror_at, say_day, tell
from pixmirror.cli.gallery_process import GalleryProcess
from pixmirror.clock import DAY_MS, shifted
from pixmirror.daemon.engine import Engine
from pixmirror.demo.words import SPOKEN
from pixmirror.errors import ConfigError, ExitCode, PixmirrorError, exit_code
from pixmirror.reports import coverage as proof
from pixmirror.reports import queries
from pixmirror.reports.drift import vanished_members
from pixmirror.reports.gone import only_here
from pixmirror.reports.history import replaced

FOLDER = Path("pixmirror-demo")
NEW_WORK_EVERY_S = 8.0
LOOK_EVERY_S = 4.0
WORDS = {"illust": ("picture",), "manga": ("manga", "manga"), "ugoira": ("animation",), "novel": ("novel",)}
ABOUT_S = 90  # what the days take on two cores


def demo(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="A command for the demo's mirror, instead of playing it."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when the mirror is complete and verified.")] = False,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where it goes.")] = FOLDER,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Another generated Pixiv (default: 7).")
    ] = None,
    artists: Annotated[
        int | None, typer.Option("--artists", metavar="N", min=1, max=10_000, help="How many (default: 40).")
    ] = None,
    works: Annotated[
        int | None, typer.Option("--works", metavar="N", min=1, max=1_000_000, help="How many (default: 900).")
    ] = None,
) -> None:
    """Try it without an account: mirrors a small generated Pixiv that runs on this machine only.

    It plays some days, told line by line. Without --once new works keep appearing and are mirrored until Ctrl-C;
    the next demo goes on in the same Pixiv. A command looks at the demo's mirror, while it runs or later.

    \b
    Examples:
      pixmirror demo
      pixmirror demo status
      pixmirror demo --dir /tmp/demo --once
      pixmirror demo --dir /tmp/demo search よる
    """
    if command:
        _look(ctx, folder, command)
        return
    mirror = DemoMirror.prepare(folder, seed=seed, artists=artists, works=works)
    ctx.find_root().with_resource(hinting(_command(mirror)))  # also while an error is told
    with mirror.held():
        _say_what_comes(mirror)
        raise typer.Exit(_from_its_start(mirror, once=once))


def _from_its_start(mirror: DemoMirror, *, once: bool) -> int:
    """Start the generated Pixiv and mirror it, up to the present and on from there. Return the exit code."""
    shift = 0 if mirror.told else -DAYS * DAY_MS
    with serving(mirror, shift) as server, GalleryProcess(mirror.config_file) as gallery:
        mirror.write_config(server.url)
        s = Session(mirror.config_file)
        code = _play(s, mirror, server, gallery)
        if code in MIRRORED:
            mirror.has_been_told()
            server.live(0 if once else NEW_WORK_EVERY_S)
            code = _complete(s, mirror, None if once else gallery, once=once)
            if not once:
                _go_on(s)
    if code == ExitCode.INTERRUPTED:
        note(f"Stopped before it was complete; the same command goes on from there: {_command(mirror)}.")
    elif code:
        note(f"The mirror is not complete; what is missing and why: {_command(mirror)} status.")
    return code


def _play(s: Session, mirror: DemoMirror, server: DemoServer, gallery: GalleryProcess) -> int:
    """Mirror up to the present; the gallery opens as soon as there is something to see. Return the exit code."""

    def open_gallery() -> None:
        if gallery.start():
            say(f"Look at it meanwhile, in a browser: {_opened_by(mirror, gallery)}")

    if not mirror.told:
        return tell(s, mirror, server, open_gallery)
    open_gallery()
    return mirror_at(s, 0)


def _opened_by(mirror: DemoMirror, gallery: GalleryProcess) -> str:
    """Return the address that opens the gallery: with its key on a terminal alone, else what prints it."""
    address = gallery.address() if sys.stdout.isatty() else None
    return address or f"{_command(mirror)} gallery --address"


def _say_what_comes(mirror: DemoMirror) -> None:
    made = f"a mirror of it in {mirror.folder}."
    if mirror.told:
        say(f"The small Pixiv of the last demo goes on, and {made}")
    elif mirror.looked:
        say(f"The small Pixiv of the last demo goes on where it was stopped, and {made}")
    else:
        about = ABOUT_S * mirror.works // 900
        length = f" in about {about} s" if about >= 30 else ""
        say(f"A small Pixiv is made up on this machine, and {made} It plays {DAYS + 1} days{length}.")


def _look(ctx: typer.Context, folder: Path, command: Sequence[str]) -> None:
    """Run a command for the demo's mirror."""
    if command[0] == "demo":
        raise ConfigError("A demo within the demo: leave out the second `demo`.")
    if command[0] == "init":
        raise ConfigError("The demo has its config file already; `pixmirror init` makes one of your own.")
    if not ((folder / NOTE).is_file() and (folder / "config.toml").is_file()):
        raise ConfigError(f"There is no demo in {folder} yet: `pixmirror demo` makes one, or name its --dir.")
    mirror, root = DemoMirror.prepare(folder, seed=None, artists=None, works=None), cast(Any, ctx.find_root())
    given, s = ["--config", str(mirror.config_file), *command], DemoSession(mirror)
    shift = 0 if command[0] == "gallery" else mirror.shift_ms  # which may outlive the story
    try:
        with (
            shifted(shift),
            hinting(_command(mirror)),
            root.command.make_context(root.info_name, given, obj=s) as inner,
        ):
            root.command.invoke(inner)
    except typer.Exit as ended:
        if ended.exit_code == ExitCode.PIXIV:
            note("The demo's Pixiv answers only while `pixmirror demo` runs.")
        raise


def _command(mirror: DemoMirror) -> str:
    """Return what a user types to reach this demo."""
    where = "" if mirror.folder == FOLDER else f" --dir {shlex.quote(str(mirror.folder))}"
    return f"{_program()} demo{where}"


def _program() -> str:
    """Return how the user calls us: what the examples we print begin with."""
    called = sys.argv[0]
    if shutil.which("pixmirror"):
        return "pixmirror"
    return shlex.quote(called) if called.endswith("pixmirror") else "python -m pixmirror"


def _go_on(s: Session) -> None:
    """Run the daemon until Ctrl-C."""
    from pixmirror import logs
    from pixmirror.daemon.serve import serve

    logs.setup("WARNING", env=s.env)
    say("New works appear there now and are mirrored within seconds. Ctrl-C ends it; the folder stays.")
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
    say("Stopped; all is on disk. The same command goes on in the same Pixiv.")


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
            say(_news(before, after))
        before = after
        await asyncio.sleep(2)


def _news(before: tuple[int, int], after: tuple[int, int]) -> str:
    """Say how many works and files came, or went because they were forgotten, and how many are here."""
    here, moved = (f"{formats.count(after[0], 'work')}, {formats.count(after[1], 'file')}", [])
    for now, then, one in zip(after, before, ("work", "file"), strict=True):
        if now != then:
            moved.append(f"{'+' if now > then else '-'}{formats.count(abs(now - then), one)}")
    return f"{', '.join(moved)}: now {here}"


def _figures(conn: Connection) -> tuple[int, int]:
    return sum(queries.known_works(conn)), queue.counts(conn).stored


def _complete(s: Session, mirror: DemoMirror, gallery: GalleryProcess | None, *, once: bool) -> int:
    """Read everything back, and say how it ends: what is here, what happened, and where to look.

    Return 0 when every byte is right and, with `once`, nothing is wanted or failed.
    """
    from pixmirror.cli.seen import read_status

    report = asyncio.run(verify_command.verify_here(s, quick=False, quiet=True))
    found = read_status(s)
    files = _lacking(found)
    unread = sum(chore["due"] for chore in found["chores"].values()) + len(found["stuck"])
    done = not (files or found["gaps"]["count"] or unread) if once else not found["files"]["failed"]
    _summary(s, mirror, found, report, gallery)
    if files:
        what = formats.count(files, "file")
        say(f"{what} not here: {_command(mirror)} status --full says why, and what comes next.")
    return exit_code(incomplete=not (report["sound"] and done))


def _lacking(found: dict[str, Any]) -> int:
    return sum(found["files"][state] for state in ("wanted", "failed"))


# How it ends: what was mirrored, what was not and why, and what to try ----------------------------------


def _summary(
    s: Session, mirror: DemoMirror, found: dict[str, Any], report: dict[str, Any], gallery: GalleryProcess | None
) -> None:
    try:
        types, more = _types(s)
        happened = _happened_of(s, more)
        example, found_by = _example(s)
    except PixmirrorError as error:
        note(told(error))
        return
    say_day(DAYS + 1, happened[0][0])
    kinds = ", ".join(formats.count(n, *WORDS[kind]) for kind, n in types.items() if n)
    complete = "" if _lacking(found) else "Complete. "
    say(f"{complete}{kinds}; {formats.count(found['files']['stored'], 'file')}, {formats.size(found['bytes'])}.")
    if report["sound"]:
        say("Every file was read back and is whole: nothing was lost.")
    else:
        verify_command.summary(report)
    for line, _ in happened[1:]:
        say(f"  {line}")
    say(f"The files: {mirror.folder / 'mirror' / 'media'}")
    if gallery is not None:
        say(f"Look at it in a browser, until you end this: {_opened_by(mirror, gallery)}")
        say("An address is good once. Another one, and more to look at, in another terminal or later:")
    else:
        say("Look at it:")
    looks = ["gallery --address" if gallery is not None else "gallery", "status"]
    looks += dict.fromkeys(arguments for _, arguments in happened)
    looks += [f"show {example}", f"why {example}", f"search {shlex.quote(found_by)}"]
    for arguments in looks:
        say(f"  {_command(mirror)} {arguments}")
    say("Then mirror your own: pixmirror init")


def _types(s: Session) -> tuple[dict[str, int], int]:
    """Count the works of which more is known than a placeholder, by what they are; and those of others than the
    followed artists.
    """
    from pixmirror.reports.export import export

    counts, more = dict.fromkeys(WORDS, 0), 0
    with s.reading() as db, db.reading() as conn:
        followed = {artist.user_id for artist in proof.coverage(conn, account_id(conn) or 0).artists}
        for kind in ("works", "novels"):
            for row in export(conn, kind):
                if row["state"] == "live" or row["title"]:
                    counts["novel" if kind == "novels" else row["type"]] += 1
                    more += row["user_id"] not in followed
    return counts, more


def _happened_of(s: Session, more: int) -> list[tuple[str, str]]:
    with s.reading() as db, db.reading() as conn:
        return list(_happened(conn, more))


def _happened(conn: Connection, more: int) -> Iterator[tuple[str, str]]:
    """Yield what of the result can be proved, an example of each kind of event, and the command that shows it."""
    found = proof.coverage(conn, account_id(conn) or 0)
    total = found.total
    of = f"{formats.count(total.total, 'work')} of {formats.count(len(found.artists), 'artist')}"
    others = f", {more:,} more by bookmarks and rankings" if more else ""
    if total.holes:
        yield f"{total.complete:,} of {of}, each other has its reason{others}", "coverage --missing"
    else:
        yield f"complete: all {of}{others}", "coverage"
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


def _example(s: Session) -> tuple[str, str]:
    """Return a work to show, and what a search finds: a word in kana, found as it sounds, or a tag."""
    from pixmirror.reports.export import export

    example, tag, spoken = "1", "風景", False
    with s.reading() as db, db.reading() as conn, closing(export(conn, "works")) as works:
        for row in works:
            spoken |= SPOKEN in row["title"]
            if row["tags"] and row["state"] == "live" and example == "1":
                example, tag = str(row["id"]), str(row["tags"][0])
    return example, SPOKEN if spoken else tag
