"""Make rows of works and files from what lies on disk: sidecars, and the files themselves.

What a sidecar says of a work is kept as a dump is (class `legacy`): beneath all that Pixiv says itself, and no
sighting. That a work was gone is kept too, as of the time of its sidecar: nobody can ask for it again. A row that
is there already stays; a file that it lacks, or that it does not hold to be stored, is added.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import runs, tally, tombstones
from pixmirror.catalogue.schema import media, state_change, text_version, ugoira
from pixmirror.catalogue.sql import KEYS, changed, listed, next_seq, row, rows, upsert, value
from pixmirror.models import Illust, Lane, Novel, State, split_key
from pixmirror.rebuild import dumps as legacy

EVIDENCE = "sidecar"
KEPT_STATES = frozenset(State) - {State.LIVE, State.UNKNOWN}

_KNOWN = f"SELECT work_key FROM work WHERE work_key {KEYS}"
_GONE = f"UPDATE work SET state = :state, state_at = :at, evidence = '{EVIDENCE}' WHERE work_key = :key"
_THERE = """
SELECT state FROM media
WHERE owner_kind = 'work' AND owner_id = :owner_id AND role = :role AND idx = :idx AND version = :version"""
_SLOT = ("owner_kind", "owner_id", "role", "idx", "version")
_PUT = upsert(media, "path", "state", "size", "sha256", "stored_at", "error", on=_SLOT)
_HAS_TEXT = "SELECT 1 FROM text_version WHERE work_key = :key LIMIT 1"
_FRAMES = insert(ugoira).on_conflict_do_nothing()
_BUMP = f"UPDATE work SET change_seq = :seq WHERE work_key {KEYS}"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file on disk, or one that a sidecar lists. `state` is that of its row; `size` in bytes."""

    role: str
    index: int
    version: str
    url: str
    path: str
    state: str
    is_current: bool = True
    size: int | None = None
    sha256: str | None = None
    alternates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundWork:
    """A work whose files were found. `sidecar`: its content, or {}; `at`: when that was written, ms UTC.

    `text`: what the file beside the sidecar of a novel holds.
    """

    key: int
    user_id: int
    at: int
    sidecar: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[FoundFile] = ()
    text: str | None = None


@dataclass(slots=True)
class TakenIn:
    """What was taken in: rows made, files by their state now, and bytes stored."""

    works: int = 0
    works_known: int = 0
    forgotten: int = 0
    without_sidecar: int = 0
    stored: int = 0
    bytes: int = 0
    wanted: int = 0
    others: int = 0  # files: gone, refused and the like, as their sidecars say
    unclear: int = 0  # files of which nothing tells the version: left alone, and no row is made

    def __iadd__(self, other: "TakenIn") -> "TakenIn":
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


def take_in(conn: Connection, found: Sequence[FoundWork], now: int) -> TakenIn:
    """Make the rows of these works, all in the caller's transaction. `now` in ms UTC."""
    done = TakenIn()
    keys = [w.key for w in found]
    barred = tombstones.works(conn, keys)
    known = {r.work_key for r in rows(conn, _KNOWN, keys=listed(keys))}
    new = [w for w in found if w.key not in known | barred]
    legacy.record(conn, [_dumped(w) for w in new], now)
    _keep_states(conn, new)
    for one in found:
        if one.key in barred:
            done.forgotten += 1
            continue
        done.works += one.key not in known
        done.works_known += one.key in known
        done.without_sidecar += not one.sidecar
        _keep_text(conn, one)
        _keep_frames(conn, one)
        for file in one.files:
            _keep_file(conn, one, file, now, done)
    changed(conn, _BUMP, keys=listed(k for k in keys if k not in barred), seq=next_seq(conn))
    tally.stored(conn, done.stored, done.bytes)
    return done


def _dumped(found: FoundWork) -> legacy.Dumped:
    """Return the work in the App API's shape; where the sidecar makes no sense, only its id and user."""
    for said in (found.sidecar, {}):
        app = _app(found, said)
        try:
            item = (Novel if found.key & 1 else Illust).model_validate(app)
        except ValidationError:
            continue
        return legacy.Dumped(item, app, app)
    raise AssertionError("an id and a user make a work")


