"""What became of each file of a work, and what happens next with it and when, for `why`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import losses
from pixmirror.catalogue.paths import CHECKED, extension
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import rows, value
from pixmirror.catalogue.words import many, said
from pixmirror.reports.reasons import FILES, of_failed

AHEAD = 10_000  # files counted ahead of one in the queue
_FILES = f"""
SELECT role, idx, version, is_current, state, path, error, attempts, due_at, url, priority, id,
  {losses.IS_LOST} AS is_lost
FROM media m WHERE owner_kind = 'work' AND owner_id = :key ORDER BY role, idx, version"""
_TURN = """
SELECT count(*) FROM (
  SELECT 1 FROM media WHERE state = 'wanted' AND (priority, id) < (:priority, :id) LIMIT :most)"""


@dataclass(frozen=True, slots=True)
class FileWhy:
    """`is_lost`: it was stored once, and verify did not find it whole; `lost_at`: when that was, if known."""

    role: str
    page: int
    version: str
    is_current: bool
    state: str
    path: str
    error: str | None
    attempts: int
    due_at: int | None
    next: str
    is_lost: bool = False
    lost_at: int | None = None


def files_of(conn: Connection, key: int, now: int) -> Iterator[FileWhy]:
    """Yield all files that the work has or had, by role, page and version."""
    found = losses.found_at(conn)
    for r in rows(conn, _FILES, key=key):
        yield FileWhy(
            r.role, r.idx, r.version, bool(r.is_current), r.state, r.path, r.error, r.attempts,
            r.due_at if r.state in ("waiting", "damaged") else None, _next(conn, r, Ref.of_work(key), now),
            bool(r.is_lost), found.get(r.id) if r.is_lost else None,
        )  # fmt: skip


def _next(conn: Connection, r: Any, ref: Ref, now: int) -> str:
    """Say what happens next with a file, and when."""
    match r.state:
        case "wanted":
            return f"it is in the queue, with {_ahead(conn, r)} before it"
        case "waiting" if r.due_at > now:
            return f"it is tried again at {said(r.due_at)}"
        case "waiting":
            return "it is due to be tried again now"
        case "fetching":
            return "it is first in the queue"
        case "stored" if extension(r.path) not in CHECKED:
            return "nothing, it is here; only the length of files of its kind can be checked"
        case "stored":
            return "nothing, it is here"
        case "gone":
            return FILES["gone"].cure_of(ref)
        case "damaged":
            again = f"at {said(r.due_at)}" if r.due_at > now else "now"
            return f"Pixiv has sent the same damaged file on different days; it is asked for again {again}"
        case "failed":
            return of_failed(r.error or "", r.url or "").cure_of(ref)
        case _:
            return FILES[r.state].cure_of(ref)


def _ahead(conn: Connection, r: Any) -> str:
    n = value(conn, _TURN, priority=r.priority, id=r.id, most=AHEAD)
    return "more than 10,000 files" if n == AHEAD else many(n, "file")
