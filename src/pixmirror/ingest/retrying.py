"""Ask again, at the user's word, for what was given up or put off.

Files that failed, are gone or damaged; questions that failed and wait; lists that fail; works in a state that is
not live, which their detail is asked about. Nothing that was forgotten (architecture: refusal stands), and nothing
that no job wants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import Connection

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.media import (
    ASKED_BY,
    IN_TROUBLE,
    IS_SEEN,
    IS_WANTED,
    LIMIT,
    NOT_A_FILE,
    REMOVED,
    REPLACED,
    is_wanted,
)
from pixmirror.catalogue.paths import extension, media_path
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import IDS, KEYS, Many, changed, column, listed, rows
from pixmirror.errors import ConfigError
from pixmirror.ledger import agenda
from pixmirror.models import Lane

What: TypeAlias = Literal["failed", "gone", "damaged", "too_large"]
KINDS: tuple[What, ...] = ("failed", "gone", "damaged", "too_large")

MAX_FILE = "max_file"  # meta key: the limit as it was last

_FAILED = f"{IN_TROUBLE} AND state = 'failed'"
_TOO_LARGE = f"instr(error, '{LIMIT}')"
_PUT_OFF = "state = 'waiting' AND attempts > 0"
# What was replaced before it was fetched is only asked for if it was here once.
_WANT = f"""
UPDATE media SET state = 'wanted', attempts = 0, due_at = 0, error = NULL, damaged_sha256 = NULL,
  priority = {int(Lane.RETRY)}
WHERE state != 'forgotten' AND path != '' AND (is_current = 1 OR sha256 IS NOT NULL)"""
_HOLES = f"SELECT DISTINCT owner_id, role FROM media WHERE {_FAILED} AND url = '' AND +owner_kind = 'work'"
_HOLES_OF_WORKS = f"{_HOLES} AND owner_kind = 'work' AND owner_id {KEYS}"

ASKED_ONCE_MORE = "given_up:asked_once_more"  # meta key: when, ms UTC
MINUTE_MS = 60_000
_GIVEN_UP = f"""
SELECT id FROM media WHERE {IN_TROUBLE} AND is_current = 1 AND path != '' AND +owner_kind = 'work'
  AND (state = 'gone' AND error NOT IN ('{REPLACED}', '{REMOVED}') OR state = 'damaged' AND due_at = 0
    OR state = 'failed' AND error = '{NOT_A_FILE}')
  AND EXISTS (SELECT 1 FROM work WHERE work_key = owner_id AND work.state = 'live')"""
_ONCE_MORE = Many(f"""
UPDATE media SET state = 'waiting', due_at = :at, attempts = 0, priority = {int(Lane.RETRY)} WHERE id = :id""")
_NAMELESS = f"""
SELECT m.*, user_id, EXISTS (SELECT 1 FROM media o WHERE o.owner_kind = m.owner_kind AND o.owner_id = m.owner_id
  AND o.role = m.role AND o.idx = m.idx AND o.id != m.id) AS others
FROM (SELECT * FROM media WHERE {_FAILED} AND owner_kind = 'work' AND path = '' AND url != '') m
JOIN work ON work_key = m.owner_id WHERE user_id IS NOT NULL"""
_NAMED = Many("UPDATE media SET path = :path, state = :state WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is asked for again: files, questions about works and users, lists."""

    files: int = 0
    questions: int = 0
    lists: int = 0
    is_known: bool = True


def again(conn: Connection, ref: Ref | None, what: str | None, now: int) -> Asked:
    """Ask again for a work or user, or all of one kind; of `failed` also chores and lists that failed and wait.

    ConfigError for a kind that there is not.
    """
    if ref is not None:
        return one(conn, ref, now)
    match what:
        case "failed":
            files = _want(conn, f"{_FAILED} AND NOT {_TOO_LARGE}") + _want(conn, _PUT_OFF)
            questions = _ask(conn, "attempts > 0", now) + _fill(conn, now)
            lists = changed(conn, "UPDATE gap SET due_at = 0 WHERE failures > 0")
            put_off = "UPDATE feed SET due_at = :now WHERE failures > 0 AND due_at IS NOT NULL"
            return Asked(files, questions, lists + changed(conn, put_off, now=now))
        case "too_large":
            return Asked(_want(conn, f"{_FAILED} AND {_TOO_LARGE}"))
        case "gone" | "damaged":
            return Asked(_want(conn, f"{IN_TROUBLE} AND state = '{what}'"))
        case _:
            raise ConfigError(f"{what!r} is nothing to ask for again: {', '.join(KINDS)}.")


