"""The proof of all three promises, artists, bookmarks and rankings: how much is complete, and why not the rest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import listed, value
from pixmirror.catalogue.words import iso, many
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.coverage import Coverage, Overview, coverage
from pixmirror.reports.coverage_lists import BookmarkList, RankingProof, bookmark_lists, ranking_days
from pixmirror.reports.gone import OnlyHere, only_here
from pixmirror.reports.kept import Counts
from pixmirror.reports.reasons import WORKS, upper

# How a reason is said after a number of works.
WORDS: Mapping[str, str] = MappingProxyType(
    {name: f"{one.says} ({one.hint})" if one.hint else one.says for name, one in WORKS.items()}
)
_HIDDEN = ("unseen", "limited")
_RECOVER = "pixmirror help recover"
_AS_OF = """
SELECT iif(count(*) = count(last_done_at), min(last_done_at), NULL) FROM job
WHERE name IN (SELECT value FROM json_each(:names))"""


@dataclass(frozen=True, slots=True)
class Left:
    """Works that are not here for one cause: of artists, of bookmarks, of rankings. `cure`: what brings them."""

    what: str
    parts: tuple[str, ...]
    cure: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is proven of all that the jobs ask for."""

    overview: Overview
    bookmarks: tuple[BookmarkList, ...]
    rankings: tuple[RankingProof, ...]
    counts: Counts
    only_here: OnlyHere

    def as_dict(self) -> dict[str, Any]:
        """Return what `coverage --json` adds to the artists."""
        return {
            "as_of": iso(self.counts.as_of),
            "lost_here": [str(Ref.of_work(key)) for key in self.only_here.lost_here],
            "bookmarks": [one.as_dict() for one in self.bookmarks],
            "rankings": [one.as_dict() for one in self.rankings],
        }


def completeness(conn: Connection, account_id: int, jobs: Sequence[JobConfig], now: int) -> Completeness:
    """Prove what is complete of what these jobs ask for, which are the enabled ones, as configured."""
    names = [job.name for job in jobs]
    overview = coverage(conn, account_id, None, names)
    lists = bookmark_lists(conn, account_id, names)
    days = ranking_days(conn, account_id, jobs, now)
    read, survivors = [artist for artist in overview.artists if artist.is_read], only_here(conn, 0)
    counts = Counts(
        artists=len(read),
        artists_complete=sum(artist.is_complete for artist in read),
        bookmark_lists=len(lists),
        bookmark_lists_complete=sum(one.is_complete for one in lists),
        ranking_days=len(days),
        ranking_days_complete=sum(day.is_complete for day in days),
        kept=survivors.works,
        as_of=_as_of(conn, jobs),
    )
    return Completeness(overview, lists, days, counts, survivors)


def _as_of(conn: Connection, jobs: Sequence[JobConfig]) -> int | None:
    """Return when the job that looked longest ago did so. A ranking is of its day, and does not age."""
    ageing = [job.name for job in jobs if not job.rankings] or [job.name for job in jobs]
    found: int | None = value(conn, _AS_OF, names=listed(ageing))
    return found


