"""The JSON file beside each work: what the catalogue says of it, without counters and without times of ours.

Beside that of a novel its text lies once more, as Pixiv gave it, in a file that any reader opens.
With it a catalogue can be built again (`reindex --from-media`), and a file on the disk can be told from another
version of it: each file is listed with its version, state, size and sha256, earlier versions too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.paths import sidecar_path, text_path
from pixmirror.catalogue.sql import KEYS, Many, changed, column, listed, rows
from pixmirror.contained import contained
from pixmirror.errors import Unforeseen
from pixmirror.ingest.files import readable_text, text_of
from pixmirror.ingest.known import media_of, tags_of
from pixmirror.models import JST, shown_moment, split_key

# Keys of meta: up to which work the sidecars of an older version were written again, with hashes, with texts.
RENEWED, RENEWED_TEXTS, DONE = "sidecars_with_hashes", "sidecars_with_texts", "done"
SETTLED = ("stored", "gone", "failed", "damaged")
PENDING = {"waiting": "wanted", "fetching": "wanted"}  # which of them it is moves too often to be written


_DUE = """
SELECT work.*, user.name AS user_name, user.account AS user_account
FROM work LEFT JOIN user ON user.id = work.user_id
WHERE sidecar_seq < change_seq AND user_id IS NOT NULL {} ORDER BY work_key LIMIT :n"""
_WRITTEN = """
SELECT work_key, user_id, EXISTS (SELECT 1 FROM text_version t WHERE t.work_key = work.work_key) AS has_text,
  iif(sidecar_seq >= change_seq, sidecar_digest, NULL) AS digest, sidecar_seq >= change_seq AS is_settled
FROM work WHERE work_key > :after AND sidecar_seq > 0 AND user_id IS NOT NULL {} ORDER BY work_key LIMIT :n"""
_DIGEST = Many("UPDATE work SET sidecar_digest = :digest WHERE work_key = :key AND sidecar_digest IS NULL")
_AGAIN = f"UPDATE work SET sidecar_seq = 0 WHERE work_key {KEYS} AND sidecar_seq > 0"
_FRAMES = f"SELECT work_key, frames FROM ugoira WHERE work_key {KEYS}"
# SQLite takes the other columns of a group from the row that holds the max().
_TEXTS = f"SELECT work_key, max(id), body FROM text_version WHERE work_key {KEYS} GROUP BY work_key"
# A file that was stored while the sidecar was written is not in it: the work stays due.
_DONE = Many(f"""
UPDATE work SET sidecar_seq = :seq, sidecar_digest = :digest
WHERE work_key = :key AND :settled = (SELECT count(*) FROM media
  WHERE owner_kind = 'work' AND owner_id = work_key AND media.state IN {SETTLED})""")
_RENEW = f"""
UPDATE work SET sidecar_seq = min(sidecar_seq, change_seq - 1) WHERE work_key {KEYS} AND sidecar_seq > 0"""

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
    beside = (
        f"AND {tombstones.not_forgotten_sql('work.work_key', 'work.user_id')}" if tombstones.has_any(conn) else ""
    )
    due = rows(conn, _DUE.format(beside), n=limit)
    keys = [r.work_key for r in due]
    tags = tags_of(conn, keys)
    files = media_of(conn, keys)
    frames = dict(rows(conn, _FRAMES, keys=listed(keys))) if keys else {}
    novels = [key for key in keys if key & 1]
    texts = {key: body for key, _, body in rows(conn, _TEXTS, keys=listed(novels))} if novels else {}
    return [
        _sidecar(r, tags.get(r.work_key, []), files.get(r.work_key, []), frames.get(r.work_key), texts)
        for r in due
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


def sidecar_done(
    conn: Connection, written: Sequence[Sidecar], digests: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Note that these sidecars lie on disk as they are. `digests`: of the text of each, by its path."""
    done = [{"key": s.work_key, "seq": s.seq, "settled": s.settled} for s in written]
    _DONE(conn, [row | {"digest": digests.get(s.rel_path)} for row, s in zip(done, written, strict=True)])


def digest_of(content: bytes) -> bytes:
    """Return by what a sidecar on the disk is known again."""
    return hashlib.sha256(content).digest()[:16]


def files_for(sidecar: Sidecar, before: str | None) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file to write. `before`: the sidecar that lies there now."""
    yield sidecar.rel_path, text_for(sidecar, before)
    if sidecar.text is not None and sidecar.text_path is not None:
        yield sidecar.text_path, sidecar.text


@dataclass(frozen=True, slots=True)
class Written:
    """A sidecar, or a text, that lies on disk. `digest`: of its content, where that is known; `is_settled`: it is
    not about to be written again; `is_text`: the text of a novel.
    """

    work_key: int
    path: str
    digest: bytes | None
    is_settled: bool
    is_text: bool = False


def written_sidecars(conn: Connection, after: int, limit: int, *, whole: bool = True) -> list[Written]:
    """Return sidecars and texts that lie on disk, for verify: of so many works. `whole`: with their digests."""
    has_texts = runs.get_meta(conn, RENEWED_TEXTS) == DONE
    found = rows(conn, _WRITTEN.format(""), after=after, n=limit)
    novels = [r.work_key for r in found if whole and has_texts and r.has_text and r.is_settled]
    texts = {key: body for key, _, body in rows(conn, _TEXTS, keys=listed(novels))} if novels else {}
    written = []
    for r in found:
        settled = bool(r.is_settled)
        written.append(Written(r.work_key, sidecar_path(r.work_key, r.user_id), r.digest, settled))
        if has_texts and r.has_text and (path := text_path(r.work_key, r.user_id)) is not None:
            text = readable_text(texts[r.work_key]) if r.work_key in texts else None
            digest = digest_of(text.encode()) if text is not None else None
            written.append(Written(r.work_key, path, digest, settled, is_text=True))
    return written


def still_written(conn: Connection, keys: Iterable[int]) -> dict[int, bytes | None]:
    """Return the digests of those of these works whose sidecars are not about to be written again."""
    settled = f"SELECT work_key, sidecar_digest FROM work WHERE work_key {KEYS} AND sidecar_seq >= change_seq"
    return dict(rows(conn, settled, keys=listed(keys)))


def know_digests(conn: Connection, digests: Mapping[int, bytes]) -> None:
    """Keep the digests of sidecars that were written before digests were kept."""
    _DIGEST(conn, [{"key": key, "digest": digest} for key, digest in digests.items()])


def write_again(conn: Connection, keys: Iterable[int]) -> None:
    """Have the sidecars of these works written again."""
    changed(conn, _AGAIN, keys=listed(keys))


def renew(conn: Connection, after: int, limit: int, *, novels_only: bool = False) -> int | None:
    """Have the next `limit` sidecars written in today's form. Return the last work, None at the end."""
    written = _WRITTEN.format("AND medium = 'novel'" if novels_only else "")
    keys = column(conn, written, after=after, n=limit)
    changed(conn, _RENEW, keys=listed(keys))
    return keys[-1] if keys else None
