"""Raw payloads (architecture: kept raw): a row for each that differs from the last of its owner and class.

Whoever reads `body` reads `codec` and BASE with it; a row that others are packed against (`base`) is never changed
or removed before them.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from pixmirror.catalogue.payloads import (
    AGAINST,
    CODEC,
    NO_CONTENT,
    canonical,
    digest_text,
    digest_work,
    pack_against,
    pack_text,
)
from pixmirror.catalogue.schema import payload
from pixmirror.catalogue.sql import KEYS, Many, listed, rows, value
from pixmirror.models import Illust, Novel, Received

INSERT_PAYLOAD = Many(insert(payload))
_LATEST = """
SELECT digest FROM payload WHERE owner_kind = :kind AND owner_id = :owner AND endpoint = :endpoint
ORDER BY id DESC LIMIT 1"""
# SQLite takes the other columns of a group from the row that holds the max().
_BASES = f"""
SELECT owner_id, max(id), body FROM payload
WHERE owner_kind = 'work' AND owner_id {KEYS} AND codec = {CODEC} AND endpoint NOT IN {tuple(sorted(NO_CONTENT))}
GROUP BY owner_id"""

# Beside a work, and no version of it: what Pixiv shows there for a season.
_DECORATION = ("event_banners", "seasonal_effect_animation_urls")


@dataclass(frozen=True, slots=True)
class Base:
    """A payload that others of the same owner may be packed against."""

    id: int
    body: bytes


def bases_of(conn: Connection, keys: Collection[int]) -> dict[int, Base]:
    """Return of each work the newest payload of its content that stands alone."""
    found = rows(conn, _BASES, keys=listed(keys)) if keys else ()
    return {key: Base(row_id, body) for key, row_id, body in found}


def payload_row(
    kind: str,
    owner_id: int,
    endpoint: str,
    text: str,
    digest: bytes,
    now: int,
    language: str | None = None,
    base: Base | None = None,
) -> dict[str, Any]:
    packed = pack_against(base.body, text) if base is not None else None
    return {
        "owner_kind": kind,
        "owner_id": owner_id,
        "endpoint": endpoint,
        "digest": digest,
        "codec": CODEC if packed is None else AGAINST,
        "body": pack_text(text) if packed is None else packed,
        "base": None if packed is None or base is None else base.id,
        "seen_at": now,
        "language": language,
    }


def keep_payload(
    conn: Connection,
    kind: str,
    owner_id: int,
    endpoint: str,
    raw: Any,
    now: int,
    stable: Mapping[str, Any] | None = None,
    language: str | None = None,
) -> bool:
    """Keep one payload if it is new. `stable`: what the digest is taken of, where that is not all of `raw`;
    `language`: that its translations are in.
    """
    text = canonical(raw)
    digest = digest_text(text if stable is None else canonical(stable))
    if value(conn, _LATEST, kind=kind, owner=owner_id, endpoint=endpoint) == digest:
        return False
    INSERT_PAYLOAD(conn, [payload_row(kind, owner_id, endpoint, text, digest, now, language)])
    return True


def digest_of(received: Received[Illust | Novel], text: str, latest: tuple[int, bytes] | None) -> bytes:
    """Return the digest that tells an answer from the latest of its class, in an older form if that fits."""
    said = text
    if received.item.event_banners or received.item.seasonal_effect_animation_urls:
        said = canonical({name: one for name, one in received.raw.items() if name not in _DECORATION})
    found = digest_work(said)
    if latest is not None and latest[1] != found and latest[1] == digest_text(text):
        return latest[1]
    return found


def keep_decoration(conn: Connection, works: Sequence[Illust | Novel], now: int) -> None:
    """Keep banners and animations that Pixiv shows beside works for a season: each once, with the day it came."""
    for name in _DECORATION:
        shown = {canonical(one) for work in works if (one := getattr(work, name))}
        for text in sorted(shown):
            owner = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], "big")
            keep_payload(conn, "decoration", owner, name, json.loads(text), now)
