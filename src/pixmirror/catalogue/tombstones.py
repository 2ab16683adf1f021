"""What the user wants no more (architecture: refusal stands), asked before anything becomes wanted.

A tombstone stands for a work, for one page of it, or for a user and with them all their works, also later ones.
Its files are in the state `forgotten`, which no statement but those of `tombstones` leaves; so all that is left to
watch are new rows (`mark`), and files that were being fetched when they were forgotten (`enforce`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Row

from pixmirror.catalogue import tally
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.erasing import without_person
from pixmirror.catalogue.sql import IDS, KEYS, Many, column, listed, rows, value

if TYPE_CHECKING:
    from pixmirror.models import Illust, Novel, Received

WORK, PAGE, USER = "work", "page", "user"
TRASH = ".trash"
MOVES = "trash_moves"  # meta key: moves with every intent to move files in or out of the trash
REFUSED = "refused"  # in `error` of a forgotten file: no job wanted it

_OF_KIND = "FROM tombstone WHERE owner_kind = '{}' AND owner_id {}"
_PEOPLE = f"SELECT owner_id {_OF_KIND.format(USER, KEYS)}"
_WORKS = f"""
SELECT owner_id {_OF_KIND.format(WORK, KEYS)}
UNION ALL SELECT w.work_key FROM work w JOIN tombstone t ON t.owner_kind = 'user' AND t.owner_id = w.user_id
WHERE w.work_key {KEYS}"""
# All works that are forgotten, by themselves or with their user: to be put into a statement.
ALL_WORKS = f"""
SELECT owner_id AS work_key FROM tombstone WHERE owner_kind = '{WORK}'
UNION SELECT w.work_key FROM tombstone o JOIN work w ON w.user_id = o.owner_id WHERE o.owner_kind = '{USER}'"""
_PAGES = f"SELECT owner_id, idx {_OF_KIND.format(PAGE, KEYS)}"
# The files of what is forgotten, each with the tombstones that cover it.
_UNDER_TOMBSTONES = f"""
FROM media LEFT JOIN work ON work.work_key = media.owner_id
LEFT JOIN tombstone of_work ON of_work.owner_kind = '{WORK}' AND of_work.owner_id = media.owner_id
LEFT JOIN tombstone of_page ON of_page.owner_kind = '{PAGE}' AND of_page.owner_id = media.owner_id
  AND of_page.idx = media.idx AND media.role = 'page'
LEFT JOIN tombstone of_user ON of_user.owner_kind = '{USER}' AND of_user.owner_id = work.user_id
WHERE +media.owner_kind = 'work' AND coalesce(of_work.at, of_page.at, of_user.at) IS NOT NULL"""
_TO_FORGET = f"""
SELECT media.id, media.owner_id, media.idx, media.path, media.state, media.size, of_work.at AS work_at,
  of_page.at AS page_at, of_user.at AS user_at, of_user.owner_id AS user_id
{_UNDER_TOMBSTONES} AND media.state NOT IN ('forgotten', 'fetching') AND """
_FORGET = Many("""
UPDATE media SET state = 'forgotten', trash = :trash, error = :error, due_at = 0, attempts = 0, verified_at = NULL
WHERE id = :id""")
# What came late, when the trash of its tombstone had been emptied already, goes with the next emptying.
_PURGE = Many("""
UPDATE tombstone SET purge_at = at
WHERE owner_kind = :kind AND owner_id = :owner AND idx = :idx AND purge_at IS NULL""")

T = TypeVar("T", bound="Illust | Novel")


def has_any(conn: Connection) -> bool:
    """True if there is any tombstone. Most mirrors have none, and need no other query."""
    return value(conn, "SELECT 1 FROM tombstone LIMIT 1") is not None


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


def screened(
    conn: Connection, page: Mapping[int, "Received[T]"]
) -> tuple[dict[int, "Received[T]"], frozenset[int]]:
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
        below = value(conn, "SELECT work_key FROM comment WHERE comment_key = :key", key=key)
        return below is not None and is_forgotten(conn, below)
    return kind in Kind.about("user") and bool(people(conn, (key,)))


def not_forgotten_sql(key: str, user: str = "") -> str:
    """Return a condition in SQL: `key` stands for a work_key, and `user` for its user's id if that is at hand.

    Without `user` it also serves for a work that has no row here.
    """
    theirs = f"SELECT 1 FROM tombstone WHERE owner_kind = '{USER}' AND owner_id = "
    theirs += user or f"(SELECT its.user_id FROM main.work AS its WHERE its.work_key = {key})"
    mine = f"SELECT 1 FROM tombstone WHERE owner_kind = '{WORK}' AND owner_id = {key}"
    return f"NOT EXISTS ({mine}) AND NOT EXISTS ({theirs})"


def still_forgotten(conn: Connection, ids: Collection[int]) -> set[int]:
    """Return which of these files a tombstone covers."""
    if not ids or not has_any(conn):
        return set()
    return set(column(conn, f"SELECT media.id {_UNDER_TOMBSTONES} AND media.id {IDS}", ids=listed(ids)))


def bars_file(conn: Connection, media_id: int) -> bool:
    """True if this file was forgotten after it had been claimed."""
    return bool(still_forgotten(conn, (media_id,)))


def enforce(conn: Connection, which: str, **bound: Any) -> int:
    """Make these files forgotten where a tombstone covers them. Return how many were not yet. `which`: in SQL.

    What is being fetched is left to who fetches it: it becomes forgotten when that ends. Where a file may lie on
    disk, `trash` says where it goes: an intent, which the mover carries out whatever happens in between.
    """
    if not has_any(conn):
        return 0
    found = rows(conn, _TO_FORGET + which, **bound)
    if not found:
        return 0
    refused = {r.id: REFUSED for r in found if r.state == "refused"}
    _FORGET(conn, [{"id": r.id, "trash": _trash(r), "error": refused.get(r.id)} for r in found])
    stored = [r for r in found if r.state == "stored"]
    tally.stored(conn, -len(stored), -sum(r.size or 0 for r in stored))
    tally.add(conn, MOVES, 1)
    over = [(PAGE, r.owner_id, r.idx) for r in found if r.page_at is not None]
    over += [(WORK, r.owner_id, -1) for r in found if r.work_at is not None]
    over += [(USER, r.user_id, -1) for r in found if r.user_at is not None]
    _PURGE(conn, [{"kind": k, "owner": o, "idx": i} for k, o, i in dict.fromkeys(over)])
    return len(found)


def enforce_ids(conn: Connection, ids: Collection[int]) -> int:
    if not ids or not has_any(conn):
        return 0
    return enforce(conn, f"media.id {IDS}", ids=listed(ids))


def _trash(row: Row[Any]) -> str | None:
    """Return its place in the trash, by the day of the tombstone; None for a file that was never fetched."""
    if not row.path or row.state == "refused":
        return None
    at = max(t for t in (row.work_at, row.page_at, row.user_at) if t is not None)
    return f"{TRASH}/{datetime.fromtimestamp(at / 1000, UTC).date().isoformat()}/{row.path}"
