"""Find the file on the disk that a row wants, which then need not be fetched (architecture: file before row).

A file lies there without its row after a cut between rename and commit, and when the catalogue was lost or put
back from a backup. Then the file under the plain name may be an earlier version of the picture: it is taken only
when its sha256 is known or its time is the one that the URL names (the store sets it), and never against its
sidecar.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from pixmirror.catalogue.paths import sidecar_beside, with_version
from pixmirror.errors import Damaged
from pixmirror.fetch.structure import check_structure
from pixmirror.fetch.trash import path_for
from pixmirror.ingest.sidecars import files_in
from pixmirror.models import Stored, url_ms, url_version
from pixmirror.store import Look, MirrorRoot

COARSE_MS = 2_000  # FAT and some network disks keep times to two seconds


def structure(rel: str, length: int | None = None) -> Callable[..., str | None]:
    """Return the check of a file of this name."""
    return partial(check_structure, ext=PurePosixPath(rel).suffix.removeprefix("."), expected_size=length)


def adopt(
    root: MirrorRoot, path: str, urls: Sequence[str], create_date: int | None, sha256: str | None = None
) -> Stored | None:
    """Return the file of one of these URLs if it lies under this path or beside it, None if it must be fetched.

    `sha256` is that of the file as it was stored once, and then decides alone. `create_date` is the work's, ms
    UTC: the time of files whose URL names none. Reads whole what may be the file: blocks.
    """
    for rel, url in names(path, urls):
        looked = root.look(rel)
        if looked is None:
            continue
        expected = sha256
        if expected is None and (told := told_of(root, rel)) is not None and told["sha256"]:
            if not is_of(told, url) or told["size"] not in (None, looked.size):
                continue
            expected = told["sha256"]
        if expected is None and not has_time_of(looked, url, create_date):
            continue
        try:
            found = root.adopt(rel, None if expected else structure(rel))
        except Damaged:
            continue
        if found is not None and expected in (None, found.sha256):
            return Stored(found.rel, found.size, found.sha256, url)
    return None


def names(path: str, urls: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names under which the file of each URL may lie: as it is kept, then as a later version is."""
    for url in urls:
        plain = path_for(path, url)
        version = url_version(url)
        yield plain, url
        if version and not PurePosixPath(plain).stem.endswith(f"_{version}"):
            yield with_version(plain, version), url


def told_of(root: MirrorRoot, rel: str) -> dict[str, Any] | None:
    """Return what the sidecar beside a file says of the file under this name."""
    beside = sidecar_beside(rel)
    text = root.read_sidecar(beside) if beside is not None else None
    return next((f for f in files_in(text) if f["path"] == rel), None) if text is not None else None


def is_of(told: dict[str, Any], url: str) -> bool:
    """Return whether a sidecar's entry is of this URL's version."""
    return told["url"] == url or bool(url_version(url) and url_version(told["url"]) == url_version(url))


def has_time_of(looked: Look, url: str, create_date: int | None) -> bool:
    """Return whether the file has the time that it would have been given if fetched from this URL."""
    expected = url_ms(url)
    expected = create_date if expected is None else expected
    return expected is not None and abs(looked.mtime_ns // 1_000_000 - expected) < COARSE_MS


def worth_keeping(root: MirrorRoot, rel: str, url: str, damaged_sha256: str | None) -> bool:
    """Return whether what has this name may be another version, whole: then it is never replaced.

    `url` is that of the file which is to have the name. Reads the other one whole: blocks.
    """
    try:
        found = root.adopt(rel, structure(rel))
    except Damaged as error:
        told = told_of(root, rel)
        return told is not None and told["sha256"] == error.sha256 != damaged_sha256
    told = told_of(root, rel)
    is_rotten = (
        told is not None and told["sha256"] and is_of(told, url) and found and told["sha256"] != found.sha256
    )
    return found is not None and not is_rotten
