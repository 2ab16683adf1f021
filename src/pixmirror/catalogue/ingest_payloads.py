"""Raw payloads: a row for each that differs from the one before of the same owner and endpoint class (law 8)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from pixmirror.catalogue.payloads import CODEC, canonical, digest_text, pack_text
from pixmirror.catalogue.schema import payload
from pixmirror.catalogue.statements import Many

INSERT = Many(insert(payload))
_LATEST = (
    select(payload.c.digest)
    .where(
        payload.c.owner_kind == bindparam("kind"),
        payload.c.owner_id == bindparam("owner"),
        payload.c.endpoint == bindparam("b_endpoint"),
    )
    .order_by(payload.c.id.desc())
    .limit(1)
)


def row(kind: str, owner_id: int, endpoint: str, text: str, digest: bytes, now: int) -> dict[str, Any]:
    return {
        "owner_kind": kind,
        "owner_id": owner_id,
        "endpoint": endpoint,
        "digest": digest,
        "codec": CODEC,
        "body": pack_text(text),
        "seen_at": now,
    }


def keep(
    conn: Connection,
    kind: str,
    owner_id: int,
    endpoint: str,
    raw: Any,
    now: int,
    stable: Mapping[str, Any] | None = None,
) -> bool:
    """Keeps one payload if it is new. `stable`: what the digest is taken of, where that is not all of `raw`."""
    text = canonical(raw)
    digest = digest_text(text if stable is None else canonical(stable))
    latest = conn.execute(_LATEST, {"kind": kind, "owner": owner_id, "b_endpoint": endpoint}).scalar()
    if latest == digest:
        return False
    INSERT(conn, [row(kind, owner_id, endpoint, text, digest, now)])
    return True
