"""SQLite's own checks of the catalogue's file, what must hold between our rows, and bodies that are garbled."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from pixmirror.catalogue import blocks
from pixmirror.catalogue.payloads import BASE, unpack
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import metadata
from pixmirror.catalogue.sql import IDS, changed, listed, rows, value

MOST = 20  # lines of each check
TABLES = tuple(sorted(metadata.tables))
_LACKING = "SELECT count(*) FROM media WHERE state = 'stored' AND (path = '' OR size IS NULL OR sha256 IS NULL)"
# In the place of a digest, so that nothing equals it: '' where a later one is awaited, else the user knows of it.
_NOTE = {
    "payload": tuple(f"UPDATE payload SET digest = {to} WHERE id {IDS}" for to in ("x''", "x'00'")),
    "text_version": tuple(f"UPDATE text_version SET digest = {to} WHERE id {IDS}" for to in ("''", "'accepted'")),
}
_PAYLOADS = f"""
SELECT payload.id, owner_kind, owner_id, endpoint, codec, body, {BASE} FROM payload
WHERE payload.id >= :low AND payload.id < :high AND NOT (digest = x'00'
  OR (digest = x'' AND EXISTS (SELECT 1 FROM payload l WHERE l.owner_kind = payload.owner_kind
    AND l.owner_id = payload.owner_id AND l.endpoint != 'stub' AND l.id > payload.id)))"""
_TEXTS = """
SELECT id, work_key, digest, body FROM text_version t WHERE id >= :low AND id < :high AND digest != 'accepted'
  AND NOT (digest = '' AND EXISTS (SELECT 1 FROM text_version l WHERE l.work_key = t.work_key AND l.id > t.id))"""


@dataclass(frozen=True, slots=True)
class Garbled:
    """A row whose body cannot be unpacked. `key`: of its work, None where it is of something else."""

    id: int
    name: str
    detail: str
    key: int | None


def check(conn: Connection, *, quick: bool) -> tuple[str, ...]:
    """Return what SQLite finds wrong with the file and between its tables; none if it is sound."""
    pragma = "quick_check" if quick else "integrity_check"
    found = [line for line in conn.execute(text(f"PRAGMA {pragma}({MOST})")).scalars() if line != "ok"]
    return tuple(found) if quick else (*found, *_foreign(conn, ""), *_rules(conn))


def check_table(conn: Connection, name: str) -> tuple[str, ...]:
    """Return what SQLite finds wrong with one table and its indexes."""
    found = [line for line in conn.execute(text(f'PRAGMA integrity_check("{name}")')).scalars() if line != "ok"]
    return (*found[:MOST], *_foreign(conn, name), *(_rules(conn) if name == "media" else ()))


def _foreign(conn: Connection, name: str) -> tuple[str, ...]:
    """Return a line for each pair of tables of which one names rows that the other lacks."""
    asked = f'PRAGMA foreign_key_check("{name}")' if name else "PRAGMA foreign_key_check"
    found: dict[tuple[str, str], int] = {}
    for row in conn.execute(text(asked)):
        found[row[0], row[2]] = found.get((row[0], row[2]), 0) + 1
    return tuple(f"{n} rows of {of} name rows of {to} that are not there" for (of, to), n in found.items())


def _rules(conn: Connection) -> tuple[str, ...]:
    lacking = value(conn, _LACKING)
    return (f"{lacking} rows of stored files lack a path, size or sha256",) if lacking else ()


def garbled(conn: Connection, room: str, low: int, high: int | None) -> list[Garbled]:
    """Return the answers, or texts of novels, in this range of keys that cannot be read any more."""
    bound = {"low": low, "high": 2**63 - 1 if high is None else high}
    if room == "payload":
        return [found for r in rows(conn, _PAYLOADS, **bound) if (found := _payload(r)) is not None]
    if room == "text_version":
        return [found for r in rows(conn, _TEXTS, **bound) if (found := _text(r)) is not None]
    return []


def _payload(r: Any) -> Garbled | None:
    try:
        unpack(r.codec, r.body, r.base_body)
    except (ValueError, TypeError, RecursionError) as error:
        key = r.owner_id if r.owner_kind == "work" else None
        of = f"{r.owner_kind} {r.owner_id}" if key is None else str(Ref.of_work(key))
        return Garbled(r.id, f"{of}: answer {r.id} ({r.endpoint})", str(error), key)
    return None


def _text(r: Any) -> Garbled | None:
    try:
        is_good = hashlib.sha256(zlib.decompress(r.body)).hexdigest() == r.digest
    except (zlib.error, TypeError):
        is_good = False
    if is_good:
        return None
    return Garbled(r.id, f"{Ref.of_work(r.work_key)}: text {r.id}", "not as it was written", r.work_key)


def note_garbled(conn: Connection, room: str, ids: Sequence[int], *, accepted: bool) -> None:
    """Have what Pixiv answers next count as new. `accepted`: the user knows that these are lost.

    Their block is made anew: the bodies of its other rows can be read, and zlib has checksums of its own.
    """
    changed(conn, _NOTE[room][accepted], ids=listed(ids))
    blocks.changed(conn, room, ids)
