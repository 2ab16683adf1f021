"""Pages of manga, read from right to left: panels with gutters, people who speak, screentone."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, ImagePalette

from pixmirror.demo.drawing import land, town
from pixmirror.demo.drawing.canvas import SCALE, Color, Palette, Sheet, disc, hill, ridge, sign
from pixmirror.demo.drawing.figures import Person, bust, eye, person, sitting_cat, walker
from pixmirror.demo.drawing.scenes import sheet

Box = tuple[int, int, int, int]
Cast = tuple[Person, Person]


def _grey(value: int) -> Color:
    return value, value, value


PAPER, LINE, TONE = _grey(250), _grey(18), _grey(184)  # what has the grey of TONE is printed in dots or lines
DARK_HAIR = _grey(40)
DAY: Palette = (_grey(252), TONE, _grey(140), _grey(70), _grey(24))
NIGHT: Palette = (_grey(252), TONE, _grey(120), _grey(52), _grey(14))
ROWS = ((0.3, 0.4, 0.3), (0.42, 0.58), (0.5, 0.5), (0.6, 0.4), (0.34, 0.28, 0.38))
COLUMNS = ((1.0,), (1.0,), (0.55, 0.45), (0.42, 0.58), (0.62, 0.38))
MOODS = ("calm", "happy", "surprised", "sleepy", "calm")


def manga_page(key: str, number: int, edition: int, width: int, height: int) -> Image.Image:
    """Draw a page, or a double page if it is wide. An edition but the first has other words, moods and tones."""
    s = sheet((DAY, NIGHT), key, number, edition, width, height)
    _blank(s, PAPER)
    cast = _cast(key)
    boxes = _double(s) if width > 1.25 * height else _single(s)
    first, rest = s.rng.choice((_view, _town, _sky)), [_face, _face, _face, _two, _look, _stare, _sill, _face]
    s.rng.shuffle(rest)
    for box, kind in zip(boxes, [first, *rest], strict=False):
        _panel(s, box, kind, cast)
    image = s.image.reduce(SCALE)
    printed = image.point([255 if 176 <= value <= 192 else 0 for value in range(256)])
    tone = _screentone(s.twist.choice(("dots", "lines", "lines"))).crop((0, 0, *image.size))
    image.paste(tone, (0, 0), printed)
    return image


class _Greys(ImagePalette.ImagePalette):
    """Lets what is drawn in colours be drawn on greys, of which a pixel has one byte."""

    def getcolor(self, color: tuple[int, ...], image: Image.Image | None = None) -> int:
        """Return how light a colour is."""
        red, green, blue = color[:3]
        return (red * 299 + green * 587 + blue * 114) // 1000


GREYS_OF_COLORS = _Greys()


def _blank(s: Sheet, grey: Color) -> None:
    """Begin the sheet in one grey."""
    s.image = Image.new("L", (s.w, s.h), grey[0])
    s.draw = ImageDraw.Draw(s.image)
    s.draw.palette = GREYS_OF_COLORS


def _cast(key: str) -> Cast:
    """Return the two that the story is about: one with dark hair, one with light."""
    rng = Random(f"{key} cast")
    one, two = (
        replace(person(rng), skin=_grey(253), eyes=_grey(60), flower=False, glasses=False) for _ in range(2)
    )
    return replace(one, hair=DARK_HAIR), replace(two, hair=rng.choice((_grey(246), TONE)))


@lru_cache(maxsize=2)
def _screentone(kind: str) -> Image.Image:
    """Return a sheet of screentone. Its period is that of JPEG's blocks, so that it costs few bytes."""
    tile = Image.new("L", (32, 32), 250)
    draw = ImageDraw.Draw(tile)
    if kind == "lines":
        for y in (4, 20):
            draw.rectangle((0, y, 32, y + 6), fill=120)
    else:
        for x, y in ((8, 8), (24, 24)):
            draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=70)
    tile = tile.reduce(4)
    tone = Image.new("L", (1024, 1024))
    tone.paste(tile)
    size = 8
    while size < 1024:
        tone.paste(tone.crop((0, 0, size, size)), (size, 0))
        tone.paste(tone.crop((0, 0, 2 * size, size)), (0, size))
        size *= 2
    return tone


def _single(s: Sheet) -> list[Box]:
    margin = s.w * 0.05
    return _grid(s, margin, margin, s.w - margin, s.h - margin, s.rng.choice(ROWS))


