"""Rebuild works, their tags and their files from payloads, a chunk of keys at a time."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, insert

from pixmirror.catalogue import tally, tombstones
from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.schema import media as media_table
from pixmirror.catalogue.schema import work
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import KEYS, Many, changed, column, listed, next_seq, rows
from pixmirror.ingest import captions, merging
from pixmirror.ingest.known import media_of
from pixmirror.ingest.tags import write_tags
from pixmirror.models import State, Stored, split_key
from pixmirror.rebuild.findings import Findings, Ledger, ledger, payloads_of
from pixmirror.rebuild.names import Names
from pixmirror.rebuild.replay import Replayed, missing_files, replay

# Looks for the file of a path, its URLs and its work's date; None where none is proven to be there.
Adopt: TypeAlias = Callable[[str, Sequence[str], int | None], Stored | None]

_AMONG = f"work_key {KEYS}"
_LINKS = f"""
SELECT w.work_key, w.position, t.name FROM work_tag w JOIN tag t ON t.id = w.tag_id
WHERE w.{_AMONG} ORDER BY w.work_key, w.position"""
# SQLite takes the other columns of a group from the row that holds the max().
_STATS = f"SELECT max(at), work_key, {', '.join(merging.COUNTERS)} FROM stat WHERE {_AMONG} GROUP BY work_key"
_WANTED = f"SELECT DISTINCT work_key FROM work_job WHERE {_AMONG} AND refused_reason IS NULL"
_DERIVED = (
    "medium", *merging.CONTENT, *merging.COUNTERS, "state", "state_at", "evidence", "first_seen", "last_seen",
)  # fmt: skip
_BUMP = f"UPDATE work SET change_seq = :seq WHERE {_AMONG}"
_NEW = Many(insert(work))
_SET = ", ".join(f"{name} = :{name}" for name in (*_DERIVED, "detail_at", "change_seq"))
_CHANGED = Many(f"UPDATE work SET {_SET} WHERE work_key = :work_key")
_FILE = Many(insert(media_table))


def rebuild_works(
    conn: Connection, keys: Sequence[int], findings: Findings, names: Names, now: int, adopt: Adopt | None
) -> None:
    """Compare one chunk, and with `findings.write` put it right, all in the caller's transaction.

    Without `adopt` files are left alone.
    """
    of_keys = listed(keys)
    stripped = captions.are_stripped(conn)
    olds = {r.work_key: r for r in rows(conn, f"SELECT * FROM work WHERE {_AMONG}", keys=of_keys)}
    told = ledger(conn, "work", keys)
    stats = {r.work_key: r for r in rows(conn, _STATS, keys=of_keys)}
    new: list[dict[str, Any]] = []
    other: list[dict[str, Any]] = []
    sound: dict[int, Replayed] = {}
    for key, payloads in payloads_of(conn, "work", keys).items():
        found = replay(key, payloads, stripped=stripped)
        findings.works += 1
        findings.payloads += found.payloads
        findings.unreadable += found.unreadable
        names.add(found)
        if found.facts is None:
            continue
        sound[key] = found
        old = olds.get(key)
        expected = _expected(found, old, told, stats.get(key))
        if findings.row("work", key, old, expected):
            if old is None:
                new.append(expected | {"work_key": key, "detail_at": found.facts.detail_at, "sidecar_seq": 0})
            else:
                told_at = found.facts.detail_at
                detail_at = None if told_at is None else max(told_at, old.detail_at or 0)
                other.append(expected | {"work_key": key, "detail_at": detail_at})
    tags, tags_before = _wrong_tags(conn, sound, of_keys, findings)
    if findings.write and (new or other or tags):
        seq = next_seq(conn)
        _NEW(conn, [row | {"change_seq": seq} for row in new])
        _CHANGED(conn, [row | {"change_seq": seq} for row in other])
        changed(conn, _BUMP, keys=listed(tags), seq=seq)
        write_tags(conn, tags, tags_before)
    if adopt is not None:
        _files(conn, sound, findings, of_keys, now, adopt)


def _expected(found: Replayed, old: Any, told: Ledger, stats: Any) -> dict[str, Any]:
    assert found.facts is not None
    row = found.facts.row | {"medium": split_key(found.key)[0], "first_seen": found.first_at}
    row |= _counters(found, old, stats)
    row["state"], row["state_at"], row["evidence"] = _state(found, old, told)
    stretches = told.stretches.get(found.key, ())
    latest = max((s.last_at for s in stretches), default=found.first_at)
    row["last_seen"] = max((s.last_at for s in stretches if _is_shown(s)), default=found.first_at)
    if old is not None and found.first_at <= old.last_seen <= latest:
        row["last_seen"] = old.last_seen
    return row


def _state(found: Replayed, old: Any, told: Ledger) -> tuple[str, int, str | None]:
    state, at, evidence = _last_state(found, old, told)
    if evidence == WEB:
        # What only the website showed is the app's again at the first answer of the app.
        evidence = next((s.endpoint for s in found.said if s.at > at and s.endpoint != WEB), WEB)
    return state, at, evidence


def _last_state(found: Replayed, old: Any, told: Ledger) -> tuple[str, int, str | None]:
    change = told.changes.get(found.key)
    if change is not None:
        return change.state, change.at, change.evidence
    if found.is_dumped:
        return State.UNKNOWN.value, found.first_at, LEGACY
    first, at = found.first_state, found.first_at
    evidence = told.evidence(found.key, first, at)
    if not found.is_old:
        return first, at, evidence or (None if old is None else old.evidence)
    if old is not None and told.is_sighted(found.key, old.state):
        return old.state, old.state_at, old.evidence
    return told.by_law(found.key, first, at)


def _is_shown(stretch: Any) -> bool:
    """True if the work or its placeholder was seen, and not a refusal."""
    return bool(stretch.state == "live" or ": limit_" in stretch.evidence or "not visible" in stretch.evidence)


def _counters(found: Replayed, old: Any, stats: Any) -> dict[str, int | None]:
    """Return the last counters on record: those of `stat`, else of the first payload."""
    if stats is None and found.is_old and old is not None:
        return {name: getattr(old, name) for name in merging.COUNTERS}
    if stats is None:
        return found.counters
    last = {name: getattr(stats, name) for name in merging.COUNTERS}
    return {name: found.counters.get(name) if value is None else value for name, value in last.items()}


def _wrong_tags(
    conn: Connection, sound: Mapping[int, Replayed], of_keys: str, findings: Findings
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Return the tags of works that have others than their payloads say, by key; and those that they have."""
    links: dict[int, list[tuple[int, str]]] = {}
    for key, position, name in rows(conn, _LINKS, keys=of_keys):
        links.setdefault(key, []).append((position, name))
    said: dict[int, list[str]] = {}
    before: dict[int, list[str]] = {}
    for key, found in sound.items():
        have = links.get(key, [])
        tags = found.facts.tags if found.facts else []
        if have != list(enumerate(tags)):
            said[key], before[key] = tags, [name for _, name in have]
            findings.differ("work_tag", key, "tags", before[key], tags)
    return said, before


