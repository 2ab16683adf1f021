"""The proof of `coverage` and `gone` as pages show it, kept with the counts: nobody waits until it is made.

What a page lists is bounded: of what is not complete the worst first, with how many more there are.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.models.jobs import JobConfig
from pixmirror.reports import kept
from pixmirror.reports.completeness import Completeness, Left, completeness, explained, left
from pixmirror.reports.coverage import Coverage
from pixmirror.reports.coverage_lists import BookmarkList, RankingProof
from pixmirror.reports.gone import Leaver, Total
from pixmirror.reports.kept import Kept, parts_of

PROOF = "kept_proof"  # the meta key
MOST = 200  # rows of a table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One artist (`id`), bookmark list or ranking day: works here, works that Pixiv lists, why not all.

    `ranking` is medium, mode and day of a ranking.
    """

    name: str
    id: int
    here: int
    listed: int
    missing: Mapping[str, int]
    notes: tuple[str, ...]
    ranking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What is not complete, the worst first; `more` of them are not shown, `whole` are complete."""

    rows: tuple[Row, ...] = ()
    more: int = 0
    whole: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """All that was proven `at` a moment (ms UTC). `left` is said where there is no web login, `left_web` with one.

    `unread`: artists whom no job reads any more.
    """

    at: int
    says: tuple[str, ...]
    left: tuple[Left, ...]
    left_web: tuple[Left, ...]
    artists: Table
    bookmarks: Table
    rankings: Table
    unread: int
    states: tuple[Total, ...]
    leavers: tuple[Leaver, ...]
    as_of: int | None = None
    more_leavers: int = field(default=0)


def count(conn: Connection, account_id: int, jobs: Sequence[JobConfig], now: int) -> tuple[Kept, Proof]:
    """Count all of it, for the enabled jobs as configured. It reads every work: seconds for a million."""
    began = time.perf_counter()
    complete = completeness(conn, account_id, jobs, now)
    found = kept.totals(conn)
    took_ms = round((time.perf_counter() - began) * 1000)
    counted = Kept(now, complete.counts, found, mark=kept.mark(conn), took_ms=took_ms)
    return counted, proof_of(complete, now)


def proof_of(found: Completeness, now: int) -> Proof:
    """Make of a proof what pages show of it."""
    read = [one for one in found.overview.artists if one.is_read]
    leavers = found.only_here.users
    return Proof(
        at=now,
        says=tuple(parts_of(found.counts)),
        left=tuple(left(found, has_web=False)),
        left_web=tuple(left(found, has_web=True)),
        artists=_table(read),
        bookmarks=_table(found.bookmarks),
        rankings=_table(found.rankings),
        unread=len(found.overview.artists) - len(read),
        states=found.only_here.states,
        leavers=leavers[:MOST],
        as_of=found.counts.as_of,
        more_leavers=max(0, len(leavers) - MOST),
    )


def _table(all_of_them: Sequence[Coverage | BookmarkList | RankingProof]) -> Table:
    lacking = [one for one in all_of_them if not one.is_complete]
    rows = tuple(_row(one) for one in lacking[:MOST])
    return Table(rows, len(lacking) - len(rows), len(all_of_them) - len(lacking))


def _row(one: Coverage | BookmarkList | RankingProof) -> Row:
    name, number, listed = "", 0, one.total
    ranking: tuple[str, ...] = ()
    if isinstance(one, Coverage):
        name, number = one.name, one.user_id
        listed = max(listed, one.counted or 0) if one.cut else listed
    elif isinstance(one, BookmarkList):
        name = one.restrict
    else:
        name = f"{one.mode} of {one.date}" + (", novels" if one.medium == "novel" else "")
        ranking = (one.medium, one.mode, one.date)
    return Row(name, number, one.complete, listed, dict(one.missing), tuple(explained(one)), ranking)


def save(conn: Connection, proof: Proof) -> None:
    """Keep the proof, in the place of the last one."""
    runs.set_json(conn, PROOF, asdict(proof))


def known(conn: Connection) -> Proof | None:
    """Return the proof that is kept; None before the first, or where another version kept others."""
    found: Any = runs.get_json(conn, PROOF)
    try:
        nested = {
            "says": tuple(found["says"]),
            **{name: tuple(_as_it_was(Left, one) for one in found[name]) for name in ("left", "left_web")},
            **{
                name: Table(**found[name] | {"rows": tuple(_as_it_was(Row, one) for one in found[name]["rows"])})
                for name in ("artists", "bookmarks", "rankings")
            },
            "states": tuple(Total(**one) for one in found["states"]),
            "leavers": tuple(Leaver(**one) for one in found["leavers"]),
        }
        return Proof(**found | nested)
    except (KeyError, TypeError):
        return None


def _as_it_was(kind: type[T], kept: Mapping[str, Any]) -> T:
    """Make a value of what JSON has of it, which knows no tuples."""
    return kind(**{name: tuple(one) if isinstance(one, list) else one for name, one in kept.items()})
