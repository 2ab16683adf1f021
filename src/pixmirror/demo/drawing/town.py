"""Where people live: the city at night, a street in the rain, a lantern feast, a train by the sea, a room."""

import math

from pixmirror.demo.drawing.canvas import (
    CREAM,
    INK,
    WHITE,
    Color,
    Sheet,
    background,
    blend,
    curve,
    disc,
    fill,
    hill,
    ridge,
    stars,
)
from pixmirror.demo.drawing.figures import sitting_cat, walker

LIT = ((255, 214, 140), (255, 236, 190), (255, 200, 120), (160, 206, 255), (255, 176, 128))


def city(s: Sheet) -> None:
    """Draw rows of houses with lit windows under the moon, mostly behind a pole with its wires."""
    r, p = s.rng, s.palette
    background(s, blend(p[4], INK, 0.3), p[3], blend(p[2], p[1], 0.2))
    stars(s, r, 70, 0.5)
    x, y, size = s.w * r.uniform(0.15, 0.85), s.h * r.uniform(0.12, 0.3), s.short * 0.055
    disc(s, x, y, size, (255, 246, 224))
    s.glow(x, y, size * 3.2, (255, 238, 205), 130)
    houses(s)
    if r.random() < 0.6:
        _pole(s, s.w * r.uniform(0.1, 0.3))


def houses(s: Sheet, rows: int = 4, foot: float = 0.82) -> None:
    """Draw a skyline in rows, the nearest the darkest; which windows are lit belongs to the version."""
    r, p = s.rng, s.palette
    unit = s.short / 600 + s.w / 1500
    for row in range(rows):
        color, x = blend(blend(p[2], p[3], 0.5), INK, 0.2 + 0.25 * row), -0.01 * s.w
        hidden = s.h * (foot - 0.07 + 0.09 * row) if row < rows - 1 else s.h  # behind the lowest of the next row
        while x < s.w:
            wide, tall = s.w * r.uniform(0.06, 0.13), s.h * r.uniform(0.12, 0.34) * (1.25 - 0.2 * row)
            top = s.h * (foot + 0.06 * row) - tall
            s.draw.rectangle((x, top, x + wide, hidden), fill=color)
            if r.random() < 0.3:
                s.draw.rectangle((x + wide * 0.45, top - s.h * 0.04, x + wide * 0.5, top), fill=color)
            if row:
                _windows(s, x, top, wide, min(hidden, top + s.h * 0.3), unit * (3.4 + 1.1 * row))
            x += wide + r.choice((0, 0, s.w * 0.01))


def _windows(s: Sheet, x: float, top: float, wide: float, bottom: float, size: float) -> None:
    columns = int(wide / (size * 1.9))
    for row in range(int((bottom - top) / (size * 2.4))):
        for column in range(columns):
            if s.twist.random() < 0.28:
                a, b = x + size * (0.6 + 1.9 * column), top + size * (1.4 + 2.4 * row)
                s.draw.rectangle((a, b, a + size * 0.85, b + size), fill=s.twist.choice(LIT))