def several(conn: Connection, refs: Sequence[Ref], now: int) -> int:
    """Ask again for each of these works. Return of how many there was something to ask for."""
    return sum(bool(found.files or found.questions) for found in (one(conn, ref, now) for ref in refs))


def one(conn: Connection, ref: Ref, now: int) -> Asked:
    """Ask again for all of one work, or of one user and their works."""
    of = "user_id = :user" if ref.work_key is None else "work_key = :key"
    found = rows(conn, f"SELECT work_key, state FROM work WHERE {of}", user=ref.id, key=ref.work_key)
    keys = [r.work_key for r in found]
    if not keys and ref.work_key is not None:
        return Asked(is_known=False)
    files = _want(conn, f"owner_kind = 'work' AND owner_id {KEYS} AND ({IN_TROUBLE} OR {_PUT_OFF})", keys)
    failed = f"attempts > 0 AND kind {IDS} AND key {KEYS}"
    questions = _ask(conn, failed, now, ids=listed(Kind.about("work")), keys=listed(keys))
    if ref.work_key is None:
        questions += _ask(conn, failed, now, ids=listed(Kind.about("user")), keys=listed((ref.id,)))
    barred = tombstones.works(conn, keys)
    doubtful = [r.work_key for r in found if r.state != "live" and r.work_key not in barred]
    artists = [] if ref.work_key is not None or tombstones.people(conn, (ref.id,)) else [ref.id]
    agenda.ask_for_user(conn, doubtful, artists, now)
    questions += len(doubtful) + len(artists) + _fill(conn, now, [key for key in keys if key not in barred])
    agenda.ask_for_wanted(conn, [key for key in keys if key not in barred and is_wanted(conn, key)], now)
    return Asked(files, questions)


def once_more(conn: Connection, now: int) -> int:
    """Ask once again, one file a minute, for what older versions gave up for good. Return how many files.

    These are current files of works that Pixiv still shows: said to be gone or damaged after two looks within a
    minute, or never fetched because the kind that their URL names was not known.
    """
    if runs.get_meta(conn, ASKED_ONCE_MORE) is not None:
        return 0
    runs.set_meta(conn, ASKED_ONCE_MORE, str(now))
    _name_kinds(conn)
    given_up = column(conn, _GIVEN_UP)
    _ONCE_MORE(conn, [{"id": media_id, "at": now + n * MINUTE_MS} for n, media_id in enumerate(given_up)])
    return len(given_up)


def _name_kinds(conn: Connection) -> None:
    """Give a path to files of kinds that were not known when they were met."""
    for row in rows(conn, _NAMELESS):
        ext = extension(row.url)
        if ext is not None:
            path = media_path(row.owner_id, row.user_id, row.role, row.idx, ext, row.version if row.others else "")
            state = "failed" if is_wanted(conn, row.owner_id) else "refused"
            _NAMED(conn, [{"id": row.id, "path": path, "state": state}])


def use_limit(conn: Connection, limit: int) -> int:
    """Ask again for what a lower `mirror.max_file` refused (bytes, 0: no limit). Return how many files."""
    before = runs.get_meta(conn, MAX_FILE)
    if before == str(limit):
        return 0
    runs.set_meta(conn, MAX_FILE, str(limit))
    is_raised = before is None or (before != "0" and (limit == 0 or limit > int(before)))
    return _want(conn, f"{_FAILED} AND {_TOO_LARGE}") if is_raised else 0


def _want(conn: Connection, which: str, keys: Sequence[int] | None = None) -> int:
    """Want files again. `keys`: works that the user named; without them, what every job refuses stays refused."""
    if keys is None:
        return changed(conn, f"{_WANT} AND {which} AND (NOT {IS_SEEN} OR {IS_WANTED})")
    return changed(conn, f"{_WANT} AND {which}", keys=listed(keys))


def _ask(conn: Connection, which: str, now: int, **bound: str) -> int:
    asked = f"UPDATE chore SET due_at = :now, attempts = 0, error = NULL WHERE {which}"
    return changed(conn, asked, now=now, **bound)


def _fill(conn: Connection, now: int, keys: Sequence[int] | None = None) -> int:
    """Ask about works, or about these, of which files lack that an answer or a zip should have."""
    holes = rows(conn, _HOLES) if keys is None else rows(conn, _HOLES_OF_WORKS, keys=listed(keys))
    for hole in holes:
        agenda.fill_holes(conn, ASKED_BY[hole.role], (hole.owner_id,), now)
    return len(holes)
