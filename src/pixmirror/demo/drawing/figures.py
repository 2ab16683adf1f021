"""Who is in the pictures: people seen from afar, cats, and the characters of portraits and manga."""

import math
from dataclasses import dataclass
from random import Random

from PIL import ImageDraw

from pixmirror.demo.drawing.canvas import WHITE, Color, Point, Sheet, around, blend, curve

HAIR = ((58, 48, 66), (92, 62, 54), (214, 176, 120), (236, 214, 176), (126, 140, 196), (214, 120, 140),
        (120, 176, 168), (236, 236, 246), (168, 76, 66), (70, 86, 130))  # fmt: skip
SKIN = ((255, 232, 216), (252, 219, 198), (243, 204, 176), (214, 164, 130))
EYES = ((64, 110, 180), (128, 74, 48), (66, 134, 104), (150, 74, 140), (190, 120, 40), (70, 60, 90))
LASH = (34, 20, 32)


def _face() -> list[Point]:
    """Return the outline of a face, the chin narrow, in units of its radius."""
    points = []
    for i in range(40):
        angle = math.tau * i / 40
        side, up = math.sin(angle), math.cos(angle)
        narrow = 1 - 0.34 * (-up) ** 1.5 if up < -0.1 else 1
        points.append((0.92 * side * narrow, -0.95 * up * (1 if up > 0 else 1.02)))
    return points


FACE = _face()
CROWN = [(1.14 * math.sin(a / 12), -0.12 - 1.1 * math.cos(a / 12)) for a in range(-20, 21)]


@dataclass(frozen=True)
class Person:
    """What somebody looks like in every picture."""

    hair: Color
    skin: Color
    eyes: Color
    long: bool
    buns: bool
    ears: bool
    flower: bool
    glasses: bool
    fringe: tuple[float, ...]


def person(rng: Random) -> Person:
    """Return somebody."""
    return Person(
        hair=rng.choice(HAIR),
        skin=rng.choice(SKIN),
        eyes=rng.choice(EYES),
        long=rng.random() < 0.6,
        buns=rng.random() < 0.22,
        ears=rng.random() < 0.28,
        flower=rng.random() < 0.3,
        glasses=rng.random() < 0.15,
        fringe=tuple(rng.uniform(0.7, 1.15) for _ in range(rng.randint(4, 6) + 1)),
    )


def bust(
    d: ImageDraw.ImageDraw, who: Person, x: float, y: float, size: float, cloth: Color, mood: str, ink: int = 0
) -> None:
    """Draw somebody from the shoulders up, the face around (x, y); mood is calm, happy, sleepy or surprised. With
    `ink` the shapes get outlines of this width, as in manga."""
    dark, fall = blend(who.hair, (20, 14, 40), 0.28), 2.3 if who.long else 1.15
    side = [(1.12, -0.2), (1.28, fall * 0.6), (1.05, fall)]
    _shape(d, curve([(-a, b) for a, b in side] + side[::-1], x, y, size), dark, ink)
    d.ellipse((x - size * 1.15, y - size * 1.25, x + size * 1.15, y + size * 0.9), fill=dark)
    if who.buns:
        for k in (-1, 1):
            box = (x + (k * 1.4 - 0.44) * size, y - size * 0.5, x + (k * 1.4 + 0.44) * size, y + size * 2)
            d.ellipse(box, fill=dark, outline=LASH if ink else None, width=ink)
    _shoulders(d, who, x, y, size, cloth, ink)
    _shape(d, curve(FACE, x, y, size), who.skin, ink)
    for k in (-1, 1):
        eye(d, who, x + k * size * 0.42, y + size * 0.2, size, mood)
        cheek = x + k * size * 0.52
        box = (cheek - size * 0.17, y + size * 0.46, cheek + size * 0.17, y + size * 0.6)
        d.ellipse(box, fill=blend(who.skin, (244, 120, 120), 0.4))
    _mouth(d, x, y, size, mood)
    _front_hair(d, who, x, y, size, ink)
    if who.glasses:
        for k in (-1, 1):
            a, b, q = x + k * size * 0.42, y + size * 0.2, size * 0.32
            d.ellipse((a - q, b - q, a + q, b + q), outline=LASH, width=max(1, int(size * 0.04)))


def _shape(d: ImageDraw.ImageDraw, points: list[Point], color: Color, ink: int) -> None:
    d.polygon(points, fill=color)
    if ink:
        d.line([*points, points[0]], fill=LASH, width=ink)


