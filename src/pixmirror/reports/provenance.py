"""Who told what the catalogue says of a work: Pixiv, or only a dump of its dead APIs."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, func, select

from pixmirror.catalogue.erasing import DUMPED_COMMENT
from pixmirror.catalogue.payloads import LEGACY, NO_CONTENT
from pixmirror.catalogue.schema import payload
from pixmirror.catalogue.sql import among, listed

PIXIV = "pixiv"
_CLASSES = (
    select(payload.c.owner_id, payload.c.endpoint)
    .where(payload.c.owner_kind == "work", among(payload.c.owner_id, "keys"))
    .distinct()
)
_DUMPED_AT = select(func.min(payload.c.seen_at)).where(
    payload.c.owner_kind == bindparam("kind"),
    payload.c.owner_id == bindparam("owner"),
    payload.c.endpoint == LEGACY,
)
_COMMENTS = select(func.count()).where(
    payload.c.owner_kind == DUMPED_COMMENT, payload.c.owner_id == bindparam("b_key")
)


def only_dumped(conn: Connection, keys: Collection[int]) -> set[int]:
    """Return the works that only dumps told of: no answer of Pixiv's showed more than a placeholder."""
    found: dict[int, set[str]] = {}
    for key, endpoint in conn.execute(_CLASSES, {"keys": listed(keys)}) if keys else ():
        found.setdefault(key, set()).add(endpoint)
    return {key for key, classes in found.items() if LEGACY in classes and classes <= NO_CONTENT}


def of_work(conn: Connection, key: int) -> str:
    return LEGACY if only_dumped(conn, (key,)) else PIXIV


def dumped_at(conn: Connection, kind: str, owner: int) -> int | None:
    """Return the time of the oldest dump that tells of it; None if none does."""
    found: int | None = conn.scalar(_DUMPED_AT, {"kind": kind, "owner": owner})
    return found


def dumped_comments(conn: Connection, key: int) -> int:
    """Count the comments of a work in dumps, which have no ids and so no rows."""
    return conn.scalar(_COMMENTS, {"b_key": key}) or 0
