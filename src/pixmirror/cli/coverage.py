"""`coverage`: how complete artists, bookmarks and rankings are here, what lacks, and what closes each hole."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from pixmirror.catalogue import refs, runs
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.words import plain
from pixmirror.cli import formats, layout
from pixmirror.cli.common import Json, Session, note, now_ms, print_json, say, session, tell
from pixmirror.cli.gone import RESTORE
from pixmirror.cli.seen import what_brings
from pixmirror.errors import ConfigError
from pixmirror.reports import completeness as proof
from pixmirror.reports import coverage as of_artists
from pixmirror.reports.completeness import Completeness, completeness, why_not_all
from pixmirror.reports.coverage import Coverage, Missing
from pixmirror.reports.coverage_lists import BookmarkList, RankingProof
from pixmirror.reports.gone import lost_here
from pixmirror.reports.kept import parts_of
from pixmirror.reports.moments import ahead, as_of
from pixmirror.reports.reasons import WORKS
from pixmirror.terminal import one_line


def coverage(
    ctx: typer.Context,
    artist: Annotated[str | None, typer.Argument(metavar="USER", help="An artist: 11, user:11, or a URL.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="Name every work that is missing, and why.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="List what is complete, too.")] = False,
    as_json: Json = False,
) -> None:
    """How much of all that you asked for is here: artists, bookmarks, rankings; the rest with its reasons.

    \b
    Examples:
      pixmirror coverage
      pixmirror coverage --all
      pixmirror coverage user:11
      pixmirror coverage --missing --json
    """
    s = session(ctx)
    if artist is None:
        _all(s, missing=missing, everything=everything, as_json=as_json)
    else:
        _one(s, _user(artist), missing=missing, as_json=as_json)


def _user(artist: str) -> int:
    text = artist.strip()
    ref = refs.parse_ref(f"user:{text}" if text.isascii() and text.isdecimal() else text)
    if ref.kind != "user":
        raise ConfigError(f"{ref} is a work; its artist is wanted: user:11, or the URL of a user.")
    return ref.id


# --- all


def _all(s: Session, *, missing: bool, everything: bool, as_json: bool) -> None:
    jobs, has_web = [job for job in s.config.jobs if job.enabled], s.has_web

    def read(conn: Connection) -> tuple[Completeness, Sequence[Missing]]:
        account = runs.account_id(conn) or 0
        works = of_artists.missing(conn, account, None, has_web) if missing else ()
        return completeness(conn, account, jobs, now_ms()), works

    with s.reading() as db:
        found, works = db.read_sync(read)
    if as_json:
        overview = found.overview
        print_json(
            _as_json(overview.artists, overview.total, overview.web, works if missing else None, found.as_dict())
        )
        return
    _answer(s, found, has_web)
    _tables(found, everything)
    if missing:
        _missing(works)
    if found.overview.web:
        note(found.overview.web)


def _answer(s: Session, found: Completeness, has_web: bool) -> None:
    """Say what is complete, and what is not and why, each in a sentence."""
    counts = found.counts
    if not (parts := parts_of(counts)):
        tell(f"Nothing can be proven yet: no list was read. {what_brings(s)}")
        return
    when = f" as of {as_of(counts.as_of, now_ms())}" if counts.as_of is not None else " so far"
    tell(f"Complete{when}: {', '.join(parts)}.")
    for one in proof.left(found, has_web):
        cure = f"; {one.cure}." if one.cure else "."
        tell(f"{one.what}: {', '.join(one.parts)}{f'. {what_brings(s)}' if one.what == 'Not yet' else cure}")
    if counts.kept:
        tell(f"Here, though Pixiv no longer shows them: {formats.count(counts.kept, 'work')}.")
    if lost := found.only_here.lost_here:
        names = ", ".join(str(refs.Ref.of_work(key)) for key in lost[:3]) + (", ..." if len(lost) > 3 else "")
        tell(f"Lost here, and no longer at Pixiv: {formats.count(len(lost), 'work')} ({names}): pixmirror gone.")
    if others := len(found.overview.artists) - counts.artists:
        tell(f"Not counted: {formats.count(others, 'artist')} whom no job reads any more.")


def _tables(found: Completeness, everything: bool) -> None:
    """List what is not complete, or all."""
    for name, whole in (
        ("artist", found.overview.artists),
        ("bookmarks", found.bookmarks),
        ("ranking", found.rankings),
    ):
        shown = [one for one in whole if everything or not one.is_complete]
        if shown:
            say()
            ids = ("id",) if name == "artist" else ()
            head = (name, *ids, "here", "Pixiv lists", "missing because")
            for line in layout.figures(head, [tuple(map(one_line, _row(one))) for one in shown]):
                say(line)


def _row(one: Coverage | BookmarkList | RankingProof) -> tuple[str, ...]:
    listed = one.total
    name: tuple[str, ...]
    if isinstance(one, Coverage):
        name = (one.name or "an artist", f"user:{one.user_id}")
        listed = max(listed, one.counted or 0) if one.cut else listed
    elif isinstance(one, BookmarkList):
        name = (one.restrict,)
    else:
        name = (f"{one.mode} of {one.date}" if one.medium == "illust" else f"{one.mode} of {one.date}, novels",)
    return *name, f"{one.complete:,}", f"{listed:,}", "; ".join(why_not_all(one))


# --- one artist


def _one(s: Session, user_id: int, *, missing: bool, as_json: bool) -> None:
    with s.reading() as db:
        account = db.read_sync(runs.account_id) or 0
        found = db.read_sync(of_artists.coverage, account, user_id)
        works = db.read_sync(of_artists.missing, account, user_id, s.has_web) if missing or not as_json else ()
        lost = [str(refs.Ref.of_work(key)) for key in db.read_sync(lost_here, user_id)]
    if not found.artists:
        raise ConfigError(f"No job reads the works of user:{user_id}, and you do not follow them.")
    if as_json:
        more = {"lost_here": lost}
        print_json(_as_json(found.artists, found.total, found.web, works if missing else None, more))
        return
    [artist] = found.artists
    tell(f"{artist.name or 'An artist'} (user:{artist.user_id}): {summary(artist)}.")
    for reason in why_not_all(artist):
        tell(f"{reason[:1].upper()}{reason[1:]}.", "  ")
    if artist.kept:
        tell(f"Here but no longer at Pixiv: {formats.count(artist.kept, 'work')}.")
    if lost:
        say()
        tell(f"Lost here, and no longer at Pixiv ({len(lost):,}): {', '.join(lost)}.")
        tell(RESTORE, "  ")
    _missing(works)
    if found.web:
        note(found.web)


def summary(c: Coverage) -> str:
    """Say the counts and how old they are: 412 of 420 works are here, as of 9 min ago."""
    if c.checked_at is None:
        return (
            f"{formats.count(c.complete, 'work is', 'works are')} here; their lists were not read to the end yet"
        )
    amount = f"all {c.total:,} works" if c.total > 1 and c.complete == c.total else ""
    amount = amount or f"{c.complete:,} of {formats.count(c.total, 'work')}"
    return f"{amount} {'is' if c.total == 1 else 'are'} here, as of {as_of(c.checked_at, now_ms())}"


# --- both


def _as_json(
    artists: Sequence[Coverage],
    total: Coverage,
    web: str | None,
    works: Sequence[Missing] | None,
    more: Mapping[str, Any],
) -> dict[str, Any]:
    shown = {
        "total": total.as_dict(),
        "artists": [artist.as_dict() for artist in artists],
        "web_problem": web,
        **more,
    }
    return shown if works is None else shown | {"missing": [plain(work) for work in works]}


def _missing(works: Sequence[Missing]) -> None:
    for reason in dict.fromkeys(work.reason for work in works):
        mine = [work for work in works if work.reason == reason]
        say()
        said = WORKS[reason].says
        tell(f"{said[:1].upper()}{said[1:]} ({len(mine):,}); {mine[0].next}.")
        for work in mine:
            said_of = [one_line(work.title), one_line(work.detail or "")]
            when = f"next try {ahead(work.due_at, now_ms())}" if work.due_at is not None else ""
            tell(": ".join(filter(None, [str(work.ref), "; ".join(filter(None, [*said_of, when]))])), "  ")