def _shoulders(
    d: ImageDraw.ImageDraw, who: Person, x: float, y: float, size: float, cloth: Color, ink: int
) -> None:
    shade = blend(cloth, (20, 18, 40), 0.25)
    neck = [(-0.3, 0.7), (0.3, 0.7), (0.36, 1.4), (-0.36, 1.4)]
    _shape(d, curve(neck, x, y, size), blend(who.skin, (190, 90, 90), 0.22), ink)
    body = [(-0.42, 1.22), (-1.3, 1.62), (-1.62, 2.1), (-1.9, 4), (1.9, 4), (1.62, 2.1), (1.3, 1.62), (0.42, 1.22)]
    _shape(d, curve(body, x, y, size), cloth, ink)
    collar = [(-0.46, 1.2), (0, 1.98), (0.46, 1.2), (0.28, 1.14), (0, 1.5), (-0.28, 1.14)]
    _shape(d, curve(collar, x, y, size), shade, ink)


def bow(d: ImageDraw.ImageDraw, x: float, y: float, size: float, color: Color) -> None:
    """Draw a bow at a collar."""
    for side in (-1, 1):
        d.polygon([(x, y), (x + side * size * 1.8, y - size * 0.8), (x + side * size * 1.6, y + size)], fill=color)
    knot = size * 0.42
    d.ellipse((x - knot, y - knot, x + knot, y + knot), fill=blend(color, (0, 0, 0), 0.2))


def eye(d: ImageDraw.ImageDraw, who: Person, x: float, y: float, size: float, mood: str) -> None:
    """Draw one eye with its brow; `size` is that of the face."""
    w, h = size * 0.2, size * (0.3 if mood == "surprised" else 0.26)
    brow = (x - w * 1.1, y - h * 1.95, x + w * 1.1, y - h * 0.9)
    d.arc(brow, 215, 325, fill=blend(who.hair, LASH, 0.3), width=max(1, int(size * 0.035)))
    if mood in ("sleepy", "happy"):
        turn = 10 if mood == "sleepy" else 190
        low = y if mood == "sleepy" else y + h * 0.4
        d.arc(
            (x - w, low - h * 0.6, x + w, low + h * 0.6),
            turn,
            turn + 160,
            fill=LASH,
            width=max(2, int(size * 0.06)),
        )
        return
    iris = blend(who.eyes, WHITE, 0.25)
    ovals: tuple[tuple[float, float, float, float, Color], ...] = (
        (-1, -1, 1, 1, WHITE),
        (-0.84, -0.92, 0.84, 0.98, blend(who.eyes, (10, 10, 30), 0.35)),
        (-0.7, -0.1, 0.7, 0.9, iris),
        (-0.36, -0.4, 0.36, 0.36, blend(who.eyes, (0, 0, 10), 0.72)),
        (-0.62, -0.75, -0.02, -0.2, WHITE),
        (0.2, 0.36, 0.46, 0.62, blend(iris, WHITE, 0.8)),
    )
    for left, top, right, bottom, color in ovals:
        d.ellipse((x + left * w, y + top * h, x + right * w, y + bottom * h), fill=color)
    lid = (x - w * 1.14, y - h * 1.14, x + w * 1.14, y + h * 0.9)
    d.arc(lid, 192, 348, fill=LASH, width=max(2, int(size * 0.065)))


def _mouth(d: ImageDraw.ImageDraw, x: float, y: float, size: float, mood: str) -> None:
    half, red = size * 0.12, (176, 76, 76)
    if mood == "happy":
        d.pieslice((x - half * 1.3, y + size * 0.46, x + half * 1.3, y + size * 0.74), 0, 180, fill=red)
    elif mood == "surprised":
        d.ellipse((x - half * 0.6, y + size * 0.52, x + half * 0.6, y + size * 0.68), fill=red)
    else:
        box = (x - half, y + size * 0.5, x + half, y + size * 0.62)
        d.arc(box, 15, 165, fill=red, width=max(2, int(size * 0.035)))


def _front_hair(d: ImageDraw.ImageDraw, who: Person, x: float, y: float, size: float, ink: int) -> None:
    cap = [(-1.12, 0.15), *CROWN, (1.12, 0.15)]
    last = len(who.fringe) - 1
    tips = [(1 - 2 * i / last, (0.12 if i % 2 else -0.28) * long - 0.12) for i, long in enumerate(who.fringe)]
    _shape(d, curve(cap + tips, x, y, size), who.hair, ink)
    for side, long in ((-1, who.fringe[0]), (1, who.fringe[1])):
        lock = [(side * 1.12, -0.4), (side * 0.8, -0.1), (side * 0.86, long), (side * 1.1, 0.6)]
        _shape(d, curve(lock, x, y, size), who.hair, ink)
    shine = (x - size * 0.86, y - size * 0.98, x + size * 0.86, y + size * 0.3)
    d.arc(shine, 214, 326, fill=blend(who.hair, WHITE, 0.34), width=max(2, int(size * 0.08)))
    if who.ears:
        for side in (-1, 1):
            ear = [(side * 0.42, -1.06), (side * 1.02, -1.66), (side * 1.08, -0.58)]
            _shape(d, curve(ear, x, y, size), who.hair, ink)
            inner = [(side * 0.62, -1.08), (side * 0.94, -1.42), (side * 0.97, -0.8)]
            d.polygon(curve(inner, x, y, size), fill=(244, 176, 180))
    elif who.flower:
        a, b, q = x + size * 0.78, y - size * 0.62, size * 0.13
        for px, py in around(a, b, q, 5):
            d.ellipse((px - q * 0.75, py - q * 0.75, px + q * 0.75, py + q * 0.75), fill=(255, 214, 222))
        d.ellipse((a - q * 0.45, b - q * 0.45, a + q * 0.45, b + q * 0.45), fill=(252, 206, 90))


