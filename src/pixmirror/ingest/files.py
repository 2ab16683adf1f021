"""What must be asked for per work: a ugoira's zip and frames, a novel's text, cover and pictures."""

import hashlib
import json
import zlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, insert

from pixmirror.catalogue import media, runs, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.payloads import BASE, unpack
from pixmirror.catalogue.schema import text_version, ugoira
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import changed, next_seq, row, rows, upsert, value
from pixmirror.ingest import lacking, versions
from pixmirror.ingest.known import media_of
from pixmirror.ingest.payloads import keep_payload
from pixmirror.models import Lane, NovelText, Received, UgoiraMetadata, url_version, work_key

_WORK = "SELECT user_id FROM work WHERE work_key = :key"
_BUMP = "UPDATE work SET change_seq = :seq WHERE work_key = :key"
_FRAMES_OF = "SELECT zip_url, frames FROM ugoira WHERE work_key = :key"
_FRAMES = upsert(ugoira, "zip_url", "frames", "seen_at")
_ENTRIES = "zip_entries:"  # meta key, with the work's: what its zip holds, where that is not what is named
_LATEST_TEXT = "SELECT digest FROM text_version WHERE work_key = :key ORDER BY id DESC LIMIT 1"
# SQLite takes the other columns of a group from the row that holds the max().
_SHOWN = f"""
SELECT max(id), codec, body, {BASE} FROM payload
WHERE owner_kind = 'work' AND owner_id = :key AND endpoint != 'stub' GROUP BY endpoint"""
# Of the page that holds the text: what moves with every reader.
_UNSTABLE = frozenset({"rating", "marker", "seriesNavigation", "glossaryItems", "isOwnWork"})


def shown_version(conn: Connection, key: int) -> str:
    """Return the newest time in the address of the work's first original, as last shown, or ""."""
    shown = rows(conn, _SHOWN, key=key)
    return max((_version(codec, body, base) for _, codec, body, base in shown), default="")


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
    owner = row(conn, _WORK, key=key)
    if owner is None or owner.user_id is None:
        return False
    named = metadata.zip_urls.medium
    files = media_of(conn, [key]).get(key, [])
    if versions.is_outdated([versions.zip_file(named)], (r for r in files if r.is_current)):
        return False  # metadata may lag behind a replaced ugoira
    # As it is now, so that a replaced zip keeps its own frames.
    keep_payload(conn, "work", key, "ugoira", metadata.model_dump(mode="json"), seen.now)
    moved = _compare(conn, seen, key, owner.user_id, metadata, files)
    frames = json.dumps([[f.file, f.delay] for f in metadata.frames], separators=(",", ":"))
    old = row(conn, _FRAMES_OF, key=key)
    if old is None or (old.zip_url, old.frames) != (named, frames):
        moved = True
        conn.execute(_FRAMES, {"work_key": key, "zip_url": named, "frames": frames, "seen_at": seen.now})
        if old is not None and any(r.role == "ugoira" and r.is_current and r.state == "stored" for r in files):
            _compare_frames(conn, key, _entries(conn, key, old.frames), seen.now)
    if moved:
        changed(conn, _BUMP, key=key, seq=next_seq(conn))
    return moved


def zip_came(conn: Connection, key: int, entries: Collection[str], now: int) -> None:
    """Note that the zip of a ugoira is stored, with these entries. If frames lack, ask for the metadata again."""
    _compare_frames(conn, key, entries, now)
    lacking.ask_again(conn, Kind.UGOIRA, key, now)


def _compare_frames(conn: Connection, key: int, entries: Collection[str], now: int) -> None:
    """Note the frames that the metadata names and the stored zip lacks: holes of the work."""
    found = row(conn, _FRAMES_OF, key=key)
    if found is None:
        return
    named = _names(found.frames)
    if set(named) == set(entries):
        runs.drop_meta(conn, f"{_ENTRIES}{key}")
    else:
        runs.set_meta(conn, f"{_ENTRIES}{key}", json.dumps(sorted(entries)))
    changes = versions.Changes()
    files = media_of(conn, [key]).get(key, [])
    has = {i for i, name in enumerate(named) if name in entries}
    seen = Seen(0, "", now, "ugoira", lane=Lane.RETRY)
    work_files = versions.WorkFiles(seen, key, 0, files, media.is_wanted(conn, key))
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
    owner = row(conn, _WORK, key=key)
    if owner is None or tombstones.is_forgotten(conn, key):
        return False
    digest = hashlib.sha256(novel.text.encode("utf-8", "surrogatepass")).hexdigest()
    is_new: bool = value(conn, _LATEST_TEXT, key=key) != digest
    if is_new:
        body = zlib.compress(novel.text.encode("utf-8", "surrogatepass"), 6)
        conn.execute(insert(text_version), {"work_key": key, "digest": digest, "body": body, "seen_at": seen.now})
    # The text itself stands in text_version: the payload only says which it was.
    raw = {**received.raw, "text": f"sha256:{digest}"}
    stable = {name: value for name, value in raw.items() if name not in _UNSTABLE}
    keep_payload(conn, "work", key, "webview", raw, seen.now, stable, seen.language)
    moved = is_new
    if user_id := owner.user_id or novel.user_id:
        moved |= _compare(conn, seen, key, user_id, novel, media_of(conn, [key]).get(key, []))
    if moved:
        changed(conn, _BUMP, key=key, seq=next_seq(conn))
    return is_new


def text_of(body: bytes) -> str:
    """Return the text of a version. Half a surrogate pair, which older versions kept, becomes U+FFFD."""
    text = zlib.decompress(body).decode("utf-8", "surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def readable_text(body: bytes) -> str | None:
    """Return the same; None if it is garbled."""
    try:
        return text_of(body)
    except (zlib.error, UnicodeError):
        return None


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
