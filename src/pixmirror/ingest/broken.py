"""Items of answers that could not be read, whole or in part: each content kept raw once, with how often and when.

What is `partial` costs no work: the rest of the item is here. A work that could not be read at all is missing
until an answer shows it whole, or a later full pass of its artist's list does not have it any more.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import canonical, digest_text
from pixmirror.catalogue.schema import broken
from pixmirror.catalogue.sql import made, row, rows, upsert, value
from pixmirror.clock import DAY_MS
from pixmirror.models import Broken, Medium, work_key

_MOVES = ("last_seen", "reason", "path", "medium", "work_key", "user_id", "is_partial")
_UPSERT = upsert(broken, *_MOVES, on=["digest"], times=broken.c.times + 1)
_COUNT = "SELECT count(*) FROM broken"
_WORK = re.compile(r"(illust|novel)s?(?:[\[.]|$)")
_OF_NOBODY_MS = 7 * DAY_MS  # what stood in a list that has no full passes is spoken of for so long
# An artist's list that was read whole since has said again what it has to say.
_UNREAD = """
SELECT b.medium, b.work_key, b.user_id, b.endpoint, b.path, b.reason, b.last_seen
FROM broken b LEFT JOIN work w ON w.work_key = b.work_key
WHERE b.medium IS NOT NULL AND b.is_partial IS NULL AND (w.work_key IS NULL OR w.last_seen < b.last_seen)
  AND CASE WHEN EXISTS (SELECT 1 FROM feed f WHERE f.endpoint IN ('user/illusts', 'user/novels')
      AND f.params = '{"user_id":' || b.user_id || '}')
    THEN NOT EXISTS (SELECT 1 FROM feed f WHERE f.params = '{"user_id":' || b.user_id || '}'
      AND f.endpoint = CASE b.medium WHEN 'novel' THEN 'user/novels' ELSE 'user/illusts' END
      AND f.full_started > b.last_seen)
    ELSE b.last_seen > :now - :nobodys END
ORDER BY b.id
"""


@dataclass(frozen=True, slots=True)
class UnreadWork:
    """A work that an answer shows and that could not be read. `work_key` and `user_id` where it tells them."""

    medium: Medium
    work_key: int | None
    user_id: int | None
    endpoint: str
    path: str
    reason: str
    last_seen: int


def unread_works(conn: Connection, now: int) -> list[UnreadWork]:
    """Return the works that are missing because what Pixiv says of them could not be read."""
    return list(made(conn, UnreadWork, _UNREAD, now=now, nobodys=_OF_NOBODY_MS))


def read_in_part(conn: Connection) -> dict[tuple[int, Medium], tuple[int, int]]:
    """Return by artist and medium how many works could be read only in part, and when one was seen last."""
    works = """
    SELECT user_id, medium, count(DISTINCT work_key), max(last_seen) FROM broken
    WHERE is_partial = 1 AND work_key IS NOT NULL GROUP BY user_id, medium"""
    return {(user_id, medium): (n, last) for user_id, medium, n, last in rows(conn, works)}


def record_broken(
    conn: Connection, endpoint: str, items: Sequence[Broken], now: int, user_id: int | None = None
) -> int:
    """Record these items, each content once, and return how many were never seen before.

    `user_id`: whose works the list shows, where it is one artist's.
    """
    if not items:
        return 0
    before = value(conn, _COUNT)
    conn.execute(_UPSERT, [_row(endpoint, item, now, user_id) for item in items])
    return int(value(conn, _COUNT)) - int(before)


def is_known(conn: Connection, endpoint: str, item: Broken) -> bool:
    """True if this content was recorded before."""
    digest = _row(endpoint, item, 0, None)["digest"]
    return row(conn, "SELECT 1 FROM broken WHERE digest = :digest", digest=digest) is not None


def _row(endpoint: str, item: Broken, now: int, user_id: int | None) -> dict[str, Any]:
    raw = canonical(item.raw)
    found = _WORK.match(item.path)
    medium: Any = found[1] if found else None
    own = _id(item.raw) if medium else None
    owner = item.raw.get("user") if isinstance(item.raw, dict) else None
    # Without counters: they move at each sight, and the item is the same.
    place = item.path.partition(".")[2] if item.is_partial else ""
    of = "" if own is not None else endpoint
    digest = hashlib.sha256(f"{of}\n{place}\n".encode() + digest_text(raw)).hexdigest()
    return {
        "endpoint": endpoint, "path": item.path, "reason": item.reason, "digest": digest,
        "raw": raw.encode("utf-8", "replace").decode(), "first_seen": now, "last_seen": now, "medium": medium,
        "work_key": None if own is None else work_key(medium, own),
        "user_id": (_whole(owner.get("id")) if isinstance(owner, dict) else None) or user_id,
        "is_partial": 1 if item.is_partial else None,
    }  # fmt: skip


def broken_ids(items: Sequence[Broken]) -> list[int]:
    """Return Pixiv's ids of those items that still tell them: of works, or of users in a list of users."""
    return [found for item in items if (found := _id(item.raw)) is not None]


def _id(raw: Any) -> int | None:
    if not isinstance(raw, dict):
        return None
    if "id" not in raw and "image_urls" not in raw and isinstance(raw.get("user"), dict):
        raw = raw["user"]
    return _whole(raw.get("id"))


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None
