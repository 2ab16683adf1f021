"""What the user added by hand: kept as if a job of this name had seen it and wanted its files for good.

A wish stands in the progress of the chore that asks Pixiv first: the detail of a work, the profile of an artist.
Answered, it becomes rows: the work is one that ADDED saw, the artist's lists are ones that ADDED wants read once.
"""

from sqlalchemy import Connection, text

from pixmirror.catalogue.sql import value

ADDED = "added by you"  # no job of a configuration has it: their names hold no blank
WISHED = "chore.progress LIKE '%\"added\":%'"  # in SQL, of a row of `chore`

_ONCE = text(f"DELETE FROM feed_job WHERE feed_id = :feed AND job = '{ADDED}' AND joined_at <= :begun")


def is_wished(conn: Connection, kind: str, key: int) -> bool:
    """True if this chore is a wish now; it may have become one while its answer was under way."""
    found = f"SELECT 1 FROM chore WHERE kind = :kind AND key = :key AND {WISHED}"
    return value(conn, found, kind=str(kind), key=key) is not None


def list_was_read(conn: Connection, feed_id: int, begun: int) -> None:
    """Let a list go that was read whole since the user added its artist: it is read once."""
    conn.execute(_ONCE, {"feed": feed_id, "begun": begun})
