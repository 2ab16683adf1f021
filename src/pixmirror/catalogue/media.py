"""Which files a work has: wanted rows for what an answer shows, versions kept apart, what no job wants refused."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from pixmirror.catalogue import chores, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.paths import extension, media_path
from pixmirror.catalogue.schema import media, text_version, work, work_job
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import Many, among, listed
from pixmirror.models import Illust, Lane, is_address, url_version

_BLANK: dict[str, Any] = {
    "owner_kind": "work", "version": "-", "is_current": 1, "url": "", "alternates": None, "path": "",
}  # fmt: skip
REPLACED = "replaced upstream before it was fetched"
REMOVED = "removed upstream before it was fetched"
# By the role of what lacks: what is asked to tell of it.
ASKED_BY = {"page": Kind.DETAIL, "embed": Kind.TEXT, "frame": Kind.UGOIRA}
NOT_A_FILE = "the URL names no kind of file that pixmirror stores"

_INSERT = Many(insert(media))


def _is_one_of(*states: str) -> ColumnElement[bool]:
    """With the states in the SQL: an expanding IN cannot be executed for many rows."""
    return media.c.state.in_([literal_column(f"'{state}'") for state in states])


_unfetched = _is_one_of("wanted", "waiting", "failed")
_RETIRE = (
    update(media)
    .where(media.c.id == bindparam("b_id"))
    .values(
        is_current=0,
        state=case((_unfetched, "gone"), else_=media.c.state),
        error=case((_unfetched, bindparam("reason")), else_=media.c.error),
    )
)
_DROP = delete(media).where(media.c.id == bindparam("b_id"), media.c.url == "")
_CURRENT = update(media).where(media.c.id == bindparam("b_id")).values(is_current=1)
_NEW_URL = (
    update(media)
    .where(media.c.id == bindparam("b_id"))
    .values(
        url=bindparam("b_url"), alternates=bindparam("b_alternates"), attempts=0, due_at=0,
        error=case((media.c.state == literal_column("'forgotten'"), media.c.error), else_=None),
        state=case((_is_one_of("wanted", "waiting", "failed", "gone", "damaged"), "wanted"), else_=media.c.state),
    )
)  # fmt: skip
_of_works = (media.c.owner_kind == "work") & among(media.c.owner_id, "keys") & (media.c.is_current == 1)
_WANT = (
    update(media)
    .where(_of_works, media.c.state == "refused")
    .values(
        state=case((media.c.path == "", "failed"), else_="wanted"),
        error=case((media.c.path == "", media.c.error), else_=None),
        attempts=0,
        due_at=0,
        priority=bindparam("lane"),
    )
)
_REFUSE = update(media).where(_of_works, _is_one_of("wanted", "waiting")).values(state="refused")
_seen_by_a_job = exists().where(work_job.c.work_key == media.c.owner_id)
_REFUSE_UNWANTED = (
    update(media)
    .where(
        among(media.c.id, "ids"),
        _is_one_of("wanted", "waiting"),
        media.c.owner_kind == "work",
        _seen_by_a_job,
        ~_seen_by_a_job.where(work_job.c.refused_reason.is_(None)),
    )
    .values(state="refused")
)
_no_zip = ~exists().where(
    media.c.owner_kind == "work", media.c.owner_id == work.c.work_key, media.c.role == "ugoira"
)
_LACKS_ZIP = select(work.c.work_key).where(among(work.c.work_key, "keys"), work.c.type == "ugoira", _no_zip)
_no_text = ~exists().where(text_version.c.work_key == work.c.work_key)
_LACKS_TEXT = select(work.c.work_key).where(
    among(work.c.work_key, "keys"), work.c.type == "novel", work.c.user_id.is_not(None), _no_text
)
_REFUSALS = select(func.count(), func.count(work_job.c.refused_reason)).where(
    work_job.c.work_key == bindparam("b_key")
)


# In the result, not in the condition: SQLite would rather read all files of works than look these few up.
_owners = select(case((media.c.owner_kind == "work", media.c.owner_id))).where(among(media.c.id, "ids"))
_more_comes = exists().where(
    media.c.owner_kind == "work",
    media.c.owner_id == work.c.work_key,
    media.c.state.in_([literal_column("'wanted'"), literal_column("'fetching'")]),
)
_RENEW_SIDECARS = (
    update(work)
    .where(work.c.work_key.in_(_owners), work.c.sidecar_seq > 0, ~_more_comes)
    .values(sidecar_seq=func.min(work.c.sidecar_seq, work.c.change_seq - 1))
)


@dataclass(frozen=True, slots=True)
class File:
    """A file that an answer shows."""

    role: str
    index: int
    url: str
    alternates: tuple[str, ...] = ()
    version: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", url_version(self.url))


@dataclass(slots=True)
class Changes:
    """What is to be written to `media` for one page."""

    new: list[dict[str, Any]] = field(default_factory=list)
    retired: list[dict[str, Any]] = field(default_factory=list)
    current: list[dict[str, Any]] = field(default_factory=list)
    new_url: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)

    def write(self, conn: Connection) -> None:
        written = (
            (_DROP, self.dropped),
            (_RETIRE, self.retired),
            (_CURRENT, self.current),
            (_NEW_URL, self.new_url),
        )
        for statement, rows in written:
            if rows:
                conn.execute(statement, rows)
        tombstones.mark(conn, self.new)
        _INSERT(conn, self.new)


def originals(work: Illust) -> list[File]:
    """The original pages that have an address; a ugoira has none (its file is the zip that metadata names)."""
    if work.type == "ugoira":
        return []
    urls: Iterable[str | None] = work.originals
    if work.meta_pages:
        urls = (p.image_urls.original for p in work.meta_pages)
    return [File("page", i, url) for i, url in enumerate(urls) if url and is_address(url)]


def compare(
    changes: Changes,
    seen: Seen,
    key: int,
    user_id: int,
    files: Sequence[File],
    rows: Iterable[Row[Any]],
    *,
    wanted: bool,
    whole: bool,
) -> bool:
    """Adds to `changes` what makes the rows say what `files` shows; True if anything does.

    `whole`: the files are all that the work has of their roles, so that others have been removed. An answer that
    shows older versions than we know comes from a cache and says nothing.
    """
    roles = {f.role for f in files}
    mine = [r for r in rows if r.role in roles and r.url]
    newest = max((r.version for r in mine if r.is_current), default="")
    if not mine:
        changes.new += (_row(seen, key, user_id, file, wanted=wanted, first=True) for file in files)
        return bool(files)
    if max((f.version for f in files), default="") < newest:
        return False
    before = len(changes.new) + len(changes.retired) + len(changes.current) + len(changes.new_url)
    by_version = {(r.role, r.idx, r.version): r for r in mine}
    shown = set()
    for file in files:
        slot = (file.role, file.index)
        shown.add(slot)
        same = by_version.get((*slot, file.version))
        if same is None:
            first = all((r.role, r.idx) != slot for r in mine)
            changes.new.append(_row(seen, key, user_id, file, wanted=wanted, first=first))
        else:
            _refresh(changes, same, file)
        changes.retired += (
            {"b_id": r.id, "reason": REPLACED}
            for r in mine
            if r is not same and r.is_current and (r.role, r.idx) == slot
        )
    if whole:
        changes.retired += (
            {"b_id": r.id, "reason": REMOVED} for r in mine if r.is_current and (r.role, r.idx) not in shown
        )
    return before != len(changes.new) + len(changes.retired) + len(changes.current) + len(changes.new_url)


def _refresh(changes: Changes, row: Row[Any], file: File) -> None:
    if not row.is_current:
        changes.current.append({"b_id": row.id})
    if row.url != file.url and row.state != "stored":
        changes.new_url.append({"b_id": row.id, "b_url": file.url, "b_alternates": _alternates(file)})


def _alternates(file: File) -> str | None:
    return json.dumps(file.alternates) if file.alternates else None


def _row(seen: Seen, key: int, user_id: int, file: File, *, wanted: bool, first: bool) -> dict[str, Any]:
    ext = extension(file.url)
    version = file.version
    suffix = "" if first else version or hashlib.sha256(file.url.encode()).hexdigest()[:14]
    state = "failed" if ext is None else "wanted" if wanted else "refused"
    return {
        "owner_kind": "work",
        "owner_id": key,
        "role": file.role,
        "idx": file.index,
        "version": version,
        "is_current": 1,
        "url": file.url,
        "alternates": _alternates(file),
        "path": media_path(key, user_id, file.role, file.index, ext, suffix) if ext else "",
        "state": state,
        "priority": int(seen.lane),
        "error": NOT_A_FILE if ext is None else None,
        "first_seen": seen.now,
    }


def hole(seen: Seen, key: int, role: str, index: int, reason: str, *, wanted: bool) -> dict[str, Any]:
    """A file that is said to be and that has no address: a row that says so in its place."""
    return _BLANK | {
        "owner_id": key,
        "role": role,
        "idx": index,
        "state": "failed" if wanted else "refused",
        "priority": int(seen.lane),
        "error": reason,
        "first_seen": seen.now,
    }


def want(conn: Connection, keys: Collection[int], now: int, lane: int) -> None:
    """Some job wants these works' files again: also those that must be asked for first."""
    keys = set(keys) - tombstones.works(conn, keys)
    if not keys:
        return
    bound = {"keys": listed(keys)}
    conn.execute(_WANT, bound | {"lane": int(lane)})
    ask_for_what_is_lacking(conn, keys, now)