def _app(found: FoundWork, said: Mapping[str, Any]) -> dict[str, Any]:
    medium, work_id = split_key(found.key)
    user = said.get("user")
    user = user if isinstance(user, dict) else {}
    told = {"name": user.get("name") or "", "account": user.get("account") or ""}
    app: dict[str, Any] = {"id": work_id, "user": told | {"id": found.user_id}}
    if medium == "illust":
        is_ugoira = any(f.role == "ugoira" for f in found.files)
        app["type"] = said.get("type") or ("ugoira" if is_ugoira else "illust")
    else:
        app["text_length"] = 0  # which stands for: not known
    same: tuple[str, ...] = ("title", "caption", "create_date", "restrict", "x_restrict", "page_count")
    same += (
        ("width", "height", "sanity_level") if medium == "illust" else ("text_length", "is_original", "language")
    )
    app |= {name: said[name] for name in same if said.get(name) is not None}
    if isinstance(said.get("tags"), list):
        app["tags"] = [{"name": name} for name in said["tags"] if isinstance(name, str)]
    if said.get("ai_type") is not None:
        app["illust_ai_type" if medium == "illust" else "novel_ai_type"] = said["ai_type"]
    if said.get("series_id") is not None:
        app["series"] = {"id": said["series_id"], "title": ""}
    return app


def _keep_states(conn: Connection, new: Sequence[FoundWork]) -> None:
    account = runs.account_id(conn) or 0
    for one in new:
        state = one.sidecar.get("state")
        if state in KEPT_STATES:
            changed(conn, _GONE, key=one.key, state=state, at=one.at)
            move = {"account_id": account, "owner_kind": "work", "owner_id": one.key, "at": one.at}
            conn.execute(insert(state_change), move | {"state": state, "evidence": EVIDENCE})


def _keep_text(conn: Connection, one: FoundWork) -> None:
    text = one.sidecar.get("text", one.text)
    if one.key & 1 and isinstance(text, str) and row(conn, _HAS_TEXT, key=one.key) is None:
        data = text.encode("utf-8", "surrogatepass")
        kept = {"work_key": one.key, "digest": hashlib.sha256(data).hexdigest(), "body": zlib.compress(data, 6)}
        conn.execute(insert(text_version), kept | {"seen_at": one.at})


def _keep_frames(conn: Connection, one: FoundWork) -> None:
    frames = one.sidecar.get("frames")
    zips = [f.url for f in one.files if f.role == "ugoira" and f.is_current]
    if not zips or not isinstance(frames, list):
        return
    pairs = [[f.get("file"), f.get("delay")] for f in frames if isinstance(f, dict)]
    if pairs and all(isinstance(name, str) and type(delay) is int for name, delay in pairs):
        told = json.dumps(pairs, separators=(",", ":"))
        conn.execute(_FRAMES, {"work_key": one.key, "zip_url": zips[0], "frames": told, "seen_at": one.at})


def _keep_file(conn: Connection, one: FoundWork, file: FoundFile, now: int, done: TakenIn) -> None:
    slot = {"owner_id": one.key, "role": file.role, "idx": file.index, "version": file.version}
    old: str | None = value(conn, _THERE, **slot)
    if old is not None and (old in ("stored", "forgotten") or file.state != "stored"):
        return
    found = slot | {
        "owner_kind": "work",
        "is_current": int(file.is_current),
        "url": file.url,
        "alternates": json.dumps(file.alternates) if file.alternates else None,
        "path": file.path,
        "state": file.state,
        "priority": int(Lane.RETRY),
        "error": None if file.state in ("stored", "wanted", "refused") else "as its sidecar said",
        "size": file.size,
        "sha256": file.sha256,
        "stored_at": now if file.state == "stored" else None,
        "first_seen": one.at,
    }
    tombstones.mark(conn, [found])
    if found["state"] == "forgotten":
        return
    conn.execute(_PUT, found)
    if file.state == "stored":
        done.stored += 1
        done.bytes += file.size or 0
    elif file.state == "wanted":
        done.wanted += 1
    else:
        done.others += 1
