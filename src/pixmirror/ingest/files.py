"""What must be asked for per work: a ugoira's zip and frames, a novel's text, cover and pictures."""

import hashlib
import json
import zlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from pixmirror.catalogue import media, runs, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.payloads import BASE, unpack
from pixmirror.catalogue.schema import meta, payload, text_version, ugoira, work
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import next_seq, upsert
from pixmirror.ingest import lacking, versions
from pixmirror.ingest.known import media_of
from pixmirror.ingest.payloads import keep_payload
from pixmirror.models import Lane, NovelText, Received, UgoiraMetadata, url_version, work_key

_WORK = select(work.c.user_id).where(work.c.work_key == bindparam("b_key"))
_BUMP = update(work).where(work.c.work_key == bindparam("b_key")).values(change_seq=bindparam("seq"))
_FRAMES_OF = select(ugoira.c.zip_url, ugoira.c.frames).where(ugoira.c.work_key == bindparam("b_key"))
_FRAMES = upsert(ugoira, "zip_url", "frames", "seen_at")
_ENTRIES = "zip_entries:"  # meta key, with the work's: what its zip holds, where that is not what is named
_DROP_ENTRIES = delete(meta).where(meta.c.key == bindparam("b_entries"))
_LATEST_TEXT = (
    select(text_version.c.digest)
    .where(text_version.c.work_key == bindparam("b_key"))
    .order_by(text_version.c.id.desc())
    .limit(1)
)
_TEXT = insert(text_version)
# SQLite takes the other columns of a group from the row that holds the max().
_SHOWN = (
    select(func.max(payload.c.id), payload.c.codec, payload.c.body, BASE)
    .where(payload.c.owner_kind == "work", payload.c.owner_id == bindparam("b_key"), payload.c.endpoint != "stub")
    .group_by(payload.c.endpoint)
)
# Of the page that holds the text: what moves with every reader.
_UNSTABLE = frozenset({"rating", "marker", "seriesNavigation", "glossaryItems", "isOwnWork"})


def shown_version(conn: Connection, key: int) -> str:
    """Return the newest time in the address of the work's first original, as last shown, or ""."""
    found = conn.execute(_SHOWN, {"b_key": key})
    return max((_version(codec, body, base) for _, codec, body, base in found), default="")


def _version(codec: int, body: bytes, base: bytes | None) -> str:
    try:
        single = unpack(codec, body, base).get("meta_single_page")
    except (ValueError, AttributeError):
        return ""  # garbled: it shows nothing
    url = single.get("original_image_url") if isinstance(single, dict) else None
    return url_version(url) if isinstance(url, str) and "/img-original/" in url else ""


def record_ugoira(conn: Connection, seen: Seen, illust_id: int, metadata: UgoiraMetadata) -> bool:
    """Record the frames, and the zip to fetch: the large one, else the one named. True if they are new."""
    key = work_key("illust", illust_id)
    owner = conn.execute(_WORK, {"b_key": key}).first()
    if owner is None or owner.user_id is None:
        return False
    named = metadata.zip_urls.medium
    rows = media_of(conn, [key]).get(key, [])
    if versions.is_outdated([versions.zip_file(named)], (r for r in rows if r.is_current)):
        return False  # metadata may lag behind a replaced ugoira
    # As it is now, so that a replaced zip keeps its own frames.
    keep_payload(conn, "work", key, "ugoira", metadata.model_dump(mode="json"), seen.now)
    moved = _compare(conn, seen, key, owner.user_id, metadata, rows)
    frames = json.dumps([[f.file, f.delay] for f in metadata.frames], separators=(",", ":"))
    old = conn.execute(_FRAMES_OF, {"b_key": key}).first()
    if old is None or (old.zip_url, old.frames) != (named, frames):
        moved = True
        conn.execute(_FRAMES, {"work_key": key, "zip_url": named, "frames": frames, "seen_at": seen.now})
        if old is not None and any(r.role == "ugoira" and r.is_current and r.state == "stored" for r in rows):
            _compare_frames(conn, key, _entries(conn, key, old.frames), seen.now)
    if moved:
        conn.execute(_BUMP, {"b_key": key, "seq": next_seq(conn)})
    return moved


