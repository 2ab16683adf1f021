"""Forget works, pages and users, and bring them back (architecture: refusal stands).

Each function is one transaction; fetch/trash.py moves the files in between. A file with `trash` and a tombstone is
in the trash or on its way there; one with `trash` and no tombstone is on its way back.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import runs, tally, tombstones
from pixmirror.catalogue.erasing import erase_user
from pixmirror.catalogue.media import is_wanted_by_a_job
from pixmirror.catalogue.paths import sidecar_path, text_path
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import comment, media, text_version, tombstone, work, work_job
from pixmirror.catalogue.sql import Many, among, listed, next_seq
from pixmirror.catalogue.tombstones import MOVES, PAGE, USER, WORK
from pixmirror.clock import DAY_MS
from pixmirror.errors import ConfigError
from pixmirror.ingest import versions
from pixmirror.ledger import agenda
from pixmirror.models import Lane

TRASH_TIME = "trash_time"  # meta key: ms UTC
SETTLED = "trash_settled"  # meta key: the value of MOVES up to which all files are where they belong
NO_SIDECAR, NEVER_WRITTEN, LACKING = -1, -2, 1  # in work.sidecar_seq: removed, never there, to be written again

_f = media.c
_theirs = work.alias("theirs")
_PICTURE_OF_NOVEL = _f.role.in_(("cover", "embed"))
# What a file becomes that nobody forgets any more and that does not lie in the trash.
_AGAIN = case(
    (_f.path == "", "failed"),
    (_f.sha256.is_not(None), "wanted"),
    (_f.is_current == 0, "gone"),
    ((_f.error == tombstones.REFUSED) & _PICTURE_OF_NOVEL, "refused"),
    (is_wanted_by_a_job, "wanted"),
    else_="refused",
)
_WHY = case((_f.path == "", versions.NOT_A_FILE), (_f.sha256.is_(None) & (_f.is_current == 0), versions.REPLACED))
_WANT_AGAIN = (
    update(media)
    .where(among(_f.id, "ids"), _f.state == "forgotten")
    .values(state=_AGAIN, error=_WHY, trash=None, attempts=0, due_at=0, stored_at=None, verified_at=None,
            priority=int(Lane.RETRY))
)  # fmt: skip
_IS_BACK = (
    update(media)
    .where(among(_f.id, "ids"), _f.state == "forgotten")
    .values(state=case((_f.damaged_sha256.is_not(None), "damaged"), else_="stored"), trash=None, error=None)
    .returning(_f.state, _f.size)
)
_COUNT = select(func.count(), func.coalesce(func.sum(_f.size), 0))
_TRASHED = select(_f.id, _f.path, _f.url, _f.alternates, _f.trash, _f.size, _f.sha256, _f.damaged_sha256).where(
    _f.trash.is_not(None)
)
_MOVING = _TRASHED.where(_f.id > bindparam("after")).order_by(_f.id).limit(bindparam("n"))
_s = work.c.sidecar_seq
_GONE = case((_s > 0, NO_SIDECAR), (_s == 0, NEVER_WRITTEN), else_=_s)
_NO_SIDECAR = Many(update(work).where(work.c.work_key == bindparam("b_key")).values(sidecar_seq=_GONE))
_DUE = case((_s.in_((0, NEVER_WRITTEN)), 0), else_=LACKING)


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
    files, size = conn.execute(_COUNT.where(_files(target), _f.state == "stored")).one()
    written = texts = 0
    if target.kind == USER:
        said = select(func.count()).where(comment.c.user_id == target.id, comment.c.comment != "")
        written = conn.execute(said).scalar_one()
    stone = conn.execute(select(tombstone.c.purge_at).where(_is(target))).first()
    until = now + days * DAY_MS if days else None
    keys = _keys(conn, target)
    if target.kind != PAGE:
        novels = func.count(text_version.c.work_key.distinct())
        with_text = select(novels).where(among(text_version.c.work_key, "keys"))
        texts = conn.execute(with_text, {"keys": listed(keys)}).scalar_one()
    return Forgotten(len(keys), files, size, written, stone.purge_at if stone else until, stone is not None, texts)


def forget(conn: Connection, target: Target, now: int, days: int) -> Forgotten:
    """Set the tombstone, and the intent to move every file that it covers. What Pixiv said of the work stays."""
    done = preview(conn, target, now, days)
    stone = {"owner_kind": target.kind, "owner_id": target.id, "idx": target.idx}
    stone |= {"at": now, "purge_at": now + days * DAY_MS}
    conn.execute(insert(tombstone).values(stone).on_conflict_do_nothing())
    tombstones.enforce(conn, _files(target))
    keys = _keys(conn, target)
    if target.kind != PAGE:
        agenda.drop_forgotten(conn, keys, target.id if target.kind == USER else None)
    if target.kind == USER:
        erase_user(conn, target.id)
    _moved_on(conn, keys)
    tally.add(conn, MOVES, 1)  # sidecars too are to be removed
    return done


def unforget(conn: Connection, target: Target, now: int) -> Restored:
    """Remove the tombstone. Files in the trash stay `forgotten` until they are back; the others are wanted."""
    _refuse_below_another(conn, target)
    if not _stands(conn, target):
        raise ConfigError(f"{target} is not forgotten; `pixmirror forget --list` says what is.")
    conn.execute(delete(tombstone).where(_is(target)))
    not_in_trash = (_files(target), _f.state == "forgotten", _f.trash.is_(None))
    ids = set(conn.execute(select(_f.id).where(*not_in_trash)).scalars())
    wanted = _want_again(conn, ids - tombstones.still_forgotten(conn, ids))
    keys = _keys(conn, target)
    free = set(keys) - tombstones.works(conn, keys)
    of_jobs = among(work_job.c.work_key, "keys") & work_job.c.refused_reason.is_(None)
    asked = conn.execute(select(work_job.c.work_key).where(of_jobs), {"keys": listed(free)}).scalars()
    agenda.ask_for_wanted(conn, set(asked), now)
    if target.kind == USER:
        agenda.ask_for_profile(conn, target.id, now)
    _moved_on(conn, sorted(free), sidecar=True)
    tally.add(conn, MOVES, 1)
    return Restored(wanted=wanted)


def listing(conn: Connection) -> list[Tombstone]:
    """Return all that is forgotten, the latest first."""
    rows = conn.execute(select(tombstone).order_by(tombstone.c.at.desc(), tombstone.c.owner_id, tombstone.c.idx))
    found = []
    for row in rows.all():
        target = Target(row.owner_kind, row.owner_id, row.idx)
        files, size = conn.execute(_COUNT.where(_files(target), _f.trash.is_not(None))).one()
        found.append(Tombstone(target, row.at, row.purge_at, files, size))
    return found


def _is(target: Target) -> ColumnElement[bool]:
    t = tombstone.c
    return (t.owner_kind == target.kind) & (t.owner_id == target.id) & (t.idx == target.idx)


def _stands(conn: Connection, target: Target) -> bool:
    return conn.execute(select(tombstone.c.at).where(_is(target))).first() is not None


def _files(target: Target) -> ColumnElement[bool]:
    of_work = _f.owner_kind == "work"
    if target.kind == USER:
        return of_work & _f.owner_id.in_(select(_theirs.c.work_key).where(_theirs.c.user_id == target.id))
    if target.kind == PAGE:
        return of_work & (_f.owner_id == target.id) & (_f.role == "page") & (_f.idx == target.idx)
    return of_work & (_f.owner_id == target.id)


def _keys(conn: Connection, target: Target) -> list[int]:
    mine = work.c.user_id == target.id if target.kind == USER else work.c.work_key == target.id
    return list(conn.execute(select(work.c.work_key).where(mine)).scalars())


def _check_page(conn: Connection, target: Target) -> None:
    if target.kind != PAGE:
        return
    row = conn.execute(select(work.c.page_count, work.c.type).where(work.c.work_key == target.id)).first()
    if row is not None and row.type == "ugoira":
        raise ConfigError(f"{target.ref} is an animation in one file: forget the whole work.")
    known = select(func.max(_f.idx)).where(_f.owner_kind == "work", _f.owner_id == target.id, _f.role == "page")
    last = max((row.page_count if row else 0) - 1, conn.scalar(known) or 0)
    if row is not None and target.idx > last:
        raise ConfigError(f"{target.ref} has no page {target.idx}: its pages are 0 to {last}.")


def _refuse_below_another(conn: Connection, target: Target) -> None:
    """Refuse to bring back what a larger tombstone covers."""
    if target.kind == USER:
        return
    if target.kind == PAGE and _stands(conn, Target("work", target.id)):
        raise ConfigError(f"All of {target.ref} is forgotten: `pixmirror unforget {target.ref}` first.")
    owner = conn.scalar(select(work.c.user_id).where(work.c.work_key == target.id))
    if owner is not None and _stands(conn, Target("user", owner)):
        raise ConfigError(f"The user of {target.ref} is forgotten: `pixmirror unforget user:{owner}` first.")


def _moved_on(conn: Connection, keys: Sequence[int], *, sidecar: bool = False) -> None:
    """Have search read these works again; `sidecar`: have their sidecars written again, if they had any."""
    values = {"change_seq": next_seq(conn)} | ({"sidecar_seq": _DUE} if sidecar else {})
    conn.execute(update(work).where(among(work.c.work_key, "keys")).values(**values), {"keys": listed(keys)})


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
    return _moving(conn, conn.execute(_MOVING, {"after": after, "n": limit}).all())


def _moving(conn: Connection, rows: Sequence[Any]) -> list[Moving]:
    out = tombstones.still_forgotten(conn, [r.id for r in rows])
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
        for r in rows
    ]


def moved(conn: Connection, back: Sequence[int], nowhere: Sequence[int]) -> tuple[int, int]:
    """Record files that lie under their names again (`back`), and files that lie nowhere.

    Return how many are stored, and how many are wanted.
    """
    stored = [r.size or 0 for r in conn.execute(_IS_BACK, {"ids": listed(back)}) if r.state == "stored"]
    tally.stored(conn, len(stored), sum(stored))
    out = tombstones.still_forgotten(conn, nowhere)
    conn.execute(update(media).where(among(_f.id, "ids")).values(trash=None), {"ids": listed(out)})
    return len(back), _want_again(conn, set(nowhere) - out)


def _want_again(conn: Connection, ids: set[int]) -> int:
    if not ids:
        return 0
    states = conn.execute(_WANT_AGAIN.returning(_f.state), {"ids": listed(ids)}).scalars().all()
    return states.count("wanted")


def sidecars_to_remove(conn: Connection, after: int, limit: int, thorough: bool) -> list[tuple[int, str]]:
    """Return (work, path) of sidecars and texts of forgotten works; `thorough`: also of those that were removed
    once.
    """
    users = select(tombstone.c.owner_id).where(tombstone.c.owner_kind == USER)
    keys = (
        select(tombstone.c.owner_id)
        .where(tombstone.c.owner_kind == WORK)
        .union(select(work.c.work_key).where(work.c.user_id.in_(users)))
    )
    theirs = (work.c.work_key.in_(keys), work.c.user_id.is_not(None), work.c.work_key > after)
    stmt = select(work.c.work_key, work.c.user_id).where(*theirs, *(() if thorough else (_s >= 0,)))
    found = conn.execute(stmt.order_by(work.c.work_key).limit(limit)).all()
    paths = [(key, path(key, user_id)) for key, user_id in found for path in (sidecar_path, text_path)]
    return [(key, path) for key, path in paths if path is not None]


def sidecars_removed(conn: Connection, keys: Sequence[int]) -> None:
    _NO_SIDECAR(conn, [{"b_key": key} for key in keys])


# --- the trash is emptied


def trash_time(conn: Connection, now: int) -> int:
    """Return the time by which the trash is judged, and remember it.

    It follows the clock, but goes on by a day at most from one look to the next: a clock that jumps ahead makes
    nothing old at once, and after a long rest things lie a little longer.
    """
    known = runs.get_meta(conn, TRASH_TIME)
    last = conn.scalar(select(func.max(tombstone.c.at))) if known is None else int(known)
    at = now if last is None else min(now, last + DAY_MS)
    runs.set_meta(conn, TRASH_TIME, str(at))
    return at


def due_for_purge(conn: Connection, now: int) -> list[Target]:
    """Return what has lain in the trash for long enough at this time."""
    due = select(tombstone).where(tombstone.c.purge_at <= now)
    return [Target(r.owner_kind, r.owner_id, r.idx) for r in conn.execute(due)]


def in_trash(conn: Connection, target: Target) -> list[Moving]:
    return _moving(conn, conn.execute(_TRASHED.where(_files(target))).all())


def purged(conn: Connection, target: Target, ids: Sequence[int]) -> None:
    """Record that these files are removed, and drop the text of a novel. The tombstone stays."""
    conn.execute(update(media).where(among(_f.id, "ids")).values(trash=None), {"ids": listed(ids)})
    if target.kind != PAGE:
        keys = listed(_keys(conn, target))
        conn.execute(delete(text_version).where(among(text_version.c.work_key, "keys")), {"keys": keys})
    conn.execute(update(tombstone).where(_is(target)).values(purge_at=None))
