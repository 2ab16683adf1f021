"""Landscapes: mountains, the sea, summer fields, forests, snow."""

import math

from pixmirror.demo.drawing.canvas import (
    CREAM,
    INK,
    WHITE,
    Color,
    Sheet,
    background,
    blend,
    disc,
    fill,
    hill,
    palette,
    ridge,
    stars,
)
from pixmirror.demo.drawing.figures import walker


def mountains(s: Sheet) -> None:
    """Draw ranges behind each other, fading into the haze, under a sun or a moon."""
    r, p = s.rng, s.palette
    night = s.twist.random() < 0.3
    days = ((p[1], p[0], CREAM), (p[2], p[1], p[0]), (p[3], p[2], p[1], p[0]))
    sky = (p[4], p[3], p[2], p[1]) if night else s.twist.choice(days)
    background(s, *sky)
    if night:
        stars(s, s.twist, 70, 0.5)
    x, y, size = s.w * r.uniform(0.2, 0.8), s.h * r.uniform(0.18, 0.42), s.short * r.uniform(0.05, 0.1)
    disc(s, x, y, size, blend(p[0], WHITE, 0.6))
    s.glow(x, y, size * 3, blend(p[0], WHITE, 0.3), 150)
    far, near = blend(sky[-1], p[2], 0.45), blend(p[4], INK, 0.3)
    count = r.randint(4, 5)
    line, color = [(0.0, 0.0)], near
    for i in range(count):
        part = i / (count - 1)
        color = blend(far, near, part**0.9)
        floor = 0.52 + 0.44 * (i + 1) / (count - 1)
        line = hill(s, ridge(r, 0.56, 5), 0.5 + 0.44 * part, 0.28 - 0.15 * part, color, sky[-1], min(1.0, floor))
    for at in range(1, len(line)) if r.random() < 0.7 else ():
        pine(s, line[at][0], line[at][1] + s.h * 0.01, s.h * r.uniform(0.05, 0.1), color)
    birds(s, x, y + size, near)


def sea(s: Sheet) -> None:
    """Draw a low sun over the sea, its light on the waves, and a boat, an island or a lighthouse."""
    sparkle(s, *shore(s))


def shore(s: Sheet) -> tuple[float, int]:
    """Draw what `sea` shows without the light on the waves; return where the sun stands, and the horizon."""
    r, p = s.rng, s.palette
    background(s, *((p[3], p[2], p[1], p[0]) if s.twist.random() < 0.6 else (p[2], p[1], CREAM)))
    horizon, x = int(s.h * r.uniform(0.5, 0.64)), s.w * r.uniform(0.25, 0.75)
    size = s.short * r.uniform(0.06, 0.11)
    bank = blend(p[0], WHITE, 0.5)
    for _ in range(r.randint(2, 4)):
        cloud(s, r.random() * s.w, horizon * r.uniform(0.25, 0.85), s.w * r.uniform(0.07, 0.13), bank, p[1])
    disc(s, x, horizon - size * 0.7, size, blend(p[0], WHITE, 0.7))
    s.glow(x, horizon - size * 0.7, size * 2.8, p[0], 150)
    fill(s, horizon, blend(p[1], p[2], 0.6), p[3], p[4])
    _at_sea(s, horizon)
    return x, horizon


def sparkle(s: Sheet, x: float, horizon: int, phase: float = 0.0) -> None:
    """Draw light on water, most of it under the sun at x; in one `phase` every glint moves there and back."""
    r, light = s.rng, blend(s.palette[0], WHITE, 0.5)
    water = blend(s.palette[1], s.palette[2], 0.6), s.palette[3]
    for i in range(120):
        near = r.random() ** 1.6
        y, long = horizon + 3 + near * (s.h - horizon), s.w * (0.01 + 0.06 * near) * r.random()
        at = x + r.gauss(0, 0.05 + 0.16 * near) * s.w if r.random() < 0.65 else r.random() * s.w
        at += math.sin(math.tau * (phase + i / 7)) * s.w * 0.015
        color = blend(blend(*water, near), light, 0.75 - 0.4 * near)
        s.draw.rectangle((at - long, y, at + long, y + s.h * 0.0016 * (1 + 2 * near)), fill=color)


def _at_sea(s: Sheet, horizon: int) -> None:
    r, p, what = s.twist, s.palette, s.twist.randrange(3)
    side = r.choice((0.14, 0.2, 0.78, 0.86)) * s.w
    if what == 0:
        _boat(s, side, horizon + s.h * 0.04, s.w * 0.055)
        return
    wide, tall = s.w * 0.17, s.h * (0.16 if what == 1 else 0.06)
    heights, shade = ridge(r, 0.5, 5), blend(p[3], p[4], 0.6)
    line = [
        (side + (i / 16 - 1) * wide, horizon + 2 - y * tall * math.sin(i / 32 * math.pi))
        for i, y in enumerate(heights)
    ]
    s.draw.polygon(line, fill=shade)
    if what == 2:
        top, half = horizon - s.h * 0.24, s.w * 0.014
        tower = [
            (side - half, horizon),
            (side - half * 0.6, top),
            (side + half * 0.6, top),
            (side + half, horizon),
        ]
        s.draw.polygon(tower, fill=blend(p[0], WHITE, 0.4))
        s.draw.rectangle((side - half, top - half * 1.6, side + half, top), fill=(214, 74, 66))
        s.glow(side, top - half, s.w * 0.09, (255, 240, 190), 190)


