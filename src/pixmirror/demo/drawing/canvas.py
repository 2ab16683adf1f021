"""What every picture is drawn on: a sheet of twice the size, so that edges come out smooth; and first strokes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from random import Random

from PIL import Image, ImageDraw

Color = tuple[int, int, int]
Palette = tuple[Color, Color, Color, Color, Color]  # from light to dark
Point = tuple[float, float]

SCALE = 2
WHITE, CREAM, INK = (255, 255, 255), (255, 250, 240), (12, 13, 24)


def palette(colors: str) -> Palette:
    one, two, three, four, five = (bytes.fromhex(color) for color in colors.split())
    return tuple(one), tuple(two), tuple(three), tuple(four), tuple(five)  # type: ignore[return-value]


ROSE = palette("fde2c8 f7a98b c8607a 5c3a6b 251d3d")
DAY = palette("e8f3f7 a9d3e6 5b9bc0 2e5d84 16304d")
SUNSET = palette("fff1d6 ffd08a f08a5d b83b5e 6a2c70")
LEAF = palette("dff0e3 a8d5ba 5fa58a 2f6b5e 143c3a")
LILAC = palette("f6e9f5 e0b6dd a77fc0 5f4a8b 2b2350")
AMBER = palette("fdf6e3 f2d6a2 d8a15d 8b5a3c 3b2a26")
INDIGO = palette("dbe7ff 9db8f2 5b7bd5 31459a 171f4f")
PINK = palette("fff0f3 ffc2d1 fb6f92 9d3a63 3f1a38")
TEAL = palette("e6fffb a7ece1 4fc0b8 23807f 0d3f46")
SEPIA = palette("f3f0ea d7cdbd a3937c 66594b 2d2823")
CORAL = palette("fef9ef ffdca8 fe6d73 227c9d 123a52")
MOON = palette("ffe3d8 c9b6e4 5a6fb5 2d3f74 1b2440")
DEEP = palette("e1e5f2 bfdbf7 1f7a8c 12405a 0b1d2c")
VIOLET = palette("f9dec9 f58f7c b5487e 5b2a6e 2b1b3d")
FRESH = palette("fff6e0 ffe066 70c1b3 247ba0 0b3954")
EARTH = palette("ffe8d6 ddbea9 a5a58d 6b705c 3f4238")
ALL = (ROSE, DAY, SUNSET, LEAF, LILAC, AMBER, INDIGO, PINK, TEAL, SEPIA, CORAL, MOON, DEEP, VIOLET, FRESH, EARTH)


@dataclass(frozen=True)
class Glow:
    """Light around a point, laid over the finished drawing."""

    x: float
    y: float
    radius: float
    color: Color
    strength: int


@dataclass
class Sheet:
    """A picture in the making. Its shapes come from `rng`, which is that of the page; what an edited version has
    otherwise comes from `twist`, so that two versions show one scene. `key` is the same for all pages of a work.
    Every scene begins by `background`."""

    key: str
    w: int
    h: int
    rng: Random
    twist: Random
    palette: Palette
    image: Image.Image = field(init=False)
    draw: ImageDraw.ImageDraw = field(init=False)
    glows: list[Glow] = field(default_factory=list)

    @property
    def short(self) -> int:
        """The shorter edge."""
        return min(self.w, self.h)

    def glow(self, x: float, y: float, radius: float, color: Color, strength: int = 130) -> None:
        """Let something shine."""
        self.glows.append(Glow(x, y, radius, color, strength))

    def finished(self) -> Image.Image:
        """Return the picture at its own size, with everything that shines."""
        picture = self.image.reduce(SCALE)
        for glow in self.glows:
            size = max(1, round(glow.radius * 2 / SCALE))
            mask = _halo(glow.strength).resize((size, size), Image.Resampling.NEAREST)
            corner = round((glow.x - glow.radius) / SCALE), round((glow.y - glow.radius) / SCALE)
            picture.paste(glow.color, corner, mask)
        return picture


@lru_cache(maxsize=64)
def _halo(strength: int) -> Image.Image:
    edge = 181  # the value that the gradient has where the circle touches the sides
    return Image.radial_gradient("L").point([round(strength * max(0.0, 1 - v / edge) ** 1.5) for v in range(256)])


def blend(one: Color, two: Color, part: float) -> Color:
    """Return the colour at `part` of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, two, strict=True))
    return red, green, blue


