"""Versions of files: what an answer shows, the one rule for what it replaces, and the rows that follow."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, insert

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.media import NOT_A_FILE, REMOVED, REPLACED
from pixmirror.catalogue.paths import extension, media_path
from pixmirror.catalogue.schema import media
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import Many
from pixmirror.models import Illust, Novel, NovelText, UgoiraMetadata, is_address, url_version

MOST_PAGES = 2000  # of a work; a count beyond is no count

_COVER = re.compile(r"^(https?://[^/]+)/(?:c/[^/]+/)?novel-cover-master/(img/.+?)_(?:master|square)1200\.\w+$")
_INSERT = Many(insert(media))
_RETIRE = Many("""
UPDATE media SET is_current = 0,
  state = iif(state IN ('wanted', 'waiting', 'failed'), 'gone', state),
  error = iif(state IN ('wanted', 'waiting', 'failed'), :reason, error) WHERE id = :id""")
_DROP = Many("DELETE FROM media WHERE id = :id AND url = ''")
_CURRENT = Many("UPDATE media SET is_current = 1 WHERE id = :id")
_NEW_URL = Many("""
UPDATE media SET url = :url, alternates = :alternates, attempts = 0, due_at = 0,
  error = iif(state = 'forgotten', error, NULL),
  state = iif(state IN ('wanted', 'waiting', 'failed', 'gone', 'damaged'), 'wanted', state) WHERE id = :id""")


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


class _Versioned(Protocol):
    """A file that was shown, or a row of one."""

    @property
    def role(self) -> str: ...
    @property
    def version(self) -> str: ...


F = TypeVar("F", bound=_Versioned)


def is_outdated(files: Iterable[_Versioned], current: Iterable[_Versioned]) -> bool:
    """True if files of these roles are known in newer versions: such an answer comes from a cache."""
    files = list(files)
    roles = {f.role for f in files}
    newest = max((f.version for f in current if f.role in roles), default="")
    return max((f.version for f in files), default="") < newest


def fold_files(
    current: Mapping[tuple[str, int], F], files: Sequence[File], whole: bool
) -> Mapping[tuple[str, int], F | File]:
    """Return the current file of each (role, index) after an answer that shows `files`.

    `whole`: they are all of their roles, so that others have been removed. An outdated answer says nothing: then
    `current` itself is returned.
    """
    if is_outdated(files, current.values()):
        return current
    shown: dict[tuple[str, int], F | File] = {(f.role, f.index): f for f in files}
    removable = {f.role for f in files} if whole else ()
    return {slot: f for slot, f in current.items() if slot[0] not in removable} | shown


def shown_by(item: Illust | Novel | NovelText | UgoiraMetadata) -> Iterator[tuple[Sequence[File], bool]]:
    """Return the files that an answer shows, and whether they are all. A list's picture of a novel is none."""
    if isinstance(item, Illust):
        if pages := _originals(item):
            yield pages, len(pages) >= len(pages_of(item))
    elif isinstance(item, NovelText):
        if cover := cover_file(item.cover_url):
            yield [cover], True
        if embeds := embedded_files(item.images):
            yield embeds, True
    elif isinstance(item, UgoiraMetadata):
        yield [zip_file(item.zip_urls.medium)], True


def pages_of(work: Illust) -> Collection[int]:
    """Return the indexes of all pages that an answer says the work has, with and without an address."""
    if work.type == "ugoira":
        return ()
    pages = max(work.page_count, len(work.meta_pages), 1)
    return range(pages if pages <= MOST_PAGES else max(len(work.meta_pages), len(_originals(work))) + 1)


def _originals(work: Illust) -> list[File]:
    """Return the original pages with an address; a ugoira has none (its file is the zip that metadata names)."""
    if work.type == "ugoira":
        return []
    urls: Iterable[str | None] = work.originals
    if work.meta_pages:
        urls = (p.image_urls.original for p in work.meta_pages)
    return [File("page", i, url) for i, url in enumerate(urls) if url and is_address(url)]


def zip_file(named: str) -> File:
    """Return the zip that metadata names, the large one first."""
    large = named.replace("_ugoira600x600", "_ugoira1920x1080")
    return File("ugoira", 0, large, (named,) if named != large else ())


