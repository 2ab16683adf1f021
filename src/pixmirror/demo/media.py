"""Which file lies under a path of i.pximg.net or s.pximg.net at this moment of the world, and its bytes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pixmirror.clock import DAY_MS
from pixmirror.demo import addresses, pictures
from pixmirror.demo.drawing.subjects import Kind
from pixmirror.demo.shapes import uploaded_images
from pixmirror.demo.world import DELETED, Work, World

KEPT_DAYS = 7  # how long files outlive their deleted work
TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "zip": "application/zip"}

_DATE = r"/img/(?P<date>\d{4}(?:/\d\d){5})/"
_SIZE = r"(?:/c/(?P<w>\d+)x(?P<h>\d+)[^/]*)?"
_ORIGINAL = re.compile(rf"/img-original{_DATE}(?P<id>\d+)_(?P<form>p|ugoira)(?P<page>\d+)\.(?P<ext>jpg|png|gif)")
_MASTER = re.compile(rf"{_SIZE}/img-master{_DATE}(?P<id>\d+)(?:_p(?P<page>\d+))?_(?P<form>master|square)1200\.jpg")
_ZIP = re.compile(rf"/img-zip-ugoira{_DATE}(?P<id>\d+)_ugoira(?P<form>600x600|1920x1080)\.zip")
_AVATAR = re.compile(rf"/user-profile{_DATE}(?P<id>\d+)_[0-9a-f]{{32}}(?P<form>_170|_50|_16)?\.(?:jpg|png)")
_BACKGROUND = re.compile(rf"{_SIZE}/background{_DATE}(?P<id>\d+)_[0-9a-f]{{32}}\.jpg")
_COVER = re.compile(
    rf"{_SIZE}/novel-cover-(?:original|master){_DATE}(?P<kind>ci|tei)(?P<id>\d+)_[0-9a-f]{{32}}"
    r"(?:_(?P<form>master|square)1200)?\.jpg"
)
_SERIES = re.compile(rf"{_SIZE}/illust-series-cover-original{_DATE}(?P<id>[0-9a-f]{{32}})\.jpg")
_STATIC = re.compile(r"/common/images/[\w/.-]+\.(?:png|jpg)")


@dataclass(frozen=True)
class File:
    """A file: how to make its bytes, and when it was uploaded."""

    make: Callable[[], bytes]
    kind: str
    ms: int


def find(world: World, path: str) -> File | None:
    """Return the file under a path, or None."""
    for pattern, finder in _FINDERS:
        match = pattern.fullmatch(path)
        if match is not None:
            return finder(world, match)
    return None


def _work(world: World, medium: str, match: re.Match[str]) -> Work | None:
    """Return the work of a path, if this is the path of its present files and they are still up."""
    work = world.works.get((medium, int(match["id"])))
    if work is None or match["date"] != addresses.date_path(work.file_ms):
        return None
    if work.state == DELETED and world.now() > work.state_ms + KEPT_DAYS * DAY_MS:
        return None
    return work


def _original(world: World, match: re.Match[str]) -> File | None:
    work, page, ext = _work(world, "illust", match), int(match["page"]), match["ext"]
    if work is None or (match["form"] == "ugoira") != (work.type == "ugoira"):
        return None
    count = len(pictures.frames(world.seed, work)) if work.type == "ugoira" else work.page_count
    if page >= count or ext != pictures.extension(world.seed, work, page):
        return None
    if work.uploads:
        data = world.files[work.uploads[page]]
        return File(lambda: data, TYPES[ext], work.file_ms)
    return File(partial(pictures.original, world.seed, work, page, ext), TYPES[ext], work.file_ms)


def _master(world: World, match: re.Match[str]) -> File | None:
    work, page = _work(world, "illust", match), int(match["page"] or 0)
    if work is None or page >= work.page_count or (match["page"] is None) != (work.type == "ugoira"):
        return None
    box, square = (int(match["w"] or 1200), int(match["h"] or 1200)), match["form"] == "square"
    make = partial(pictures.derived, world.seed, work, page, box, square)
    if work.uploads:
        make = partial(pictures.reduced, world.files[work.uploads[page]], box, square)
    return File(make, TYPES["jpg"], work.file_ms)


def _zip(world: World, match: re.Match[str]) -> File | None:
    work = _work(world, "illust", match)
    if work is None or work.type != "ugoira":
        return None
    return File(
        partial(pictures.ugoira_zip, world.seed, work, match["form"] != "600x600"), TYPES["zip"], work.file_ms
    )


def _avatar(world: World, match: re.Match[str]) -> File | None:
    person = world.users.get(int(match["id"]))
    if person is None or not person.avatar_ms:
        return None
    url = addresses.avatar(world, person, match["form"] or "")
    if url != addresses.IMAGES + match[0]:
        return None
    edge, ext = int((match["form"] or "_340")[1:]), url.rpartition(".")[2]
    key = f"{world.seed} avatar {person.id} {person.avatar_ms}"
    make = partial(pictures.other, "avatar", key, edge, edge, ext)
    return File(make, TYPES[ext], person.avatar_ms)


def _background(world: World, match: re.Match[str]) -> File | None:
    person = world.users.get(int(match["id"]))
    if person is None or addresses.background(world, person) != addresses.IMAGES + match[0]:
        return None
    key = f"{world.seed} background {person.id} {person.background_ms}"
    make = partial(pictures.other, "illust", key, 1200, 600)
    return File(make, TYPES["jpg"], person.background_ms)


def _cover(world: World, match: re.Match[str]) -> File | None:
    number = int(match["id"])
    novel_id = number if match["kind"] == "ci" else number // 10
    novel = world.works.get(("novel", novel_id))
    if novel is None or (novel.state == DELETED and world.now() > novel.state_ms + KEPT_DAYS * DAY_MS):
        return None
    if match["kind"] == "ci":
        known = {addresses.cover_original(world, novel), *addresses.cover_urls(world, novel).values()}
    else:
        known = (
            set(addresses.embedded(world, novel, number).values()) if number in uploaded_images(novel) else set()
        )
    if addresses.IMAGES + match[0] not in known:
        return None
    width, height = (int(match["w"]), int(match["h"])) if match["w"] else (427, 600)
    edge = min(width, height)
    width, height = (edge, edge) if match["form"] == "square" else (min(width, 427), min(height, 600))
    kind: Kind = "cover" if match["kind"] == "ci" else "illust"
    key = f"{world.seed} {match['kind']} {number} {novel.file_ms}"
    return File(partial(pictures.other, kind, key, width, height), TYPES["jpg"], novel.file_ms)


def _series(world: World, match: re.Match[str]) -> File | None:
    for series in world.series.values():
        url = addresses.series_cover(world, series.id, series.create_ms)
        if series.medium == "illust" and url == addresses.IMAGES + match[0]:
            make = partial(pictures.other, "illust", f"{world.seed} series {series.id}", 760, 428)
            return File(make, TYPES["jpg"], series.create_ms)
    return None


def _static(world: World, match: re.Match[str]) -> File:
    name = match[0].rpartition("/")[2]
    ext = name.rpartition(".")[2]
    kind: Kind = "stamp"
    if name.startswith(("limit_", "no_profile")):
        kind = "hidden" if name.startswith("limit_") else "nobody"
    make = partial(pictures.other, kind, f"static {match[0]}", 90, 90, ext)
    return File(make, TYPES[ext], 1_500_000_000_000)


_FINDERS: tuple[tuple[re.Pattern[str], Callable[[World, re.Match[str]], File | None]], ...] = (
    (_ORIGINAL, _original),
    (_MASTER, _master),
    (_ZIP, _zip),
    (_AVATAR, _avatar),
    (_BACKGROUND, _background),
    (_COVER, _cover),
    (_SERIES, _series),
    (_STATIC, _static),
)
