"""Forget works, pages and users, and bring them back (architecture: refusal stands).

Each function is one transaction; fetch/trash.py moves the files in between. A file with `trash` and a tombstone is
in the trash or on its way there; one with `trash` and no tombstone is on its way back.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import blocks, runs, tally, tombstones
from pixmirror.catalogue.erasing import erase_user
from pixmirror.catalogue.media import IS_WANTED, NOT_A_FILE, REPLACED
from pixmirror.catalogue.paths import sidecar_path, text_path
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import tombstone
from pixmirror.catalogue.sql import IDS, KEYS, Many, changed, column, listed, made, next_seq, row, rows, value
from pixmirror.catalogue.tombstones import MOVES, PAGE, USER, WORK
from pixmirror.clock import DAY_MS
from pixmirror.errors import ConfigError
from pixmirror.ledger import agenda
from pixmirror.models import Lane

TRASH_TIME = "trash_time"  # meta key: ms UTC
SETTLED = "trash_settled"  # meta key: the value of MOVES up to which all files are where they belong
NO_SIDECAR, NEVER_WRITTEN, LACKING = -1, -2, 1  # in work.sidecar_seq: removed, never there, to be written again

_FILES = {
    WORK: "media.owner_kind = 'work' AND media.owner_id = :id",
    PAGE: "media.owner_kind = 'work' AND media.owner_id = :id AND media.role = 'page' AND media.idx = :idx",
    USER: "media.owner_kind = 'work' AND media.owner_id IN (SELECT work_key FROM work its WHERE user_id = :id)",
}
# What a file becomes that nobody forgets any more and that does not lie in the trash.
_WANT_AGAIN = f"""
UPDATE media SET trash = NULL, attempts = 0, due_at = 0, stored_at = NULL, verified_at = NULL,
  priority = {int(Lane.RETRY)},
  state = CASE WHEN path = '' THEN 'failed' WHEN sha256 IS NOT NULL THEN 'wanted' WHEN is_current = 0 THEN 'gone'
    WHEN error = '{tombstones.REFUSED}' AND role IN ('cover', 'embed') THEN 'refused'
    WHEN {IS_WANTED} THEN 'wanted' ELSE 'refused' END,
  error = CASE WHEN path = '' THEN '{NOT_A_FILE}'
    WHEN sha256 IS NULL AND is_current = 0 THEN '{REPLACED}' END
WHERE id {IDS} AND state = 'forgotten' RETURNING state"""
_IS_BACK = f"""
UPDATE media SET state = iif(damaged_sha256 IS NOT NULL, 'damaged', 'stored'), trash = NULL, error = NULL
WHERE id {IDS} AND state = 'forgotten' RETURNING state, size"""
_OUT_OF_TRASH = f"UPDATE media SET trash = NULL WHERE id {IDS}"
_COUNT = "SELECT count(*), coalesce(sum(size), 0) FROM media WHERE"
_TRASHED = """
SELECT id, path, url, alternates, trash, size, sha256, damaged_sha256 FROM media WHERE trash IS NOT NULL AND"""
_NO_SIDECAR = Many(f"""
UPDATE work SET sidecar_seq = CASE WHEN sidecar_seq > 0 THEN {NO_SIDECAR} WHEN sidecar_seq = 0 THEN {NEVER_WRITTEN}
  ELSE sidecar_seq END WHERE work_key = :key""")
_SIDECAR_DUE = f", sidecar_seq = iif(sidecar_seq IN (0, {NEVER_WRITTEN}), 0, {LACKING})"
_IS = "owner_kind = :kind AND owner_id = :id AND idx = :idx"
_NOVELS = f"SELECT count(DISTINCT work_key) FROM text_version WHERE work_key {KEYS}"
_SAID = "SELECT count(*) FROM comment WHERE user_id = :id AND comment != ''"
# Works that are forgotten and known to be somebody's; sidecars that were removed once are at -1 and below.
_THEIRS = """
SELECT work_key, user_id FROM work
WHERE work_key > :after AND user_id IS NOT NULL AND (:thorough OR sidecar_seq >= 0)
  AND work_key IN (SELECT owner_id FROM tombstone WHERE owner_kind = 'work' UNION SELECT work_key FROM work
    WHERE user_id IN (SELECT owner_id FROM tombstone WHERE owner_kind = 'user'))
