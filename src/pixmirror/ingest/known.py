"""What the catalogue already knows of the works of one page, read with one statement a table."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from pixmirror.catalogue.payloads import LEGACY, NO_CONTENT
from pixmirror.catalogue.schema import media, payload, sighting, tag, text_version, work, work_job, work_tag
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import among, listed

_WORKS = select(work).where(among(work.c.work_key, "keys"))
_JOBS = select(work_job.c.work_key, work_job.c.job, work_job.c.refused_reason).where(
    among(work_job.c.work_key, "keys")
)
# SQLite takes the other columns of a group from the row that holds the max().
_PAYLOADS = (
    select(payload.c.owner_id, payload.c.endpoint, func.max(payload.c.id), payload.c.digest)
    .where(payload.c.owner_kind == "work", among(payload.c.owner_id, "keys"))
    .group_by(payload.c.owner_id, payload.c.endpoint)
)
_SIGHTINGS = (
    select(sighting.c.owner_id, func.max(sighting.c.id), sighting.c.state, sighting.c.first_at)
    .where(
        sighting.c.owner_kind == "work",
        among(sighting.c.owner_id, "keys"),
        sighting.c.account_id == bindparam("account_id"),
    )
    .group_by(sighting.c.owner_id)
)
_TAGS = (
    select(work_tag.c.work_key, tag.c.name)
    .join(tag, tag.c.id == work_tag.c.tag_id)
    .where(among(work_tag.c.work_key, "keys"))
    .order_by(work_tag.c.work_key, work_tag.c.position)
)
_MEDIA = select(media).where(media.c.owner_kind == "work", among(media.c.owner_id, "keys"))
_TEXTS = select(text_version.c.work_key).where(among(text_version.c.work_key, "keys")).distinct()


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
    bound = {"keys": listed(keys)}
    works = {row.work_key: row for row in conn.execute(_WORKS, bound)}
    if not works:
        return Known({}, {}, {}, {})
    jobs: dict[int, dict[str, str | None]] = {}
    for key, job, reason in conn.execute(_JOBS, bound):
        jobs.setdefault(key, {})[job] = reason
    payloads: dict[int, dict[str, tuple[int, bytes]]] = {}
    for key, endpoint, row_id, digest in conn.execute(_PAYLOADS, bound):
        payloads.setdefault(key, {})[endpoint] = (row_id, digest)
    found = conn.execute(_SIGHTINGS, bound | {"account_id": seen.account_id})
    # What was seen of a work before it had a row says nothing of the row's first state.
    sightings = {key: (row_id, state, since) for key, row_id, state, since in found if key in works}
    return Known(works, jobs, payloads, sightings)


def tags_of(conn: Connection, keys: Collection[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {}
    for key, name in conn.execute(_TAGS, {"keys": listed(keys)}) if keys else ():
        tags.setdefault(key, []).append(name)
    return tags


def media_of(conn: Connection, keys: Collection[int]) -> dict[int, list[Row[Any]]]:
    rows: dict[int, list[Row[Any]]] = {}
    for row in conn.execute(_MEDIA, {"keys": listed(keys)}) if keys else ():
        rows.setdefault(row.owner_id, []).append(row)
    return rows


def with_text(conn: Connection, keys: Collection[int]) -> set[int]:
    return set(conn.execute(_TEXTS, {"keys": listed(keys)}).scalars())
