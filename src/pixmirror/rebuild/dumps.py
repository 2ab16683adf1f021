"""Rows of old dumps: works, users and comments as the dead APIs told them, beneath all that Pixiv said itself.

Each becomes a payload of the class `legacy`, with all that stood in the dump. What the catalogue says of a work or
user then is what a replay of all its payloads gives, so `reindex` never differs.

A dump is no sighting: it moves no state, and of what nobody else knows the state is unknown. It makes nothing
wanted, and nothing to be asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.erasing import DUMPED_COMMENT
from pixmirror.catalogue.payloads import LEGACY, canonical, digest_text
from pixmirror.catalogue.sql import listed, rows
from pixmirror.ingest.payloads import INSERT_PAYLOAD, payload_row
from pixmirror.models import Illust, Medium, Model, Novel, User, work_key
from pixmirror.rebuild import names as rebuild_names
from pixmirror.rebuild import people as rebuild_people
from pixmirror.rebuild.findings import Findings
from pixmirror.rebuild.names import Names
from pixmirror.rebuild.works import rebuild_works

_DIGESTS = f"""
SELECT owner_id, digest FROM payload
WHERE owner_kind = :kind AND endpoint = '{LEGACY}' AND owner_id IN (SELECT value FROM json_each(:ids))"""
_THERE = {
    "work": "SELECT work_key FROM work WHERE work_key IN (SELECT value FROM json_each(:ids))",
    "user": "SELECT id FROM user WHERE id IN (SELECT value FROM json_each(:ids))",
}
_OWNER = ("id", "name", "account", "profile_image_urls")


@dataclass(frozen=True, slots=True)
class Dumped:
    """A row that could be read. `raw`: as it stood; `app`: all of it in the App API's shape, which is kept.

    `work`: what a comment belongs to, if that is known.
    """

    item: Model
    raw: Any
    app: Mapping[str, Any]
    work: tuple[Medium, int] | None = None


@dataclass(slots=True)
class Counted:
    """Rows counted by what they brought: `new` things, `more` about known ones, or nothing new (`known`).

    `forgotten`: left out, for they are of works or users that the user forgot. `others`: neither works, users nor
    comments; nothing of them is kept.
    """

    works_new: int = 0
    works_more: int = 0
    works_known: int = 0
    users_new: int = 0
    users_more: int = 0
    users_known: int = 0
    comments_new: int = 0
    comments_known: int = 0
    forgotten: int = 0
    others: int = 0

    def __iadd__(self, other: "Counted") -> "Counted":
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name) + getattr(other, f.name))
        return self


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that becomes a payload, if it is none yet."""

    kind: str
    owner: int
    digest: bytes
    app: Mapping[str, Any]
    is_said: bool = True  # a row of the dump; else what a row says beside its work


@dataclass(slots=True)
class Before:
    """What a dry run has met so far; unlike a real one, it leaves no rows in the catalogue."""

    payloads: set[tuple[str, int, bytes]] = field(default_factory=set)
    owners: set[tuple[str, int]] = field(default_factory=set)


def look_at(conn: Connection, rows: Sequence[Dumped], before: Before) -> Counted:
    """Return what `record` would count for these rows; write nothing."""
    counted = Counted()
    fresh = _fresh(conn, _rows_of(conn, rows, counted), counted, before)
    before.payloads.update((row.kind, row.owner, row.digest) for row in fresh)
    before.owners.update((row.kind, row.owner) for row in fresh)
    return counted


def record(conn: Connection, rows: Sequence[Dumped], at: int) -> Counted:
    """Record these rows in the caller's transaction. `at`: when the dump was made, or else now, in ms UTC.

    Rows that are there already, whenever they came, change nothing.
    """
    counted = Counted()
    fresh = _fresh(conn, _rows_of(conn, rows, counted), counted, Before())
    if not fresh:
        return counted
    INSERT_PAYLOAD(
        conn,
        [payload_row(row.kind, row.owner, LEGACY, canonical(row.app), row.digest, at) for row in fresh],
    )
    findings, names = Findings(write=True), Names("", frozenset())
    keys = _owners(fresh, "work")
    rebuild_works(conn, keys, findings, names, at, adopt=None)
    rebuild_names.rebuild_tags(conn, findings, sorted(names.tags))
    rebuild_people.rebuild_users(conn, findings, names, _owners(fresh, "user"))
    return counted


def _owners(rows: Iterable[_Row], kind: str) -> list[int]:
    return sorted({row.owner for row in rows if row.kind == kind})


def _rows_of(conn: Connection, dumped: Sequence[Dumped], counted: Counted) -> list[_Row]:
    """Return what is to be kept, without what the user forgot (architecture: refusal stands)."""
    people = tombstones.people(conn, {p for one in dumped if (p := _person(one)) is not None})
    works = tombstones.works(conn, {key for one in dumped if (key := _work(one)) is not None})
    found: list[_Row] = []
    for one in dumped:
        key, person = _work(one), _person(one)
        if person in people or key in works:
            counted.forgotten += 1
        elif isinstance(one.item, User):
            found.append(_Row("user", one.item.id, _digest(one), one.app))
        elif isinstance(one.item, Illust | Novel):
            found.append(_Row("work", one.item.key, _digest(one), one.app))
            found += _owner(one.item)
        elif person is not None:
            found.append(_Row(DUMPED_COMMENT, key or 0, _digest(one), one.app))
        else:
            counted.others += 1
    return found


def _work(one: Dumped) -> int | None:
    if isinstance(one.item, Illust | Novel):
        return one.item.key
    return work_key(*one.work) if one.work is not None else None


def _person(one: Dumped) -> int | None:
    """Return whose row it is: the user, the artist, or the writer of the comment."""
    person = one.item if isinstance(one.item, User) else getattr(one.item, "user", None)
    return person.id if isinstance(person, User) and person.id else None


def _digest(one: Dumped) -> bytes:
    return digest_text(canonical(one.raw))


def _owner(item: Illust | Novel) -> Iterable[_Row]:
    """Yield what a work says of its artist."""
    if item.user is None or not item.user.id:
        return
    app = item.user.model_dump(mode="json", include=set(_OWNER), exclude_none=True)
    yield _Row("user", item.user.id, digest_text(canonical(app)), app, is_said=False)


def _fresh(conn: Connection, said: Sequence[_Row], counted: Counted, before: Before) -> list[_Row]:
    """Count all rows, and return those that are not there yet, each once."""
    there = {
        (kind, owner, digest)
        for kind in ("work", "user", DUMPED_COMMENT)
        if (ids := _owners(said, kind))
        for owner, digest in rows(conn, _DIGESTS, kind=kind, ids=listed(ids))
    }
    there |= before.payloads
    met = {(kind, r[0]) for kind, sql in _THERE.items() for r in rows(conn, sql, ids=listed(_owners(said, kind)))}
    met |= before.owners
    fresh: list[_Row] = []
    for row in said:
        name = (row.kind, row.owner, row.digest)
        is_known = name in there
        if not is_known:
            there.add(name)
            fresh.append(row)
        if row.is_said:
            _count(counted, row.kind, is_known=is_known, is_met=(row.kind, row.owner) in met)
        met.add((row.kind, row.owner))
    return fresh


def _count(counted: Counted, kind: str, *, is_known: bool, is_met: bool) -> None:
    if kind == DUMPED_COMMENT:
        name = "comments_known" if is_known else "comments_new"
    else:
        name = f"{kind}s_{'known' if is_known else 'more' if is_met else 'new'}"
    setattr(counted, name, getattr(counted, name) + 1)
