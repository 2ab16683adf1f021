"""How complete the mirror is of each artist: which works are upstream, which are here, and why not the others.

Upstream is what the app showed in its last full pass or since, what it hides, and what the website lists. A work
is complete when its row is whole and each of its files, or its text, is stored.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import rows, value
from pixmirror.catalogue.words import plain
from pixmirror.ingest import web_health
from pixmirror.ingest.broken import UnreadWork, read_in_part, unread_works
from pixmirror.models import Medium
from pixmirror.reports import coverage_sql as sql
from pixmirror.reports.reasons import WORKS

FEW = 50
_COUNTED = "SELECT 1 FROM work WHERE work_key = :key AND user_id IS NOT NULL AND last_seen >= :begun"
# Not holes: the user wants it so.
BY_CHOICE = ("refused", "forgotten")


@dataclass(frozen=True, slots=True)
class Missing:
    """A work that is upstream and not whole here. `detail`: the filter, or the last error; `due_at`: next try."""

    ref: Ref
    title: str
    reason: str
    detail: str | None
    due_at: int | None
    next: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """One artist, or all together (`user_id` 0). Numbers are of works.

    `total` are upstream; `listed` those that the app lists, `hidden` those that it does not show, `web_listed`
    those that the website lists. `unlisted` were not in the app's last full pass and are asked about; `kept`
    are no longer upstream and only here; `partial` are here but for a member that could not be read. `counted` is
    what the profile counts, None of an artist who left. `checked_at` is None until the app's lists were read to
    their ends once, or the following list showed that there is none. `cut`: why a list ends before its end.
    `is_read`: whether a job still reads the lists, or the artist is followed.
    """

    user_id: int
    name: str
    state: str
    total: int = 0
    complete: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    listed: int = 0
    hidden: int = 0
    web_listed: int | None = None
    unlisted: int = 0
    kept: int = 0
    partial: int = 0
    counted: int | None = None
    checked_at: int | None = None
    app_at: int | None = None
    web_at: int | None = None
    cut: str | None = None
    is_read: bool = True

    @property
    def by_choice(self) -> int:
        return sum(self.missing.get(reason, 0) for reason in BY_CHOICE)

    @property
    def holes(self) -> int:
        """How many works are missing against the user's will."""
        return self.total - self.complete - self.by_choice

    @property
    def is_complete(self) -> bool:
        return self.checked_at is not None and not self.holes and not self.partial and self.cut is None

    @property
    def percent(self) -> float | None:
        """How much of what is wanted is here; None until it was checked. Never 100 while one is missing."""
        wanted = self.total - self.by_choice
        if self.checked_at is None:
            return None
        whole = not self.holes and self.cut is None
        return 100.0 if whole or not wanted else min(99.9, round(100 * self.complete / wanted, 1))

    def as_dict(self) -> dict[str, Any]:
        """What `coverage --json` prints for each artist."""
        shown: dict[str, Any] = plain(self)
        return shown | {
            "holes": self.holes,
            "by_choice": self.by_choice,
            "percent": self.percent,
            "is_complete": self.is_complete,
        }


@dataclass(frozen=True, slots=True)
class Overview:
    """All artists that jobs walk or that are followed, those with most holes first; and their sum."""

    artists: tuple[Coverage, ...]
    total: Coverage
    web: str | None  # why the website is not asked now


def coverage(
    conn: Connection, account_id: int, user_id: int | None = None, jobs: Sequence[str] | None = None
) -> Overview:
    """Return the coverage of one artist, or of all. `jobs`: the names of those that read lists now; None: all."""
    lists = _lists(conn, account_id, user_id, jobs)
    sums: dict[int, list[Any]] = {}
    for counted in rows(conn, sql.SUMS_OF_FEW if len(lists) < FEW else sql.SUMS, artists=_json(lists)):
        sums.setdefault(counted.user_id, []).append(counted)
    unread = _unread(conn, lists)
    parts = _parts(conn, lists)
    found = [
        _of(one, sums.get(one.user_id, ()), len(unread.get(one.user_id, ())), parts[one.user_id]) for one in lists
    ]
    found.sort(key=lambda c: (-c.holes, c.checked_at is not None, c.percent or 0, c.user_id))
    refusal = web_health.refusal(conn)
    return Overview(tuple(found), _together(found), str(refusal) if refusal else None)


def missing(conn: Connection, account_id: int, user_id: int | None, has_web: bool) -> tuple[Missing, ...]:
    """Return every work that is upstream and not whole here, of one artist or of all, and what happens next."""
    lists = _lists(conn, account_id, user_id)
    found = rows(conn, sql.MISSING_OF_FEW if len(lists) < FEW else sql.MISSING, artists=_json(lists))
    return (
        *_missing_unread(_unread(conn, lists)),
        *(
            Missing(Ref.of_work(key), title or "", reason, detail, due_at, _next(reason, due_at, has_web))
            for key, title, reason, detail, due_at in found
        ),
    )


