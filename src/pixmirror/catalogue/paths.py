"""Where a work's files lie below the media folder; pure. A path is decided once and stored with its file."""

import re
from pathlib import PurePosixPath

from pixmirror.models import split_key

EXTENSIONS = frozenset({"jpg", "jpeg", "png", "gif", "webp", "zip"})


def extension(url: str) -> str | None:
    """The extension that the URL names, or None where it is none that we store."""
    ext = url.partition("?")[0].partition("#")[0].rpartition("/")[2].rpartition(".")[2].lower()
    return ext if ext in EXTENSIONS else None


def media_path(key: int, user_id: int, role: str, index: int, ext: str, version: str = "") -> str:
    """`version` only for a later version than the first that we met."""
    medium, work_id = split_key(key)
    suffix = f"_{version}" if version else ""
    if medium == "novel":
        name = "cover" if role == "cover" else f"embed_{index}"
        return f"{user_id}/novel/{work_id}/{name}{suffix}.{ext}"
    if role == "ugoira":
        return f"{user_id}/{work_id}_ugoira{suffix}.{ext}"
    return f"{user_id}/{work_id}_p{index}{suffix}.{ext}"


def sidecar_path(key: int, user_id: int) -> str:
    medium, work_id = split_key(key)
    return f"{user_id}/novel/{work_id}/{work_id}.json" if medium == "novel" else f"{user_id}/{work_id}.json"


_OF_ILLUST = re.compile(r"(\d+/(\d+))_(?:p\d|ugoira)[^/]*", re.ASCII)
_OF_NOVEL = re.compile(r"(\d+/novel/(\d+))/[^/]+", re.ASCII)


def sidecar_beside(rel: str) -> str | None:
    """The sidecar of the work that a file belongs to, by the file's name; None for a name that is none of ours."""
    if found := _OF_ILLUST.fullmatch(rel):
        return f"{found[1]}.json"
    found = _OF_NOVEL.fullmatch(rel)
    return f"{found[1]}/{found[2]}.json" if found else None


def with_version(rel: str, version: str) -> str:
    """The name of a later version of the file with this name."""
    path = PurePosixPath(rel)
    return str(path.with_name(f"{path.stem}_{version}{path.suffix}"))
