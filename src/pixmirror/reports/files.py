"""Where what is here of works and users lies: paths below the media folder, the files of today alone."""

from collections.abc import Sequence

from sqlalchemy import Connection

from pixmirror.catalogue.paths import text_path
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import listed, rows, value

_STORED = """
SELECT owner_id, path FROM media
WHERE owner_kind = 'work' AND owner_id IN (SELECT value FROM json_each(:keys)) AND is_current = 1
  AND state = 'stored' ORDER BY owner_id, role, idx"""
_TEXTS = """
SELECT work_key, user_id FROM work WHERE work_key IN (SELECT value FROM json_each(:keys)) AND sidecar_seq > 0
  AND user_id IS NOT NULL AND EXISTS (SELECT 1 FROM text_version t WHERE t.work_key = work.work_key)"""


def is_known(conn: Connection, ref: Ref) -> bool:
    """True if the mirror has a row of this work or user."""
    table, owner = ("user WHERE id", ref.id) if ref.work_key is None else ("work WHERE work_key", ref.work_key)
    return value(conn, f"SELECT 1 FROM {table} = :owner", owner=owner) is not None


def paths_of(conn: Connection, ref: Ref) -> list[str]:
    """Return what to look at: the text of a novel and its pictures, the pages of a work, the folder of a user."""
    return [str(ref.id)] if ref.work_key is None else paths_of_works(conn, [ref.work_key]).get(ref.work_key, [])


def paths_of_works(conn: Connection, keys: Sequence[int]) -> dict[int, list[str]]:
    """Return the stored files of each work in their order; of a novel its text first."""
    found: dict[int, list[str]] = {}
    for key, user_id in rows(conn, _TEXTS, keys=listed(keys)):
        if (path := text_path(key, user_id)) is not None:
            found[key] = [path]
    for key, path in rows(conn, _STORED, keys=listed(keys)):
        found.setdefault(key, []).append(path)
    return found