ORDER BY work_key LIMIT :n"""


@dataclass(frozen=True, slots=True)
class Target:
    """A work (its key), one page of it (`idx`, 0-based as in the names of files), or a user (their id)."""

    kind: Literal["work", "page", "user"]
    id: int
    idx: int = -1

    @classmethod
    def of(cls, ref: Ref, page: int | None = None) -> "Target":
        if ref.work_key is None:
            if page is not None:
                raise ConfigError("A page belongs to a work; a user is forgotten as a whole.")
            return cls("user", ref.id)
        if page is None:
            return cls("work", ref.work_key)
        if ref.kind == "novel":
            raise ConfigError("A novel is forgotten as a whole; it has no pages with files of their own.")
        if page < 0:
            raise ConfigError("Pages are counted from 0, as in the names of files.")
        return cls("page", ref.work_key, page)

    @property
    def ref(self) -> Ref:
        return Ref("user", self.id) if self.kind == "user" else Ref.of_work(self.id)

    def __str__(self) -> str:
        return f"{self.ref} page {self.idx}" if self.kind == "page" else str(self.ref)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a tombstone covers; `texts`: of novels; `until`: so long it can be had back."""

    works: int = 0
    files: int = 0
    bytes: int = 0
    comments: int = 0
    until: int | None = None  # ms UTC; None: at once removed
    already: bool = False
    texts: int = 0


