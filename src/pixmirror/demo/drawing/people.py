"""Portraits of people and of cats."""

from random import Random

from pixmirror.demo.drawing.canvas import INK, WHITE, Color, Sheet, background, blend, curve, disc
from pixmirror.demo.drawing.figures import bow, bust, person

MOODS = ("calm", "calm", "happy", "sleepy", "surprised")
COATS = (
    ((66, 60, 72), (40, 36, 48)),
    ((236, 176, 104), (206, 130, 66)),
    ((244, 240, 232), (206, 196, 186)),
    ((150, 146, 152), (110, 106, 116)),
)


def portrait(s: Sheet) -> None:
    """Draw somebody before a light backdrop."""
    r, p = s.rng, s.palette
    x, y = s.w * r.uniform(0.44, 0.56), s.h * r.uniform(0.42, 0.48)
    size = min(s.w, s.h * 0.8) * r.uniform(0.23, 0.29)
    who = person(Random(f"{s.key} person"))  # the same on every page
    backdrop(s, x, y, size)
    cloth = s.twist.choice((p[3], p[4], (250, 250, 252), (46, 52, 78), p[2]))
    bust(s.draw, who, x, y, size, cloth, s.twist.choice(MOODS))
    if r.random() < 0.55:
        ribbon = s.twist.choice(((214, 70, 74), (240, 190, 80), p[1]))
        bow(s.draw, x, y + size * 1.94, size * 0.2, ribbon)
    s.glow(x - size, y - size, size, (255, 250, 235), 70)


def backdrop(s: Sheet, x: float, y: float, size: float) -> None:
    """Fill the sheet behind somebody: a disc, bubbles, rays or stripes."""
    r, p = s.rng, s.palette
    top, bottom = s.twist.choice(((p[0], p[1]), (p[1], p[2]), (CREAMY, p[0]), (p[3], p[2])))
    background(s, top, bottom)
    kind = r.randrange(4)
    light = blend(top, WHITE, 0.4)
    if kind == 0:
        disc(s, x, y, size * 1.75, light)
    elif kind == 1:
        for _ in range(18):
            disc(
                s,
                r.random() * s.w,
                r.random() * s.h,
                size * r.uniform(0.06, 0.3),
                blend(light, bottom, r.uniform(0.3, 0.8)),
            )
    elif kind == 2:
        for i in range(10):
            a = s.w * (i / 8 - 0.3)
            stripe = [(a, 0), (a + s.w * 0.06, 0), (a + s.w * 0.32, s.h), (a + s.w * 0.26, s.h)]
            s.draw.polygon(stripe, fill=blend(light, bottom, 0.55))
    else:
        for row in range(7):
            for column in range(7):
                at = s.w * (column + row % 2 * 0.5) / 6, s.h * row / 6
                disc(s, *at, size * 0.07, blend(light, bottom, 0.4))


CREAMY: Color = (250, 248, 244)


def cat(s: Sheet) -> None:
    """Draw a cat that looks at you."""
    r = s.rng
    x, y, size = s.w * r.uniform(0.46, 0.54), s.h * r.uniform(0.48, 0.54), s.short * r.uniform(0.23, 0.28)
    backdrop(s, x, y, size)
    coat, dark = Random(f"{s.key} coat").choice(COATS)
    collar = s.twist.choice(((214, 70, 74), (70, 130, 190), (240, 190, 80)))
    body = [(-0.7, 0.6), (-1.15, 3.4), (1.15, 3.4), (0.7, 0.6)]
    s.draw.polygon(curve(body, x, y, size), fill=coat)
    s.draw.rounded_rectangle(
        (x - size * 0.72, y + size * 0.74, x + size * 0.72, y + size * 1.0), size * 0.12, fill=collar
    )
    disc(s, x, y + size * 1.06, size * 0.16, (246, 210, 96))
    for side in (-1, 1):
        s.draw.polygon(
            curve([(side * 0.95, -0.1), (side * 0.9, -1.35), (side * 0.2, -0.75)], x, y, size), fill=coat
        )
        s.draw.polygon(
            curve([(side * 0.84, -0.3), (side * 0.8, -1.1), (side * 0.36, -0.7)], x, y, size), fill=(240, 170, 170)
        )
    disc(s, x, y, size, coat, 0.86)
    for k in (-0.28, 0, 0.28):
        mark = [(k - 0.07, -0.82 + abs(k) * 0.2), (k + 0.07, -0.82 + abs(k) * 0.2), (k * 0.8, -0.42)]
        s.draw.polygon(curve(mark, x, y, size), fill=dark)
    _cat_face(s, x, y, size, s.twist.choice(((120, 170, 90), (220, 170, 60), (90, 150, 200))))


def _cat_face(s: Sheet, x: float, y: float, size: float, eyes: Color) -> None:
    disc(s, x, y + size * 0.34, size * 0.36, (250, 246, 240), 0.7)
    thin = max(2, int(size * 0.03))
    asleep = s.twist.random() < 0.25
    for side in (-1, 1):
        a, b = x + side * size * 0.42, y + size * 0.02
        if asleep:
            box = (a - size * 0.2, b - size * 0.14, a + size * 0.2, b + size * 0.14)
            s.draw.arc(box, 10, 170, fill=INK, width=thin * 2)
        else:
            disc(s, a, b, size * 0.21, INK)
            disc(s, a, b, size * 0.18, eyes)
            disc(s, a, b, size * 0.09, INK, 1.7)
            disc(s, a - size * 0.06, b - size * 0.07, size * 0.055, WHITE)
        for k in (-0.1, 0.02, 0.14):
            line = (
                x + side * size * 0.36,
                y + size * (0.36 + k * 0.5),
                x + side * size * 1.15,
                y + size * (0.3 + k * 1.6),
            )
            s.draw.line(line, fill=(250, 246, 240), width=thin)
        s.draw.arc(
            (
                x - size * 0.13 + side * size * 0.12,
                y + size * 0.3,
                x + size * 0.13 + side * size * 0.12,
                y + size * 0.5,
            ),
            0,
            180,
            fill=INK,
            width=thin,
        )
    s.draw.polygon(curve([(-0.1, 0.22), (0.1, 0.22), (0, 0.34)], x, y, size), fill=(226, 120, 120))
