"""The catalogue as plain data: `export` streams one kind, `show` gives one work or user whole.

Field names are Pixiv's. Times that Pixiv gave are ISO 8601 in Japanese time, as it writes them; ours are in UTC.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from pixmirror.catalogue import provenance
from pixmirror.catalogue.ingest.merging import LEGACY
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import (
    account,
    bookmark,
    bookmark_work_tag,
    comment,
    follow,
    media,
    payload,
    ranking,
    ranking_day,
    series,
    tag,
    tag_translation,
    text_version,
    ugoira,
    user,
    work,
    work_job,
    work_tag,
)
from pixmirror.errors import ConfigError
from pixmirror.models import JST, Medium, from_ms, split_key

PART = 500  # rows read at a time
OURS = select(account.c.id)  # the keys of bookmarks and follows begin with the account
_TIMES = ("_at", "_seen", "_run", "since", "until", "now")


def plain(value: Any, name: str = "") -> Any:
    """Dataclasses as what JSON takes; times as ISO 8601 in UTC."""
    if isinstance(value, Ref):
        return str(value)
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name), f.name) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith(_TIMES):
        return iso(value)
    return value


def iso(ms: int | None) -> str | None:
    return None if ms is None else from_ms(ms).isoformat(timespec="seconds")


def pixiv_time(ms: int | None) -> str | None:
    """A moment as Pixiv writes it."""
    return None if ms is None else datetime.fromtimestamp(ms // 1000, JST).isoformat()


def said(ms: int) -> str:
    """A moment inside a sentence."""
    return f"{from_ms(ms):%Y-%m-%d %H:%M} UTC"


def many(n: int, one: str, more: str | None = None) -> str:
    """A number of things inside a sentence."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def until(ms: int | None) -> str:
    return "until resumed" if ms is None else f"until {said(ms)}"


# --- export


def export(conn: Connection, kind: str) -> Iterator[dict[str, Any]]:
    """Every row of a kind, in a fixed order, read as it is asked for."""
    if kind not in KINDS:
        raise ConfigError(f"There is no kind {kind!r} to export: choose one of {', '.join(KINDS)}.")
    return KINDS[kind](conn)


