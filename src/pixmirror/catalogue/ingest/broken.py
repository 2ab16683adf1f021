"""Items that could not be read: kept raw once, counted."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.payloads import canonical
from pixmirror.catalogue.schema import broken
from pixmirror.models import Broken

_insert = insert(broken)
_UPSERT = _insert.on_conflict_do_update(
    index_elements=["digest"],
    set_={"times": broken.c.times + 1, "last_seen": _insert.excluded.last_seen, "reason": _insert.excluded.reason},
)


def record_broken(conn: Connection, endpoint: str, items: Sequence[Broken], now: int) -> int:
    """How many of them were never seen before."""
    if not items:
        return 0
    before = conn.execute(select(func.count()).select_from(broken)).scalar_one()
    rows = []
    for item in items:
        raw = canonical(item.raw)
        digest = hashlib.sha256(f"{endpoint}\n{raw}".encode("utf-8", "surrogatepass")).hexdigest()
        rows.append(
            {
                "endpoint": endpoint, "path": item.path, "reason": item.reason, "digest": digest,
                "raw": raw.encode("utf-8", "replace").decode(), "first_seen": now, "last_seen": now,
            }
        )  # fmt: skip
    conn.execute(_UPSERT, rows)
    return int(conn.execute(select(func.count()).select_from(broken)).scalar_one() - before)


def broken_ids(items: Sequence[Broken]) -> list[int]:
    """Pixiv's ids of those that still tell them: of a work, or of the user of a row of a user list."""
    return [found for item in items if (found := _id(item.raw)) is not None]


def _id(raw: Any) -> int | None:
    if not isinstance(raw, dict):
        return None
    if "id" not in raw and "image_urls" not in raw and isinstance(raw.get("user"), dict):
        raw = raw["user"]
    value = raw.get("id")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None
