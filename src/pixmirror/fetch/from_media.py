"""Make a catalogue from what lies in the media folder: sidecars, and the names, times and bytes of the files.

Every file is read. One whose sha256 is that of its sidecar is stored again, and so is one that its time proves to
be of the version that its sidecar or its name tells. A file that nothing tells of is left alone, and so is every
byte.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.paths import sidecar_path, text_path
from pixmirror.errors import Damaged
from pixmirror.fetch.adoption import adopt, structure
from pixmirror.ingest.sidecars import files_in
from pixmirror.models import JST, to_ms, url_version, work_key
from pixmirror.rebuild.from_disk import FoundFile, FoundWork, TakenIn, take_in
from pixmirror.store import MirrorRoot

BATCH = 100  # works of one transaction
_NAME = re.compile(r"(\d{1,15})(?:\.json|_(?:p(\d{1,5})|ugoira)(?:_(\d{14}|[0-9a-f]{14}))?\.(\w{3,4}))", re.ASCII)
_OF_NOVEL = re.compile(
    r"(?:(\d+)\.json|(?:cover|embed_(\d{1,15}))(?:_(\d{14}|[0-9a-f]{14}))?\.(\w{3,4}))", re.ASCII
)
_ID = re.compile(r"[1-9][0-9]{0,14}")
_TIME = re.compile(r"/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d/")
_FOLDER = {
    "page": "img-original",
    "ugoira": "img-zip-ugoira",
    "cover": "novel-cover-original",
    "embed": "novel-cover-original",
}


@dataclass(slots=True)
class _OnDisk:
    """The files of one work below the media folder: {path: (role, index, what its name ends with)}."""

    key: int
    user_id: int
    files: dict[str, tuple[str, int, str]] = field(default_factory=dict)


def rebuild(
    root: MirrorRoot, db: Database, now: int, *, progress: Callable[[TakenIn], None] | None = None
) -> TakenIn:
    """Take in all that lies in the media folder. What rows know already stays. Reads every file: blocks long."""
    root.check_media()
    done = TakenIn()
    batch: list[FoundWork] = []
    for one in _works(root.media):
        found, unclear = _look(root, one)
        done.unclear += unclear
        batch.append(found)
        if len(batch) >= BATCH:
            done += db.run_sync(take_in, batch, now)
            batch = []
            if progress is not None:
                progress(done)
    done += db.run_sync(take_in, batch, now)
    return done


def _works(media: Path) -> Iterator[_OnDisk]:
    for user_id, folder in _numbered(media):
        found: dict[int, _OnDisk] = {}
        for name in sorted(os.listdir(folder)):
            if (match := _NAME.fullmatch(name)) is None:
                continue
            key = work_key("illust", int(match[1]))
            work = found.setdefault(key, _OnDisk(key, user_id))
            if match[4]:
                role, index = ("ugoira", 0) if match[2] is None else ("page", int(match[2]))
                work.files[f"{folder.name}/{name}"] = (role, index, match[3] or "")
        yield from found.values()
        if (folder / "novel").is_dir():
            yield from (_novel(user_id, novel_id, place) for novel_id, place in _numbered(folder / "novel"))


def _novel(user_id: int, novel_id: int, folder: Path) -> _OnDisk:
    work = _OnDisk(work_key("novel", novel_id), user_id)
    for name in sorted(os.listdir(folder)):
        if (match := _OF_NOVEL.fullmatch(name)) is not None and match[4]:
            role, index = ("cover", 0) if match[2] is None else ("embed", int(match[2]))
            work.files[f"{user_id}/novel/{novel_id}/{name}"] = (role, index, match[3] or "")
    return work


def _numbered(folder: Path) -> Iterator[tuple[int, Path]]:
    for name in sorted(os.listdir(folder)):
        if _ID.fullmatch(name) and (folder / name).is_dir():
            yield int(name), folder / name


def _look(root: MirrorRoot, one: _OnDisk) -> tuple[FoundWork, int]:
    """Return the work with its sidecar and files, and how many files nothing tells of."""
    rel = sidecar_path(one.key, one.user_id)
    text = root.read_sidecar(rel)
    looked = root.look(rel)
    sidecar = _object(text)
    told = files_in(text) if text is not None else []
    create_date = _date(sidecar.get("create_date"))
    files: dict[tuple[str, int, str], FoundFile] = {}
    used: set[str] = set()
    for entry in told:
        file = _listed(root, entry, create_date)
        slot = (file.role, file.index, file.version)
        if slot not in files or file.state == "stored":
            files[slot] = file
        if file.state == "stored":
            used.add(file.path)
    unclear = 0
    for path, (role, index, ending) in one.files.items():
        if path in used:
            continue
        unlisted = _unlisted(root, path, role, index, ending, [f for f in files.values() if f.role == role])
        if unlisted is None:
            unclear += 1
            continue
        slot = (role, index, unlisted.version)
        if slot not in files or files[slot].state != "stored":
            files[slot] = unlisted
    at = looked.mtime_ns // 1_000_000 if looked is not None else 0
    beside = text_path(one.key, one.user_id)
    text_file = root.read_sidecar(beside) if beside is not None else None
    listed = _with_one_current(list(files.values()))
    return FoundWork(one.key, one.user_id, at, sidecar, listed, text_file), unclear


def _object(text: str | None) -> Mapping[str, Any]:
    try:
        data = json.loads(text) if text is not None else {}
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _date(told: Any) -> int | None:
    try:
        return to_ms(datetime.fromisoformat(told)) if isinstance(told, str) else None
    except (ValueError, OverflowError):
        return None


def _listed(root: MirrorRoot, told: Mapping[str, Any], create_date: int | None) -> FoundFile:
    """Read one file of a sidecar: stored if it lies there with the sha256 told, or its time proves it."""
    version = url_version(told["url"]) if told["version"] is None else told["version"]
    file = FoundFile(
        role=told["role"],
        index=told["index"],
        version=version,
        url=told["url"],
        path=told["path"],
        state=told["state"] if told["state"] in ("gone", "failed", "damaged", "refused") else "wanted",
        is_current=bool(told["current"]),
        sha256=told["sha256"],
        alternates=tuple(url for url in told.get("alternates") or () if isinstance(url, str)),
    )
    urls = (told["url"], *file.alternates)
    found = adopt(root, told["path"], urls, create_date, told["sha256"]) if told["path"] else None
    if found is not None:
        return replace(file, state="stored", path=found.path, size=found.size, sha256=found.sha256)
    if not file.is_current and file.state == "wanted":
        return replace(file, state="gone")
    return replace(file, size=told["size"]) if told["sha256"] else file


def _unlisted(
    root: MirrorRoot, path: str, role: str, index: int, ending: str, listed: Sequence[FoundFile]
) -> FoundFile | None:
    """Read a whole file that no sidecar lists, if the version in its name or its time tells what it is."""
    looked = root.look(path)
    if looked is None:
        return None
    # The store sets times in whole seconds; the time of a copying, which proves nothing, has none.
    by_time = "" if looked.mtime_ns % 1_000_000_000 else _stamp(looked.mtime_ns)
    version = ending if len(ending) == 14 and ending.isdigit() else by_time
    try:
        found = root.adopt(path, structure(path)) if version else None
    except Damaged:
        return None
    if found is None:
        return None
    alike = next((f.url for f in listed if f.index == index), "")
    url, is_dated = _TIME.subn(f"/{_folders(version)}/", alike, count=1)
    url = url if is_dated else _guess(role, path, version)
    return FoundFile(role, index, version, url, path, "stored", False, found.size, found.sha256)


def _stamp(mtime_ns: int) -> str:
    """Write a time as URLs do: yyyymmddhhmmss in Japan."""
    return datetime.fromtimestamp(mtime_ns // 1_000_000_000, JST).strftime("%Y%m%d%H%M%S")


def _guess(role: str, path: str, version: str) -> str:
    """Guess where Pixiv has it: only a name, until the work is met again."""
    return f"https://i.pximg.net/{_FOLDER[role]}/img/{_folders(version)}/{path.rpartition('/')[2]}"


def _folders(version: str) -> str:
    return "/".join((version[:4], *(version[i : i + 2] for i in range(4, 14, 2))))


def _with_one_current(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Take the newest version of each page as the present one, where no sidecar says which is."""
    said = {(f.role, f.index) for f in files if f.is_current}
    newest: dict[tuple[str, int], str] = {}
    for f in files:
        slot = (f.role, f.index)
        if slot not in said:
            newest[slot] = max(newest.get(slot, ""), f.version)
    return [replace(f, is_current=True) if newest.get((f.role, f.index)) == f.version else f for f in files]
