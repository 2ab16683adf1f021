"""The files to fetch (architecture: queue is a query), over `media`. What is claimed goes back at start."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, update

from pixmirror.catalogue import of_jobs, tally, tombstones
from pixmirror.catalogue.media import IN_TROUBLE, refuse_unwanted, renew_sidecars
from pixmirror.catalogue.schema import media
from pixmirror.catalogue.sql import IDS, Many, changed, column, listed, made, row, rows, value
from pixmirror.clock import DAY_MS
from pixmirror.models import Lane, MediaItem, Stored

ALL_LANES = max(Lane) + 1


@dataclass(frozen=True, slots=True)
class MediaCounts:
    """Files by state; `wanted` holds also those being fetched now."""

    wanted: int = 0
    waiting: int = 0
    stored: int = 0
    gone: int = 0
    failed: int = 0
    refused: int = 0
    damaged: int = 0
    bytes_stored: int = 0


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A stored file as the catalogue remembers it, for verify."""

    media_id: int
    path: str
    size: int
    sha256: str
    role: str
    url: str


_WAKE = "UPDATE media SET state = 'wanted', due_at = 0 WHERE "
_DAMAGED = f"{IN_TROUBLE} AND state = 'damaged' AND path != ''"
_WANTED = "SELECT id FROM media WHERE state = 'wanted' AND priority < :before {} ORDER BY priority, id LIMIT :n"
_READY, _READY_OF = _WANTED.format(""), _WANTED.format(f"AND {of_jobs.MEDIA}")
_CLAIMED = f"""
SELECT media.*, user_id, create_date FROM media LEFT JOIN work ON owner_kind = 'work' AND work_key = owner_id
WHERE media.id {IDS} ORDER BY priority, media.id"""
_CLAIM = f"UPDATE media SET state = 'fetching', attempts = attempts + 1 WHERE id {IDS}"
_FINISH = Many("""
UPDATE media SET state = 'stored', path = :path, size = :size, sha256 = :sha256, fetched_url = :url,
  stored_at = :now, error = :note, due_at = 0, damaged_sha256 = NULL WHERE id = :id""")
_LATER = """
UPDATE media SET state = 'waiting', due_at = :at, error = :reason, attempts = max(attempts, :tries)
WHERE id = :id"""
_UNTRIED = Many("""
UPDATE media SET state = 'waiting', due_at = :at, error = :reason, attempts = max(attempts - 1, 0)
WHERE id = :id AND state IN ('waiting', 'fetching')""")
_RELEASE = "UPDATE media SET state = 'wanted', attempts = max(attempts - 1, 0) WHERE state = 'fetching'"
_LOST = """
UPDATE media SET state = 'wanted', attempts = 0, error = :reason, stored_at = NULL, verified_at = NULL
WHERE id = :id AND state = 'stored'"""
_VERIFIED = Many("UPDATE media SET verified_at = :now WHERE id = :id")
_REVIVE = f"""
UPDATE media SET state = 'wanted', attempts = 0, due_at = 0
WHERE {IN_TROUBLE} AND state = 'failed' AND path != '' AND error NOT LIKE '%mirror.max_file%'"""
_SIZES = "SELECT count(*), coalesce(sum(size), 0) FROM media WHERE state = 'stored'"


def claim(
    conn: Connection, limit: int, now: int, before: int = ALL_LANES, jobs: Sequence[str] | None = None
) -> list[MediaItem]:
    """Claim the most urgent files of lanes `before` this one; those whose waiting is over count as ready.

    With `jobs` only what these jobs want.
    """
    for waits in ("state = 'waiting'", _DAMAGED):
        changed(conn, f"{_WAKE} {waits} AND due_at <= :now", now=now)
    if jobs is None:
        ids = column(conn, _READY, n=limit, before=before)
    else:
        ids = column(conn, _READY_OF, n=limit, before=before, jobs=listed(jobs))
    if not ids:
        return []
    changed(conn, _CLAIM, ids=listed(ids))
    items = []
    for r in rows(conn, _CLAIMED, ids=listed(ids)):
        try:
            items.append(_item(r))
        except (ValueError, TypeError) as error:  # damage, which is this row's own
            retry_later(conn, r.id, now + DAY_MS, f"its row in the catalogue cannot be read: {error}")
    return items


