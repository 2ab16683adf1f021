"""What is wrong with what lies on the disk, from when it was found until it is seen whole again.

A file that is lost is no row here: its row in `media` says so, until it is back or the loss is accepted.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import Connection

from pixmirror.catalogue.schema import finding
from pixmirror.catalogue.sql import KEYS, Many, changed, column, listed, made, rows, upsert, value

Kind = Literal["missing", "stray", "rotten", "unreadable", "partial", "wrong_kind"]
Subject = Literal["file", "stray", "payload", "text", "rows", "catalogue", "disk"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST = 1000  # of one subject

_NOTE = Many(upsert(finding, "kind", "detail", "seen_at"))
_COUNTS = "SELECT subject, kind, count(*) FROM finding GROUP BY subject, kind"
# SQLite takes the other columns of a group from the row that holds the min().
_FIRSTS = "SELECT subject, min(name) AS name, detail, found_at, count(*) AS n FROM finding GROUP BY subject"
_ALL = "SELECT subject, name, kind, detail, found_at, seen_at FROM finding ORDER BY subject, name LIMIT :n"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `name`: its path, or which rows; times in ms UTC."""

    subject: str
    name: str
    kind: str
    detail: str
    found_at: int
    seen_at: int


def note(conn: Connection, subject: Subject, found: Iterable[tuple[str, Kind, str]], now: int) -> None:
    """Keep these (name, kind, detail); of very many of a subject only the first."""
    room = MOST - value(conn, "SELECT count(*) FROM finding WHERE subject = :subject", subject=subject)
    known = set(names(conn, subject))
    for name, kind, detail in found:
        if name not in known:
            if room <= 0:
                continue
            room -= 1
        row = {"subject": subject, "name": name, "kind": kind, "detail": detail}
        _NOTE(conn, [row | {"found_at": now, "seen_at": now}])


def over(conn: Connection, subject: Subject, which: Collection[str] | None = None) -> int:
    """Note that these are whole, or all of this subject. Return how many were not."""
    sql = "DELETE FROM finding WHERE subject = :subject"
    if which is None:
        return changed(conn, sql, subject=subject)
    return changed(conn, f"{sql} AND name {KEYS}", subject=subject, keys=listed(which)) if which else 0


def names(conn: Connection, subject: Subject, since: int = 0, *, found_before: int = 2**62) -> list[str]:
    """Return what of this subject was seen to be wrong since then, and was first found before another moment."""
    sql = "SELECT name FROM finding WHERE subject = :subject AND seen_at >= :since AND found_at <= :before"
    return column(conn, sql, subject=subject, since=since, before=found_before)


def over_since(conn: Connection, what: str, began: int) -> None:
    """Note that what a pass that began then has not seen again is whole: one over a table of rows, or `tables`."""
    unseen = "DELETE FROM finding WHERE seen_at < :began AND subject = :subject"
    if what == "tables":
        changed(conn, unseen, began=began, subject="catalogue")
    if subject := {"payload": "payload", "text_version": "text"}.get(what):
        changed(conn, unseen, began=began, subject=subject)
    changed(conn, f"{unseen} AND name LIKE :of", began=began, subject="rows", of=f"{what} %")


def counts(conn: Connection) -> dict[tuple[str, str], int]:
    """Count the findings by subject and kind."""
    return {(subject, kind): n for subject, kind, n in rows(conn, _COUNTS)}


@dataclass(frozen=True, slots=True)
class First:
    """The first finding of a subject, and how many more there are."""

    name: str
    detail: str
    found_at: int
    more: int


def firsts(conn: Connection) -> dict[str, First]:
    """Return the first finding of each subject."""
    found = rows(conn, _FIRSTS)
    return {r.subject: First(r.name, r.detail, r.found_at, r.n - 1) for r in found}


def first(conn: Connection, limit: int = MOST) -> Sequence[Finding]:
    """Return findings, by subject and name."""
    return made(conn, Finding, _ALL, n=limit)
