"""What the user wants no more (architecture: refusal stands), asked before anything becomes wanted.

A tombstone stands for a work, for one page of it, or for a user and with them all their works, also later ones.
Its files are in the state `forgotten`, which no statement but those of `tombstones` leaves; so all that is left to
watch are new rows (`mark`), and files that were being fetched when they were forgotten (`enforce`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, literal, or_, select, update

from pixmirror.catalogue import tally
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.erasing import without_person
from pixmirror.catalogue.schema import comment, media, tombstone, work
from pixmirror.catalogue.sql import Many, among, column, listed, rows
from pixmirror.models import Illust, Novel, Received

WORK, PAGE, USER = "work", "page", "user"
TRASH = ".trash"
MOVES = "trash_moves"  # meta key: moves with every intent to move files in or out of the trash
REFUSED = "refused"  # in `error` of a forgotten file: no job wanted it

_of_work = tombstone.alias("of_work")
_of_page = tombstone.alias("of_page")
_of_user = tombstone.alias("of_user")

_ANY = select(tombstone.c.at).limit(1)
_OF_KIND = "FROM tombstone WHERE owner_kind = '{}' AND owner_id IN (SELECT value FROM json_each(:keys))"
_PEOPLE = f"SELECT owner_id {_OF_KIND.format(USER)}"
_WORKS = f"""
SELECT owner_id {_OF_KIND.format(WORK)}
UNION ALL SELECT w.work_key FROM work w JOIN tombstone t ON t.owner_kind = 'user' AND t.owner_id = w.user_id
WHERE w.work_key IN (SELECT value FROM json_each(:keys))"""
_PAGES = f"SELECT owner_id, idx {_OF_KIND.format(PAGE)}"
_FORGET = Many(
    update(media)
    .where(media.c.id == bindparam("b_id"))
    .values(
        state="forgotten", trash=bindparam("b_trash"), error=bindparam("b_error"), due_at=0, attempts=0,
        verified_at=None,
    )
)  # fmt: skip
# What came late, when the trash of its tombstone had been emptied already, goes with the next emptying.
_PURGE = Many(
    update(tombstone)
    .where(
        tombstone.c.owner_kind == bindparam("b_kind"),
        tombstone.c.owner_id == bindparam("b_owner"),
        tombstone.c.idx == bindparam("b_idx"),
        tombstone.c.purge_at.is_(None),
    )
    .values(purge_at=tombstone.c.at)
)

T = TypeVar("T", bound=Illust | Novel)


def has_any(conn: Connection) -> bool:
    """True if there is any tombstone. Most mirrors have none, and need no other query."""
    return conn.execute(_ANY).first() is not None


def people(conn: Connection, ids: Collection[int]) -> set[int]:
    """Return which of these users are forgotten."""
    if not ids or not has_any(conn):
        return set()
    return set(column(conn, _PEOPLE, keys=listed(ids)))


def works(conn: Connection, keys: Collection[int]) -> set[int]:
    """Return which of these works are forgotten as a whole, by themselves or with their user."""
    if not keys or not has_any(conn):
        return set()
    return set(column(conn, _WORKS, keys=listed(keys)))


def is_forgotten(conn: Connection, key: int) -> bool:
    return bool(works(conn, (key,)))


def screened(conn: Connection, page: Mapping[int, Received[T]]) -> tuple[dict[int, Received[T]], frozenset[int]]:
    """Return a page of works without what it says of forgotten people, and which of its works are forgotten."""
    if not page or not has_any(conn):
        return dict(page), frozenset()
    owners = {key: r.item.user.id for key, r in page.items() if r.item.user and r.item.user.id}
    gone = people(conn, set(owners.values()))
    theirs = {key for key, owner in owners.items() if owner in gone}
    kept = {
        key: replace(r, raw=without_person(r.raw, owners[key])) if key in theirs else r for key, r in page.items()
    }
    return kept, frozenset(theirs | works(conn, page))


def mark(conn: Connection, new: Sequence[dict[str, Any]]) -> None:
    """Mark those of these new rows of `media` as forgotten that belong to forgotten works and pages."""
    if not new or not has_any(conn):
        return
    keys = {row["owner_id"] for row in new if row["owner_kind"] == "work"}
    whole = works(conn, keys)
    pages = {(key, idx) for key, idx in rows(conn, _PAGES, keys=listed(keys))}
    for row in new:
        if row["owner_kind"] != "work":
            continue
        owner = row["owner_id"]
        if owner in whole or (row["role"] == "page" and (owner, row["idx"]) in pages):
            row["error"] = REFUSED if row["state"] == "refused" else row["error"]
            row["state"] = "forgotten"


def bars_chore(conn: Connection, kind: str, key: int) -> bool:
    """True if this chore is about something forgotten: then it is not asked."""
    if kind in Kind.about("work"):
        return is_forgotten(conn, key)
    if kind == Kind.REPLIES:
        below = conn.scalar(select(comment.c.work_key).where(comment.c.comment_key == key))
        return below is not None and is_forgotten(conn, below)
    return kind in Kind.about("user") and bool(people(conn, (key,)))


def not_forgotten() -> ColumnElement[bool]:
    """Return a condition on `work`, for queries that show works."""
    mine = or_(
        and_(tombstone.c.owner_kind == WORK, tombstone.c.owner_id == work.c.work_key),
        and_(tombstone.c.owner_kind == USER, tombstone.c.owner_id == work.c.user_id),
    )
    return ~select(literal(1)).where(mine).correlate(work).exists()


def not_forgotten_sql(key: str) -> str:
    """Return the same in SQL, where `key` stands for a work_key: also of a work that has no row here."""
    return (
        f"NOT EXISTS (SELECT 1 FROM tombstone WHERE owner_kind = '{WORK}' AND owner_id = {key}) AND NOT EXISTS "
        f"(SELECT 1 FROM main.work AS its JOIN tombstone ON owner_kind = '{USER}' AND owner_id = its.user_id "
        f"WHERE its.work_key = {key})"
    )


def _under_tombstones(*columns: Any) -> Select[Any]:
    """Select the files of what is forgotten, each with the tombstones that cover it."""
    page = (_of_page.c.owner_kind == PAGE) & (_of_page.c.owner_id == media.c.owner_id)
    return (
        select(*columns)
        .select_from(media)
        .outerjoin(work, work.c.work_key == media.c.owner_id)
        .outerjoin(_of_work, (_of_work.c.owner_kind == WORK) & (_of_work.c.owner_id == media.c.owner_id))
        .outerjoin(_of_page, page & (_of_page.c.idx == media.c.idx) & (media.c.role == "page"))
        .outerjoin(_of_user, (_of_user.c.owner_kind == USER) & (_of_user.c.owner_id == work.c.user_id))
        .where(media.c.owner_kind == "work")
        .where(or_(_of_work.c.at.is_not(None), _of_page.c.at.is_not(None), _of_user.c.at.is_not(None)))
    )


def still_forgotten(conn: Connection, ids: Collection[int]) -> set[int]:
    """Return which of these files a tombstone covers."""
    if not ids or not has_any(conn):
        return set()
    found = conn.execute(_under_tombstones(media.c.id).where(among(media.c.id, "ids")), {"ids": listed(ids)})
    return set(found.scalars())


def bars_file(conn: Connection, media_id: int) -> bool:
    """True if this file was forgotten after it had been claimed."""
    return bool(still_forgotten(conn, (media_id,)))


def enforce(conn: Connection, which: ColumnElement[bool]) -> int:
    """Make these files forgotten where a tombstone covers them. Return how many were not yet.

    What is being fetched is left to who fetches it: it becomes forgotten when that ends. Where a file may lie on
    disk, `trash` says where it goes: an intent, which the mover carries out whatever happens in between.
    """
    if not has_any(conn):
        return 0
    columns = (media.c.id, media.c.owner_id, media.c.idx, media.c.path, media.c.state, media.c.size)
    ats = (_of_work.c.at.label("work_at"), _of_page.c.at.label("page_at"), _of_user.c.at.label("user_at"))
    found = conn.execute(
        _under_tombstones(*columns, *ats, _of_user.c.owner_id.label("user_id"))
        .where(media.c.state.not_in(("forgotten", "fetching")))
        .where(which)
    ).all()
    if not found:
        return 0
    refused = {r.id: REFUSED for r in found if r.state == "refused"}
    _FORGET(conn, [{"b_id": r.id, "b_trash": _trash(r), "b_error": refused.get(r.id)} for r in found])
    stored = [r for r in found if r.state == "stored"]
    tally.stored(conn, -len(stored), -sum(r.size or 0 for r in stored))
    tally.add(conn, MOVES, 1)
    over = [(PAGE, r.owner_id, r.idx) for r in found if r.page_at is not None]
    over += [(WORK, r.owner_id, -1) for r in found if r.work_at is not None]
    over += [(USER, r.user_id, -1) for r in found if r.user_at is not None]
    _PURGE(conn, [{"b_kind": k, "b_owner": o, "b_idx": i} for k, o, i in dict.fromkeys(over)])
    return len(found)


def enforce_ids(conn: Connection, ids: Collection[int]) -> int:
    if not ids or not has_any(conn):
        return 0
    return enforce(conn, media.c.id.in_(select(func.json_each(listed(ids)).table_valued("value").c.value)))


def _trash(row: Row[Any]) -> str | None:
    """Return its place in the trash, by the day of the tombstone; None for a file that was never fetched."""
    if not row.path or row.state == "refused":
        return None
    at = max(t for t in (row.work_at, row.page_at, row.user_at) if t is not None)
    return f"{TRASH}/{datetime.fromtimestamp(at / 1000, UTC).date().isoformat()}/{row.path}"