def ask_for_what_is_lacking(conn: Connection, keys: Collection[int], now: int) -> None:
    """Zips and texts that nobody has asked for yet."""
    bound = {"keys": listed(keys)}
    ugoira = [("ugoira", key, Lane.COMPLETE, now) for key in conn.execute(_LACKS_ZIP, bound).scalars()]
    texts = [("text", key, Lane.COMPLETE, now) for key in conn.execute(_LACKS_TEXT, bound).scalars()]
    chores.add_all(conn, ugoira + texts)


def refuse(conn: Connection, keys: Collection[int]) -> None:
    """No job wants these works' files any more: what is stored stays."""
    if keys:
        conn.execute(_REFUSE, {"keys": listed(keys)})


def refuse_unwanted(conn: Connection, ids: Collection[int]) -> None:
    """Files that were claimed while their last job stopped wanting them: they do not go back into the queue."""
    if ids:
        conn.execute(_REFUSE_UNWANTED, {"ids": listed(ids)})


def is_wanted(conn: Connection, key: int) -> bool:
    """True unless every job that saw the work refuses it, or the user forgot it."""
    jobs, refusing = conn.execute(_REFUSALS, {"b_key": key}).one()
    return bool(jobs == 0 or refusing < jobs) and not tombstones.is_forgotten(conn, key)


def is_ready() -> Any:
    """`state = 'wanted'` with the literal in the SQL: bound, SQLite would not use the partial index."""
    return media.c.state == literal_column("'wanted'")


def renew_sidecars(conn: Connection, ids: Iterable[int]) -> None:
    """The states of these files moved: their works' sidecars are written again when no other file is to come."""
    conn.execute(_RENEW_SIDECARS, {"ids": listed(ids)})