def _parts(conn: Connection, statement: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    with conn.execute(statement, execution_options={"yield_per": PART}) as result:
        yield from result.partitions(PART)


def _works(conn: Connection, medium: Medium) -> Iterator[dict[str, Any]]:
    for rows in _parts(conn, select(work).where(work.c.medium == medium).order_by(work.c.work_key)):
        keys = [r.work_key for r in rows]
        tags = _tag_names(conn, keys)
        texts = _texts(conn, keys) if medium == "novel" else None
        dumped = provenance.only_dumped(conn, keys)
        for r in rows:
            item = _work(r, tags.get(r.work_key, []), LEGACY if r.work_key in dumped else provenance.PIXIV)
            if texts is not None:
                item["text"] = texts.get(r.work_key)
            yield item


def _work(r: Row[Any], tags: list[str], told_by: str) -> dict[str, Any]:
    medium, work_id = split_key(r.work_key)
    return {
        "medium": medium,
        "id": work_id,
        "user_id": r.user_id,
        "type": r.type,
        "title": r.title,
        "caption": r.caption,
        "tags": tags,
        "page_count": r.page_count,
        "create_date": pixiv_time(r.create_date),
        "x_restrict": r.x_restrict,
        "illust_ai_type": r.ai_type,
        "width": r.width,
        "height": r.height,
        "series_id": None if r.series_key is None else r.series_key >> 1,
        "total_bookmarks": r.total_bookmarks,
        "total_view": r.total_view,
        "state": r.state,
        "provenance": told_by,
    }


def _tag_names(conn: Connection, keys: Sequence[int]) -> dict[int, list[str]]:
    named = (
        select(work_tag.c.work_key, tag.c.name)
        .join(tag, tag.c.id == work_tag.c.tag_id)
        .where(work_tag.c.work_key.in_(keys))
        .order_by(work_tag.c.work_key, work_tag.c.position)
    )
    result: dict[int, list[str]] = {}
    for key, name in conn.execute(named):
        result.setdefault(key, []).append(name)
    return result


def _texts(conn: Connection, keys: Sequence[int]) -> dict[int, str]:
    """The newest text of each novel."""
    newest = select(func.max(text_version.c.id)).where(text_version.c.work_key.in_(keys))
    bodies = select(text_version.c.work_key, text_version.c.body)
    rows = conn.execute(bodies.where(text_version.c.id.in_(newest.group_by(text_version.c.work_key))))
    return {key: zlib.decompress(body).decode() for key, body in rows}


def _files(conn: Connection) -> Iterator[dict[str, Any]]:
    m = media.c
    rows = select(m.owner_id, m.role, m.idx, m.version, m.url, m.fetched_url, m.path, m.size, m.sha256, m.state)
    ordered = rows.where(m.owner_kind == "work").order_by(m.owner_id, m.role, m.idx, m.version)
    for part in _parts(conn, ordered):
        for r in part:
            medium, work_id = split_key(r.owner_id)
            yield {
                "medium": medium,
                "id": work_id,
                "page": r.idx,
                "role": r.role,
                "url": r.fetched_url or r.url,
                "path": r.path,
                "size": r.size,
                "sha256": r.sha256,
                "state": r.state,
            }


def _users(conn: Connection) -> Iterator[dict[str, Any]]:
    columns = (user.c.id, user.c.name, user.c.account, user.c.comment, user.c.state)
    for part in _parts(conn, select(*columns).order_by(user.c.id)):
        yield from (dict(r._mapping) for r in part)


def _tags(conn: Connection) -> Iterator[dict[str, Any]]:
    for part in _parts(conn, select(tag).order_by(tag.c.name)):
        translations = _translations(conn, [r.id for r in part])
        for r in part:
            yield {"name": r.name, "translations": translations.get(r.id, {}), "works": r.works}


def _translations(conn: Connection, tag_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    t = tag_translation.c
    rows = conn.execute(
        select(t.tag_id, t.language, t.text).where(t.tag_id.in_(tag_ids)).order_by(t.tag_id, t.language)
    )
    result: dict[int, dict[str, str]] = {}
    for tag_id, language, text in rows:
        result.setdefault(tag_id, {})[language] = text
    return result


def _comments(conn: Connection) -> Iterator[dict[str, Any]]:
    for part in _parts(conn, select(comment).order_by(comment.c.comment_key)):
        for r in part:
            medium, comment_id = split_key(r.comment_key)
            yield {
                "id": comment_id,
                "medium": medium,
                "work_id": r.work_key >> 1,
                "user_id": r.user_id,
                "parent_comment_id": None if r.parent_key is None else r.parent_key >> 1,
                "comment": r.comment,
                "stamp_id": r.stamp_id,
                "date": pixiv_time(r.date),
            }


def _bookmarks(conn: Connection) -> Iterator[dict[str, Any]]:
    b, t = bookmark.c, bookmark_work_tag.c
    for part in _parts(conn, select(bookmark).order_by(b.account_id, b.work_key)):
        keys = [r.work_key for r in part]
        names: dict[tuple[int, int], list[str]] = {}
        for owner, key, name in conn.execute(
            select(t.account_id, t.work_key, t.name).where(t.work_key.in_(keys)).order_by(t.name)
        ):
            names.setdefault((owner, key), []).append(name)
        for r in part:
            medium, work_id = split_key(r.work_key)
            yield {
                "medium": medium,
                "id": work_id,
                "restrict": r.restrict,
                "tags": names.get((r.account_id, r.work_key), []),
                "state": r.state,
            }


def _follows(conn: Connection) -> Iterator[dict[str, Any]]:
    columns = (follow.c.user_id, follow.c.restrict, follow.c.state)
    for part in _parts(conn, select(*columns).order_by(follow.c.account_id, follow.c.user_id)):
        yield from (dict(r._mapping) for r in part)


def _rankings(conn: Connection) -> Iterator[dict[str, Any]]:
    """Of each date the newest reading that was read to its end."""
    d, r = ranking_day.c, ranking.c
    day = (d.account_id, d.medium, d.mode, d.date)
    whole = select(*day, func.max(d.snapshot).label("snapshot")).where(d.state == "complete").group_by(*day)
    for part in _parts(conn, whole.order_by(*day)):
        for found in part:
            same = (r.account_id == found.account_id, r.medium == found.medium, r.mode == found.mode)
            rows = select(r.rank, r.work_key).where(*same, r.date == found.date, r.snapshot == found.snapshot)
            for rank, key in conn.execute(rows.order_by(r.rank)).all():
                yield {
                    "medium": found.medium,
                    "mode": found.mode,
                    "date": found.date,
                    "rank": rank,
                    "id": key >> 1,
                }


KINDS: Mapping[str, Callable[[Connection], Iterator[dict[str, Any]]]] = {
    "works": partial(_works, medium="illust"),
    "novels": partial(_works, medium="novel"),
    "files": _files,
    "users": _users,
    "tags": _tags,
    "comments": _comments,
    "bookmarks": _bookmarks,
    "follows": _follows,
    "rankings": _rankings,
}


# --- show


def show(conn: Connection, ref: Ref) -> dict[str, Any] | None:
    """All that is known of one work or user, or None if nothing is."""
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
        **_work(r, _tag_names(conn, [key]).get(key, []), provenance.of_work(conn, key)),
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
    translations = _translations(conn, [r.id for r in rows])
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