def _files(
    conn: Connection,
    sound: Mapping[int, Replayed],
    findings: Findings,
    of_keys: str,
    now: int,
    adopt: Adopt,
) -> None:
    known = media_of(conn, list(sound))
    wanted = set(column(conn, _WANTED, keys=of_keys))
    missing = [
        dict(row)
        for key, found in sound.items()
        for row in missing_files(found, known.get(key, ()), wanted=key in wanted)
    ]
    tombstones.mark(conn, missing)
    # A forgotten file that has no row needs none (architecture: refusal stands).
    missing = [row for row in missing if row["state"] != "forgotten"]
    for row in missing:
        findings.differ("media", row["path"] or row["url"], "", None, "a row")
    if not findings.write:
        return
    dates = {key: f.facts.row["create_date"] for key, f in sound.items() if f.facts}
    kept = [_to_keep(row, dates[row["owner_id"]], adopt, findings, now) for row in missing]
    _FILE(conn, kept)
    stored = [row["size"] for row in kept if row["state"] == "stored"]
    if stored:
        tally.stored(conn, len(stored), sum(stored))


def _to_keep(
    row: dict[str, Any], create_date: int | None, adopt: Adopt, findings: Findings, now: int
) -> dict[str, Any]:
    """Return the row of a file that had none: stored if it lies there whole, else wanted if it can be fetched."""
    row |= {"size": None, "sha256": None, "stored_at": None, "fetched_url": None}
    urls = (row["url"], *json.loads(row["alternates"] or "[]"))
    stored = adopt(row["path"], urls, create_date) if row["path"] else None
    if stored is not None:
        findings.files_adopted += 1
        row |= {"state": "stored", "error": None, "path": stored.path, "fetched_url": stored.url or None}
        return row | {"size": stored.size, "sha256": stored.sha256, "stored_at": now}
    if row["is_current"] and row["state"] == "gone":
        row |= {"state": "wanted", "error": None}
    findings.files_wanted += row["state"] == "wanted"
    return row