def _item(r: Row[Any]) -> MediaItem:
    return MediaItem(
        media_id=r.id, work_key=r.owner_id, user_id=r.user_id or 0, role=r.role, index=r.idx, version=r.version,
        urls=(r.url, *json.loads(r.alternates or "[]")), path=r.path, attempts=r.attempts,
        create_date=r.create_date, damaged_sha256=r.damaged_sha256, sha256=r.sha256,
    )  # fmt: skip


def finish_all(conn: Connection, done: Sequence[tuple[int, Stored]], now: int) -> None:
    """Mark these files as stored: they lie whole under their names."""
    if not done:
        return
    ids = [media_id for media_id, _ in done]
    count, size = row(conn, f"{_SIZES} AND id {IDS}", ids=listed(ids))
    found = [
        {
            "id": i, "path": s.path, "size": s.size, "sha256": s.sha256, "url": s.url or None, "now": now,
            "note": f"stored, but not checked: {s.unchecked}" if s.unchecked else None,
        }
        for i, s in done
    ]  # fmt: skip
    _FINISH(conn, found)
    tally.stored(conn, len(set(ids)) - count, sum(s.size for s in dict(done).values()) - size)
    tombstones.enforce_ids(conn, ids)
    renew_sidecars(conn, ids)


def finish(conn: Connection, media_id: int, stored: Stored, now: int) -> None:
    finish_all(conn, ((media_id, stored),), now)


def is_current(conn: Connection, media_id: int) -> bool:
    """True if the work still shows this file, and not a newer version of it."""
    return bool(value(conn, "SELECT is_current FROM media WHERE id = :id", id=media_id))


def state_of(conn: Connection, media_id: int) -> str:
    return value(conn, "SELECT state FROM media WHERE id = :id", id=media_id) or ""