def left(found: Completeness, has_web: bool) -> Iterator[Left]:
    """Yield what is not here, by cause, the nearest first."""
    comes = ("wanted", "unread", *((*_HIDDEN, "stub") if has_web else ()))
    artists = [
        c for c in found.overview.artists if not c.is_complete and (_some(c, comes) or c.checked_at is None)
    ]
    parts = []
    if artists:
        works = sum(_some(c, comes) for c in artists)
        parts.append(
            f"{many(len(artists), 'artist')} ({many(works, 'work')})" if works else many(len(artists), "artist")
        )
    lists = [b for b in found.bookmarks if not b.is_complete and (_some(b, comes) or b.checked_at is None)]
    if lists:
        works = sum(_some(b, comes) for b in lists)
        said = many(len(lists), "bookmark list")
        parts.append(f"{said} ({many(works, 'work')})" if works else said)
    days = [d for d in found.rankings if not d.is_complete and (_some(d, comes) or d.standing != "read")]
    if days:
        parts.append(many(len(days), "ranking day"))
    if parts:
        yield Left("Not yet", tuple(parts), "")
    for reasons, what, cure in (
        (() if has_web else _HIDDEN, _upper("limited"), f"a web login shows them: {_RECOVER}"),
        (() if has_web else ("stub",), _upper("stub"), f"a web login may show them: {_RECOVER}"),
        (("failed",), _upper("failed"), "pixmirror retry --failed asks again"),
        (("damaged",), _upper("damaged"), "kept as they are, and asked for again: pixmirror retry --damaged"),
        (("lost",), _upper("lost"), "pixmirror retry --gone asks once more"),
        (("refused", "forgotten"), "Left out by choice", ""),
    ):
        if parts := list(_parts(found, reasons)):
            yield Left(what, tuple(parts), cure)


def _upper(reason: str) -> str:
    return upper(WORKS[reason].says)


def _parts(found: Completeness, reasons: Sequence[str]) -> Iterator[str]:
    of_artists = sum(_some(c, reasons) for c in found.overview.artists)
    of_bookmarks = sum(_some(b, reasons) for b in found.bookmarks)
    of_rankings = sum(_some(d, reasons) for d in found.rankings)
    if of_artists:
        yield (
            many(of_artists, "work of an artist", "works of artists")
            if of_bookmarks or of_rankings
            else many(of_artists, "work")
        )
    if of_bookmarks:
        yield many(of_bookmarks, "bookmark")
    if of_rankings:
        yield many(of_rankings, "ranked work")


def _some(one: Coverage | BookmarkList | RankingProof, reasons: Iterable[str]) -> int:
    return sum(one.missing.get(reason, 0) for reason in reasons)


# --- one row


def why_not_all(one: Coverage | BookmarkList | RankingProof) -> list[str]:
    """Say why not all that Pixiv lists is here, and explain figures that do not fit each other."""
    said: dict[str, int] = {}
    for reason, n in one.missing.items():
        said[WORDS[reason]] = said.get(WORDS[reason], 0) + n
    return [*(f"{n:,} {words}" for words, n in said.items()), *explained(one)]


def explained(one: Coverage | BookmarkList | RankingProof) -> list[str]:
    """Explain figures that do not fit each other, and what no reason of a work says."""
    if isinstance(one, Coverage):
        return [*_of_artist(one)]
    found: list[str] = []
    if isinstance(one, BookmarkList):
        if one.checked_at is None:
            found.append("the list was not read to its end yet")
        found += [one.cut] if one.cut else []
        found += [f"{one.unread:,} could not be read"] if one.unread else []
    else:
        words = {"part": "not read to its end yet", "unread": "not read yet", "none": "Pixiv has no such ranking"}
        found += [words[one.standing]] if one.standing in words else []
    return found + ([f"{one.lost:,} {WORKS['lost'].says}"] if one.lost else [])


def _of_artist(c: Coverage) -> Iterator[str]:
    if c.checked_at is None:
        yield "the list was not read to its end yet"
    elif c.counted is not None and c.counted > c.listed:
        hidden = c.counted - c.listed
        if c.cut is not None:
            yield f"{c.counted:,} at Pixiv; the app lists {c.listed:,}: {hidden:,} come with a web login"
        elif hidden > c.hidden:
            yield f"{hidden - c.hidden:,} more counted by the profile than listed"
    elif c.counted is not None and c.counted < c.listed:
        yield f"{c.listed - c.counted:,} newer than the profile's count"
    if c.cut is not None and (c.counted is None or c.counted <= c.listed):
        yield c.cut
    if c.unlisted:
        yield f"{c.unlisted:,} no longer listed; Pixiv is asked about each"
    if c.partial:
        yield f"{c.partial:,} read only in part (pixmirror why)"
