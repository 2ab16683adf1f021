"""`coverage`: how complete the mirror is of each artist, what is missing, and what closes each hole."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from pixmirror.catalogue import refs, runs
from pixmirror.catalogue.words import plain
from pixmirror.cli import formats
from pixmirror.cli.common import Json, Session, note, now_ms, print_json, say, session
from pixmirror.config import read_web_login
from pixmirror.errors import ConfigError, PixmirrorError
from pixmirror.reports import coverage as proof
from pixmirror.reports.coverage import REASONS, Coverage, Missing, Overview
from pixmirror.terminal import one_line

# How a reason is said after a number of works.
SHORT: Mapping[str, str] = {
    "unread": "could not be read",
    "unseen": "not read yet",
    "limited": "limited",
    "stub": "a placeholder",
    "wanted": "to be fetched",
    "failed": "failed",
    "damaged": "damaged at Pixiv",
    "lost": "gone before they were fetched",
    "refused": "refused by your filters",
    "forgotten": "forgotten",
}


def coverage(
    ctx: typer.Context,
    artist: Annotated[str | None, typer.Argument(metavar="USER", help="An artist: 11, user:11, or a URL.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="Name every work that is missing, and why.")] = False,
    as_json: Json = False,
) -> None:
    """How much of each artist is here, by what Pixiv lists: complete, or missing with a reason for each work.

    \b
    Examples:
      pixmirror coverage
      pixmirror coverage user:11
      pixmirror coverage --missing --json
    """
    s = session(ctx)
    user_id = None if artist is None else _user(artist)
    with s.reading() as db:
        account = db.read_sync(runs.account_id) or 0
        found = db.read_sync(proof.coverage, account, user_id)
        named = missing or (user_id is not None and not as_json)
        works = db.read_sync(proof.missing, account, user_id, _has_web(s)) if named else ()
    if user_id is not None and not found.artists:
        raise ConfigError(f"No job reads the works of user:{user_id}, and you do not follow them.")
    if as_json:
        print_json(_as_json(found, works if missing else None))
        return
    if user_id is not None:
        artist_ = found.artists[0]
        say(f"{one_line(artist_.name or 'An artist')} (user:{artist_.user_id}): {summary(artist_)}.")
        for line in details(artist_):
            say(line)
    else:
        _all(found)
    if missing or user_id is not None:
        _missing(works)
    if found.web:
        note(found.web)


def _user(artist: str) -> int:
    text = artist.strip()
    ref = refs.parse_ref(f"user:{text}" if text.isascii() and text.isdecimal() else text)
    if ref.kind != "user":
        raise ConfigError(f"{ref} is a work; its artist is wanted: user:11, or the URL of a user.")
    return ref.id


def _has_web(s: Session) -> bool:
    try:
        return read_web_login(s.config, s.env) is not None
    except PixmirrorError:
        return False


def _as_json(found: Overview, works: Sequence[Missing] | None) -> dict[str, Any]:
    shown = {
        "total": found.total.as_dict(),
        "artists": [artist.as_dict() for artist in found.artists],
        "web_problem": found.web,
    }
    return shown if works is None else shown | {"missing": [plain(work) for work in works]}


def _all(found: Overview) -> None:
    total, now = found.total, now_ms()
    if not found.artists:
        say("No artist is followed or named in a job that has run.")
        return
    open_ones = [c for c in found.artists if c.holes or c.partial or c.cut or c.checked_at is None]
    say(f"{formats.count(len(found.artists), 'artist')}: {summary(total, when=False)}.")
    for line in details(total):
        say(line)
    if open_ones:
        rows = [_row(c, now) for c in open_ones]
        formats.table(("artist", "works", "%", "missing", "checked"), rows)
    complete = len(found.artists) - len(open_ones)
    if complete:
        say(f"{formats.count(complete, 'artist is', 'artists are')} complete.")


def _row(c: Coverage, now: int) -> tuple[str, ...]:
    percent = "" if c.percent is None else f"{c.percent:g}"
    works = f"{c.complete:,} of {c.total:,}"
    return (f"{c.name} (user:{c.user_id})", works, percent, ", ".join(_parts(c)), _checked(c, now))


def summary(c: Coverage, when: bool = True) -> str:
    """Say the counts in a line: 1,204 of 1,206 works, 2 limited, checked 9 days ago."""
    works = f"{c.complete:,} of {formats.count(c.total, 'work')}"
    parts = [works, *_parts(c)]
    return ", ".join([*parts, f"checked {_checked(c, now_ms())}"] if when else parts)


def _parts(c: Coverage) -> list[str]:
    return [f"{n:,} {SHORT[reason]}" for reason, n in c.missing.items()]


def _checked(c: Coverage, now: int) -> str:
    if c.checked_at is not None:
        return formats.from_now(c.checked_at, now)
    return "never to the end"


def details(c: Coverage) -> Iterator[str]:
    """Yield what the counts of others say, and what is not in the sum."""
    if c.checked_at is not None and c.counted is not None and c.counted != c.listed:
        more = c.counted - c.listed
        said = f"{more:,} hidden or unlisted" if more > 0 else f"{-more:,} more than it counts"
        yield f"Pixiv counts {c.counted:,}, lists {c.listed:,}: {said}."
    if c.hidden:
        yield f"{formats.count(c.hidden, 'work')} {'is' if c.hidden == 1 else 'are'} hidden from the app" + (
            f"; the website lists {c.web_listed:,} in all." if c.web_listed is not None else "."
        )
    if c.unlisted:
        works = formats.count(c.unlisted, "work")
        yield f"{works} stood no more in the last full pass; Pixiv is asked about each."
    if c.cut:
        yield f"{c.cut}."
    if c.partial:
        yield f"{formats.count(c.partial, 'work')} could be read only in part; `pixmirror why` says what is odd."
    if c.kept:
        yield f"{formats.count(c.kept, 'work')} no longer at Pixiv {'is' if c.kept == 1 else 'are'} kept here."


def _missing(works: Sequence[Missing]) -> None:
    for reason in dict.fromkeys(work.reason for work in works):
        mine = [work for work in works if work.reason == reason]
        say()
        said = REASONS[reason]
        say(f"{said[:1].upper()}{said[1:]} ({len(mine):,}); {mine[0].next}.")
        rows = [(str(w.ref), w.title, w.detail or "", formats.moment(w.due_at)) for w in mine]
        formats.table(("work", "title", "last said", "next try"), rows)
