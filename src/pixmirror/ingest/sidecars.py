"""The JSON file beside each work: what the catalogue says of it, without counters and without times of ours.

Beside that of a novel its text lies once more, as Pixiv gave it, in a file that any reader opens.
With it a catalogue can be built again (`reindex --from-media`), and a file on the disk can be told from another
version of it: each file is listed with its version, state, size and sha256, earlier versions too.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, exists, func, select, update

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.media import is_one_of
from pixmirror.catalogue.paths import sidecar_path, text_path
from pixmirror.catalogue.schema import media, text_version, ugoira, user, work
from pixmirror.catalogue.sql import Many, among, listed
from pixmirror.contained import contained
from pixmirror.errors import Unforeseen
from pixmirror.ingest.files import text_of
from pixmirror.ingest.known import media_of, tags_of
from pixmirror.models import JST, shown_moment, split_key

# Keys of meta: up to which work the sidecars of an older version were written again, with hashes, with texts.
RENEWED, RENEWED_TEXTS, DONE = "sidecars_with_hashes", "sidecars_with_texts", "done"
SETTLED = ("stored", "gone", "failed", "damaged")
PENDING = {"waiting": "wanted", "fetching": "wanted"}  # which of them it is moves too often to be written


_DUE = (
    select(work, user.c.name.label("user_name"), user.c.account.label("user_account"))
    .outerjoin(user, user.c.id == work.c.user_id)
    .where(work.c.sidecar_seq < work.c.change_seq, work.c.user_id.is_not(None))
    .order_by(work.c.work_key)
    .limit(bindparam("n"))
)
_DUE_BESIDE_TOMBSTONES = _DUE.where(tombstones.not_forgotten())
_has_text = exists().where(text_version.c.work_key == work.c.work_key)
_WRITTEN = (
    select(work.c.work_key, work.c.user_id, _has_text.label("has_text"))
    .where(work.c.work_key > bindparam("after"), work.c.sidecar_seq > 0, work.c.user_id.is_not(None))
    .order_by(work.c.work_key)
    .limit(bindparam("n"))
)
_OF_NOVELS = _WRITTEN.where(work.c.medium == "novel")
_AGAIN = update(work).where(among(work.c.work_key, "keys"), work.c.sidecar_seq > 0).values(sidecar_seq=0)
_FRAMES = select(ugoira.c.work_key, ugoira.c.frames).where(among(ugoira.c.work_key, "keys"))
# SQLite takes the other columns of a group from the row that holds the max().
_TEXTS = (
    select(text_version.c.work_key, func.max(text_version.c.id), text_version.c.body)
    .where(among(text_version.c.work_key, "keys"))
    .group_by(text_version.c.work_key)
)
_SETTLED = (
    select(func.count())
    .where(media.c.owner_kind == "work", media.c.owner_id == work.c.work_key, is_one_of(*SETTLED))
    .correlate(work)
    .scalar_subquery()
)
_DONE = Many(
    update(work)
    .where(work.c.work_key == bindparam("b_key"))
    # A file that was stored while the sidecar was written is not in it: the work stays due.
    .values(sidecar_seq=case((bindparam("settled") == _SETTLED, bindparam("seq")), else_=work.c.sidecar_seq))
)
_RENEW = (
    update(work)
    .where(among(work.c.work_key, "keys"), work.c.sidecar_seq > 0)
    .values(sidecar_seq=func.min(work.c.sidecar_seq, work.c.change_seq - 1))
)


_FILE: dict[str, Any] = dict.fromkeys(("version", "size", "sha256", "state")) | {"current": True}


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What to write where; `seq` and `settled` go back with sidecar_done, so that what changes meanwhile is too.

    `settled`: how many of the files are not just wanted. `forgotten`: paths that no sidecar may name any more.
    `text`: of a novel, for the file beside it. `error`: why there is nothing to write.
    """

    work_key: int
    seq: int
    rel_path: str
    data: dict[str, Any]
    settled: int = 0
    forgotten: frozenset[str] = frozenset()
    error: Unforeseen | None = None
    text: str | None = None
    text_path: str | None = None


def due_sidecars(conn: Connection, limit: int) -> list[Sidecar]:
    """Return works that changed since their sidecar was written. A stub has none, nor has what was forgotten."""
    due = _DUE_BESIDE_TOMBSTONES if tombstones.has_any(conn) else _DUE
    rows = conn.execute(due, {"n": limit}).all()
    keys = [r.work_key for r in rows]
    tags = tags_of(conn, keys)
    files = media_of(conn, keys)
    frames = dict(conn.execute(_FRAMES, {"keys": listed(keys)}).all()) if keys else {}
    novels = [key for key in keys if key & 1]
    texts = {key: body for key, _, body in conn.execute(_TEXTS, {"keys": listed(novels)})} if novels else {}
    return [
        _sidecar(r, tags.get(r.work_key, []), files.get(r.work_key, []), frames.get(r.work_key), texts)
        for r in rows
    ]


