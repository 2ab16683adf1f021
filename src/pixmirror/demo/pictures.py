"""The bytes of every picture: real JPEG, PNG, GIF and zip files that look like something, drawn afresh from the
work, the page and the version, so that nothing has to be kept."""

import io
import zipfile
from functools import lru_cache
from itertools import accumulate
from random import Random

from PIL import Image, ImageOps

from pixmirror.demo.drawing.subjects import Kind, Subject, draw, film
from pixmirror.demo.world import Work

UGOIRA_DELAYS = (80, 100, 120, 200)
FORMATS = {"png": "PNG", "gif": "GIF"}
QUALITY, GREY_QUALITY = 86, 76


def extension(world_seed: int, work: Work, page: int) -> str:
    """The extension of a page's original: mostly jpg, of manga png, few gif, and pages of one work may differ."""
    if work.uploads:
        return work.uploads[page].rpartition(".")[2]
    if work.ext or work.type == "ugoira":
        return work.ext or "jpg"
    drawn = Random(f"{world_seed} ext {work.id} {page if work.id % 5 == 0 else 0}").random()
    return "jpg" if drawn < (0.45 if work.type == "manga" else 0.72) else "png" if drawn < 0.97 else "gif"


def frames(world_seed: int, work: Work) -> list[tuple[str, int]]:
    """Return the frames of a ugoira: file name in the zip, and delay in milliseconds."""
    rng = Random(f"{world_seed} frames {work.id}")
    count = rng.randint(5, 11) if work.width > 100 else 3
    return [(f"{number:06d}.jpg", rng.choice(UGOIRA_DELAYS)) for number in range(count)]


def original(world_seed: int, work: Work, page: int, ext: str) -> bytes:
    """Return the original of a page, or of frame `page` of a ugoira."""
    return _drawn(_page(world_seed, work, page), work.width, work.height, ext)


def derived(world_seed: int, work: Work, page: int, box: tuple[int, int], square: bool) -> bytes:
    """Return a smaller JPEG of a page, inside `box` or, if square, filling it."""
    width, height = min(box), min(box)
    if not square:
        scale = min(box[0] / work.width, box[1] / work.height, 1.0)
        width, height = max(1, int(work.width * scale)), max(1, int(work.height * scale))
    return _drawn(_page(world_seed, work, page), width, height, "jpg")


def reduced(data: bytes, box: tuple[int, int], square: bool) -> bytes:
    """Return a smaller JPEG of a picture that was uploaded, as `derived`."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    if square:
        picture = ImageOps.fit(picture, (min(box), min(box)))
    else:
        picture.thumbnail(box)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def other(kind: Kind, key: str, width: int, height: int, ext: str = "jpg") -> bytes:
    """Draw anything else: covers, avatars, pictures in novels, placeholders."""
    return _drawn(Subject(kind, key, style=key), width, height, ext)


@lru_cache(maxsize=16)
def ugoira_zip(world_seed: int, work: Work, large: bool) -> bytes:
    """Return the zip of a ugoira's frames, stored without compression as Pixiv does."""
    width, height = (work.width * 3 // 2, work.height * 3 // 2) if large else (work.width, work.height)
    names = [name for name, _ in frames(world_seed, work)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        drawn = film(_page(world_seed, work, 0), _phases(world_seed, work), width, height)
        for name, image in zip(names, drawn, strict=True):
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), _encoded(image, "jpg"))
    return out.getvalue()


def _page(world_seed: int, work: Work, page: int) -> Subject:
    """Return what a page shows. The time of the upload makes the edition: the same scene, otherwise drawn."""
    key, edition = f"{world_seed} {work.medium} {work.id}", (work.file_ms - work.create_ms) // 1000
    style = f"{world_seed} artist {work.user_id}"
    if work.type == "ugoira":
        return Subject("ugoira", key, edition=edition, style=style, phase=_phases(world_seed, work)[page])
    kind: Kind = "manga" if work.type == "manga" else "illust"
    return Subject(kind, key, page, work.page_count, edition, style)


def _phases(world_seed: int, work: Work) -> tuple[float, ...]:
    """Return when each frame of a ugoira begins, as a part of the whole: what moves does so at one speed."""
    ends = list(accumulate(delay for _, delay in frames(world_seed, work)))
    return tuple(begin / ends[-1] for begin in (0, *ends[:-1]))


@lru_cache(maxsize=192)
def _drawn(subject: Subject, width: int, height: int, ext: str) -> bytes:
    return _encoded(draw(subject, width, height), ext)


def _encoded(image: Image.Image, ext: str) -> bytes:
    out = io.BytesIO()
    if ext == "jpg":
        image.save(out, "JPEG", quality=GREY_QUALITY if image.mode == "L" else QUALITY)
    else:
        _with_palette(image, 64 if ext == "gif" else 256).save(
            out, FORMATS[ext], **({"compress_level": 3} if ext == "png" else {})
        )
    return out.getvalue()


def _with_palette(image: Image.Image, colors: int) -> Image.Image:
    """Return the picture in so many colours, or one of greys in 16: a third of the bytes, and quicker to pack."""
    if image.mode != "L":
        return image.quantize(colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    image = image.point([value >> 4 for value in range(256)])
    image.putpalette([value * 17 for value in range(16) for _ in range(3)])
    return image
