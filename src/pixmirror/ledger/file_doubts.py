"""Doubts about files: a 404 or damaged bytes, believed only after tries far enough apart, and never of many files.

A doubt is one row of `meta` for each file and kind: the URL, the first and the last try that counted, how many
tries there were, and for damaged bytes their sha256. Another URL, or other bytes, begin a new doubt.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.sql import rows, value
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ledger import brake

Kind = Literal["denied", "damaged"]

LOOKS = 3  # tries: the first, one an hour later, and one a day after that
LOOKS_OF_MANY = 5  # tries over `HELD_MS` that are believed even while the brake is on
HELD_MS = 14 * DAY_MS
_APART_MS = (HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS)
_SLACK_MS = 60_000  # a try that comes a little early counts
_OPEN = ("wanted", "waiting", "fetching")


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the tries to fetch one file gave. Times are ms UTC."""

    url: str
    first: int
    last: int
    looks: int = 1
    sha256: str = ""

    @property
    def next_look(self) -> int:
        """When to try again: rarer and rarer."""
        return self.last + _APART_MS[min(self.looks, len(_APART_MS)) - 1]

    @property
    def is_seen_enough(self) -> bool:
        return self.looks >= LOOKS and self.last - self.first >= DAY_MS

    @property
    def is_held_long(self) -> bool:
        return self.looks >= LOOKS_OF_MANY and self.last - self.first >= HELD_MS


def look(conn: Connection, kind: Kind, media_id: int, url: str, now: int, sha256: str = "") -> Doubt:
    """Record that a try gave this again, and return the doubt. A try that comes too early changes nothing."""
    before = known(conn, kind, media_id)
    if before is None or before.url != url or before.sha256 != sha256 or before.last > now:
        seen = Doubt(url, now, now, 1, sha256)  # also where the clock was set back
    elif now < before.next_look - _SLACK_MS and now - before.last < DAY_MS - _SLACK_MS:
        return before
    else:
        seen = Doubt(url, before.first, now, before.looks + 1, sha256)
    runs.set_json(conn, _key(kind, media_id), asdict(seen))
    return seen


def known(conn: Connection, kind: Kind, media_id: int) -> Doubt | None:
    """Return what tries of a file gave so far; None if nothing speaks against it."""
    return _read(runs.get_meta(conn, _key(kind, media_id)))


def settled(conn: Connection, ids: Iterable[int]) -> None:
    """Remove the doubts about these files: they came, or the bad news is believed."""
    keys = [_key(kind, media_id) for media_id in ids for kind in ("denied", "damaged")]
    if keys:
        runs.drop_meta(conn, *keys)


def is_believed(conn: Connection, kind: Kind, now: int, share: float) -> bool:
    """True if the brake is off: few files are doubted, compared with those that came in two weeks."""
    doubted = f"""
    SELECT count(*) FROM meta JOIN media m ON m.id = CAST(substr(meta.key, {len(kind) + 2}) AS INTEGER)
    WHERE meta.key BETWEEN :first AND :last AND m.state IN {_OPEN}"""
    count = int(value(conn, doubted, first=f"{kind}:", last=f"{kind};"))
    if count <= brake.FEW:
        return True
    stored = "SELECT count(*) FROM media WHERE state = 'stored' AND stored_at >= :since"
    return not brake.is_too_many(count, int(value(conn, stored, since=now - HELD_MS)), share)


def came_since(conn: Connection, since: int) -> bool:
    """True if any file has come whole since then, which shows that the image host works."""
    last = value(conn, "SELECT max(stored_at) FROM media WHERE state = 'stored'")
    return (last or 0) >= since


def forget_settled(conn: Connection) -> None:
    """Remove doubts about files that nobody waits for: they came under another URL, or were forgotten."""
    for kind in ("denied", "damaged"):
        states = (*_OPEN, "damaged") if kind == "damaged" else _OPEN
        settled = f"""
        SELECT key FROM meta WHERE key BETWEEN :first AND :last AND NOT EXISTS
          (SELECT 1 FROM media m WHERE m.id = CAST(substr(meta.key, {len(kind) + 2}) AS INTEGER)
            AND m.state IN {states})"""
        over = rows(conn, settled, first=f"{kind}:", last=f"{kind};")
        runs.drop_meta(conn, *(r.key for r in over))


def _key(kind: str, media_id: int) -> str:
    return f"{kind}:{media_id}"


def _read(text: str | None) -> Doubt | None:
    if text is None:
        return None
    try:
        return Doubt(**json.loads(text))
    except (ValueError, TypeError):
        return None
