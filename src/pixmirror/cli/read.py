"""`why`, `show`, `search`, `export`: commands that only read, with or without a running daemon."""

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from pixmirror.catalogue import refs
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import value
from pixmirror.catalogue.words import iso
from pixmirror.cli import formats, looking, versions
from pixmirror.cli.common import Json, note, now_ms, print_json, say, session
from pixmirror.errors import ConfigError, ExitCode, NotHere, StorageError
from pixmirror.terminal import typed

WORKS, ALL = 30, 1 << 60  # of a user that `show` lists
EVERYTHING = "all"


def why(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(help="123, novel:123, user:123, or a URL.")],
    full: Annotated[
        bool, typer.Option("--full", help="Everything: who saw it, its lists, states and versions, each file.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Why a work or user is here or not: who saw it, who refused it, what failed, what happens next and when.

    \b
    Examples:
      pixmirror why 123456
      pixmirror why 123456 --full
      pixmirror why https://www.pixiv.net/novel/show.php?id=123
    """
    from pixmirror.reports.why import why as why_of
    from pixmirror.reports.why_short import short as short_of

    s, wanted, now = session(ctx), refs.parse_ref(ref), now_ms()
    with s.reading() as db:
        found = db.read_sync(why_of, wanted, now)
        short = db.read_sync(short_of, found, now, has_web=s.has_web)
        if not (short.is_here or short.is_unknown):
            from pixmirror.cli.seen import what_brings

            short = db.read_sync(short_of, found, now, what_brings(s), has_web=s.has_web)
    if as_json:
        print_json({**found.as_dict(), **short.as_dict()})
    else:
        looking.show_why(found, short, now, full=full)
    if short.is_unknown:
        raise typer.Exit(ExitCode.NOT_HERE)


def show(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(help="123, novel:123, user:123, or a URL.")],
    history: Annotated[bool, typer.Option("--history", help="Every version that Pixiv showed, and when.")] = False,
    comments: Annotated[bool, typer.Option("--comments", help="The comments of the work, too.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Of a user list all works.")] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="DATE", help="As it was known at the end of that day, or at that time, UTC."),
    ] = None,
    as_json: Json = False,
) -> None:
    """All that the mirror holds of a work or a user, and where its files lie; now, or at any time before.

    \b
    Examples:
      pixmirror show 123456
      pixmirror show user:11 --all
      pixmirror show 123456 --comments
      pixmirror show 123456 --history
      pixmirror show novel:123 --at 2026-03-31
    """
    if history and at is not None:
        raise ConfigError("--history and --at are two questions: ask one at a time.")
    s, wanted = session(ctx), refs.parse_ref(ref)
    with s.reading() as db:
        if history:
            found, shown = db.read_sync(_history, wanted), versions.show_history
        elif at is not None:
            found, shown = db.read_sync(_past, wanted, versions.past_moment(at, now_ms())), versions.show_past
        else:
            found = db.read_sync(_now, wanted, ALL if all_ else WORKS, comments)
            shown = looking.show_item
    if found is None:
        raise NotHere(f"{wanted} is not in this mirror; `pixmirror why {wanted}` says more.")
    if as_json:
        print_json(found)
    else:
        shown(s, found)


def _now(conn: Connection, ref: Ref, most: int, with_comments: bool) -> dict[str, Any] | None:
    from pixmirror.reports import history
    from pixmirror.reports import show as view

    found = view.show(conn, ref, most)
    if found is None:
        return None
    if with_comments and ref.kind != "user":
        found["comment_list"] = view.comments_of(conn, ref)
    count, changed_at = history.summary(conn, ref)
    return found | {"versions": count, "changed_at": iso(changed_at)}


def _history(conn: Connection, ref: Ref) -> dict[str, Any] | None:
    from pixmirror.reports import history

    found = history.history(conn, ref)
    return None if found is None else found.as_dict()


def _past(conn: Connection, ref: Ref, moment: int) -> dict[str, Any] | None:
    from pixmirror.reports import history

    if (found := history.at(conn, ref, moment)) is not None:
        name = value(conn, "SELECT name FROM user WHERE id = :id", id=found.fields.get("user_id"))
        return found.as_dict() | ({"user_name": name} if name else {})
    if (first := history.first_known(conn, ref)) is None:
        return None
    raise ConfigError(f"Nothing was known of {ref} then: it was first seen at {versions.when(iso(first))}.")


def search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Words, fields (pixmirror help search), an id or a URL.")],
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10000, help="At most so many.")] = 30,
    paths: Annotated[
        bool, typer.Option("--paths", help="Print only where their files lie, one path a line.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find works by words of theirs, newest first; `pixmirror help search` has the rules.

    \b
    Examples:
      pixmirror search 初音ミク
      pixmirror search "hatsune miku" --limit 100
      pixmirror search "yoru -猫 posted:2024 bookmarks:>500"
      pixmirror search 初音ミク --paths
    """
    from pixmirror.reports import files
    from pixmirror.reports import search as view

    s = session(ctx)
    with s.reading(beside=True) as db:
        found = db.read_sync(view.find, typed(text), limit, now=now_ms())
        hits = found.hits
        lie = db.read_sync(files.paths_of_works, [hit.work_key for hit in hits]) if paths else {}
    if found.note:
        note(found.note)
    if as_json:
        more = [{"paths": lie.get(hit.work_key, [])} if paths else {} for hit in hits]
        print_json([hit.as_dict() | told for hit, told in zip(hits, more, strict=True)])
    elif paths:
        for hit in hits:
            for path in lie.get(hit.work_key, ()):
                say(str(s.media / path))
    else:
        looking.show_hits(hits, limit)


def export(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="One of the kinds above; or all, into a folder.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Default: standard output. Of all: a folder."),
    ] = None,
) -> None:
    """Write everything of one kind as JSON lines: one object a line, so there is no --json.

    \b
    Kinds (their keys: pixmirror help export):
      what Pixiv shows   works, novels, files, users, tags, series, comments, bookmarks, bookmark_tags, follows,
                         rankings
      over time          versions, states, sightings, doubts, counters, drift, texts, translations, readings,
                         ranking_days, web_listed
      as Pixiv said it   payloads
      of the mirror      accounts, lists, questions, jobs, work_jobs, runs, spent, broken, forgotten
      yours              places, history, seen, ratings, collections, aliases, searches, settings (in the gallery)

    \b
    Examples:
      pixmirror export works > works.jsonl
      pixmirror export comments -o comments.jsonl
      pixmirror export all -o FOLDER        each kind in a file of its own, all as of one moment
    """
    from pixmirror.reports.export import KINDS, export_lines, refuse_unknown
    from pixmirror.reports.export_own import OWN

    everything = kind == EVERYTHING
    if not everything:
        refuse_unknown(kind)
    elif output is None:
        raise ConfigError("All kinds go into a folder, each into a file of its own: name the folder with -o.")
    with session(ctx).reading(beside=everything or kind in OWN) as db, db.reading() as conn:
        for one in KINDS if everything else (kind,):
            with closing(export_lines(conn, one)) as found:  # it must end before its connection does
                lines = (f"{line}\n" for line in found)
                if output is None:
                    _to_stdout(lines)
                else:
                    path = _folder(output) / f"{one}.jsonl" if everything else output
                    say(f"{formats.count(_to_file(lines, path), 'line')} in {path}.")


def _folder(output: Path) -> Path:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{output} cannot be a folder: {error.strerror}.") from error
    return output


def _to_stdout(lines: Any) -> None:
    """Write to standard output; end quietly when the reader has had enough, as `head` does."""
    try:
        sys.stdout.writelines(lines)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _to_file(lines: Any, output: Path) -> int:
    """Write the file whole or not at all."""
    if output.exists() and not output.is_file():
        raise ConfigError(f"{output} is not a regular file; leave -o out and redirect instead.")
    part = output.with_name(f".{output.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            count = sum(1 for line in lines if file.write(line))
        part.replace(output)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"{output} cannot be written: {error.strerror}.") from error
    return count