def _pole(s: Sheet, x: float) -> None:
    dark = (14, 14, 26)
    s.draw.rectangle((x, s.h * 0.15, x + s.w * 0.014, s.h), fill=dark)
    for k in range(3):
        y = s.h * (0.2 + 0.05 * k)
        s.draw.rectangle((x - s.w * 0.05, y, x + s.w * 0.065, y + s.h * 0.006), fill=dark)
        for side in (-1, 1):
            wire = [(x + i / 12 * s.w * side, y + math.sin(i / 12 * math.pi) * s.h * 0.06) for i in range(13)]
            s.draw.line(wire, fill=dark, width=max(1, s.w // 500))


def street(s: Sheet) -> None:
    """Draw somebody under an umbrella, lamps and their light on the wet road, and the rain."""
    evening(s)
    rain(s, 0.0)


def evening(s: Sheet) -> None:
    """Draw what `street` shows before the rain."""
    r, p = s.rng, s.palette
    background(s, blend(p[4], INK, 0.35), p[3], blend(p[2], p[3], 0.4))
    houses(s, 3, 0.66)
    road = int(s.h * 0.8)
    fill(s, road, blend(p[2], p[3], 0.6), blend(p[4], INK, 0.3))
    for x in (s.w * r.uniform(0.08, 0.3), s.w * r.uniform(0.7, 0.92)):
        s.draw.rectangle((x - s.w * 0.006, s.h * 0.36, x + s.w * 0.006, road + s.h * 0.02), fill=INK)
        s.draw.rectangle((x - s.w * 0.03, s.h * 0.345, x + s.w * 0.03, s.h * 0.365), fill=INK)
        disc(s, x, s.h * 0.38, s.short * 0.022, (255, 236, 180))
        s.glow(x, s.h * 0.38, s.short * 0.2, (255, 220, 150), 180)
        for i in range(9):
            y, half = road + s.h * (0.03 + 0.02 * i), s.w * r.uniform(0.008, 0.045)
            color = blend((255, 214, 140), blend(p[4], INK, 0.5), 0.35 + 0.06 * i)
            s.draw.rectangle((x - half, y, x + half, y + s.h * 0.006), fill=color)
    x, y, tall = s.w * r.uniform(0.4, 0.6), s.h * 0.9, s.h * 0.26
    walker(s, x, y, tall)
    _umbrella(s, x + tall * 0.06, y - tall * 0.98, tall * 0.5)


def _umbrella(s: Sheet, x: float, y: float, size: float) -> None:
    color = s.twist.choice(((226, 74, 68), (252, 196, 72), (96, 178, 214), (236, 236, 240)))
    s.draw.line((x, y - size * 0.4, x, y + size * 0.7), fill=INK, width=max(2, int(size * 0.04)))
    s.draw.pieslice((x - size, y - size * 0.8, x + size, y + size * 0.8), 180, 360, fill=color)
    for k in (-0.5, 0.5):
        s.draw.line(
            (x, y - size * 0.78, x + k * size, y), fill=blend(color, INK, 0.25), width=max(1, int(size * 0.03))
        )


def rain(s: Sheet, phase: float) -> None:
    """Draw rain; in one `phase` every drop falls once or twice through the picture."""
    color, r = blend(s.palette[1], WHITE, 0.4), s.twist
    for i in range(110):
        x, start, long = r.random() * 1.2 * s.w, r.random(), s.h * r.uniform(0.02, 0.05)
        y = (start + phase * (1 + i % 2)) % 1 * s.h * 1.1
        at = x - y * 0.12
        thin = blend(color, s.palette[3], 0.5 * (i % 3) / 2)
        s.draw.line((at, y - long, at - long * 0.12, y), fill=thin, width=max(1, s.w // 700))


def lanterns(s: Sheet) -> None:
    """Draw a gate at the end of a road under strings of lanterns."""
    r, p = s.rng, s.palette
    background(s, blend(p[4], INK, 0.45), p[4], blend(p[3], p[2], 0.5))
    stars(s, r, 60, 0.5)
    hill(s, ridge(r, 0.5, 5), 0.74, 0.16, blend(p[4], INK, 0.2), blend(p[3], p[2], 0.4), 0.77)
    x, foot = s.w * r.uniform(0.42, 0.58), s.h * 0.76
    ground = blend(p[4], INK, 0.55)
    s.draw.rectangle((0, foot, s.w, s.h), fill=ground)
    road = [(x - s.w * 0.1, foot), (x + s.w * 0.1, foot), (x + s.w * 0.4, s.h), (x - s.w * 0.4, s.h)]
    s.draw.polygon(road, fill=blend(p[2], ground, 0.35))
    gate(s, x, foot + s.h * 0.02, s.short * 0.36)
    s.glow(x, foot - s.short * 0.08, s.short * 0.24, (255, 190, 110), 130)
    red = s.twist.choice(((232, 76, 58), (240, 150, 60), (236, 104, 128)))
    for row in range(3):
        size, high = s.short * (0.03 + 0.016 * row), s.h * (0.3 - 0.1 * row)
        count, sag = 9 - row * 2, s.h * 0.09
        points = [(s.w * i / count, high + math.sin(i / count * math.pi) * sag) for i in range(count + 1)]
        s.draw.line(points, fill=INK, width=max(1, s.w // 400))
        for a, b in points[1:-1]:
            lantern(s, a, b + size * 1.2, size, red)
    for k in (-0.1, 0.06):
        walker(s, x + s.w * k, s.h * 0.96, s.h * 0.2)


def gate(s: Sheet, x: float, foot: float, size: float) -> None:
    """Draw a torii."""
    red, dark = (206, 62, 50), (40, 22, 28)
    for side in (-1, 1):
        a = x + side * size * 0.62
        post = [(-0.07, 0), (0.07, 0), (0.05 - side * 0.04, -1.2), (-0.05 - side * 0.04, -1.2)]
        s.draw.polygon(curve(post, a, foot, size), fill=red)
        s.draw.rectangle((a - size * 0.085, foot - size * 0.08, a + size * 0.085, foot), fill=dark)
    s.draw.rectangle((x - size * 0.74, foot - size * 0.94, x + size * 0.74, foot - size * 0.85), fill=red)
    s.draw.rectangle((x - size * 0.05, foot - size * 1.16, x + size * 0.05, foot - size * 0.9), fill=dark)
    beam = [
        (-1, -1.38),
        (-0.5, -1.3),
        (0.5, -1.3),
        (1, -1.38),
        (0.94, -1.2),
        (0.5, -1.16),
        (-0.5, -1.16),
        (-0.94, -1.2),
    ]
    s.draw.polygon(curve(beam, x, foot, size), fill=red)
    top = [
        (-1.03, -1.44),
        (-0.5, -1.35),
        (0.5, -1.35),
        (1.03, -1.44),
        (1, -1.37),
        (0.5, -1.29),
        (-0.5, -1.29),
        (-1, -1.37),
    ]
    s.draw.polygon(curve(top, x, foot, size), fill=dark)


def lantern(s: Sheet, x: float, y: float, size: float, color: Color) -> None:
    """Draw a paper lantern that shines."""
    s.draw.rectangle((x - size * 0.4, y - size * 1.2, x + size * 0.4, y + size * 1.2), fill=INK)
    disc(s, x, y, size * 0.86, color, 1.2)
    disc(s, x, y + size * 0.1, size * 0.5, blend(color, (255, 232, 160), 0.6), 1.4)
    s.glow(x, y, size * 1.8, blend(color, (255, 220, 150), 0.5), 105)


def railway(s: Sheet) -> None:
    """Draw a train with lit windows on a viaduct over the water at dusk."""
    bay(s)
    train(s, s.w * s.rng.uniform(-0.1, 0.4))


VIADUCT = 0.64  # where the rails are


def bay(s: Sheet) -> None:
    """Draw what `railway` shows without the train."""
    r, p = s.rng, s.palette
    background(s, p[3], p[2], p[1], p[0])
    stars(s, s.twist, 30, 0.3)
    x, horizon, size = s.w * r.uniform(0.2, 0.8), int(s.h * 0.6), s.short * 0.085
    disc(s, x, horizon - size, size, blend(p[0], WHITE, 0.6))
    s.glow(x, horizon - size, size * 3, p[0], 140)
    hill(s, ridge(r, 0.5, 5), 0.605, 0.1, blend(p[2], p[3], 0.4), p[1], 0.61)
    fill(s, horizon, blend(p[1], p[2], 0.5), p[3], p[4])
    for i in range(60):
        y, half = horizon + (i / 60) ** 1.3 * (s.h - horizon), s.w * r.uniform(0.004, 0.05)
        at = x + r.gauss(0, 0.02 + 0.0016 * i) * s.w
        s.draw.rectangle((at - half, y, at + half, y + s.h * 0.004), fill=blend(p[0], p[3], 0.3 + i / 100))
    rail, dark = s.h * VIADUCT, blend(p[4], INK, 0.4)
    s.draw.rectangle((0, rail, s.w, rail + s.h * 0.03), fill=dark)
    for i in range(7):
        s.draw.rectangle((s.w * (i / 6 - 0.012), rail, s.w * (i / 6 + 0.012), s.h), fill=dark)


def train(s: Sheet, x: float) -> None:
    """Draw a train whose last car begins at x."""
    body, stripe = CREAM, s.twist.choice(((214, 74, 66), (60, 130, 190), (70, 150, 110)))
    long, tall, foot = s.w * 0.3, s.h * 0.11, s.h * VIADUCT
    for car in range(3):
        a = x + car * (long + s.w * 0.008)
        s.draw.rounded_rectangle(
            (a, foot - tall, a + long, foot), tall * 0.18, fill=blend(body, s.palette[3], 0.25)
        )
        s.draw.rectangle((a, foot - tall * 0.36, a + long, foot - tall * 0.2), fill=stripe)
        for k in range(6):
            b = a + long * (0.06 + 0.155 * k)
            s.draw.rectangle((b, foot - tall * 0.82, b + long * 0.11, foot - tall * 0.46), fill=(255, 232, 170))


def window_frame(s: Sheet) -> tuple[int, int, int, int]:
    """Return where the window of a room is."""
    return int(s.w * 0.2), int(s.h * 0.12), int(s.w * 0.8), int(s.h * 0.68)


def room(s: Sheet, view: Sheet) -> None:
    """Draw a room around a view from its window: a cat on the sill, books, a plant, a lamp."""
    r, p = s.rng, s.palette
    wall = blend(p[3], (60, 50, 56), 0.45)
    background(s, wall, blend(wall, p[4], 0.55))
    x0, y0, x1, y1 = window_frame(s)
    s.image.paste(view.image, (x0, y0))
    s.glows.extend(type(g)(g.x + x0, g.y + y0, g.radius, g.color, g.strength) for g in view.glows)
    frame, thick = blend(p[4], (30, 24, 28), 0.5), max(4, s.w // 80)
    for x in (x0, (x0 + x1) / 2, x1):
        s.draw.rectangle((x - thick / 2, y0 - thick, x + thick / 2, y1 + thick), fill=frame)
    for y in (y0, y0 * 0.6 + y1 * 0.4, y1):
        s.draw.rectangle((x0 - thick, y - thick / 2, x1 + thick, y + thick / 2), fill=frame)
    sill = s.h * 0.82
    s.draw.polygon(
        [(x0, y1 + thick), (x1, y1 + thick), (s.w * 0.95, sill), (s.w * 0.1, sill)], fill=blend(wall, p[0], 0.13)
    )
    s.draw.rectangle((0, sill, s.w, s.h), fill=blend(frame, (70, 46, 36), 0.5))
    s.draw.rectangle((0, sill, s.w, sill + s.h * 0.012), fill=blend(frame, p[1], 0.3))
    sitting_cat(
        s.draw,
        s.w * r.uniform(0.34, 0.66),
        sill,
        s.h * 0.1,
        s.twist.choice(((24, 22, 32), (236, 232, 226), (204, 130, 70))),
    )
    for i in range(5):
        x = s.w * (0.05 + 0.028 * i)
        s.draw.rectangle((x, sill - s.h * r.uniform(0.08, 0.14), x + s.w * 0.023, sill), fill=p[i])
    _plant(s, s.w * 0.88, sill)


def _plant(s: Sheet, x: float, foot: float) -> None:
    pot, green = s.palette[2], s.twist.choice(((60, 110, 84), (96, 140, 74)))
    for _ in range(9):
        angle, long = s.rng.uniform(-2.4, -0.7), s.h * 0.15
        a, b = x + math.cos(angle) * long * 0.6, foot - s.h * 0.06 + math.sin(angle) * long * 0.7
        tip = (x + math.cos(angle) * long, foot - s.h * 0.06 + math.sin(angle) * long)
        s.draw.line([(x, foot - s.h * 0.06), (a, b), tip], fill=green, width=max(3, s.w // 110), joint="curve")
    half = s.w * 0.03
    s.draw.polygon(
        [
            (x - half, foot - s.h * 0.07),
            (x + half, foot - s.h * 0.07),
            (x + half * 0.7, foot),
            (x - half * 0.7, foot),
        ],
        fill=pot,
    )
