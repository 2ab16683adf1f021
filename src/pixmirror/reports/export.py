"""The catalogue, and what is the user's own in the gallery, as plain data, one kind as a stream.

Field names are Pixiv's. Times that Pixiv gave are ISO 8601 in Japanese time, as it writes them; ours are in UTC.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, text

from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.sql import listed, rows
from pixmirror.catalogue.words import pixiv_time
from pixmirror.errors import ConfigError
from pixmirror.ingest.files import text_of
from pixmirror.models import Medium
from pixmirror.reports import provenance
from pixmirror.reports.export_own import OWN

PART = 500  # rows read at a time
_AMONG = "IN (SELECT value FROM json_each(:keys))"
# A work, its fields named as Pixiv does where `export` tells them.
WORK = """
SELECT work_key, medium, work_key >> 1 AS id, user_id, type, title, caption, page_count, create_date, x_restrict,
  ai_type AS illust_ai_type, width, height, series_key >> 1 AS series_id, total_bookmarks, total_view, state,
  series_key, total_comments, text_length, is_original, language, evidence, state_at, detail_at, first_seen,
  last_seen, comments_at
FROM work"""
_TOLD_OF_WORK = (
    "medium", "id", "user_id", "type", "title", "caption", "tags", "page_count", "create_date", "x_restrict",
    "illust_ai_type", "width", "height", "series_id", "total_bookmarks", "total_view", "state", "provenance",
)  # fmt: skip
_TAG_NAMES = f"""
SELECT w.work_key, t.name FROM work_tag w JOIN tag t ON t.id = w.tag_id
WHERE w.work_key {_AMONG} ORDER BY w.work_key, w.position"""
_TEXTS = f"""
SELECT work_key, body FROM text_version
WHERE id IN (SELECT max(id) FROM text_version WHERE work_key {_AMONG} GROUP BY work_key)"""
_FILES = """
SELECT iif(owner_id & 1, 'novel', 'illust') AS medium, owner_id >> 1 AS id, idx AS page, role,
  coalesce(nullif(fetched_url, ''), url) AS url, path, size, sha256, state
FROM media WHERE owner_kind = 'work' ORDER BY owner_id, role, idx, version"""
_TRANSLATIONS = f"""
SELECT tag_id, language, text FROM tag_translation WHERE tag_id {_AMONG} ORDER BY tag_id, language"""
_COMMENTS = """
SELECT comment_key >> 1 AS id, iif(comment_key & 1, 'novel', 'illust') AS medium, work_key >> 1 AS work_id,
  user_id, parent_key >> 1 AS parent_comment_id, comment, stamp_id, date
FROM comment ORDER BY comment_key"""
_BOOKMARKS = """
SELECT iif(work_key & 1, 'novel', 'illust') AS medium, work_key >> 1 AS id, restrict,
  (SELECT json_group_array(name) FROM (SELECT name FROM bookmark_work_tag t
    WHERE t.account_id = b.account_id AND t.work_key = b.work_key ORDER BY name)) AS tags, state
FROM bookmark b ORDER BY account_id, work_key"""
# Of each date the newest complete reading.
_RANKINGS = """
WITH whole AS (
  SELECT account_id, medium, mode, date, max(snapshot) AS snapshot FROM ranking_day
  WHERE state IN ('complete', 'whole') GROUP BY account_id, medium, mode, date
)
SELECT medium, mode, date, r.rank, r.work_key >> 1 AS id
FROM whole JOIN ranking r USING (account_id, medium, mode, date, snapshot)
ORDER BY account_id, medium, mode, date, r.rank"""


def export(conn: Connection, kind: str) -> Iterator[dict[str, Any]]:
    """Yield every row of a kind, in a fixed order. Those of OWN are asked through the shelves."""
    if kind not in KINDS:
        raise ConfigError(f"There is no kind {kind!r} to export: choose one of {', '.join(KINDS)}.")
    return KINDS[kind](conn)


def _parts(conn: Connection, sql: str, **bound: Any) -> Iterator[Sequence[Row[Any]]]:
    with conn.execute(text(sql), bound, execution_options={"yield_per": PART}) as result:
        yield from result.partitions(PART)


def _rows(conn: Connection, sql: str) -> Iterator[dict[str, Any]]:
    for part in _parts(conn, sql):
        yield from (dict(r._mapping) for r in part)


def _works(conn: Connection, medium: Medium) -> Iterator[dict[str, Any]]:
    for part in _parts(conn, f"{WORK} WHERE medium = :medium ORDER BY work_key", medium=medium):
        keys = [r.work_key for r in part]
        tags = tag_names(conn, keys)
        texts = {r.work_key: text_of(r.body) for r in rows(conn, _TEXTS, keys=listed(keys))}
        dumped = provenance.only_dumped(conn, keys)
        for r in part:
            item = work_fields(r, tags.get(r.work_key, []), LEGACY if r.work_key in dumped else provenance.PIXIV)
            yield item | {"text": texts.get(r.work_key)} if medium == "novel" else item


def work_fields(r: Row[Any], tags: list[str], told_by: str) -> dict[str, Any]:
    told = {**r._mapping, "tags": tags, "create_date": pixiv_time(r.create_date), "provenance": told_by}
    return {name: told[name] for name in _TOLD_OF_WORK}


def tag_names(conn: Connection, keys: Sequence[int]) -> dict[int, list[str]]:
    result: dict[int, list[str]] = {}
    for key, name in rows(conn, _TAG_NAMES, keys=listed(keys)):
        result.setdefault(key, []).append(name)
    return result


def _tags(conn: Connection) -> Iterator[dict[str, Any]]:
    for part in _parts(conn, "SELECT id, name, works FROM tag ORDER BY name"):
        translations = translations_of(conn, [r.id for r in part])
        for r in part:
            yield {"name": r.name, "translations": translations.get(r.id, {}), "works": r.works}


def translations_of(conn: Connection, tag_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    result: dict[int, dict[str, str]] = {}
    for tag_id, language, name in rows(conn, _TRANSLATIONS, keys=listed(tag_ids)):
        result.setdefault(tag_id, {})[language] = name
    return result


def _comments(conn: Connection) -> Iterator[dict[str, Any]]:
    for row in _rows(conn, _COMMENTS):
        yield row | {"date": pixiv_time(row["date"])}


def _bookmarks(conn: Connection) -> Iterator[dict[str, Any]]:
    for row in _rows(conn, _BOOKMARKS):
        yield row | {"tags": json.loads(row["tags"])}


KINDS: Mapping[str, Callable[[Connection], Iterator[dict[str, Any]]]] = {
    "works": partial(_works, medium="illust"),
    "novels": partial(_works, medium="novel"),
    "files": partial(_rows, sql=_FILES),
    "users": partial(_rows, sql="SELECT id, name, account, comment, state FROM user ORDER BY id"),
    "tags": _tags,
    "comments": _comments,
    "bookmarks": _bookmarks,
    "follows": partial(_rows, sql="SELECT user_id, restrict, state FROM follow ORDER BY account_id, user_id"),
    "rankings": partial(_rows, sql=_RANKINGS),
    **OWN,
}
