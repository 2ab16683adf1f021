"""One work or user whole, as plain data. Names and times as in `export`."""

import json
from typing import Any

from sqlalchemy import Connection, Select, func, select

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import (
    bookmark,
    bookmark_work_tag,
    comment,
    follow,
    media,
    payload,
    ranking,
    series,
    tag,
    text_version,
    ugoira,
    user,
    work,
    work_job,
    work_tag,
)
from pixmirror.catalogue.words import iso, pixiv_time, plain
from pixmirror.reports import provenance
from pixmirror.reports.export import OURS, PART, tag_names, translations_of, work_fields


def show(conn: Connection, ref: Ref) -> dict[str, Any] | None:
    """Return all that is known of one work or user, or None if nothing is."""
    return _show_user(conn, ref) if ref.work_key is None else _show_work(conn, ref, ref.work_key)


def _show_work(conn: Connection, ref: Ref, key: int) -> dict[str, Any] | None:
    r = conn.execute(select(work).where(work.c.work_key == key)).one_or_none()
    if r is None:
        return None
    author = conn.execute(select(user).where(user.c.id == (r.user_id or 0))).one_or_none()
    part_of = conn.execute(select(series).where(series.c.series_key == (r.series_key or 0))).one_or_none()
    frames = conn.execute(select(ugoira.c.frames).where(ugoira.c.work_key == key)).scalar_one_or_none()
    return {
        "ref": str(ref),
        "link": ref.url,
        **work_fields(r, tag_names(conn, [key]).get(key, []), provenance.of_work(conn, key)),
        "tag_translations": _tags_of(conn, key),
        "user": None if author is None else {f: author._mapping[f] for f in ("id", "name", "account", "state")},
        "series": None if part_of is None else {"id": part_of.series_key >> 1, "title": part_of.title},
        **{f: r._mapping[f] for f in ("total_comments", "text_length", "is_original", "language", "evidence")},
        **{f: iso(r._mapping[f]) for f in ("state_at", "detail_at", "first_seen", "last_seen")},
        "files": _files_of(conn, key),
        "frames": None if frames is None else json.loads(frames),
        "texts": _rows(
            conn, select(text_version.c.seen_at, text_version.c.digest), text_version.c.work_key == key
        ),
        "comments": {
            "kept": conn.execute(select(func.count()).where(comment.c.work_key == key)).scalar_one(),
            "read_at": iso(r.comments_at),
        },
        "dumped_comments": provenance.dumped_comments(conn, key),
        "bookmarks": _rows(
            conn,
            select(bookmark.c.restrict, bookmark.c.state, bookmark.c.first_seen, bookmark.c.last_seen),
            bookmark.c.account_id.in_(OURS),
            bookmark.c.work_key == key,
        ),
        "bookmark_tags": _own_tags(conn, key),
        "rankings": _rows(
            conn,
            select(ranking.c.mode, ranking.c.date, ranking.c.rank).order_by(ranking.c.date.desc()).limit(PART),
            ranking.c.work_key == key,
        ),
        "jobs": _rows(
            conn,
            select(work_job.c.job, work_job.c.first_seen, work_job.c.refused_reason),
            work_job.c.work_key == key,
        ),
        "answers_kept": _rows(
            conn,
            select(
                payload.c.endpoint, func.count().label("versions"), func.max(payload.c.seen_at).label("last_seen")
            )
            .group_by(payload.c.endpoint)
            .order_by(payload.c.endpoint),
            payload.c.owner_kind == "work",
            payload.c.owner_id == key,
        ),
    }


def _rows(conn: Connection, statement: Select[Any], *where: Any) -> list[dict[str, Any]]:
    return [
        {name: plain(value, name) for name, value in r._mapping.items()}
        for r in conn.execute(statement.where(*where))
    ]


def _own_tags(conn: Connection, key: int) -> list[str]:
    t = bookmark_work_tag.c
    return list(
        conn.execute(select(t.name).where(t.account_id.in_(OURS), t.work_key == key).order_by(t.name)).scalars()
    )


def _tags_of(conn: Connection, key: int) -> dict[str, dict[str, str]]:
    of_work = select(tag.c.id, tag.c.name).join(work_tag, work_tag.c.tag_id == tag.c.id)
    rows = conn.execute(of_work.where(work_tag.c.work_key == key).order_by(work_tag.c.position)).all()
    translations = translations_of(conn, [r.id for r in rows])
    return {r.name: translations.get(r.id, {}) for r in rows}


def _files_of(conn: Connection, key: int) -> list[dict[str, Any]]:
    m = media.c
    columns = (
        m.role,
        m.idx.label("page"),
        m.version,
        m.is_current,
        m.url,
        m.path,
        m.state,
        m.error,
        m.size,
        m.sha256,
    )
    rows = select(*columns, m.stored_at, m.verified_at).order_by(m.role, m.idx, m.version)
    found = _rows(conn, rows, m.owner_kind == "work", m.owner_id == key)
    return [f | {"is_current": bool(f["is_current"])} for f in found]


def _show_user(conn: Connection, ref: Ref) -> dict[str, Any] | None:
    r = conn.execute(select(user).where(user.c.id == ref.id)).one_or_none()
    if r is None:
        return None
    f, w, m = follow.c, work.c, media.c
    own = select(w.work_key).where(w.user_id == ref.id)
    held = select(m.state, func.count().label("files"), func.coalesce(func.sum(m.size), 0).label("bytes"))
    return {
        "ref": str(ref),
        "link": ref.url,
        **{name: plain(value, name) for name, value in r._mapping.items()},
        "follows": _rows(
            conn,
            select(f.restrict, f.state, f.first_seen, f.last_seen),
            f.account_id.in_(OURS),
            f.user_id == ref.id,
        ),
        "works": _rows(
            conn,
            select(w.type, w.state, func.count().label("works"))
            .group_by(w.type, w.state)
            .order_by(w.type, w.state),
            w.user_id == ref.id,
        ),
        "files": _rows(
            conn, held.group_by(m.state).order_by(m.state), m.owner_kind == "work", m.owner_id.in_(own)
        ),
        "newest": [
            {"ref": str(Ref.of_work(n.work_key)), "title": n.title, "create_date": pixiv_time(n.create_date)}
            for n in conn.execute(
                select(w.work_key, w.title, w.create_date)
                .where(w.user_id == ref.id)
                .order_by(w.work_key.desc())
                .limit(10)
            )
        ],
    }