def cover_file(url: str | None) -> File | None:
    """Return the original of a novel's cover, whose extension must be tried; None for the default picture."""
    if not url or "//s.pximg.net/" in url or not is_address(url):
        return None
    if found := _COVER.match(url):
        original = f"{found[1]}/novel-cover-original/{found[2]}"
        return File("cover", 0, f"{original}.jpg", (f"{original}.png", url))
    return File("cover", 0, url)


def embedded_files(images: Mapping[str, Any]) -> list[File]:
    """Return the author's pictures between the paragraphs, by Pixiv's number of each."""
    files: dict[int, File] = {}
    for name, image in images.items():
        urls = image.get("urls") if isinstance(image, dict) else None
        url = urls.get("original") if isinstance(urls, dict) else None
        number = str(image.get("novelImageId") or name) if isinstance(image, dict) else name
        if isinstance(url, str) and is_address(url) and number.isascii() and number.isdigit() and len(number) < 16:
            # Under two names one number is still one picture.
            files.setdefault(int(number), File("embed", int(number), url))
    return list(files.values())


@dataclass(slots=True)
class Changes:
    """What is to be written to `media` for one page."""

    new: list[dict[str, Any]] = field(default_factory=list)
    retired: list[dict[str, Any]] = field(default_factory=list)
    current: list[dict[str, Any]] = field(default_factory=list)
    new_url: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)

    def write(self, conn: Connection) -> None:
        _DROP(conn, self.dropped)
        _RETIRE(conn, self.retired)
        _CURRENT(conn, self.current)
        _NEW_URL(conn, self.new_url)
        tombstones.mark(conn, self.new)
        _INSERT(conn, self.new)


@dataclass(frozen=True, slots=True)
class WorkFiles:
    """The rows of a work's files, with which an answer is compared; `wanted`: by some job."""

    seen: Seen
    key: int
    user_id: int
    rows: Sequence[Any]
    wanted: bool


def compare(changes: Changes, work: WorkFiles, files: Sequence[File], whole: bool) -> bool:
    """Add to `changes` what makes the work's rows say what `fold_files` says; True if anything does."""
    roles = {f.role for f in files}
    mine = [r for r in work.rows if r.role in roles and r.url]
    current = {(r.role, r.idx): r for r in mine if r.is_current}
    after = fold_files(current, files, whole)
    if after is current:
        return False
    there = {(r.role, r.idx, r.version): r for r in mine}
    known = {(r.role, r.idx) for r in mine}
    new, retired, again, new_url = [], [], [], []
    for file in files:
        row = there.get((file.role, file.index, file.version))
        if row is None:
            first = (file.role, file.index) not in known
            new.append(_row(work, file, first=first))
            continue
        if not row.is_current:
            again.append({"id": row.id})
        if row.url != file.url and row.state != "stored":
            new_url.append({"id": row.id, "url": file.url, "alternates": _alternates(file)})
    for row in mine:
        stands = after.get((row.role, row.idx))
        if row.is_current and (stands is None or stands.version != row.version):
            retired.append({"id": row.id, "reason": REMOVED if stands is None else REPLACED})
    changes.new += new
    changes.retired += retired
    changes.current += again
    changes.new_url += new_url
    return bool(new or retired or again or new_url)


def _alternates(file: File) -> str | None:
    return json.dumps(file.alternates) if file.alternates else None


def _row(work: WorkFiles, file: File, *, first: bool) -> dict[str, Any]:
    ext = extension(file.url)
    version = file.version
    suffix = "" if first else version or hashlib.sha256(file.url.encode()).hexdigest()[:14]
    return {
        "owner_kind": "work",
        "owner_id": work.key,
        "role": file.role,
        "idx": file.index,
        "version": version,
        "is_current": 1,
        "url": file.url,
        "alternates": _alternates(file),
        "path": media_path(work.key, work.user_id, file.role, file.index, ext, suffix) if ext else "",
        "state": "failed" if ext is None else "wanted" if work.wanted else "refused",
        "priority": int(work.seen.lane),
        "error": NOT_A_FILE if ext is None else None,
        "first_seen": work.seen.now,
    }
