"""What the catalogue already knows of the works of one page, read with one statement a table."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from pixmirror.catalogue.payloads import LEGACY, NO_CONTENT
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import KEYS, column, listed, rows

_WORKS = f"SELECT * FROM work WHERE work_key {KEYS}"
_JOBS = f"SELECT work_key, job, refused_reason FROM work_job WHERE work_key {KEYS}"
# SQLite takes the other columns of a group from the row that holds the max().
_PAYLOADS = f"""
SELECT owner_id, endpoint, max(id), digest FROM payload
WHERE owner_kind = 'work' AND owner_id {KEYS} GROUP BY owner_id, endpoint"""
_SIGHTINGS = f"""
SELECT owner_id, max(id), state, first_at FROM sighting
WHERE owner_kind = 'work' AND owner_id {KEYS} AND account_id = :account GROUP BY owner_id"""
_TAGS = f"""
SELECT w.work_key, t.name FROM work_tag w JOIN tag t ON t.id = w.tag_id
WHERE w.work_key {KEYS} ORDER BY w.work_key, w.position"""
_MEDIA = f"SELECT * FROM media WHERE owner_kind = 'work' AND owner_id {KEYS}"
_TEXTS = f"SELECT DISTINCT work_key FROM text_version WHERE work_key {KEYS}"


@dataclass(frozen=True, slots=True)
class Known:
    """Rows of the catalogue by work key."""

    works: dict[int, Row[Any]]
    jobs: dict[int, dict[str, str | None]]  # job → why it refuses, or None
    payloads: dict[int, dict[str, tuple[int, bytes]]]  # endpoint → (id, digest) of the latest
    sightings: dict[int, tuple[int, str, int]]  # (id, state, first_at) of the latest stretch

    def latest_is(self, key: int, endpoint: str, digest: bytes) -> bool:
        """True if the newest payload of this endpoint has this digest."""
        latest = self.payloads.get(key, {}).get(endpoint)
        return latest is not None and latest[1] == digest

    def settled(self, key: int, endpoint: str, digest: bytes) -> bool:
        """True if this very payload is the last that changed anything: the rows say it all already."""
        of_work = self.payloads.get(key)
        latest = of_work.get(endpoint) if of_work else None
        if of_work is None or latest is None or latest[1] != digest or self.works[key].user_id is None:
            return False
        return len(of_work) == 1 or latest[0] == max(p[0] for name, p in of_work.items() if name not in NO_CONTENT)

    def unshown(self, key: int) -> bool:
        """True if only dumps, and at most placeholders, told of it until now."""
        of_work = self.payloads.get(key, {})
        return LEGACY in of_work and all(name in NO_CONTENT for name in of_work)

    def unseen(self, key: int) -> bool:
        """True if only dumps told of it: Pixiv showed not even a placeholder."""
        return self.unshown(key) and "stub" not in self.payloads[key]


def load_known(conn: Connection, seen: Seen, keys: Collection[int]) -> Known:
    of_keys = listed(keys)
    works = {row.work_key: row for row in rows(conn, _WORKS, keys=of_keys)}
    if not works:
        return Known({}, {}, {}, {})
    jobs: dict[int, dict[str, str | None]] = {}
    for key, job, reason in rows(conn, _JOBS, keys=of_keys):
        jobs.setdefault(key, {})[job] = reason
    payloads: dict[int, dict[str, tuple[int, bytes]]] = {}
    for key, endpoint, row_id, digest in rows(conn, _PAYLOADS, keys=of_keys):
        payloads.setdefault(key, {})[endpoint] = (row_id, digest)
    found = rows(conn, _SIGHTINGS, keys=of_keys, account=seen.account_id)
    # What was seen of a work before it had a row says nothing of the row's first state.
    sightings = {key: (row_id, state, since) for key, row_id, state, since in found if key in works}
    return Known(works, jobs, payloads, sightings)


def tags_of(conn: Connection, keys: Collection[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {}
    for key, name in rows(conn, _TAGS, keys=listed(keys)) if keys else ():
        tags.setdefault(key, []).append(name)
    return tags


def media_of(conn: Connection, keys: Collection[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for row in rows(conn, _MEDIA, keys=listed(keys)) if keys else ():
        found.setdefault(row.owner_id, []).append(row)
    return found


def with_text(conn: Connection, keys: Collection[int]) -> set[int]:
    return set(column(conn, _TEXTS, keys=listed(keys)))
