"""The files to fetch (architecture: queue is a query), over `media`. What is claimed goes back at start."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, select, text, update

from pixmirror.catalogue import of_jobs, tally, tombstones
from pixmirror.catalogue.media import IN_TROUBLE, is_in, is_one_of, refuse_unwanted, renew_sidecars
from pixmirror.catalogue.schema import media, meta, work
from pixmirror.catalogue.sql import Many, among, listed, made, rows
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


_id = media.c.id == bindparam("b_id")
_WAKE = update(media).where(is_in("waiting"), media.c.due_at <= bindparam("now")).values(state="wanted", due_at=0)
_WAKE_DAMAGED = (
    update(media)
    .where(IN_TROUBLE, media.c.state == "damaged", media.c.due_at <= bindparam("now"), media.c.path != "")
    .values(state="wanted", due_at=0)
)
_DUE_STATES = (is_in("waiting"), and_(IN_TROUBLE, media.c.state == "damaged", media.c.path != ""))
_WANTED = select(media.c.id).where(is_in("wanted"), media.c.priority < bindparam("before"))
_READY = _WANTED.order_by(media.c.priority, media.c.id).limit(bindparam("n"))
_CLAIMED = (
    select(media, work.c.user_id, work.c.create_date)
    .outerjoin(work, (media.c.owner_kind == "work") & (work.c.work_key == media.c.owner_id))
    .where(among(media.c.id, "ids"))
    .order_by(media.c.priority, media.c.id)
)
_CLAIM = update(media).where(among(media.c.id, "ids")).values(state="fetching", attempts=media.c.attempts + 1)
_FINISH = Many(
    update(media)
    .where(_id)
    .values(
        state="stored", path=bindparam("b_path"), size=bindparam("b_size"), sha256=bindparam("b_sha256"),
        fetched_url=bindparam("b_url"), stored_at=bindparam("now"), error=bindparam("b_note"), due_at=0,
        damaged_sha256=None,
    )
)  # fmt: skip
_LATER = (
    update(media)
    .where(_id)
    .values(
        state="waiting", due_at=bindparam("at"), error=bindparam("reason"),
        attempts=func.max(media.c.attempts, bindparam("tries")),
    )
)  # fmt: skip
_UNTRIED = (
    update(media)
    .where(_id, is_one_of("waiting", "fetching"))
    .values(
        state="waiting", due_at=bindparam("at"), error=bindparam("reason"),
        attempts=func.max(media.c.attempts - 1, 0),
    )
)  # fmt: skip
_PROGRESSED = update(media).where(_id).values(attempts=1)
_BACK = {"state": "wanted", "attempts": func.max(media.c.attempts - 1, 0)}
_RELEASE = update(media).where(among(media.c.id, "ids"), is_in("fetching")).values(**_BACK)
_RELEASE_ALL = update(media).where(is_in("fetching")).values(**_BACK).returning(media.c.id)
_LOST = (
    update(media)
    .where(_id, media.c.state == "stored")
    .values(state="wanted", attempts=0, error=bindparam("reason"), stored_at=None, verified_at=None)
)
_VERIFIED = Many(update(media).where(_id).values(verified_at=bindparam("now")))
_SIZES = select(func.count(), func.coalesce(func.sum(media.c.size), 0)).where(
    among(media.c.id, "ids"), media.c.state == "stored"
)


def claim(
    conn: Connection, limit: int, now: int, before: int = ALL_LANES, jobs: Sequence[str] | None = None
) -> list[MediaItem]:
    """Claim the most urgent files of lanes `before` this one; those whose waiting is over count as ready.

    With `jobs` only what these jobs want.
    """
    conn.execute(_WAKE, {"now": now})
    conn.execute(_WAKE_DAMAGED, {"now": now})
    wanted: dict[str, Any] = {"n": limit, "before": before}
    if jobs is None:
        ids = conn.execute(_READY, wanted).scalars().all()
    else:
        ids = conn.execute(_READY.where(text(of_jobs.MEDIA)), wanted | {"jobs": listed(jobs)}).scalars().all()
    if not ids:
        return []
    bound = {"ids": listed(ids)}
    conn.execute(_CLAIM, bound)
    items = []
    for r in conn.execute(_CLAIMED, bound).all():
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
    count, size = conn.execute(_SIZES, {"ids": listed(ids)}).one()
    found = [
        {
            "b_id": i, "b_path": s.path, "b_size": s.size, "b_sha256": s.sha256, "b_url": s.url or None,
            "b_note": f"stored, but not checked: {s.unchecked}" if s.unchecked else None, "now": now,
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
    return bool(conn.scalar(select(media.c.is_current).where(media.c.id == media_id)))


def state_of(conn: Connection, media_id: int) -> str:
    return conn.scalar(select(media.c.state).where(media.c.id == media_id)) or ""


def states_of(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    stmt = select(media.c.id, media.c.state).where(among(media.c.id, "ids"))
    return {row.id: row.state for row in conn.execute(stmt, {"ids": listed(ids)})}


def retry_later(conn: Connection, media_id: int, due_at: int, error: str, tries: int = 0) -> None:
    """Try the file again at `due_at`. `tries`: count at least so many, also if its claim was given back."""
    conn.execute(_LATER, {"b_id": media_id, "at": due_at, "reason": error, "tries": tries})
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
    for media_id, due_at in untried.items():
        conn.execute(_UNTRIED, {"b_id": media_id, "at": due_at, "reason": error})
    _given_back(conn, list(untried))


def progressed(conn: Connection, media_id: int) -> None:
    """Forget the failures of a file of which more came than ever before."""
    conn.execute(_PROGRESSED, {"b_id": media_id})


def ask_now(conn: Connection, ids: Sequence[int] | None = None) -> int:
    """Make due what waits for its next try: these files, or all."""
    stmt = update(media).where(is_in("waiting")).values(state="wanted", due_at=0)
    return conn.execute(stmt if ids is None else stmt.where(media.c.id.in_(ids))).rowcount


def revive(conn: Connection) -> int:
    """Want again what an older version gave up after some tries; not what is larger than allowed."""
    stmt = update(media).where(
        IN_TROUBLE, media.c.state == "failed", media.c.path != "", media.c.error.not_like("%mirror.max_file%")
    )
    return conn.execute(stmt.values(state="wanted", attempts=0, due_at=0)).rowcount


def samples(conn: Connection, limit: int, largest: int) -> list[StoredMedia]:
    """Return files that came lately and are small, each of another work, for control questions."""
    lately = """
    SELECT id, path, size, sha256, role, fetched_url, owner_id FROM media
    WHERE state = 'stored' AND stored_at > 0 AND fetched_url IS NOT NULL AND is_current = 1
    ORDER BY stored_at DESC LIMIT 64"""
    found: dict[int, StoredMedia] = {}
    for row in sorted(rows(conn, lately), key=lambda r: int(r.size or 0)):
        if 0 < row.size <= largest:
            found.setdefault(row.owner_id, StoredMedia(*row[:6]))
    return list(found.values())[:limit]


def _given_back(conn: Connection, ids: Sequence[int]) -> None:
    """Forget or refuse files whose works were forgotten, or wanted by no job any more, since they were claimed."""
    tombstones.enforce_ids(conn, ids)
    refuse_unwanted(conn, ids)


def release(conn: Connection, ids: Iterable[int]) -> None:
    """Give claims back untried."""
    released = list(ids)
    conn.execute(_RELEASE, {"ids": listed(released)})
    _given_back(conn, released)


def release_all(conn: Connection) -> int:
    """Give all claims back, at start: whoever held them is gone."""
    released = conn.execute(_RELEASE_ALL).scalars().all()
    _given_back(conn, released)
    return len(released)


def counts(conn: Connection) -> MediaCounts:
    """Count the files by state, from partial indexes and the tally, never by a walk over all rows."""
    by_state = {
        state: conn.execute(select(func.count()).select_from(media).where(is_in(state))).scalar_one()
        for state in ("wanted", "waiting", "fetching", "refused")
    }
    troubled = select(media.c.state, func.count()).where(IN_TROUBLE).group_by(media.c.state)
    by_state |= dict(conn.execute(troubled).all())
    kept = select(meta.c.key, meta.c.value).where(meta.c.key.in_(("stored_files", "stored_bytes")))
    tally = dict(conn.execute(kept).all())
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
    files, size = conn.execute(
        select(func.count(), func.coalesce(func.sum(media.c.size), 0)).where(media.c.state == "stored")
    ).one()
    before = counts(conn)
    tally.stored(conn, files - before.stored, size - before.bytes_stored)
    return files, size


def next_due(conn: Connection, before: int = ALL_LANES) -> int | None:
    """Return when a file of lanes `before` this one can be claimed: 0 at once, else when the first is due."""
    if conn.execute(_READY, {"n": 1, "before": before}).first() is not None:
        return 0
    times = [conn.scalar(select(func.min(media.c.due_at)).where(state)) for state in _DUE_STATES]
    return min((t for t in times if t is not None), default=None)


def want_again(conn: Connection, work_key: int | None = None, states: Sequence[str] = ("failed",)) -> int:
    """Want files in these states again, at the user's word: of one work, or of all; never forgotten ones."""
    stmt = update(media).where(media.c.state.in_(states), media.c.state != "forgotten", media.c.path != "")
    if work_key is not None:
        stmt = stmt.where(media.c.owner_kind == "work", media.c.owner_id == work_key)
    return conn.execute(
        stmt.values(state="wanted", attempts=0, due_at=0, error=None, damaged_sha256=None)
    ).rowcount


def stored_media(conn: Connection, after_id: int, limit: int) -> list[StoredMedia]:
    """Return the next stored files by id."""
    sql = """
    SELECT id, path, size, sha256, role, url FROM media WHERE state = 'stored' AND id > :after
    ORDER BY id LIMIT :limit"""
    return list(made(conn, StoredMedia, sql, after=after_id, limit=limit))


def set_verified(conn: Connection, ids: Iterable[int], now: int) -> None:
    rows = [{"b_id": i, "now": now} for i in ids]
    if rows:
        _VERIFIED(conn, rows)


def still_stored(conn: Connection, ids: Iterable[int]) -> set[int]:
    """Return which of these files are still said to be stored."""
    found = select(media.c.id).where(among(media.c.id, "ids"), media.c.state == "stored")
    return set(conn.execute(found, {"ids": listed(ids)}).scalars())


def lost(conn: Connection, media_id: int, error: str) -> None:
    """Want a stored file again that is missing or wrong, unless it was forgotten meanwhile."""
    count, size = conn.execute(_SIZES, {"ids": listed((media_id,))}).one()
    if count:
        conn.execute(_LOST, {"b_id": media_id, "reason": error})
        tally.stored(conn, -1, -size)