def _lists(
    conn: Connection, account_id: int, user_id: int | None, jobs: Sequence[str] | None = None
) -> Sequence[Any]:
    named = None if jobs is None else json.dumps(list(jobs))
    if user_id is None:
        return rows(conn, sql.LISTS, account=account_id, jobs=named)
    return rows(conn, sql.LISTS_OF_ONE, account=account_id, user=user_id, jobs=named)


def _unread(conn: Connection, lists: Sequence[Any]) -> dict[int, list[UnreadWork]]:
    """Return by artist the works that could not be read, without those that are counted as rows."""
    found: dict[int, list[UnreadWork]] = {}
    mine = {one.user_id: one for one in lists}
    for work in unread_works(conn, 0):
        one = mine.get(work.user_id or 0)
        if one is None or not (one.novel if work.medium == "novel" else one.illust):
            continue
        begun = one.novel_from if work.medium == "novel" else one.illust_from
        if value(conn, _COUNTED, key=work.work_key, begun=begun) is None:
            found.setdefault(one.user_id, []).append(work)
    return found


def _parts(conn: Connection, lists: Sequence[Any]) -> dict[int, int]:
    """Count by artist the works with a member that could not be read, since the last full pass."""
    found = read_in_part(conn)

    def of(user_id: int, medium: Medium, begun: int) -> int:
        works, last = found.get((user_id, medium), (0, 0))
        return works if last >= begun else 0

    return {
        one.user_id: of(one.user_id, "illust", one.illust_from) + of(one.user_id, "novel", one.novel_from)
        for one in lists
    }


def _missing_unread(unread: Mapping[int, Sequence[UnreadWork]]) -> Iterator[Missing]:
    for user_id, works in unread.items():
        for work in works:
            ref = Ref("user", user_id) if work.work_key is None else Ref.of_work(work.work_key)
            said = f"{work.endpoint}: {work.path}: {work.reason}"
            yield Missing(ref, "", "unread", said, None, _next("unread", None, has_web=False))


def _json(lists: Sequence[Any]) -> str:
    never = 2**62
    return json.dumps(
        [
            [one.user_id, one.illust_from, one.novel_from, never if one.web_at is None else one.web_at, one.novel]
            for one in lists
        ]
    )


def _of(one: Any, sums: Sequence[Any], unread: int, partial: int) -> Coverage:
    upstream = [row for row in sums if row.place == "upstream"]
    missing = {row.reason: row.works for row in upstream if row.reason is not None}
    missing |= {"unread": unread} if unread else {}
    places = {row.place: row.works for row in sums if row.place != "upstream"}
    app_at = one.app_at if upstream or one.app_at is not None else one.nothing_at
    return Coverage(
        user_id=one.user_id,
        name=one.name,
        state=one.state,
        total=sum(row.works for row in upstream) + unread,
        complete=sum(row.works for row in upstream if row.reason is None),
        missing={reason: missing[reason] for reason in WORKS if reason in missing},
        listed=sum(row.listed for row in upstream) + unread,
        hidden=sum(row.hidden for row in upstream),
        web_listed=None if one.web_at is None else sum(row.web_listed for row in sums),
        unlisted=places.get("unlisted", 0),
        kept=places.get("kept", 0),
        partial=partial,
        counted=one.counted,
        checked_at=None if app_at is None else max(app_at, one.web_at or 0),
        app_at=app_at,
        web_at=one.web_at,
        cut=one.cut,
        is_read=bool(one.is_read),
    )


def _together(found: Sequence[Coverage]) -> Coverage:
    missing = {reason: sum(c.missing.get(reason, 0) for c in found) for reason in WORKS}
    webs = [c.web_listed for c in found if c.web_listed is not None]
    counts = [c.counted for c in found if c.state == "live"]
    summed = ("total", "complete", "listed", "hidden", "unlisted", "kept", "partial")
    alike: dict[str, Any] = {name: sum(getattr(c, name) for c in found) for name in summed}
    alike |= {at: _oldest([getattr(c, at) for c in found]) for at in ("checked_at", "app_at", "web_at")}
    return Coverage(
        user_id=0,
        name="",
        state="live",
        missing={reason: n for reason, n in missing.items() if n},
        web_listed=sum(webs) if webs else None,
        counted=sum(n or 0 for n in counts) if counts and None not in counts else None,
        cut=next((c.cut for c in found if c.cut is not None), None),
        **alike,
    )


def _oldest(times: Sequence[int | None]) -> int | None:
    known = [at for at in times if at is not None]
    return min(known) if known and len(known) == len(times) else None


def _next(reason: str, due_at: int | None, has_web: bool) -> str:
    """Say what will bring what is missing."""
    if reason in ("unseen", "limited", "stub") and has_web:
        return (
            "it is read from the website by itself"
            if due_at is not None
            else "the next reading of the artist's lists asks"
        )
    return WORKS[reason].cure
