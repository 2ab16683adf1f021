"""What became of each file of a work, and what happens next with it and when, for `why`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from pixmirror.catalogue.paths import CHECKED, extension
from pixmirror.catalogue.schema import media
from pixmirror.catalogue.words import many, said
from pixmirror.ingest.retrying import LIMIT
from pixmirror.ingest.versions import NOT_A_FILE

AHEAD = 10_000  # files counted ahead of one in the queue


@dataclass(frozen=True, slots=True)
class FileWhy:
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


def files_of(conn: Connection, key: int, now: int) -> Iterator[FileWhy]:
    """Yield all files that the work has or had, by role, page and version."""
    m = media.c
    rows = select(media).where(m.owner_kind == "work", m.owner_id == key).order_by(m.role, m.idx, m.version)
    for r in conn.execute(rows).all():
        due = r.due_at if r.state == "waiting" else None
        yield FileWhy(
            r.role,
            r.idx,
            r.version,
            bool(r.is_current),
            r.state,
            r.path,
            r.error,
            r.attempts,
            due,
            _next(conn, r, now),
        )


def _next(conn: Connection, r: Any, now: int) -> str:
    """Say what happens next with a file, and when."""
    match r.state:
        case "wanted":
            return f"it is in the queue, with {_ahead(conn, r)} before it"
        case "waiting" if r.due_at > now:
            return f"it is tried again at {said(r.due_at)}"
        case "waiting":
            return "it is due to be tried again now"
        case "fetching":
            return "it is being fetched"
        case "stored" if extension(r.path) not in CHECKED:
            return "nothing, it is here; only the length of files of its kind can be checked"
        case "stored":
            return "nothing, it is here"
        case "gone":
            return "Pixiv no longer has the file; `pixmirror retry` asks for it once more"
        case "damaged":
            again = f"at {said(r.due_at)}" if r.due_at > now else "now"
            return f"Pixiv has sent the same damaged file on different days; it is asked for again {again}"
        case "refused":
            return "it is fetched as soon as a job's filters let it in"
        case "failed" if not r.url:
            return "the work is asked for again, at once with `pixmirror retry`, until what Pixiv gives has it"
        case _:
            return of_failed(r.error or "")


def of_failed(why: str) -> str:
    """What brings a file that failed for good."""
    if LIMIT in why:
        return f"it is fetched when you raise {LIMIT}"
    if why == NOT_A_FILE:
        return "files of its kind are not stored"
    return "`pixmirror retry` asks for it again"


def _ahead(conn: Connection, r: Any) -> str:
    turn = text(
        "SELECT count(*) FROM (SELECT 1 FROM media WHERE state = 'wanted'"
        " AND (priority, id) < (:priority, :id) LIMIT :most)"
    )
    n = conn.execute(turn, {"priority": r.priority, "id": r.id, "most": AHEAD}).scalar_one()
    return "more than 10,000 files" if n == AHEAD else many(n, "file")
