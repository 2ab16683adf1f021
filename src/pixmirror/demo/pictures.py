"""The bytes of every picture: real JPEG, PNG, GIF and zip files that look like something, drawn afresh from the
work, the page and the version, so that nothing has to be kept."""

import io
import zipfile
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, ImageFont, ImageOps

from pixmirror.demo.world import Work

UGOIRA_DELAYS = (80, 100, 120, 200)
FORMATS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF"}
_SKIES = (
    ((36, 44, 92), (240, 168, 132)),
    ((92, 160, 220), (236, 244, 250)),
    ((18, 20, 48), (72, 60, 128)),
    ((250, 214, 165), (232, 110, 120)),
    ((120, 190, 180), (250, 246, 220)),
    ((60, 60, 70), (190, 196, 204)),
)


def extension(world_seed: int, work: Work, page: int) -> str:
    """The extension of a page's original: mostly jpg, some png, few gif, and pages of one work may differ."""
    if work.uploads:
        return work.uploads[page].rpartition(".")[2]
    if work.ext or work.type == "ugoira":
        return work.ext or "jpg"
    drawn = Random(f"{world_seed} ext {work.id} {page if work.id % 5 == 0 else 0}").random()
    return "jpg" if drawn < 0.72 else "png" if drawn < 0.97 else "gif"


def frames(world_seed: int, work: Work) -> list[tuple[str, int]]:
    """Return the frames of a ugoira: file name in the zip, and delay in milliseconds."""
    rng = Random(f"{world_seed} frames {work.id}")
    count = rng.randint(4, 12) if work.width > 100 else 3
    return [(f"{number:06d}.jpg", rng.choice(UGOIRA_DELAYS)) for number in range(count)]


def original(world_seed: int, work: Work, page: int, ext: str) -> bytes:
    """Return the original of a page, or of frame `page` of a ugoira."""
    name = f"{work.id} p{page}"
    return _encoded(f"{world_seed} {work.id} {page} {work.file_ms}", name, work.width, work.height, ext)


def derived(world_seed: int, work: Work, page: int, box: tuple[int, int], square: bool) -> bytes:
    """Return a smaller JPEG of a page, inside `box` or, if square, filling it."""
    width, height = min(box), min(box)
    if not square:
        scale = min(box[0] / work.width, box[1] / work.height, 1.0)
        width, height = max(1, int(work.width * scale)), max(1, int(work.height * scale))
    return _encoded(f"{world_seed} {work.id} {page} {work.file_ms}", f"{work.id} p{page}", width, height, "jpg")