def walker(s: Sheet, x: float, y: float, tall: float) -> None:
    """Draw somebody from afar, the feet at y, a scarf in the wind."""
    d, dark = s.draw, (40, 36, 54)
    scarf = s.twist.choice(((226, 74, 68), (252, 196, 72), (250, 250, 250)))
    legs, hip, neck = y - tall * 0.3, y - tall * 0.34, y - tall * 0.74
    for side in (-1, 1):
        d.line((x + side * tall * 0.05, hip, x + side * tall * 0.07, y), fill=dark, width=max(1, int(tall * 0.06)))
    coat = [(x - tall * 0.17, legs), (x + tall * 0.17, legs), (x + tall * 0.1, neck), (x - tall * 0.1, neck)]
    d.polygon(coat, fill=dark)
    d.ellipse((x - tall * 0.105, y - tall * 0.96, x + tall * 0.105, y - tall * 0.74), fill=dark)
    d.polygon(
        [(x - tall * 0.12, y - tall * 0.9), (x - tall * 0.15, y - tall * 0.62), (x, y - tall * 0.8)], fill=dark
    )
    ends = [(0.1, -0.76), (0.36, -0.68), (0.5, -0.74), (0.46, -0.62), (0.34, -0.6), (-0.08, -0.7), (-0.08, -0.78)]
    d.polygon(curve(ends, x, y, tall), fill=scarf)


def sitting_cat(d: ImageDraw.ImageDraw, x: float, y: float, size: float, color: Color) -> None:
    """Draw a cat from behind that sits at y and looks out."""
    d.arc(
        (x + size * 0.2, y - size * 0.7, x + size * 1.3, y + size * 0.1),
        40,
        200,
        fill=color,
        width=max(3, int(size * 0.16)),
    )
    d.ellipse((x - size * 0.55, y - size * 1.1, x + size * 0.55, y + size * 0.05), fill=color)
    d.ellipse((x - size * 0.38, y - size * 1.75, x + size * 0.38, y - size * 1.05), fill=color)
    for side in (-1, 1):
        ear = [(side * 0.36, -1.45), (side * 0.33, -2.0), (side * 0.04, -1.66)]
        d.polygon(curve(ear, x, y, size), fill=color)


def walking_cat(d: ImageDraw.ImageDraw, x: float, y: float, size: float, color: Color, phase: float) -> None:
    """Draw a cat on its way to the right, the paws on y; one `phase` is two steps."""
    for leg, offset in enumerate((-0.8, -0.62, 0.55, 0.73)):
        swing = math.sin(math.tau * (phase + (0, 0.5, 0.25, 0.75)[leg]))
        a, b = x + offset * size, y - max(0.0, swing) * size * 0.12
        d.line((a, y - size * 0.6, a + swing * size * 0.2, b), fill=color, width=max(2, int(size * 0.17)))
    d.rounded_rectangle(
        (x - size * 0.98, y - size * 1.02, x + size * 0.9, y - size * 0.46), size * 0.27, fill=color
    )
    sway = math.sin(math.tau * phase) * 0.1
    tail = [(-0.9, -0.85), (-1.25, -1.05), (-1.42 + sway, -1.45), (-1.3 + sway, -1.75)]
    d.line(curve(tail, x, y, size), fill=color, width=max(2, int(size * 0.15)), joint="curve")
    nod = math.sin(2 * math.tau * phase) * 0.03
    head = curve([(1.12, -1.22 + nod)], x, y, size)[0]
    d.ellipse(
        (head[0] - size * 0.38, head[1] - size * 0.32, head[0] + size * 0.38, head[1] + size * 0.32), fill=color
    )
    for a in (-0.2, 0.2):
        ear = [(a - 0.15, -0.2), (a + 0.15, -0.2), (a + 0.02, -0.52)]
        d.polygon(curve(ear, *head, size), fill=color)