def _double(s: Sheet) -> list[Box]:
    """One picture over both pages, and under it a row on each, the right one first."""
    margin, middle, fold = s.h * 0.05, s.w / 2, s.h * 0.03
    split = s.h * s.rng.uniform(0.52, 0.6)
    over = (int(margin), int(margin), int(s.w - margin), int(split))
    top, bottom = split + s.h * 0.03, s.h - margin
    right = _grid(s, middle + fold, top, s.w - margin, bottom, (1.0,))
    return [over, *right, *_grid(s, margin, top, middle - fold, bottom, (1.0,))]


def _grid(s: Sheet, left: float, top: float, right: float, bottom: float, rows: tuple[float, ...]) -> list[Box]:
    """Return panels in reading order: rows from the top, each from the right."""
    gap, boxes, y = s.short * 0.025, [], top
    high = bottom - top - gap * (len(rows) - 1)
    for row in rows:
        columns, x = s.rng.choice(COLUMNS), right
        wide = right - left - gap * (len(columns) - 1)
        for column in columns:
            boxes.append((int(x - wide * column), int(y), int(x), int(y + high * row)))
            x -= wide * column + gap
        y += high * row + gap
    return boxes


Panel = Callable[[Sheet, Cast], tuple[float, ...]]  # returns where over it the balloons are to be, from the left


