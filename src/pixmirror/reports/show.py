"""One work or user whole, as plain data. Names and times as in `export`."""

import json
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import row, rows, value
from pixmirror.catalogue.words import iso, pixiv_time, plain
from pixmirror.reports import provenance
from pixmirror.reports.export import WORK, tag_names, translations_of, work_fields

RANKINGS = 500  # the latest days that are shown
_FILES = """
SELECT role, idx AS page, version, is_current, url, path, state, error, size, sha256, stored_at, verified_at
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
SELECT t.id, t.name FROM tag t JOIN work_tag w ON w.tag_id = t.id WHERE w.work_key = :key ORDER BY w.position"""
_FOLLOWS = """
SELECT restrict, state, first_seen, last_seen FROM follow
WHERE account_id IN (SELECT id FROM account) AND user_id = :key"""
_WORKS_OF_USER = """
SELECT type, state, count(*) AS works FROM work WHERE user_id = :key GROUP BY type, state ORDER BY type, state"""
_FILES_OF_USER = """
SELECT state, count(*) AS files, coalesce(sum(size), 0) AS bytes FROM media
WHERE owner_kind = 'work' AND owner_id IN (SELECT work_key FROM work WHERE user_id = :key)
GROUP BY state ORDER BY state"""
_NEWEST_OF_USER = """
SELECT work_key, title, create_date FROM work WHERE user_id = :key ORDER BY work_key DESC LIMIT 10"""


def show(conn: Connection, ref: Ref) -> dict[str, Any] | None:
    """Return all that is known of one work or user, or None if nothing is."""
    return _show_user(conn, ref) if ref.work_key is None else _show_work(conn, ref, ref.work_key)


def _show_work(conn: Connection, ref: Ref, key: int) -> dict[str, Any] | None:
    r = row(conn, f"{WORK} WHERE work_key = :key", key=key)
    if r is None:
        return None
    author = _rows(conn, "SELECT id, name, account, state FROM user WHERE id = :key", r.user_id)
    series = _rows(conn, "SELECT series_key >> 1 AS id, title FROM series WHERE series_key = :key", r.series_key)
    frames = value(conn, "SELECT frames FROM ugoira WHERE work_key = :key", key=key)
    kept = value(conn, "SELECT count(*) FROM comment WHERE work_key = :key", key=key)
    return {
        "ref": str(ref),
        "link": ref.url,
        **work_fields(r, tag_names(conn, [key]).get(key, []), provenance.of_work(conn, key)),
        "tag_translations": _tags_of(conn, key),
        "user": author[0] if author else None,
        "series": series[0] if series else None,
        **{f: r._mapping[f] for f in ("total_comments", "text_length", "is_original", "language", "evidence")},
        **{f: iso(r._mapping[f]) for f in ("state_at", "detail_at", "first_seen", "last_seen")},
        "files": [f | {"is_current": bool(f["is_current"])} for f in _rows(conn, _FILES, key)],
        "frames": None if frames is None else json.loads(frames),
        "texts": _rows(conn, _TEXTS, key),
        "comments": {"kept": kept, "read_at": iso(r.comments_at)},
        "dumped_comments": provenance.dumped_comments(conn, key),
        "bookmarks": _rows(conn, _BOOKMARKS, key),
        "bookmark_tags": [r.name for r in rows(conn, _BOOKMARK_TAGS, key=key)],
        "rankings": _rows(conn, _RANKINGS, key),
        "jobs": _rows(conn, _JOBS, key),
        "answers_kept": _rows(conn, _ANSWERS, key),
    }


def _rows(conn: Connection, sql: str, key: int | None) -> list[dict[str, Any]]:
    """Return the rows about this key as JSON takes them."""
    return [{name: plain(v, name) for name, v in r._mapping.items()} for r in rows(conn, sql, key=key)]


def _tags_of(conn: Connection, key: int) -> dict[str, dict[str, str]]:
    tags = rows(conn, _TAGS, key=key)
    translations = translations_of(conn, [r.id for r in tags])
    return {r.name: translations.get(r.id, {}) for r in tags}


def _show_user(conn: Connection, ref: Ref) -> dict[str, Any] | None:
    found = _rows(conn, "SELECT * FROM user WHERE id = :key", ref.id)
    if not found:
        return None
    return {
        "ref": str(ref),
        "link": ref.url,
        **found[0],
        "follows": _rows(conn, _FOLLOWS, ref.id),
        "works": _rows(conn, _WORKS_OF_USER, ref.id),
        "files": _rows(conn, _FILES_OF_USER, ref.id),
        "newest": [
            {"ref": str(Ref.of_work(n.work_key)), "title": n.title, "create_date": pixiv_time(n.create_date)}
            for n in rows(conn, _NEWEST_OF_USER, key=ref.id)
        ],
    }