def states_of(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    return dict(rows(conn, f"SELECT id, state FROM media WHERE id {IDS}", ids=listed(ids)))


def retry_later(conn: Connection, media_id: int, due_at: int, error: str, tries: int = 0) -> None:
    """Try the file again at `due_at`. `tries`: count at least so many, also if its claim was given back."""
    changed(conn, _LATER, id=media_id, at=due_at, reason=error, tries=tries)
    _given_back(conn, (media_id,))


def gone(conn: Connection, media_id: int, error: str) -> None:
    _end(conn, media_id, state="gone", error=error)


def fail(conn: Connection, media_id: int, error: str) -> None:
    _end(conn, media_id, state="failed", error=error)


def damaged(conn: Connection, media_id: int, sha256: str, error: str, again_at: int) -> None:
    """Believe that the file is damaged at the source. It is asked for again at `again_at`."""
    _end(conn, media_id, state="damaged", error=error, damaged_sha256=sha256, due_at=again_at)


def _end(conn: Connection, media_id: int, **found: Any) -> None:
    conn.execute(update(media).where(media.c.id == media_id).values(**found))
    tombstones.enforce_ids(conn, (media_id,))
    renew_sidecars(conn, (media_id,))


def put_off_untried(conn: Connection, untried: Mapping[int, int], error: str) -> None:
    """Put these files off without counting a try: what kept them from coming was not theirs. When, by id."""
    _UNTRIED(conn, [{"id": media_id, "at": due_at, "reason": error} for media_id, due_at in untried.items()])
    _given_back(conn, list(untried))


def progressed(conn: Connection, media_id: int) -> None:
    """Forget the failures of a file of which more came than ever before."""
    changed(conn, "UPDATE media SET attempts = 1 WHERE id = :id", id=media_id)


def ask_now(conn: Connection, ids: Sequence[int] | None = None) -> int:
    """Make due what waits for its next try: these files, or all."""
    if ids is None:
        return changed(conn, f"{_WAKE} state = 'waiting'")
    return changed(conn, f"{_WAKE} state = 'waiting' AND id {IDS}", ids=listed(ids))


def revive(conn: Connection) -> int:
    """Want again what an older version gave up after some tries; not what is larger than allowed."""
    return changed(conn, _REVIVE)


def samples(conn: Connection, limit: int, largest: int) -> list[StoredMedia]:
    """Return files that came lately and are small, each of another work, for control questions."""
    lately = """
    SELECT id, path, size, sha256, role, fetched_url, owner_id FROM media
    WHERE state = 'stored' AND stored_at > 0 AND fetched_url IS NOT NULL AND is_current = 1
    ORDER BY stored_at DESC LIMIT 64"""
    found: dict[int, StoredMedia] = {}
    for r in sorted(rows(conn, lately), key=lambda r: int(r.size or 0)):
        if 0 < r.size <= largest:
            found.setdefault(r.owner_id, StoredMedia(*r[:6]))
    return list(found.values())[:limit]


def _given_back(conn: Connection, ids: Sequence[int]) -> None:
    """Forget or refuse files whose works were forgotten, or wanted by no job any more, since they were claimed."""
    tombstones.enforce_ids(conn, ids)
    refuse_unwanted(conn, ids)


def release(conn: Connection, ids: Iterable[int]) -> None:
    """Give claims back untried."""
    released = list(ids)
    changed(conn, f"{_RELEASE} AND id {IDS}", ids=listed(released))
    _given_back(conn, released)


def release_all(conn: Connection) -> int:
    """Give all claims back, at start: whoever held them is gone."""
    released = column(conn, f"{_RELEASE} RETURNING id")
    _given_back(conn, released)
    return len(released)


def counts(conn: Connection) -> MediaCounts:
    """Count the files by state, from partial indexes and the tally, never by a walk over all rows."""
    by_state = {
        state: value(conn, f"SELECT count(*) FROM media WHERE state = '{state}'")
        for state in ("wanted", "waiting", "fetching", "refused")
    }
    by_state |= dict(rows(conn, f"SELECT state, count(*) FROM media WHERE {IN_TROUBLE} GROUP BY state"))
    tally = dict(rows(conn, "SELECT key, value FROM meta WHERE key IN ('stored_files', 'stored_bytes')"))
    return MediaCounts(
        wanted=by_state["wanted"] + by_state["fetching"],
        waiting=by_state["waiting"],
        stored=int(tally.get("stored_files", 0)),
        gone=by_state.get("gone", 0),
        failed=by_state.get("failed", 0),
        refused=by_state["refused"],
        damaged=by_state.get("damaged", 0),
        bytes_stored=int(tally.get("stored_bytes", 0)),
    )


def recount(conn: Connection) -> tuple[int, int]:
    """Count stored files and bytes anew, for verify, and return them."""
    files, size = row(conn, _SIZES)
    before = counts(conn)
    tally.stored(conn, files - before.stored, size - before.bytes_stored)
    return files, size


def next_due(conn: Connection, before: int = ALL_LANES) -> int | None:
    """Return when a file of lanes `before` this one can be claimed: 0 at once, else when the first is due."""
    if value(conn, _READY, n=1, before=before) is not None:
        return 0
    times = [value(conn, f"SELECT min(due_at) FROM media WHERE {s}") for s in ("state = 'waiting'", _DAMAGED)]
    return min((t for t in times if t is not None), default=None)


def stored_media(conn: Connection, after_id: int, limit: int) -> list[StoredMedia]:
    """Return the next stored files by id."""
    sql = """
    SELECT id, path, size, sha256, role, url FROM media WHERE state = 'stored' AND id > :after
    ORDER BY id LIMIT :limit"""
    return list(made(conn, StoredMedia, sql, after=after_id, limit=limit))


def set_verified(conn: Connection, ids: Iterable[int], now: int) -> None:
    _VERIFIED(conn, [{"id": i, "now": now} for i in ids])


def still_stored(conn: Connection, ids: Iterable[int]) -> set[int]:
    """Return which of these files are still said to be stored."""
    return set(column(conn, f"SELECT id FROM media WHERE state = 'stored' AND id {IDS}", ids=listed(ids)))


def lost(conn: Connection, media_id: int, error: str) -> None:
    """Want a stored file again that is missing or wrong, unless it was forgotten meanwhile."""
    count, size = row(conn, f"{_SIZES} AND id = :id", id=media_id)
    if count:
        changed(conn, _LOST, id=media_id, reason=error)
        tally.stored(conn, -1, -size)
