"""The JSON file beside each work: what the catalogue says of it, without counters and without times of ours."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from pixmirror.catalogue.forget import forgotten
from pixmirror.catalogue.ingest import known as ingest_known
from pixmirror.catalogue.paths import sidecar_path
from pixmirror.catalogue.schema import ugoira, user, work
from pixmirror.catalogue.seen import among, listed
from pixmirror.catalogue.statements import Many
from pixmirror.models import JST, from_ms, split_key

_DUE = (
    select(work, user.c.name.label("user_name"), user.c.account.label("user_account"))
    .outerjoin(user, user.c.id == work.c.user_id)
    .where(work.c.sidecar_seq < work.c.change_seq, work.c.user_id.is_not(None))
    .order_by(work.c.work_key)
    .limit(bindparam("n"))
)
_DUE_BESIDE_TOMBSTONES = _DUE.where(forgotten.not_forgotten())
_WRITTEN = (
    select(work.c.work_key, work.c.user_id)
    .where(work.c.work_key > bindparam("after"), work.c.sidecar_seq > 0, work.c.user_id.is_not(None))
    .order_by(work.c.work_key)
    .limit(bindparam("n"))
)
_AGAIN = update(work).where(among(work.c.work_key, "keys"), work.c.sidecar_seq > 0).values(sidecar_seq=0)
_FRAMES = select(ugoira.c.work_key, ugoira.c.frames).where(among(ugoira.c.work_key, "keys"))
_DONE = Many(update(work).where(work.c.work_key == bindparam("b_key")).values(sidecar_seq=bindparam("seq")))


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What to write where; `seq` goes back with sidecar_done, so that a change meanwhile is written too."""

    work_key: int
    seq: int
    rel_path: str
    data: dict[str, Any]


def due_sidecars(conn: Connection, limit: int) -> list[Sidecar]:
    """Works that changed since their sidecar was written. A stub has none, nor has what was forgotten."""
    due = _DUE_BESIDE_TOMBSTONES if forgotten.has_any(conn) else _DUE
    rows = conn.execute(due, {"n": limit}).all()
    keys = [r.work_key for r in rows]
    tags = ingest_known.tags_of(conn, keys)
    files = ingest_known.media_of(conn, keys)
    frames = dict(conn.execute(_FRAMES, {"keys": listed(keys)}).all()) if keys else {}
    return [
        Sidecar(
            r.work_key,
            r.change_seq,
            sidecar_path(r.work_key, r.user_id),
            _data(r, tags.get(r.work_key, []), files.get(r.work_key, []), frames.get(r.work_key)),
        )
        for r in rows
    ]


def _data(row: Row[Any], tags: list[str], files: list[Row[Any]], frames: str | None) -> dict[str, Any]:
    medium, work_id = split_key(row.work_key)
    data: dict[str, Any] = {
        "medium": medium,
        "id": work_id,
        "type": row.type,
        "title": row.title,
        "caption": row.caption,
        "user": {"id": row.user_id, "name": row.user_name, "account": row.user_account},
        "tags": tags,
        "create_date": _date(row.create_date).isoformat() if row.create_date is not None else None,
        "restrict": row.restrict,
        "x_restrict": row.x_restrict,
        "sanity_level": row.sanity_level,
        "ai_type": row.ai_type,
        "page_count": row.page_count,
        "series_id": split_key(row.series_key)[1] if row.series_key is not None else None,
        "files": [
            {"role": f.role, "index": f.idx, "url": f.url, "path": f.path}
            for f in sorted(files, key=lambda f: (f.role, f.idx))
            if f.is_current and f.state != "forgotten"
        ],
    }
    own = ("text_length", "is_original", "language") if medium == "novel" else ("width", "height")
    data |= {name: getattr(row, name) for name in own}
    if frames is not None:
        data["frames"] = [{"file": name, "delay": delay} for name, delay in json.loads(frames)]
    return data


def _date(ms: int) -> datetime:
    return from_ms(ms).astimezone(JST)


def sidecar_done(conn: Connection, written: Iterable[tuple[int, int]]) -> None:
    rows = [{"b_key": key, "seq": seq} for key, seq in written]
    if rows:
        _DONE(conn, rows)


def written_sidecars(conn: Connection, after: int, limit: int) -> list[tuple[int, str]]:
    """(work, path) of sidecars that lie on disk, for verify."""
    rows = conn.execute(_WRITTEN, {"after": after, "n": limit})
    return [(r.work_key, sidecar_path(r.work_key, r.user_id)) for r in rows]


def write_again(conn: Connection, keys: Iterable[int]) -> None:
    """Their sidecars are missing."""
    conn.execute(_AGAIN, {"keys": listed(keys)})
