"""One work or user whole, as plain data. Names and times as in `export`."""

from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import rows, value
from pixmirror.catalogue.words import pixiv_time, plain
from pixmirror.reports import provenance
from pixmirror.reports.export import work_of

RANKINGS = 500  # the latest days that are shown
_FILES = """
SELECT role, idx AS page, version, is_current, url, path, state, error, size, sha256, stored_at, verified_at,
  first_seen, attempts, iif(state IN ('waiting', 'damaged'), due_at, NULL) AS due_at
FROM media WHERE owner_kind = 'work' AND owner_id = :key ORDER BY role, idx, version"""
_TEXTS = "SELECT seen_at, digest FROM text_version WHERE work_key = :key"
_BOOKMARKS = """
SELECT restrict, state, first_seen, last_seen FROM bookmark
WHERE account_id IN (SELECT id FROM account) AND work_key = :key"""
_BOOKMARK_TAGS = """
SELECT name FROM bookmark_work_tag
WHERE account_id IN (SELECT id FROM account) AND work_key = :key ORDER BY name"""
_RANKINGS = f"SELECT mode, date, rank FROM ranking WHERE work_key = :key ORDER BY date DESC LIMIT {RANKINGS}"
_JOBS = "SELECT job, first_seen, refused_reason FROM work_job WHERE work_key = :key"
_ANSWERS = """
SELECT endpoint, count(*) AS versions, max(seen_at) AS last_seen FROM payload
WHERE owner_kind = 'work' AND owner_id = :key GROUP BY endpoint ORDER BY endpoint"""
_TAGS = """
SELECT t.name, s.language, s.text FROM work_tag w JOIN tag t ON t.id = w.tag_id
LEFT JOIN tag_translation s ON s.tag_id = t.id WHERE w.work_key = :key ORDER BY w.position, s.language"""
_SERIES = """
SELECT series_key >> 1 AS id, title FROM series
WHERE series_key = (SELECT series_key FROM work WHERE work_key = :key)"""
_FOLLOWS = """
SELECT restrict, state, first_seen, last_seen FROM follow
WHERE account_id IN (SELECT id FROM account) AND user_id = :key"""
_WORKS_OF_USER = """
SELECT type, state, count(*) AS works FROM work WHERE user_id = :key GROUP BY type, state ORDER BY type, state"""
_FILES_OF_USER = """
SELECT state, count(*) AS files, coalesce(sum(size), 0) AS bytes FROM media
WHERE owner_kind = 'work' AND owner_id IN (SELECT work_key FROM work WHERE user_id = :key)
GROUP BY state ORDER BY state"""
_LIST_OF_USER = """
SELECT w.work_key, w.type, w.title, w.create_date, w.state,
  (SELECT count(*) FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.is_current = 1
    AND m.state = 'stored') AS files,
  EXISTS (SELECT 1 FROM text_version t WHERE t.work_key = w.work_key) AS has_text
FROM work w WHERE w.user_id = :key ORDER BY w.create_date DESC NULLS LAST, w.work_key DESC LIMIT :most"""
# Each answer below what it answers, both oldest first.
_COMMENTS = """
SELECT c.comment_key >> 1 AS id, c.parent_key >> 1 AS parent_id, c.user_id, u.name AS user_name, c.comment,
  c.stamp_id, c.date, c.state
FROM comment c LEFT JOIN user u ON u.id = c.user_id WHERE c.work_key = :key
ORDER BY coalesce(c.parent_key, c.comment_key), c.comment_key"""
NEWEST = 10  # works of a user that are named by `newest`


def show(conn: Connection, ref: Ref, most: int = NEWEST) -> dict[str, Any] | None:
    """Return all that is known of one work or user, or None if nothing is. `most`: works of a user to list."""
    return _show_user(conn, ref, most) if ref.work_key is None else _show_work(conn, ref, ref.work_key)


def comments_of(conn: Connection, ref: Ref) -> list[dict[str, Any]]:
    """Return the comments of a work, oldest first, each answer after what it answers."""
    return [{**c._asdict(), "date": pixiv_time(c.date)} for c in rows(conn, _COMMENTS, key=ref.work_key)]


def _show_work(conn: Connection, ref: Ref, key: int) -> dict[str, Any] | None:
    told = work_of(conn, key)
    if told is None:
        return None
    author = _rows(conn, "SELECT id, name, account, state FROM user WHERE id = :key", told["user_id"])
    series = _rows(conn, _SERIES, key)
    kept = value(conn, "SELECT count(*) FROM comment WHERE work_key = :key", key=key)
    original = told["is_original"]
    return {
        "ref": str(ref),
        "link": ref.url,
        **told,
        "is_original": None if original is None else int(original),
        "tag_translations": _tags_of(conn, key),
        "user": author[0] if author else None,
        "series": series[0] if series else None,
        "files": [f | {"is_current": bool(f["is_current"])} for f in _rows(conn, _FILES, key)],
        "frames": told.get("frames"),
        "texts": _rows(conn, _TEXTS, key),
        "text": told.get("text"),
        "comments": {"kept": kept, "read_at": told["comments_at"]},
        "dumped_comments": provenance.dumped_comments(conn, key),
        "bookmarks": _rows(conn, _BOOKMARKS, key),
        "bookmark_tags": [r.name for r in rows(conn, _BOOKMARK_TAGS, key=key)],
        "rankings": _rows(conn, _RANKINGS, key),
        "jobs": _rows(conn, _JOBS, key),
        "answers_kept": _rows(conn, _ANSWERS, key),
    }


def _rows(conn: Connection, sql: str, key: int | None) -> list[dict[str, Any]]:
    """Return the rows about this key as JSON takes them."""
    return [{name: plain(v, name) for name, v in r._asdict().items()} for r in rows(conn, sql, key=key)]


def _tags_of(conn: Connection, key: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, language, text in rows(conn, _TAGS, key=key):
        found.setdefault(name, {}).update({language: text} if language else {})
    return found


def _show_user(conn: Connection, ref: Ref, most: int) -> dict[str, Any] | None:
    found = _rows(conn, "SELECT * FROM user WHERE id = :key", ref.id)
    if not found:
        return None
    listed = [
        {
            "ref": str(Ref.of_work(n.work_key)),
            "type": n.type or ("novel" if n.work_key & 1 else ""),
            "title": n.title,
            "create_date": pixiv_time(n.create_date),
            "state": n.state,
            "files": n.files,
            "is_here": bool(n.files or n.has_text),
        }
        for n in rows(conn, _LIST_OF_USER, key=ref.id, most=most)
    ]
    return {
        "ref": str(ref),
        "link": ref.url,
        **found[0],
        "follows": _rows(conn, _FOLLOWS, ref.id),
        "works": _rows(conn, _WORKS_OF_USER, ref.id),
        "files": _rows(conn, _FILES_OF_USER, ref.id),
        "newest": [{k: n[k] for k in ("ref", "title", "create_date")} for n in listed[:NEWEST]],
        "list": listed,
    }
