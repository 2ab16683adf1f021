"""What the index reads of the catalogue, attached as `catalogue` to the connection that writes search.db."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from pixmirror.catalogue.sql import listed

_AMONG = "IN (SELECT value FROM json_each(:keys))"
_WORKS = """
SELECT w.work_key, w.title, w.caption, w.user_id, w.type, w.create_date, w.first_seen, w.x_restrict, w.ai_type,
  w.state, w.page_count, w.width, w.height, w.total_bookmarks,
  EXISTS (SELECT 1 FROM catalogue.doubt d WHERE d.owner_kind = 'work' AND d.owner_id = w.work_key) AS is_doubted,
  EXISTS (SELECT 1 FROM catalogue.media m WHERE m.owner_kind = 'work' AND m.owner_id = w.work_key
    AND m.is_current = 0)
    OR (w.work_key & 1 AND (SELECT count(*) FROM catalogue.text_version t WHERE t.work_key = w.work_key) > 1)
    AS is_edited,
  CASE WHEN w.work_key & 1 THEN
    (SELECT max(t.id) FROM catalogue.text_version t WHERE t.work_key = w.work_key) END AS text_id
FROM json_each(:keys) k CROSS JOIN catalogue.work w ON w.work_key = k.value
WHERE w.user_id IS NOT NULL OR w.title != ''"""  # without the stubs, of which nothing is known
_FORGOTTEN = f"""
SELECT t.owner_id FROM catalogue.tombstone t WHERE t.owner_kind = 'work' AND t.owner_id {_AMONG}
UNION ALL
SELECT w.work_key FROM json_each(:keys) k CROSS JOIN catalogue.work w ON w.work_key = k.value
JOIN catalogue.tombstone t ON t.owner_kind = 'user' AND t.owner_id = w.user_id"""
_FORGOTTEN_PEOPLE = """
SELECT DISTINCT t.owner_id FROM json_each(:keys) k CROSS JOIN catalogue.work w ON w.work_key = k.value
JOIN catalogue.tombstone t ON t.owner_kind = 'user' AND t.owner_id = w.user_id"""
_LINKS = f"SELECT work_key, tag_id FROM catalogue.work_tag WHERE work_key {_AMONG} ORDER BY 1, 2"
_TAGS = f"SELECT id, name, works FROM catalogue.tag WHERE id {_AMONG}"


def works(raw: sqlite3.Connection, keys: Collection[int]) -> dict[int, Any]:
    """Return what is indexed of these works; a work that is forgotten, or of which nothing is known, has none."""
    found = {row["work_key"]: row for row in raw.execute(_WORKS, {"keys": listed(keys)})}
    if raw.execute("SELECT 1 FROM catalogue.tombstone LIMIT 1").fetchone() is not None:
        for (key,) in raw.execute(_FORGOTTEN, {"keys": listed(keys)}):
            found.pop(key, None)
    return found


def forgotten_people(raw: sqlite3.Connection, keys: Collection[int]) -> list[int]:
    """Return the artists of these works who are forgotten."""
    return [user for (user,) in raw.execute(_FORGOTTEN_PEOPLE, {"keys": listed(keys)})]


def links(raw: sqlite3.Connection, keys: Collection[int]) -> dict[int, list[int]]:
    """Return the tags of these works, by id and in that order."""
    found: dict[int, list[int]] = defaultdict(list)
    cursor = raw.cursor()
    cursor.row_factory = None  # which takes a third of the time
    for key, tag in cursor.execute(_LINKS, {"keys": listed(keys)}):
        found[key].append(tag)
    return found


def tags(raw: sqlite3.Connection, ids: Collection[int]) -> dict[int, tuple[str, int]]:
    """Return of each of these tags its name, and how many works have it."""
    return {tag: (name, count) for tag, name, count in raw.execute(_TAGS, {"keys": listed(ids)})} if ids else {}
