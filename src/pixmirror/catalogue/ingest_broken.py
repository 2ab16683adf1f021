"""Items that could not be read: kept raw once, counted."""

import hashlib
from collections.abc import Sequence

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