@dataclass(frozen=True, slots=True)
class Restored:
    """How many files came back from the trash, and how many are wanted again."""

    files: int = 0
    wanted: int = 0


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One refusal, and what of it lies in the trash until `purge_at`."""

    target: Target
    at: int
    purge_at: int | None
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Moving:
    """A file that belongs into the trash (`out`), or back from it."""

    media_id: int
    path: str
    trash: str
    urls: tuple[str, ...]
    size: int | None
    sha256: str | None
    out: bool


# --- forget, unforget


def preview(conn: Connection, target: Target, now: int, days: int) -> Forgotten:
    """Return what forgetting this would remove."""
    _check_page(conn, target)
    files, size = row(conn, f"{_COUNT} {_FILES[target.kind]} AND state = 'stored'", **asdict(target))
    written = value(conn, _SAID, id=target.id) if target.kind == USER else 0
    stone = row(conn, f"SELECT purge_at FROM tombstone WHERE {_IS}", **asdict(target))
    until = now + days * DAY_MS if days else None
    keys = _keys(conn, target)
    texts = value(conn, _NOVELS, keys=listed(keys)) if target.kind != PAGE else 0
    return Forgotten(len(keys), files, size, written, stone.purge_at if stone else until, stone is not None, texts)


def forget(conn: Connection, target: Target, now: int, days: int) -> Forgotten:
    """Set the tombstone, and the intent to move every file that it covers. What Pixiv said of the work stays."""
    done = preview(conn, target, now, days)
    stone = {"owner_kind": target.kind, "owner_id": target.id, "idx": target.idx}
    stone |= {"at": now, "purge_at": now + days * DAY_MS}
    conn.execute(insert(tombstone).values(stone).on_conflict_do_nothing())
    tombstones.enforce(conn, _FILES[target.kind], **asdict(target))
    keys = _keys(conn, target)
    if target.kind != PAGE:
        agenda.drop_forgotten(conn, keys, target.id if target.kind == USER else None)
    if target.kind == USER:
        erase_user(conn, target.id)
    _moved_on(conn, keys)
    tally.add(conn, MOVES, 1)  # sidecars too are to be removed
    return done


def forget_all(conn: Connection, targets: Sequence[Target], now: int, days: int) -> None:
    """Set the tombstones of several things."""
    for target in targets:
        forget(conn, target, now, days)


def unforget(conn: Connection, target: Target, now: int) -> Restored:
    """Remove the tombstone. Files in the trash stay `forgotten` until they are back; the others are wanted."""
    _refuse_below_another(conn, target)
    if not _stands(conn, target):
        raise ConfigError(f"{target} is not forgotten; `pixmirror forget --list` says what is.")
    changed(conn, f"DELETE FROM tombstone WHERE {_IS}", **asdict(target))
    not_in_trash = f"SELECT id FROM media WHERE {_FILES[target.kind]} AND state = 'forgotten' AND trash IS NULL"
    ids = set(column(conn, not_in_trash, **asdict(target)))
    wanted = _want_again(conn, ids - tombstones.still_forgotten(conn, ids))
    keys = _keys(conn, target)
    free = set(keys) - tombstones.works(conn, keys)
    of_jobs = f"SELECT DISTINCT work_key FROM work_job WHERE work_key {KEYS} AND refused_reason IS NULL"
    agenda.ask_for_wanted(conn, set(column(conn, of_jobs, keys=listed(free))), now)
    if target.kind == USER:
        agenda.ask_for_profile(conn, target.id, now)
    _moved_on(conn, sorted(free), sidecar=True)
    tally.add(conn, MOVES, 1)
    return Restored(wanted=wanted)


def listing(conn: Connection) -> list[Tombstone]:
    """Return all that is forgotten, the latest first."""
    found = []
    for r in rows(conn, "SELECT * FROM tombstone ORDER BY at DESC, owner_id, idx"):
        target = Target(r.owner_kind, r.owner_id, r.idx)
        files, size = row(conn, f"{_COUNT} {_FILES[target.kind]} AND trash IS NOT NULL", **asdict(target))
        found.append(Tombstone(target, r.at, r.purge_at, files, size))
    return found


def _stands(conn: Connection, target: Target) -> bool:
    return row(conn, f"SELECT 1 FROM tombstone WHERE {_IS}", **asdict(target)) is not None


def _keys(conn: Connection, target: Target) -> list[int]:
    mine = "user_id" if target.kind == USER else "work_key"
    return column(conn, f"SELECT work_key FROM work WHERE {mine} = :id", id=target.id)


def _check_page(conn: Connection, target: Target) -> None:
    if target.kind != PAGE:
        return
    known = row(conn, "SELECT page_count, type FROM work WHERE work_key = :id", id=target.id)
    if known is not None and known.type == "ugoira":
        raise ConfigError(f"{target.ref} is an animation in one file: forget the whole work.")
    shown = f"SELECT coalesce(max(idx), 0) FROM media WHERE {_FILES[WORK]} AND role = 'page'"
    last = max((known.page_count if known else 0) - 1, value(conn, shown, id=target.id))
    if known is not None and target.idx > last:
        raise ConfigError(f"{target.ref} has no page {target.idx}: its pages are 0 to {last}.")


def _refuse_below_another(conn: Connection, target: Target) -> None:
    """Refuse to bring back what a larger tombstone covers."""
    if target.kind == USER:
        return
    if target.kind == PAGE and _stands(conn, Target("work", target.id)):
        raise ConfigError(f"All of {target.ref} is forgotten: `pixmirror unforget {target.ref}` first.")
    owner = value(conn, "SELECT user_id FROM work WHERE work_key = :id", id=target.id)
    if owner is not None and _stands(conn, Target("user", owner)):
        raise ConfigError(f"The user of {target.ref} is forgotten: `pixmirror unforget user:{owner}` first.")


def _moved_on(conn: Connection, keys: Sequence[int], *, sidecar: bool = False) -> None:
    """Have search read these works again; `sidecar`: have their sidecars written again, if they had any."""
    moved = f"UPDATE work SET change_seq = :seq {_SIDECAR_DUE if sidecar else ''} WHERE work_key {KEYS}"
    changed(conn, moved, seq=next_seq(conn), keys=listed(keys))


# --- moving files


def moves(conn: Connection) -> str:
    """Return the number of intents to move files in or out of the trash until now."""
    return runs.get_meta(conn, MOVES) or "0"


def has_moves(conn: Connection) -> bool:
    """True if a move was begun, and `moves_done` has not said that it ended."""
    return moves(conn) != (runs.get_meta(conn, SETTLED) or "0")


def moves_done(conn: Connection, up_to: str) -> None:
    """Note that all files are where they belong, as of this value of `moves`."""
    runs.set_meta(conn, SETTLED, up_to)


def moving(conn: Connection, after: int, limit: int) -> list[Moving]:
    """Return files that belong into the trash or back from it, by id."""
    return _moving(conn, rows(conn, f"{_TRASHED} id > :after ORDER BY id LIMIT :n", after=after, n=limit))


def _moving(conn: Connection, found: Sequence[Any]) -> list[Moving]:
    out = tombstones.still_forgotten(conn, [r.id for r in found])
    return [
        Moving(
            r.id,
            r.path,
            r.trash,
            (r.url, *json.loads(r.alternates or "[]")),
            None if r.damaged_sha256 else r.size,
            r.damaged_sha256 or r.sha256,
            r.id in out,
        )
        for r in found
    ]


def moved(conn: Connection, back: Sequence[int], nowhere: Sequence[int]) -> tuple[int, int]:
    """Record files that lie under their names again (`back`), and files that lie nowhere.

    Return how many are stored, and how many are wanted.
    """
    stored = [r.size or 0 for r in rows(conn, _IS_BACK, ids=listed(back)) if r.state == "stored"]
    tally.stored(conn, len(stored), sum(stored))
    out = tombstones.still_forgotten(conn, nowhere)
    changed(conn, _OUT_OF_TRASH, ids=listed(out))
    return len(back), _want_again(conn, set(nowhere) - out)


def _want_again(conn: Connection, ids: set[int]) -> int:
    if not ids:
        return 0
    return column(conn, _WANT_AGAIN, ids=listed(ids)).count("wanted")


def sidecars_to_remove(conn: Connection, after: int, limit: int, thorough: bool) -> list[tuple[int, str]]:
    """Return (work, path) of sidecars and texts of forgotten works; `thorough`: also of those that were removed
    once.
    """
    found = rows(conn, _THEIRS, after=after, n=limit, thorough=thorough)
    paths = [(key, path(key, user_id)) for key, user_id in found for path in (sidecar_path, text_path)]
    return [(key, path) for key, path in paths if path is not None]


def sidecars_removed(conn: Connection, keys: Sequence[int]) -> None:
    _NO_SIDECAR(conn, [{"key": key} for key in keys])


# --- the trash is emptied


def trash_time(conn: Connection, now: int) -> int:
    """Return the time by which the trash is judged, and remember it.

    It follows the clock, but goes on by a day at most from one look to the next: a clock that jumps ahead makes
    nothing old at once, and after a long rest things lie a little longer.
    """
    known = runs.get_meta(conn, TRASH_TIME)
    last = value(conn, "SELECT max(at) FROM tombstone") if known is None else int(known)
    at = now if last is None else min(now, last + DAY_MS)
    runs.set_meta(conn, TRASH_TIME, str(at))
    return at


def due_for_purge(conn: Connection, now: int) -> list[Target]:
    """Return what has lain in the trash for long enough at this time."""
    due = "SELECT owner_kind, owner_id, idx FROM tombstone WHERE purge_at <= :now"
    return list(made(conn, Target, due, now=now))


def in_trash(conn: Connection, target: Target) -> list[Moving]:
    return _moving(conn, rows(conn, f"{_TRASHED} {_FILES[target.kind]}", **asdict(target)))


def purged(conn: Connection, target: Target, ids: Sequence[int]) -> None:
    """Record that these files are removed, and drop the text of a novel. The tombstone stays."""
    changed(conn, _OUT_OF_TRASH, ids=listed(ids))
    if target.kind != PAGE:
        texts = f"DELETE FROM text_version WHERE work_key {KEYS} RETURNING id"
        blocks.changed(conn, "text_version", column(conn, texts, keys=listed(_keys(conn, target))))
    changed(conn, f"UPDATE tombstone SET purge_at = NULL WHERE {_IS}", **asdict(target))