def background(s: Sheet, *colors: Color) -> None:
    """Begin the sheet with colours that run into each other from the top down."""
    s.image = _gradient(colors, s.w, s.h)
    s.draw = ImageDraw.Draw(s.image)


def fill(s: Sheet, top: int, *colors: Color) -> None:
    """Fill the sheet from `top` down with such colours."""
    s.image.paste(_gradient(colors, s.w, s.h - top), (0, top))


def _gradient(colors: Sequence[Color], width: int, height: int) -> Image.Image:
    strip = Image.new("RGB", (1, len(colors)))
    strip.putdata(colors)
    strip = strip.resize((1, height), Image.Resampling.BILINEAR, (0, 0.5, 1, len(colors) - 0.5))
    return strip.resize((width, height), Image.Resampling.NEAREST)


def disc(s: Sheet, x: float, y: float, radius: float, color: Color, flat: float = 1.0) -> None:
    """Draw a disc; `flat` is how high it is for its width."""
    s.draw.ellipse((x - radius, y - radius * flat, x + radius, y + radius * flat), fill=color)


def stars(s: Sheet, rng: Random, count: int, down_to: float) -> None:
    """Strew stars over the upper part of the sheet."""
    unit = max(1.0, s.short / 900)
    for _ in range(count):
        x, y, size = rng.random() * s.w, rng.random() * s.h * down_to, unit * rng.choice((1, 1, 1.6, 2.6))
        disc(s, x, y, size, rng.choice((WHITE, (255, 240, 214), (214, 226, 255))))


def ridge(rng: Random, rough: float = 0.55, steps: int = 6) -> list[float]:
    """Return a skyline: 2**steps + 1 heights between 0 and 1."""
    heights, spread = [rng.random(), rng.random()], 1.0
    for _ in range(steps):
        spread *= rough
        finer = [heights[0]]
        for one, two in pairwise(heights):
            finer += ((one + two) / 2 + rng.uniform(-spread, spread) / 2, two)
        heights = finer
    low, high = min(heights), max(heights)
    return [(height - low) / (high - low + 1e-6) for height in heights]


def hill(
    s: Sheet, heights: Sequence[float], base: float, rise: float, color: Color, haze: Color, floor: float = 1.0
) -> list[Point]:
    """Draw a range, fading into the haze at its foot, down to where nearer things hide it (`floor`); return its
    skyline."""
    step, lower = s.w / (len(heights) - 1), s.h * (0.25 * rise + 0.012)
    line = [(i * step, s.h * (base - height * rise)) for i, height in enumerate(heights)]
    top, last, shade = s.h * (base + 0.01), s.h * floor, blend(color, haze, 1 / 3)
    for part in range(4):  # a polygon costs its edges times its height: only the ragged part is one
        foot = min(top + lower * (part + 1), last)
        down = [(x, min(y + lower * part, last)) for x, y in line]
        s.draw.polygon([(0, foot), *down, (s.w, foot)], fill=blend(color, shade, part / 3))
    s.draw.rectangle((0, min(top + lower * 4, last), s.w, last), fill=shade)
    return line


def curve(points: Iterable[Point], x: float, y: float, size: float) -> list[Point]:
    """Return a shape that is kept in units, put to its place."""
    return [(x + a * size, y + b * size) for a, b in points]


def around(x: float, y: float, radius: float, count: int, turn: float = 0.0) -> list[Point]:
    """Return points evenly spread on a circle."""
    angles = (turn + i * math.tau / count for i in range(count))
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def sign(s: Sheet, x: float, y: float, size: float, color: Color) -> None:
    """Draw one sign of what looks like writing from afar, its middle over x, its top at y."""
    r, half = s.twist, size / 2
    corners = [(x - half, y), (x + half, y + size * 0.1), (x - half * 0.8, y + size), (x + half, y + size * 0.9)]
    middle = [(x, y + size * r.uniform(0.2, 0.8)), (x + half * r.uniform(-1, 1), y + size * 0.5)]
    strokes = r.sample(corners, r.randint(2, 4)) + r.sample(middle, r.randint(0, 2))
    s.draw.line(strokes, fill=color, width=max(2, int(size * 0.15)))