def _boat(s: Sheet, x: float, y: float, size: float) -> None:
    """Draw a sailing boat."""
    p = s.palette
    hull = [(x - size, y), (x + size, y), (x + size * 0.6, y + size * 0.32), (x - size * 0.6, y + size * 0.32)]
    s.draw.polygon(hull, fill=p[4])
    s.draw.polygon([(x, y - size * 1.9), (x, y - size * 0.1), (x + size * 0.9, y - size * 0.1)], fill=WHITE)
    s.draw.polygon([(x - 4, y - size * 1.6), (x - 4, y - 2), (x - size * 0.7, y - 2)], fill=blend(p[0], p[1], 0.5))


def cloud(s: Sheet, x: float, y: float, size: float, light: Color, shade: Color) -> None:
    """Draw a heaped cloud with a flat foot."""
    puffs = [(s.rng.gauss(0, 0.7) * size, s.rng.random() ** 2 * size * 0.55, size * s.rng.uniform(0.2, 0.38))
             for _ in range(13)]  # fmt: skip
    for a, b, q in puffs:
        disc(s, x + a, y - b + q * 0.2, q, blend(light, shade, 0.55), 0.75)
    for a, b, q in puffs:
        disc(s, x + a, y - b - q * 0.06, q * 0.92, light, 0.7)


SKIES = (  # of summer days, as palettes
    palette("e2f4fa 96d0f0 3a8cd6 245e9a 123456"),
    palette("ffd6be c4b0de 5878c8 39488e 1c2450"),
    palette("f0f6dc 6ebed0 1e6ea0 174c6e 0c2a40"),
    palette("ffeecc fabc84 ee8060 9e4a56 45243c"),
)
MEADOWS = (
    ((146, 190, 96), (70, 130, 70)),
    ((222, 190, 104), (150, 116, 60)),
    ((110, 176, 140), (36, 96, 92)),
)


