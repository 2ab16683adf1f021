"""What came in since a moment: works that the mirror had not met before, and files."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import made
from pixmirror.catalogue.words import many

# The state is a literal: SQLite uses a partial index only where it can read its condition in the statement.
_MET = "FROM work WHERE first_seen BETWEEN :since AND :until AND user_id IS NOT NULL"
_CAME_IN = f"""
SELECT (SELECT count(*) {_MET}), (SELECT coalesce(sum(work_key & 1), 0) {_MET}), count(*), coalesce(sum(size), 0)
FROM media WHERE state = 'stored' AND stored_at BETWEEN :since AND :until"""
_EVER = 2**62


@dataclass(frozen=True, slots=True)
class CameIn:
    """What came in since a moment. `works` are of all kinds, `novels` those among them."""

    works: int = 0
    novels: int = 0
    files: int = 0
    bytes: int = 0

    def __bool__(self) -> bool:
        return bool(self.works or self.files)

    def __sub__(self, other: "CameIn") -> "CameIn":
        return CameIn(
            self.works - other.works, self.novels - other.novels,
            self.files - other.files, self.bytes - other.bytes,
        )  # fmt: skip

    def __str__(self) -> str:
        """Say it as the start of a sentence."""
        parts = [many(n, one) for n, one in ((self.works, "work"), (self.files, "file")) if n]
        came = f"{' and '.join(parts)} came in"
        return came if parts else "nothing new came in"


def came_in(conn: Connection, since: int, until: int = _EVER) -> CameIn:
    """Return what came in since then, ms UTC; not entries of which Pixiv tells nothing but an id. Costs as much as
    what came in, not as what is here.
    """
    return made(conn, CameIn, _CAME_IN, since=since, until=until)[0]
