"""The judge's brake for files: an image host that denies everything says nothing of a file."""

import json

from sqlalchemy import Connection, func, literal_column, select, update

from pixmirror.catalogue import runs
from pixmirror.catalogue.forget import forgotten
from pixmirror.catalogue.schema import media
from pixmirror.clock import HOUR_MS

FEW = 5
HELD_MS = HOUR_MS  # a file that may not be gone yet is tried again after this
_NAME = "files_denied"


def denied(conn: Connection, now: int) -> None:
    """A file answered 404 for the first time."""
    since, count, before = _window(conn, now)
    runs.set_meta(conn, _NAME, json.dumps([since, count + 1, before]))


def may_be_gone(conn: Connection, now: int, share: float) -> bool:
    """Whether a 404 is believed: not while many files answer so, compared with those fetched in the same hour."""
    _, count, before = _window(conn, now)
    if count + before <= FEW:
        return True
    # The state is a literal: SQLite uses a partial index only where it can read its condition in the statement.
    stored = select(func.count()).where(
        media.c.state == literal_column("'stored'"), media.c.stored_at >= now - 2 * HOUR_MS
    )
    return count + before <= share * (conn.scalar(stored) or 0)


def hold(conn: Connection, media_id: int, now: int, error: str) -> None:
    """It waits, and its next try is its first again."""
    values = {"state": "waiting", "due_at": now + HELD_MS, "attempts": 0, "error": error}
    conn.execute(update(media).where(media.c.id == media_id).values(**values))
    forgotten.enforce_ids(conn, (media_id,))


def _window(conn: Connection, now: int) -> tuple[int, int, int]:
    """When this hour began, how many files were denied in it, and how many in the hour before."""
    since, count, before = json.loads(runs.get_meta(conn, _NAME) or "[0, 0, 0]")
    hours = (now - since) // HOUR_MS
    if hours == 0:
        return since, count, before
    return now, 0, count if hours == 1 else 0