def reduced(data: bytes, box: tuple[int, int], square: bool) -> bytes:
    """Return a smaller JPEG of a picture that was uploaded, as `derived`."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    if square:
        picture = ImageOps.fit(picture, (min(box), min(box)))
    else:
        picture.thumbnail(box)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    return out.getvalue()


def other(seed_text: str, label: str, width: int, height: int, ext: str = "jpg") -> bytes:
    """Draw anything else: covers, avatars, pictures in novels, placeholders."""
    return _encoded(seed_text, label, width, height, ext)


@lru_cache(maxsize=16)
def ugoira_zip(world_seed: int, work: Work, large: bool) -> bytes:
    """Return the zip of a ugoira's frames, stored without compression as Pixiv does."""
    width, height = (work.width * 3 // 2, work.height * 3 // 2) if large else (work.width, work.height)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, (name, _) in enumerate(frames(world_seed, work)):
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            seed = f"{world_seed} {work.id} {work.file_ms}"
            archive.writestr(info, _encoded(seed, f"{work.id} #{number}", width, height, "jpg", number))
    return out.getvalue()


@lru_cache(maxsize=192)
def _encoded(seed: str, label: str, width: int, height: int, ext: str, step: int = 0) -> bytes:
    rng = Random(seed)
    image = _pattern(rng, width, height) if rng.random() < 0.35 else _landscape(rng, width, height, step)
    if min(width, height) >= 100:
        draw = ImageDraw.Draw(image)
        draw.text(
            (8, height - 30), label, fill=(255, 255, 255), font=_font(), stroke_width=2, stroke_fill=(0, 0, 0)
        )
    out = io.BytesIO()
    if ext == "gif":
        image.quantize(64, method=Image.Quantize.FASTOCTREE).save(out, "GIF")
    elif ext == "png":
        image.save(out, "PNG", compress_level=3)
    else:
        image.save(out, "JPEG", quality=86)
    return out.getvalue()


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(20)


def _landscape(rng: Random, width: int, height: int, step: int) -> Image.Image:
    """Draw sky, sun or moon, stars or birds, three ranges of hills, some houses with lit windows."""
    top, bottom = rng.choice(_SKIES)
    ramp = Image.linear_gradient("L").resize((width, height))
    image = Image.composite(
        Image.new("RGB", (width, height), bottom), Image.new("RGB", (width, height), top), ramp
    )
    draw = ImageDraw.Draw(image)
    size = max(4, min(width, height) // rng.randint(6, 12))
    x = (rng.randint(size, max(size + 1, width - size)) + step * size // 2) % max(1, width)
    y = rng.randint(size, max(size + 1, height // 2))
    draw.ellipse((x - size, y - size, x + size, y + size), fill=(255, 244, 214))
    for _ in range(rng.randint(30, 140)):
        a, b, r = rng.randrange(width), rng.randrange(max(1, height // 2)), rng.randint(0, 2)
        draw.ellipse((a - r, b - r, a + r, b + r), fill=(255, 255, 240))
    shade = [rng.randint(20, 120) for _ in range(3)]
    for layer in range(3):
        color = tuple(max(0, value - layer * 24) for value in shade)
        base = height * (5 + layer) // 9
        points = [(0, height)]
        points += [(i * width // 12, base + rng.randint(-height // 10, height // 12)) for i in range(13)]
        draw.polygon([*points, (width, height)], fill=(color[0], color[1], color[2]))
    for _ in range(rng.randint(6, 22)):
        a, w = rng.randrange(width), max(3, width // rng.randint(18, 40))
        b = height * rng.randint(70, 92) // 100
        wall = tuple(rng.randint(50, 170) for _ in range(3))
        draw.rectangle((a, b - w, a + w, b + w // 2), fill=(wall[0], wall[1], wall[2]))
        draw.polygon([(a - 2, b - w), (a + w // 2, b - 2 * w), (a + w + 2, b - w)], fill=(wall[0] // 2, 30, 40))
        draw.rectangle((a + w // 3, b - w // 2, a + 2 * w // 3, b - w // 5), fill=(255, 226, 120))
    return image


def _pattern(rng: Random, width: int, height: int) -> Image.Image:
    """Return a geometric pattern: circles, squares and diamonds on a grid of tiles, in a few colours."""
    colors = [(rng.randint(40, 255), rng.randint(40, 255), rng.randint(40, 255)) for _ in range(5)]
    image = Image.new("RGB", (width, height), colors[0])
    draw = ImageDraw.Draw(image)
    tile = max(8, min(width, height) // rng.randint(6, 12))
    for x in range(0, width, tile):
        for y in range(0, height, tile):
            one, two = rng.choice(colors), rng.choice(colors)
            draw.rectangle((x, y, x + tile, y + tile), fill=one)
            shape, inset = rng.randrange(4), tile // rng.randint(5, 9)
            box = (x + inset, y + inset, x + tile - inset, y + tile - inset)
            if shape == 0:
                draw.ellipse(box, fill=two)
            elif shape == 1:
                draw.rectangle(box, outline=two, width=3)
            elif shape == 2:
                half = tile // 2
                draw.polygon([(x + half, y), (x + tile, y + half), (x + half, y + tile), (x, y + half)], fill=two)
            else:
                draw.arc(box, rng.randint(0, 180), rng.randint(181, 360), fill=two, width=4)
    return image
