"""How a demo ends: what was mirrored, what was not and why, and what to try on it."""

import shlex
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pixmirror.cli import formats
from pixmirror.cli.common import Session, note, program, say, told
from pixmirror.cli.demo_setup import DemoMirror
from pixmirror.errors import PixmirrorError

if TYPE_CHECKING:
    from pixmirror.catalogue.database import Connection

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


def summary(s: Session, mirror: DemoMirror, kills: int = 0) -> None:
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
    """What is not there, and why: explained, not failed."""
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
    """What happened meanwhile, and the command that shows it."""
    with s.reading() as db, db.reading() as conn:
        told = [*_left(conn), *_replaced(conn), *_unmarked(conn), *_complete(conn)]
    if kills:
        times = {1: "once", 2: "twice"}.get(kills, f"{kills} times")
        told.append((f"The mirroring was killed {times}, and nothing was lost.", "verify"))
    if not told:
        return
    say("What happened, and what shows it:")
    command = f"{program()} --config {shlex.quote(str(mirror.config_file))}"
    for line, arguments in told:
        say(f"  {line}")
        say(f"      {command} {arguments}")


def _left(conn: "Connection") -> Iterator[tuple[str, str]]:
    from pixmirror.reports.gone import only_here

    found = only_here(conn, 1)
    for user in sorted((u for u in found.users if u.works), key=lambda u: -u.works)[:1]:
        yield (
            f"{user.name} left Pixiv: {formats.count(user.works, 'work')} with "
            f"{formats.count(user.files, 'file')} ({formats.size(user.bytes)}) survive only here.",
            "gone",
        )


def _replaced(conn: "Connection") -> Iterator[tuple[str, str]]:
    from pixmirror.reports.history import replaced

    for ref in replaced(conn, 1):
        yield f"The picture of {ref} was replaced; both files are kept.", f"show {ref} --history"


def _unmarked(conn: "Connection") -> Iterator[tuple[str, str]]:
    from pixmirror.reports.drift import vanished_bookmarks

    for mark in vanished_bookmarks(conn, 1):
        yield f"A bookmark vanished: {mark.title} ({mark.reason}).", "gone bookmarks"


def _complete(conn: "Connection") -> Iterator[tuple[str, str]]:
    from pixmirror.catalogue.runs import account_id
    from pixmirror.reports.coverage import coverage

    found = coverage(conn, account_id(conn) or 0).total
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
    """A work to show and a tag to search for."""
    from pixmirror.reports.export import export

    rows: Any = export  # a generator, which must end before its connection does

    with s.reading() as db, db.reading() as conn, closing(rows(conn, "works")) as works:
        for row in works:
            if row["tags"] and row["state"] == "live":
                return str(row["id"]), str(row["tags"][0])
    return "1", "風景"
