"""Saving files of Pixiv: whole under their name or not at all, resumed where a former try was cut."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from pixmirror.errors import DiskFull, InvalidRequest, NoFolder, NotWritable, StorageError, WrongValue
from pixmirror.models import Illust, Novel, NovelText
from pixmirror.pixiv.app import novels
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import SIZES, one_of, text
from pixmirror.pixiv.images import REFERER, Validator, open_image
from pixmirror.pixiv.literals import SizeLike
from pixmirror.pixiv.transport import Transport

Progress = Callable[[int, int | None], None]  # bytes on disk so far, bytes in all if the host said
BAD = frozenset('/\\:*?"<>|')


async def download(
    source: AppApi | Transport,
    url: str,
    path: str | os.PathLike[str] | None = None,
    *,
    prefix: str = "",
    ext: str | None = None,
    replace: bool = False,
    referer: str = REFERER,
    progress: Progress | None = None,
) -> Path:
    """Save a file of i.pximg.net and give its path. GET of the url, with the Referer that the host wants.

    `path`: a folder (None: the current one), where the file is named after the url, with `prefix` before and with
    the extension `ext` (None: its own); or the file itself. One that exists stays unless `replace`. What comes
    goes into a hidden .part beside it, which a later call goes on with, and gets its name when it is whole.
    Errors: those of open_image, and NoFolder (a FileNotFoundError), NotWritable (a PermissionError), DiskFull,
    StorageError. Source: 002 5.2, 003 download.
    """
    text("referer", referer)
    target = _target(url, path, prefix, ext)
    if not replace and target.exists():
        return target
    transport = source.transport if isinstance(source, AppApi) else source
    part = target.with_name(f".{target.name}.{hashlib.sha256(url.encode()).hexdigest()[:12]}.part")
    tag = part.with_suffix(".tag")
    validator = Validator.read(_text(tag)) or Validator()
    size = part.stat().st_size if part.exists() else 0
    async with open_image(transport, url, offset=size, validator=validator, referer=referer) as stream:
        with _Part(part, stream.resumed, tag, stream.validator.text()) as file:
            done = stream.offset
            async for chunk in stream:
                file.write(chunk)
                done += len(chunk)
                if progress:
                    progress(done, stream.length_total)
            file.finish(target)
    return target


async def download_work(
    source: AppApi | Transport,
    work: Illust | Novel,
    directory: str | os.PathLike[str],
    size: SizeLike = "original",
    filename: str | None = None,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Save the pages of a work: the file of a single one, else a folder of all. `size` is original, large, medium
    or square_medium; `filename` (None: the id) names the file, without extension, or the folder.

    A novel gives its text, verbatim in UTF-8, in a folder with the pictures that were uploaded for it if there are
    any; that takes an AppApi or a Client. A ugoira gives its first frame (its zip is `illusts.ugoira_metadata`'s);
    a stub is InvalidRequest. Errors and resuming as in `download`. Source: 003 Illustration.download.
    """
    name = _name(filename or str(work.id))
    folder = Path(directory)
    if isinstance(work, Novel):
        return await _novel(source, work, folder, name, replace=replace, progress=progress)
    urls = page_urls(work, size)
    if not urls:
        raise InvalidRequest(f"Work {work.id} has no files that can be seen (it is {work.state.value}).")
    if len(urls) == 1:
        file = folder / f"{name}{PurePosixPath(urlsplit(urls[0]).path).suffix}"
        return (await download(source, urls[0], file, replace=replace, progress=progress),)
    _make(folder / name)
    paths = [await download(source, url, folder / name, replace=replace, progress=progress) for url in urls]
    return tuple(paths)


def page_urls(work: Illust, size: SizeLike = "original") -> tuple[str, ...]:
    """Return the URL of each page in one size; empty for a stub."""
    one_of("size", size, SIZES)
    if size == "original" or work.is_stub:
        return work.originals
    pages = [page.image_urls for page in work.meta_pages]
    if not pages and work.image_urls:
        pages = [work.image_urls]
    return tuple(url for urls in pages if (url := getattr(urls, size)))


async def _novel(
    source: AppApi | Transport, work: Novel, folder: Path, name: str, *, replace: bool, progress: Progress | None
) -> tuple[Path, ...]:
    if isinstance(source, Transport):
        raise WrongValue("The text of a novel is read by the App API: give download_work an AppApi.")
    _need(folder)
    said = (await novels.text(source, work.id)).item
    pictures = uploaded_pictures(said)
    if pictures:
        folder /= name
        _make(folder)
    file = folder / f"{name}.txt"
    if replace or not file.exists():
        part = file.with_name(f".{file.name}.part")
        with _storing(folder):
            part.write_bytes(said.text.encode())
            part.replace(file)
    paths = [await download(source, url, folder, replace=replace, progress=progress) for url in pictures]
    return (file, *paths)


def uploaded_pictures(novel: NovelText) -> tuple[str, ...]:
    """Return the URL of each picture that its author uploaded for a novel: the original."""
    urls = (image.get("urls") for image in novel.images.values() if isinstance(image, dict))
    return tuple(str(one["original"]) for one in urls if isinstance(one, dict) and one.get("original"))


class _Part:
    """The file that is being written; it stays if the writing breaks off, so that it can be gone on with."""

    def __init__(self, path: Path, resumed: bool, tag: Path, validator: str) -> None:
        self._path = path
        self._tag = tag
        with _storing(path.parent):
            self._file = path.open("ab" if resumed else "wb")
            if not resumed:  # before the bytes that it is of
                tag.unlink(missing_ok=True)
                if validator:
                    tag.write_text(validator, "utf-8")

    def __enter__(self) -> "_Part":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, chunk: bytes) -> None:
        with _storing(self._path.parent):
            self._file.write(chunk)

    def finish(self, target: Path) -> None:
        with _storing(target.parent):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(target)
            self._tag.unlink(missing_ok=True)


@contextmanager
def _storing(folder: Path) -> Iterator[None]:
    """Make a StorageError of what the disk refuses in the body."""
    try:
        yield
    except OSError as exc:
        kinds = {
            errno.ENOSPC: DiskFull,
            errno.ENOENT: NoFolder,
            errno.EACCES: NotWritable,
            errno.EPERM: NotWritable,
        }
        raise kinds.get(exc.errno or 0, StorageError)(f"{folder}: {exc.strerror or exc}.") from exc


def _target(url: str, path: str | os.PathLike[str] | None, prefix: str, ext: str | None) -> Path:
    place = Path(path) if path is not None else Path()
    if place.is_dir() or os.fspath(path or "").endswith(os.sep):
        own = PurePosixPath(urlsplit(url).path)
        suffix = own.suffix if ext is None else f".{ext.removeprefix('.')}" if ext else ""
        place /= _name(f"{prefix}{unquote(own.stem)}{suffix}")
    _need(place.parent)
    return place


def _name(name: str) -> str:
    """Return the name of one file or folder: nothing that leads elsewhere."""
    if not name or name in (".", "..") or any(c in BAD or ord(c) < 32 for c in name):
        raise WrongValue(f"{name!r} cannot be the name of a file.")
    return name


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _need(folder: Path) -> None:
    if not folder.is_dir():
        raise NoFolder(f"There is no folder {folder}.")


def _make(folder: Path) -> None:
    _need(folder.parent)
    with _storing(folder.parent):
        folder.mkdir(exist_ok=True)