def _panel(s: Sheet, box: Box, kind: Panel, cast: Cast) -> None:
    left, top, right, bottom = box
    part = Sheet(s.key, right - left, bottom - top, s.rng, s.twist, s.palette)
    spoken = kind(part, cast)
    s.image.paste(part.image, (left, top))
    s.draw.rectangle(box, outline=LINE, width=max(3, s.short // 190))
    for at in spoken:
        _balloon(s, box, at)


def _face(s: Sheet, cast: Cast) -> tuple[float, ...]:
    """Somebody who speaks, on one side of the panel."""
    who, at = s.rng.choice(cast), s.rng.choice((0.36, 0.64))
    _ground(s)
    size = min(s.w * 0.8, s.h) * s.rng.uniform(0.26, 0.32)
    cloth = _grey(250) if who.hair == DARK_HAIR else _grey(60)
    bust(s.draw, who, s.w * at, s.h * 0.54, size, cloth, s.twist.choice(MOODS), _ink(s))
    return (0.17 if at > 0.5 else 0.83,)


def _two(s: Sheet, cast: Cast) -> tuple[float, ...]:
    """Both, one of whom speaks."""
    _ground(s)
    size = min(s.w * 0.55, s.h) * 0.27
    for who, at, cloth in ((cast[1], 0.26, _grey(60)), (cast[0], 0.74, _grey(250))):
        bust(s.draw, who, s.w * at, s.h * s.rng.uniform(0.56, 0.64), size, cloth, s.twist.choice(MOODS), _ink(s))
    return (0.5,)


def _look(s: Sheet, cast: Cast) -> tuple[float, ...]:
    """Both eyes, as large as the panel allows."""
    who = s.rng.choice(cast)
    _blank(s, who.skin)
    size = min(s.w, s.h * 2.2) * 0.8
    for side in (-1, 1):
        eye(s.draw, who, s.w / 2 + side * size * 0.36, s.h * 0.58, size, "calm")
    for i in range(7):
        x = s.w * i / 6
        lock = [(x - s.w * 0.12, 0), (x + s.w * 0.12, 0), (x + s.w * 0.03, s.h * s.rng.uniform(0.14, 0.34))]
        s.draw.polygon(lock, fill=who.hair)
        s.draw.line([lock[0], lock[2], lock[1]], fill=LINE, width=_ink(s))
    return ()


def _stare(s: Sheet, cast: Cast) -> tuple[float, ...]:
    """Somebody surprised, with lines that all point there."""
    _blank(s, _grey(252))
    _rays(s)
    size = min(s.w * 0.9, s.h) * 0.27
    bust(s.draw, s.rng.choice(cast), s.w / 2, s.h * 0.52, size, _grey(250), "surprised", _ink(s))
    return s.rng.choice(((), (0.84,), (0.16,)))


def _ground(s: Sheet) -> None:
    kind = (s.rng.randrange(4) + (s.palette == NIGHT)) % 4
    _blank(s, (_grey(252), TONE, _grey(252), _grey(52))[kind])
    if kind == 2:
        _rays(s)


def _dark(s: Sheet) -> bool:
    """Return whether it is dark in a panel: by chance, and the other way round once the page was edited."""
    return (s.rng.random() < 0.5) != (s.palette == NIGHT)


def _rays(s: Sheet) -> None:
    far = math.hypot(s.w, s.h)
    for i in range(30):
        turn, near = math.tau * (i + s.rng.random() * 0.8) / 30, min(s.w, s.h) * s.rng.uniform(0.46, 0.66)
        tip = (s.w / 2 + math.cos(turn) * near, s.h / 2 + math.sin(turn) * near)
        ends = [(s.w / 2 + math.cos(turn + k) * far, s.h / 2 + math.sin(turn + k) * far) for k in (-0.016, 0.016)]
        s.draw.polygon([tip, *ends], fill=LINE)


def _view(s: Sheet, _: Cast) -> tuple[float, ...]:
    night = _dark(s)
    _blank(s, _grey(40) if night else _grey(250))
    disc(s, s.w * s.rng.uniform(0.2, 0.8), s.h * 0.24, min(s.w, s.h) * 0.1, _grey(252) if night else TONE)
    line = []
    for i, shade in enumerate((_grey(150), TONE, _grey(60))):
        line = hill(s, ridge(s.rng, 0.5, 5), 0.62 + 0.14 * i, 0.22 - 0.05 * i, shade, shade)
    for x, y in line[1::3]:
        land.pine(s, x, y + s.h * 0.03, s.h * 0.16, _grey(24))
    return ()


def _town(s: Sheet, _: Cast) -> tuple[float, ...]:
    _blank(s, _grey(34) if _dark(s) else _grey(252))
    disc(s, s.w * s.rng.uniform(0.15, 0.85), s.h * 0.2, min(s.w, s.h) * 0.09, _grey(252))
    town.houses(s, 2, 0.86)
    return s.rng.choice(((), (0.84,), (0.16,)))


def _sky(s: Sheet, _: Cast) -> tuple[float, ...]:
    """Somebody alone under a wide sky."""
    _blank(s, TONE if _dark(s) else _grey(252))
    for k in (0.2, 0.7):
        land.cloud(
            s,
            s.w * (k + s.rng.uniform(-0.1, 0.1)),
            s.h * s.rng.uniform(0.25, 0.5),
            s.w * 0.13,
            _grey(253),
            _grey(206),
        )
    hill(s, ridge(s.rng, 0.4, 4), 0.84, 0.08, _grey(44), _grey(44))
    walker(s, s.w * s.rng.uniform(0.3, 0.7), s.h * 0.9, s.h * 0.4)
    return ()


def _sill(s: Sheet, _: Cast) -> tuple[float, ...]:
    """A cat that looks out."""
    _blank(s, _grey(44) if _dark(s) else TONE)
    disc(s, s.w * 0.7, s.h * 0.34, min(s.w, s.h) * 0.2, _grey(252))
    s.draw.rectangle((0, s.h * 0.8, s.w, s.h), fill=_grey(250))
    s.draw.line((0, s.h * 0.8, s.w, s.h * 0.8), fill=LINE, width=_ink(s) * 2)
    sitting_cat(s.draw, s.w * s.rng.uniform(0.3, 0.6), s.h * 0.84, s.h * 0.26, _grey(16))
    return ()


def _ink(s: Sheet) -> int:
    return max(2, s.short // 180)


def _balloon(s: Sheet, box: Box, at: float) -> None:
    """Draw a speech balloon at the top of a panel, with words in columns from the right."""
    left, top, right, bottom = box
    wide, high = min((right - left) * 0.34, s.short * 0.18), min((bottom - top) * 0.5, s.short * 0.22)
    x, y = left + (right - left) * at, top + high * s.rng.uniform(0.5, 0.62)
    x = min(max(x, left + wide * 0.4), right - wide * 0.4)
    thick, side = max(3, s.short // 260), 1 if at < 0.5 else -1
    s.draw.ellipse(
        (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2), fill=_grey(255), outline=LINE, width=thick
    )
    tail = [(0.1 * side, 0.4), (0.42 * side, 0.68), (0.32 * side, 0.28)]
    points = [(x + a * wide, y + b * high) for a, b in tail]
    s.draw.polygon(points, fill=_grey(255))
    s.draw.line(points, fill=LINE, width=thick)
    columns = s.rng.randint(2, 3)
    size = min(wide * 0.15, high * 0.11)
    for column in range(columns):
        for i in range(s.twist.randint(3, 5)):
            across = ((columns - 1) / 2 - column) * size * 1.7
            sign(s, x + across, y - high * 0.3 + i * size * 1.22, size, LINE)