def _sidecar(
    row: Row[Any], tags: list[str], files: list[Row[Any]], frames: str | None, texts: Mapping[int, bytes]
) -> Sidecar:
    data, failed, path = dict[str, Any](), None, sidecar_path(row.work_key, row.user_id)
    try:
        with contained(f"The sidecar {path}"):
            data = _data(row, tags, files, frames)
            if (body := texts.get(row.work_key)) is not None:
                data["text"] = text_of(body)
    except Unforeseen as error:
        failed = error
    return Sidecar(
        row.work_key,
        row.change_seq,
        path,
        data,
        sum(f.state in SETTLED for f in files),
        frozenset(f.path for f in files if f.state == "forgotten"),
        failed,
        data.get("text"),
        text_path(row.work_key, row.user_id),
    )


def _data(row: Row[Any], tags: list[str], files: list[Row[Any]], frames: str | None) -> dict[str, Any]:
    medium, work_id = split_key(row.work_key)
    data: dict[str, Any] = {
        "medium": medium,
        "id": work_id,
        "type": row.type,
        "title": row.title,
        "caption": row.caption,
        "user": {"id": row.user_id, "name": row.user_name, "account": row.user_account},
        "tags": tags,
        "create_date": _date(row.create_date),
        "restrict": row.restrict,
        "x_restrict": row.x_restrict,
        "sanity_level": row.sanity_level,
        "ai_type": row.ai_type,
        "page_count": row.page_count,
        "series_id": split_key(row.series_key)[1] if row.series_key is not None else None,
        "state": row.state,
        "files": [
            _file(f) for f in sorted(files, key=lambda f: (f.role, f.idx, f.version)) if f.state != "forgotten"
        ],
    }
    own = ("text_length", "is_original", "language") if medium == "novel" else ("width", "height")
    data |= {name: getattr(row, name) for name in own}
    if frames is not None:
        data["frames"] = [{"file": name, "delay": delay} for name, delay in json.loads(frames)]
    return data


def _file(row: Row[Any]) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("role", "url", "path", "version", "size", "sha256")}
    told |= {"index": row.idx, "current": bool(row.is_current), "state": PENDING.get(row.state, row.state)}
    return told | {"alternates": json.loads(row.alternates)} if row.alternates else told


def text_for(sidecar: Sidecar, before: str | None) -> str:
    """Return the file's text. What the one before knew of files that the catalogue does not know is kept.

    So a catalogue that was lost, or put back from before the work was met, takes nothing away. `before` may be
    anything: a sidecar that cannot be read is replaced.
    """
    data = sidecar.data
    if before is not None:
        known = {f["path"] for f in data["files"] if f["sha256"]} | sidecar.forgotten
        kept = [f for f in files_in(before) if f["sha256"] and f["path"] not in known]
        data = data | {"files": data["files"] + kept} if kept else data
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate, which only an escape can write
        text = json.dumps(data, indent=1, sort_keys=True) + "\n"
    return text


def files_in(text: str) -> list[dict[str, Any]]:
    """Return the files that a sidecar lists, each with every key; none of a text that is no sidecar.

    Those written before sizes and hashes were have only role, index, URL and path; the other keys are then None.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return []
    files = data.get("files") if isinstance(data, dict) else None
    return [_FILE | f for f in files if _is_file(f)] if isinstance(files, list) else []


def _is_file(found: Any) -> bool:
    """True if a file of a sidecar has values of the right types."""
    if not isinstance(found, dict) or type(found.get("index")) is not int:
        return False
    if not all(isinstance(found.get(name), str) for name in ("role", "url", "path")):
        return False
    size = found.get("size")
    return (size is None or type(size) is int) and all(
        isinstance(found.get(name), str | None) for name in ("version", "sha256", "state")
    )


def _date(ms: int | None) -> str | None:
    moment = shown_moment(ms)
    return None if moment is None else moment.astimezone(JST).isoformat()


def sidecar_done(conn: Connection, written: Iterable[Sidecar]) -> None:
    """Note that these sidecars lie on disk as they are."""
    rows = [{"b_key": s.work_key, "seq": s.seq, "settled": s.settled} for s in written]
    if rows:
        _DONE(conn, rows)


def files_for(sidecar: Sidecar, before: str | None) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file to write. `before`: the sidecar that lies there now."""
    yield sidecar.rel_path, text_for(sidecar, before)
    if sidecar.text is not None and sidecar.text_path is not None:
        yield sidecar.text_path, sidecar.text


def written_sidecars(conn: Connection, after: int, limit: int) -> list[tuple[int, str]]:
    """Return (work, path) of sidecars and texts that lie on disk, for verify: of so many works."""
    has_texts = runs.get_meta(conn, RENEWED_TEXTS) == DONE
    found = []
    for r in conn.execute(_WRITTEN, {"after": after, "n": limit}):
        found.append((r.work_key, sidecar_path(r.work_key, r.user_id)))
        if has_texts and r.has_text and (path := text_path(r.work_key, r.user_id)) is not None:
            found.append((r.work_key, path))
    return found


def write_again(conn: Connection, keys: Iterable[int]) -> None:
    """Have the sidecars of these works written again."""
    conn.execute(_AGAIN, {"keys": listed(keys)})


def renew(conn: Connection, after: int, limit: int, *, novels_only: bool = False) -> int | None:
    """Have the next `limit` sidecars written in today's form. Return the last work, None at the end."""
    written = _OF_NOVELS if novels_only else _WRITTEN
    keys = [r.work_key for r in conn.execute(written, {"after": after, "n": limit})]
    conn.execute(_RENEW, {"keys": listed(keys)})
    return keys[-1] if keys else None
