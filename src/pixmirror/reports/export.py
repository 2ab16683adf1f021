"""The catalogue as plain data, one kind as a stream.

Field names are Pixiv's. Times that Pixiv gave are ISO 8601 in Japanese time, as it writes them; ours are in UTC.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.schema import (
    account,
    bookmark,
    bookmark_work_tag,
    comment,
    follow,
    media,
    ranking,
    ranking_day,
    tag,
    tag_translation,
    text_version,
    user,
    work,
    work_tag,
)
from pixmirror.catalogue.words import pixiv_time
from pixmirror.errors import ConfigError
from pixmirror.ingest.files import text_of
from pixmirror.models import Medium, split_key
from pixmirror.reports import provenance

PART = 500  # rows read at a time
OURS = select(account.c.id)  # the keys of bookmarks and follows begin with the account


def export(conn: Connection, kind: str) -> Iterator[dict[str, Any]]:
    """Yield every row of a kind, in a fixed order."""
    if kind not in KINDS:
        raise ConfigError(f"There is no kind {kind!r} to export: choose one of {', '.join(KINDS)}.")
    return KINDS[kind](conn)


def _parts(conn: Connection, statement: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    with conn.execute(statement, execution_options={"yield_per": PART}) as result:
        yield from result.partitions(PART)


def _works(conn: Connection, medium: Medium) -> Iterator[dict[str, Any]]:
    for rows in _parts(conn, select(work).where(work.c.medium == medium).order_by(work.c.work_key)):
        keys = [r.work_key for r in rows]
        tags = tag_names(conn, keys)
        texts = _texts(conn, keys) if medium == "novel" else None
        dumped = provenance.only_dumped(conn, keys)
        for r in rows:
            item = work_fields(r, tags.get(r.work_key, []), LEGACY if r.work_key in dumped else provenance.PIXIV)
            if texts is not None:
                item["text"] = texts.get(r.work_key)
            yield item


def work_fields(r: Row[Any], tags: list[str], told_by: str) -> dict[str, Any]:
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


def tag_names(conn: Connection, keys: Sequence[int]) -> dict[int, list[str]]:
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
    """Yield the newest text of each novel."""
    newest = select(func.max(text_version.c.id)).where(text_version.c.work_key.in_(keys))
    bodies = select(text_version.c.work_key, text_version.c.body)
    rows = conn.execute(bodies.where(text_version.c.id.in_(newest.group_by(text_version.c.work_key))))
    return {key: text_of(body) for key, body in rows}


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
        translations = translations_of(conn, [r.id for r in part])
        for r in part:
            yield {"name": r.name, "translations": translations.get(r.id, {}), "works": r.works}


def translations_of(conn: Connection, tag_ids: Sequence[int]) -> dict[int, dict[str, str]]:
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
    """Yield for each date the newest complete reading."""
    d, r = ranking_day.c, ranking.c
    day = (d.account_id, d.medium, d.mode, d.date)
    whole = (
        select(*day, func.max(d.snapshot).label("snapshot"))
        .where(d.state.in_(("complete", "whole")))
        .group_by(*day)
    )
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