def field(s: Sheet) -> None:
    """Draw a meadow in the wind under summer clouds, mostly with somebody on the way."""
    r, p = s.rng, s.palette
    background(s, p[2], p[1], p[0])
    horizon = r.uniform(0.62, 0.74)
    for _ in range(r.randint(1, 2)):
        x, y = s.w * r.uniform(0.05, 0.95), s.h * (horizon - r.uniform(0.06, 0.3))
        for k in range(3):
            q = s.short * r.uniform(0.18, 0.3)
            cloud(s, x + (k - 1) * q, y + s.h * 0.03 * k, q, (255, 255, 252), blend(p[1], p[2], 0.3))
    light, dark = s.twist.choice(MEADOWS)
    for i in range(3):
        color = blend(light, dark, i / 2)
        floor = horizon + 0.07 * i + 0.08 if i < 2 else 1.0
        hill(s, ridge(r, 0.42, 5), horizon + 0.07 * i, 0.05, color, blend(color, (20, 40, 30), 0.7), floor)
    blades = max(1, s.w // 500)
    for _ in range(110):
        x, y, long = r.random() * s.w, s.h * (1 - r.random() ** 2 * 0.26), s.h * 0.02 * r.uniform(0.5, 1.6)
        color = blend(light, dark, r.random())
        s.draw.line((x, y, x + r.uniform(0, 0.6) * long, y - long), fill=color, width=blades)
    flowers = s.twist.choice((((255, 255, 255), (250, 120, 110)), ((255, 214, 90), (255, 255, 255))))
    for _ in range(r.randint(25, 45)):
        disc(
            s,
            r.random() * s.w,
            s.h * (1 - r.random() ** 2 * 0.22),
            s.w * 0.004 * r.uniform(0.6, 1.6),
            r.choice(flowers),
        )
    if r.random() < 0.8:
        walker(s, s.w * r.uniform(0.25, 0.75), s.h * (horizon + 0.13), s.h * r.uniform(0.15, 0.24))


def forest(s: Sheet) -> None:
    """Draw light between trunks, fireflies, and somebody with a red scarf."""
    r, p = s.rng, s.palette
    background(s, p[1], p[0], p[1])
    s.glow(s.w * r.uniform(0.3, 0.7), s.h * 0.36, s.short * 0.3, (255, 252, 230), 150)
    for layer in range(4):
        color = blend(p[1], p[4], 0.2 + 0.24 * layer)
        for _ in range(7 - layer):
            _trunk(s, r.random() * s.w, s.w * (0.006 + 0.012 * layer) * r.uniform(0.7, 1.3), color, layer)
        hill(s, ridge(r, 0.5, 4), 0.87 + 0.035 * layer, 0.05, color, p[2] if layer < 2 else color)
    light = s.twist.choice(((255, 248, 200), (210, 255, 210), (255, 214, 170)))
    for i in range(r.randint(12, 30)):
        x, y, q = r.random() * s.w, s.h * r.uniform(0.4, 0.95), s.w * 0.0035 * r.uniform(0.6, 1.8)
        disc(s, x, y, q, light)
        if i < 5:
            s.glow(x, y, q * 7, light, 150)
    if r.random() < 0.75:
        walker(s, s.w * r.uniform(0.35, 0.65), s.h * 0.9, s.h * 0.17)


def _trunk(s: Sheet, x: float, thick: float, color: Color, layer: int) -> None:
    r = s.rng
    s.draw.rectangle((x - thick * 0.7, 0, x + thick * 0.7, s.h), fill=color)
    foot, top = s.h * (0.9 + 0.03 * layer), s.h * (0.78 + 0.03 * layer)
    s.draw.polygon([(x - thick * 1.5, foot), (x, top - thick * 4), (x + thick * 1.5, foot)], fill=color)
    for _ in range(2 + layer // 2):
        y, side, long = s.h * r.random() * 0.75, r.choice((-1, 1)), s.w * r.uniform(0.03, 0.1)
        s.draw.line((x, y, x + side * long, y - long * 0.5), fill=color, width=max(1, int(thick * 0.3)))


def snow(s: Sheet) -> None:
    """Draw a village in winter while it snows."""
    village(s)
    flakes(s)


def village(s: Sheet) -> None:
    """Draw houses with lit windows among snowy hills and firs."""
    r, p = s.rng, s.palette
    background(s, p[4], p[3], blend(p[2], p[1], 0.4))
    stars(s, r, 40, 0.4)
    x, y, size = s.w * r.uniform(0.15, 0.85), s.h * r.uniform(0.12, 0.26), s.short * 0.055
    disc(s, x, y, size, (255, 248, 226))
    s.glow(x, y, size * 3, (255, 244, 214), 130)
    white = blend(p[0], WHITE, 0.5)
    for i in range(3):
        color = blend(blend(p[2], p[1], 0.3), white, 0.25 + 0.37 * i)
        floor = 0.78 + 0.15 * i if i < 2 else 1.0
        line = hill(s, ridge(r, 0.42, 5), 0.62 + 0.15 * i, 0.12, color, blend(color, p[1], 0.4), floor)
        for at in r.sample(range(2, 31), 6 if i else 9):
            pine(s, line[at][0], line[at][1] + s.h * 0.02, s.h * r.uniform(0.06, 0.1) * (1 + i * 0.5), p[4], white)
        if i:
            at = r.randint(5, 27)
            _cottage(s, line[at][0], line[at][1] + s.h * 0.035, s.short * (0.05 + 0.03 * i), white)


def flakes(s: Sheet, phase: float = 0.0) -> None:
    """Draw falling snow; in one `phase` every flake falls once or twice through the picture."""
    r = s.twist
    for i in range(100):
        x, start, size = r.random() * s.w, r.random(), s.short * 0.003 * r.uniform(0.6, 2.2)
        sway = math.sin(math.tau * (phase + i / 9)) * s.short * 0.015
        disc(s, x + sway, (start + phase * (1 + i % 2)) % 1 * s.h, size, WHITE)


def _cottage(s: Sheet, x: float, y: float, size: float, white: Color) -> None:
    wall = s.twist.choice(((122, 78, 66), (92, 84, 104), (150, 112, 84)))
    s.draw.rectangle((x - size, y - size, x + size, y), fill=wall)
    roof = [(x - size * 1.3, y - size), (x - size * 0.6, y - size * 1.75), (x + size * 0.6, y - size * 1.75)]
    s.draw.polygon([*roof, (x + size * 1.3, y - size)], fill=white)
    for k in (-0.5, 0.5):
        box = (x + size * (k - 0.22), y - size * 0.72, x + size * (k + 0.22), y - size * 0.3)
        s.draw.rectangle(box, fill=(255, 214, 130))
    s.glow(x, y - size * 0.5, size * 1.9, (255, 206, 120), 110)


def pine(s: Sheet, x: float, y: float, tall: float, color: Color, snow_on: Color | None = None) -> None:
    """Draw a fir of three tiers, with snow on them if it has a colour."""
    for tier in range(3):
        half, top = tall * (0.26 - 0.06 * tier), y - tall * (0.45 + 0.28 * tier)
        foot = y - tall * 0.25 * tier
        s.draw.polygon([(x - half, foot), (x + half, foot), (x, top)], fill=color)
        if snow_on is not None:
            s.draw.polygon(
                [(x - half * 0.5, (foot + top) / 2), (x, top), (x + half * 0.3, (foot + top) / 2)], fill=snow_on
            )


def birds(s: Sheet, x: float, y: float, color: Color) -> None:
    """Draw a few far birds."""
    for _ in range(s.twist.choice((0, 3, 5))):
        a, b, q = x + s.twist.uniform(-0.2, 0.2) * s.w, y + s.twist.uniform(-0.1, 0.1) * s.h, s.w * 0.016
        for side in (-1, 1):
            box = (min(a, a + side * q), b - q * 0.5, max(a, a + side * q), b + q * 0.5)
            s.draw.arc(box, 200, 340, fill=color, width=max(1, int(q / 7)))
