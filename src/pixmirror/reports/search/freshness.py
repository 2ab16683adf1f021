"""How far search.db is behind the catalogue, and what of it to tell whoever searches."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import row, rows, value
from pixmirror.catalogue.words import length, many

FAR = 2_000  # changed works; with more of them all works are gone through
SOON_MS = 5_000  # so long nobody needs to be told
SCANS = "until then only titles, tags and names are looked through, and all words as one."

_BEHIND = f"""
SELECT count(*) AS changed, min(CASE WHEN g.work_key IS NULL THEN w.first_seen END) AS since
FROM (SELECT work_key, first_seen FROM work WHERE change_seq > :seq AND (user_id IS NOT NULL OR title != '')
  ORDER BY change_seq LIMIT {FAR + 1}) w
LEFT JOIN search.grid g ON g.work_key = w.work_key"""


@dataclass(frozen=True, slots=True)
class Freshness:
    """`is_usable`: search.db answers; `note`: what it does not find yet; `guesses`: it holds guessed readings."""

    is_usable: bool
    note: str | None = None
    guesses: bool = False


def freshness(conn: Connection, now: int) -> Freshness:
    """Look how far search.db is."""
    if not is_attached(conn, "search"):
        return Freshness(False)
    meta = {r.key: r.value for r in rows(conn, "SELECT key, value FROM search.meta")}
    if "seq" not in meta:
        return Freshness(False, _being_made(conn, meta))
    seq, last = int(meta["seq"]), int(value(conn, "SELECT value FROM meta WHERE key = 'change_seq'") or 0)
    guesses = bool(meta.get("guesser"))
    if seq >= last:
        return Freshness(True, guesses=guesses)
    behind = row(conn, _BEHIND, seq=seq)
    if behind.changed > FAR:
        return Freshness(False, f"The search index is more than {FAR:,} works behind: {SCANS}")
    if behind.since is None or now - behind.since < SOON_MS:
        return Freshness(True, guesses=guesses)
    ago = length((now - behind.since) / 1000)
    return Freshness(True, f"New works of the last {ago} are not yet found.", guesses)


def is_attached(conn: Connection, name: str) -> bool:
    return any(r.name == name for r in rows(conn, "PRAGMA database_list"))


def _being_made(conn: Connection, meta: dict[str, str]) -> str | None:
    works = int(meta.get("works", 0))
    if "format" not in meta and not value(conn, "SELECT 1 FROM work LIMIT 1"):
        return None  # an empty mirror has nothing to find
    if not works:
        return f"There is no search index, which a running pixmirror or the next sync makes: {SCANS}"
    return f"The search index is being made ({many(100 * int(meta['made']) // works, '%', '%')}): {SCANS}"
