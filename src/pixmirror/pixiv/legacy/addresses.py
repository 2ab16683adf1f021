"""Old addresses of files, and what they are today (pixiv.md 1.1 and 6.1). Pure."""

import re
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from pixmirror.models import JST

HOST = "https://i.pximg.net"
_OLD_HOST = re.compile(r"(?:i\d+|img\d+)\.pixiv\.net")
_SAME_PATH = re.compile(r"/(?:c/[^/]+/)?(?:img-original|img-master|img-zip-ugoira|user-profile|novel-cover-\w+)/")
_DATE = re.compile(r"/(?:img-original|img-master|img-inf)/img/(\d{4}(?:/\d{2}){5})/")
_FILE = re.compile(r"/(?P<id>\d+)(?:_(?:big_)?p(?P<page>\d+))?(?:_[a-z0-9]+)?\.(?P<ext>jpe?g|png|gif)$")
_ANIMATED = re.compile(r"/img-master/img/[\d/]+/\d+_(?:square|master)1200\.jpg")


def upload_path(url: str) -> str:
    """Return YYYY/MM/DD/hh/mm/ss of the upload that an address names, or "" (those by artist's folder)."""
    found = _DATE.search(url)
    return found[1] if found else ""


def reuploaded(url: str) -> datetime | None:
    """Return when a file was replaced, where `?<unix time>` behind its name says so."""
    query = _parts(url).query
    return datetime.fromtimestamp(int(query), UTC).astimezone(JST) if re.fullmatch("[0-9]{9,10}", query) else None


def animated(url: str) -> bool:
    """True if a thumbnail is that of a ugoira: today's form, but without a page number."""
    return _ANIMATED.search(url) is not None


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # a bracket that is no IPv6 address
        return urlsplit("")


def dated(moment: datetime) -> str:
    return moment.astimezone(JST).strftime("%Y/%m/%d/%H/%M/%S")


def today(url: str, moment: datetime | None = None) -> str | None:
    """The same file at today's host; None if that cannot be told. Addresses by artist's folder hold no date, so
    they need the `moment` of the upload, and lead to originals only.
    """
    parts = _parts(url)
    if parts.hostname == "source.pixiv.net" and parts.path.startswith("/common/"):
        return f"https://s.pximg.net{parts.path}"
    if parts.hostname == "i.pximg.net":
        return f"{HOST}{parts.path}"
    if not _OLD_HOST.fullmatch(parts.hostname or ""):
        return None
    if _SAME_PATH.match(parts.path):
        return f"{HOST}{parts.path}"
    found = _FILE.search(parts.path)
    if found and moment and re.match(r"(?:/img\d+)?/img/[^/]+/\d", parts.path):
        return original(int(found["id"]), dated(moment), found["ext"], int(found["page"] or 0))
    return None


def original(work_id: int, path: str, ext: str, page: int = 0) -> str:
    return f"{HOST}/img-original/img/{path}/{work_id}_p{page}.{ext}"


def first_frame(work_id: int, path: str, ext: str) -> str:
    """Return the original of a ugoira's first frame, which the App API names for the whole."""
    return f"{HOST}/img-original/img/{path}/{work_id}_ugoira0.{ext}"


def thumbnails(work_id: int, path: str, *, ugoira: bool = False) -> dict[str, str]:
    """Return the small forms as the App API names them."""
    stem = f"img-master/img/{path}/{work_id}{'' if ugoira else '_p0'}"
    return {
        "square_medium": f"{HOST}/c/360x360_70/{stem}_square1200.jpg",
        "medium": f"{HOST}/c/540x540_70/{stem}_master1200.jpg",
    }
