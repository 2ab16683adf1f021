"""Where a work's files lie below the media folder; pure. A path is decided once and stored with its file."""

import re
from pathlib import PurePosixPath

from pixmirror.models import split_key

CHECKED = frozenset({"jpg", "jpeg", "png", "gif", "webp", "zip"})  # kinds whose structure can be checked
# An address that ends so is that of a page, or of what nobody wants to open beside pictures.
_PAGES = ("htm", "html", "php", "js", "json", "url")
_PROGRAMS = ("exe", "com", "bat", "cmd", "scr", "msi", "ps1", "vbs", "sh", "py", "jar", "lnk", "desktop")
_NO_FILES = frozenset((*_PAGES, *_PROGRAMS, "part"))
_EXTENSION = re.compile(r"[a-z][a-z0-9]{1,7}")


def extension(url: str) -> str | None:
    """Return the extension that the URL names, also one never heard of; None where it is that of no file."""
    name = url.partition("?")[0].partition("#")[0].rpartition("/")[2]
    stem, _, ext = name.lower().rpartition(".")
    return ext if stem and _EXTENSION.fullmatch(ext) and ext not in _NO_FILES else None


def media_path(key: int, user_id: int, role: str, index: int, ext: str, version: str = "") -> str:
    """Return the path of a file. `version`: only for a later version than the first that we met."""
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


def text_path(key: int, user_id: int) -> str | None:
    """Return where the text of a novel lies; None for a work that is none."""
    return sidecar_path(key, user_id).removesuffix("json") + "txt" if key & 1 else None


_OF_ILLUST = re.compile(r"(\d+/(\d+))_(?:p\d|ugoira)[^/]*", re.ASCII)
_OF_NOVEL = re.compile(r"(\d+/novel/(\d+))/[^/]+", re.ASCII)


def sidecar_beside(rel: str) -> str | None:
    """Return the sidecar of the work that a file belongs to, by its name; None for a name that is none of ours."""
    if found := _OF_ILLUST.fullmatch(rel):
        return f"{found[1]}.json"
    found = _OF_NOVEL.fullmatch(rel)
    return f"{found[1]}/{found[2]}.json" if found else None


def with_version(rel: str, version: str) -> str:
    """Return the name of a later version of the file with this name."""
    path = PurePosixPath(rel)
    return str(path.with_name(f"{path.stem}_{version}{path.suffix}"))