def zip_came(conn: Connection, key: int, entries: Collection[str], now: int) -> None:
    """Note that the zip of a ugoira is stored, with these entries. If frames lack, ask for the metadata again."""
    _compare_frames(conn, key, entries, now)
    lacking.ask_again(conn, Kind.UGOIRA, key, now)


def _compare_frames(conn: Connection, key: int, entries: Collection[str], now: int) -> None:
    """Note the frames that the metadata names and the stored zip lacks: holes of the work."""
    found = conn.execute(_FRAMES_OF, {"b_key": key}).first()
    if found is None:
        return
    named = _names(found.frames)
    if set(named) == set(entries):
        conn.execute(_DROP_ENTRIES, {"b_entries": f"{_ENTRIES}{key}"})
    else:
        runs.set_meta(conn, f"{_ENTRIES}{key}", json.dumps(sorted(entries)))
    changes = versions.Changes()
    rows = media_of(conn, [key]).get(key, [])
    has = {i for i, name in enumerate(named) if name in entries}
    seen = Seen(0, "", now, "ugoira", lane=Lane.RETRY)
    work_files = versions.WorkFiles(seen, key, 0, rows, media.is_wanted(conn, key))
    lacking.note(changes, work_files, "frame", range(len(named)), has)
    changes.write(conn)


def _entries(conn: Connection, key: int, frames: str) -> Collection[str]:
    """Return what the stored zip holds: as it was told, or else just the frames that were named before."""
    kept = runs.get_meta(conn, f"{_ENTRIES}{key}")
    return _names(frames) if kept is None else json.loads(kept)


def _names(frames: str) -> list[str]:
    return [name for name, _ in json.loads(frames)]


def record_text(conn: Connection, seen: Seen, received: Received[NovelText]) -> bool:
    """Record the text verbatim, as a new version if it differs from the latest. True then."""
    novel = received.item
    key = work_key("novel", novel.id)
    owner = conn.execute(_WORK, {"b_key": key}).first()
    if owner is None or tombstones.is_forgotten(conn, key):
        return False
    digest = hashlib.sha256(novel.text.encode("utf-8", "surrogatepass")).hexdigest()
    is_new = conn.execute(_LATEST_TEXT, {"b_key": key}).scalar() != digest
    if is_new:
        body = zlib.compress(novel.text.encode("utf-8", "surrogatepass"), 6)
        conn.execute(_TEXT, {"work_key": key, "digest": digest, "body": body, "seen_at": seen.now})
    # The text itself stands in text_version: the payload only says which it was.
    raw = {**received.raw, "text": f"sha256:{digest}"}
    stable = {name: value for name, value in raw.items() if name not in _UNSTABLE}
    keep_payload(conn, "work", key, "webview", raw, seen.now, stable, seen.language)
    moved = is_new
    if user_id := owner.user_id or novel.user_id:
        moved |= _compare(conn, seen, key, user_id, novel, media_of(conn, [key]).get(key, []))
    if moved:
        conn.execute(_BUMP, {"b_key": key, "seq": next_seq(conn)})
    return is_new


def text_of(body: bytes) -> str:
    """Return the text of a version. Half a surrogate pair, which older versions kept, becomes U+FFFD."""
    text = zlib.decompress(body).decode("utf-8", "surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _compare(
    conn: Connection, seen: Seen, key: int, user_id: int, item: NovelText | UgoiraMetadata, rows: list[Row[Any]]
) -> bool:
    changes = versions.Changes()
    mine = versions.WorkFiles(seen, key, user_id, rows, seen.wants.files and media.is_wanted(conn, key))
    moved, pictures = False, set[int]()
    for files, whole in versions.shown_by(item):
        moved |= versions.compare(changes, mine, files, whole)
        pictures |= {f.index for f in files if f.role == "embed"}
    named = lacking.pictures_of(item) if isinstance(item, NovelText) else ()
    if named or any(r.role == "embed" and not r.url for r in rows):
        moved |= lacking.note(changes, mine, "embed", named, pictures)
    changes.write(conn)
    return moved
