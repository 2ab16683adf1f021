"""The URLs of files, as Pixiv forms them: the date in a path is JST and that of the last upload."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from hashlib import md5

from pixmirror.demo import pictures
from pixmirror.demo.world import User, Work, World

IMAGES = "https://i.pximg.net"
STATIC = "https://s.pximg.net/common/images"
JST = timezone(timedelta(hours=9))
PLACEHOLDERS = {
    "deleted": "limit_unknown",
    "limit_sanity_level": "limit_sanity_level",
    "limit_mypixiv": "limit_mypixiv",
    "limit_private": "limit_mypixiv",  # the same picture; only `restrict` differs
    "limit_unviewable": "limit_unviewable",
}


@lru_cache(maxsize=4096)
def iso(ms: int) -> str:
    """Return a time as Pixiv writes it."""
    return datetime.fromtimestamp(ms / 1000, JST).isoformat(timespec="seconds")


@lru_cache(maxsize=4096)
def date_path(ms: int) -> str:
    """Return a time as it stands in the paths of files."""
    return datetime.fromtimestamp(ms / 1000, JST).strftime("%Y/%m/%d/%H/%M/%S")


def digest(world: World, *parts: object) -> str:
    """Return the 32 hex digits in the names of avatars and covers."""
    return md5(f"{world.seed}|{parts}".encode(), usedforsecurity=False).hexdigest()


def originals(world: World, work: Work) -> list[str]:
    """Return the original of each page; of a ugoira its first frame."""
    stem = f"{IMAGES}/img-original/img/{date_path(work.file_ms)}/{work.id}"
    if work.type == "ugoira":
        return [f"{stem}_ugoira0.jpg"]
    return [f"{stem}_p{n}.{pictures.extension(world.seed, work, n)}" for n in range(work.page_count)]


def page_urls(work: Work, page: int) -> dict[str, str]:
    """Return the resized pictures of a page."""
    name = f"{date_path(work.file_ms)}/{work.id}" + ("" if work.type == "ugoira" else f"_p{page}")
    return {
        "square_medium": f"{IMAGES}/c/360x360_70/img-master/img/{name}_square1200.jpg",
        "medium": f"{IMAGES}/c/540x540_70/img-master/img/{name}_master1200.jpg",
        "large": f"{IMAGES}/c/600x1200_90/img-master/img/{name}_master1200.jpg",
    }


def ugoira_zip(work: Work, size: str = "600x600") -> str:
    """Return the zip of a ugoira; metadata names the 600x600 one only, 1920x1080 exists too."""
    return f"{IMAGES}/img-zip-ugoira/img/{date_path(work.file_ms)}/{work.id}_ugoira{size}.zip"


def placeholder(state: str) -> str:
    """Return the picture that stands for a work that is not shown."""
    return f"{STATIC}/{PLACEHOLDERS[state]}_360.png"


def avatar(world: World, user: User, size: str = "_170") -> str:
    """Return the avatar of a user, or the picture for those without."""
    if not user.avatar_ms:
        return f"{STATIC}/no_profile.png"
    ext = "png" if world.draw("avatar", user.id) % 4 == 0 else "jpg"
    name = f"{user.id}_{digest(world, 'avatar', user.id, user.avatar_ms)}{size}.{ext}"
    return f"{IMAGES}/user-profile/img/{date_path(user.avatar_ms)}/{name}"


def background(world: World, user: User) -> str | None:
    """Return the picture behind a profile."""
    if not user.background_ms:
        return None
    name = f"{user.id}_{digest(world, 'background', user.id, user.background_ms)}.jpg"
    return f"{IMAGES}/c/1200x600_90_a2_g5/background/img/{date_path(user.background_ms)}/{name}"


def cover_urls(world: World, novel: Work) -> dict[str, str]:
    """Return the resized covers of a novel."""
    return {
        "square_medium": f"{IMAGES}/c/128x128/novel-cover-master/{_cover(world, novel)}_square1200.jpg",
        "medium": f"{IMAGES}/c/176x352/novel-cover-master/{_cover(world, novel)}_master1200.jpg",
        "large": f"{IMAGES}/c/240x480_80/novel-cover-master/{_cover(world, novel)}_master1200.jpg",
    }


def cover_original(world: World, novel: Work) -> str:
    """Return the cover of a novel at full size, which no API names: it follows from the resized ones."""
    return f"{IMAGES}/novel-cover-original/{_cover(world, novel)}.jpg"


def _cover(world: World, novel: Work) -> str:
    return f"img/{date_path(novel.file_ms)}/ci{novel.id}_{digest(world, 'cover', novel.id, novel.file_ms)}"


def embedded(world: World, novel: Work, image_id: int) -> dict[str, str]:
    """Return the picture that a novel's text names [uploadedimage:ID], in all sizes."""
    name = f"img/{date_path(novel.file_ms)}/tei{image_id}_{digest(world, 'tei', image_id)}"
    return {
        "240mw": f"{IMAGES}/c/240x480_80/novel-cover-master/{name}_master1200.jpg",
        "480mw": f"{IMAGES}/c/480x960/novel-cover-master/{name}_master1200.jpg",
        "1200x1200": f"{IMAGES}/c/1200x1200/novel-cover-master/{name}_master1200.jpg",
        "128x128": f"{IMAGES}/c/128x128/novel-cover-master/{name}_square1200.jpg",
        "original": f"{IMAGES}/novel-cover-original/{name}.jpg",
    }


def series_cover(world: World, series_id: int, ms: int) -> str:
    """Return the cover of a manga series."""
    name = digest(world, "series", series_id)
    return f"{IMAGES}/c/782x410_80_a2_g5/illust-series-cover-original/img/{date_path(ms)}/{name}.jpg"


def stamp(stamp_id: int) -> str:
    """Return the picture of a stamp."""
    return f"{STATIC}/stamp/generated-stamps/{stamp_id}_s.jpg"
