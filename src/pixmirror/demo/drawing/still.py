"""What stands, grows and swims close by: blossoms, a laid table, a pond, patterns, a far planet."""

import math
from random import Random

from pixmirror.demo.drawing.canvas import INK, WHITE, Color, Point, Sheet, around, background, blend, disc, stars

PETALS = ((255, 226, 234), (255, 246, 248), (252, 196, 208), (222, 212, 250))


def blossoms(s: Sheet) -> None:
    """Draw branches in bloom before the sky, and petals in the wind."""
    petals(s, bloom(s))


def bloom(s: Sheet) -> Color:
    """Draw branches in bloom before the sun or the moon; return the colour of the petals."""
    r, p = s.rng, s.palette
    skies = ((p[1], p[0]), (p[3], p[2], p[1]), ((150, 200, 232), (226, 240, 246)), (p[4], p[3]))
    sky = s.twist.choice(skies)
    background(s, *sky)
    x, y, size = s.w * r.uniform(0.3, 0.7), s.h * r.uniform(0.25, 0.6), s.short * r.uniform(0.16, 0.24)
    disc(s, x, y, size, blend(sky[-1], WHITE, 0.55))
    s.glow(x, y, size * 1.5, WHITE, 110)
    color = s.twist.choice(PETALS)
    for side in r.sample((-0.04, 1.04, -0.04, 1.04), r.randint(2, 3)):
        _branch(s, side * s.w, r.uniform(0.05, 0.75) * s.h, color)
    return color


def petals(s: Sheet, color: Color, phase: float = 0.0) -> None:
    """Draw petals in the wind; in one `phase` each falls once through the picture."""
    r = s.rng
    for i in range(40):
        x, start, size = r.random(), r.random(), s.short * 0.008 * r.uniform(0.7, 1.5)
        sway = 0.03 * math.sin(math.tau * (phase * (1 + i % 2) + i / 7))
        turn = 0.35 + 0.35 * abs(math.sin(math.tau * (phase + i / 5)))
        disc(s, (x + 0.5 * start + sway) % 1 * s.w, (start + phase) % 1 * s.h, size, color, turn)


def _branch(s: Sheet, x: float, y: float, color: Color) -> None:
    r, step, thick = s.rng, (s.w + s.h) * 0.024, s.short * 0.018
    turn = (0 if x < 0 else math.pi) + r.uniform(-0.4, 0.4)
    flowers: list[tuple[float, float, float, float]] = []
    for _ in range(17):
        a, b = x + math.cos(turn) * step, y + math.sin(turn) * step
        s.draw.line((x, y, a, b), fill=(84, 60, 62), width=max(2, int(thick)))
        x, y, thick, turn = a, b, thick * 0.93, turn + r.gauss(0, 0.22)
        for _ in range(r.choice((1, 1, 1, 2))):
            at = x + r.gauss(0, 0.8) * step, y + r.gauss(0, 0.8) * step
            flowers.append((*at, step * r.uniform(0.4, 0.8), r.random() * 0.3))
    for a, b, size, rose in flowers:
        blossom(s, a, b, size, blend(color, (240, 150, 170), rose))


def blossom(s: Sheet, x: float, y: float, size: float, color: Color) -> None:
    """Draw one flower of five petals."""
    for a, b in around(x, y, size * 0.8, 5, 40 * x / s.w):
        disc(s, a, b, size * 0.62, color)
    disc(s, x, y, size * 0.28, (232, 120, 130))


def table(s: Sheet) -> None:
    """Draw a vase with flowers, fruit and a cup on a cloth."""
    r, p = s.rng, s.palette
    background(s, p[1], blend(p[0], p[1], 0.4))
    edge = s.h * r.uniform(0.64, 0.72)
    cloth = blend(p[3], p[2], 0.3)
    s.draw.rectangle((0, edge, s.w, s.h), fill=cloth)
    s.draw.rectangle((0, edge, s.w, edge + s.h * 0.012), fill=blend(cloth, WHITE, 0.3))
    s.glow(s.w * 0.1, s.h * 0.06, s.short * 0.34, (255, 250, 235), 120)
    unit, foot = s.short, edge + s.h * 0.1
    vase_x, cup_x = s.w * r.uniform(0.34, 0.46), s.w * r.uniform(0.7, 0.8)
    for x, half in ((vase_x, 0.17), (cup_x, 0.13)):
        disc(s, x + unit * 0.05, foot, unit * half, blend(cloth, INK, 0.28), 0.18)
    _bouquet(s, vase_x, foot, unit)
    _vase(s, vase_x, foot, unit)
    _cup(s, cup_x, foot, unit * 0.1)
    for i in range(r.randint(2, 4)):
        x, y, size = s.w * (0.5 + 0.06 * i), foot + unit * (0.07 + 0.03 * (i % 2)), unit * 0.058
        color = s.twist.choice(((226, 84, 66), (244, 170, 62), (150, 186, 82)))
        disc(s, x + size * 0.3, y + size * 0.8, size, blend(cloth, INK, 0.28), 0.3)
        disc(s, x, y, size, color)
        disc(s, x - size * 0.3, y - size * 0.35, size * 0.28, blend(color, WHITE, 0.5))
        s.draw.line(
            (x, y - size * 0.8, x + size * 0.2, y - size * 1.3), fill=(84, 66, 50), width=max(2, int(size * 0.16))
        )


def _bouquet(s: Sheet, x: float, foot: float, unit: float) -> None:
    r, p = s.rng, s.palette
    colors = s.twist.choice((((255, 255, 250), (250, 206, 90)), ((240, 110, 120), (255, 190, 196)), (p[0], p[2])))
    heads = [
        (x + r.gauss(0, 0.13) * unit, foot - unit * r.uniform(0.42, 0.72), unit * r.uniform(0.035, 0.06))
        for _ in range(9)
    ]
    for a, b, _ in heads:
        s.draw.line((x, foot - unit * 0.25, a, b), fill=(72, 120, 84), width=max(2, int(unit * 0.008)))
        disc(s, (x + a) / 2, (foot - unit * 0.25 + b) / 2, unit * 0.032, (92, 146, 98), 0.5)
    for a, b, size in heads:
        for at in around(a, b, size * 0.75, 7, 40 * a / s.w):
            disc(s, *at, size * 0.46, r.choice(colors))
        disc(s, a, b, size * 0.4, (206, 146, 60))


def _vase(s: Sheet, x: float, foot: float, unit: float) -> None:
    glaze = s.twist.choice((s.palette[4], s.palette[2], (238, 236, 230)))
    body = [(-0.05, -0.3), (-0.045, -0.24), (-0.12, -0.13), (-0.1, -0.03), (-0.06, 0.01)]
    points = [(x + a * unit, foot + b * unit) for a, b in [*body, *((-a, b) for a, b in reversed(body))]]
    s.draw.polygon(points, fill=glaze)
    disc(s, x, foot - unit * 0.11, unit * 0.118, glaze)
    disc(s, x - unit * 0.05, foot - unit * 0.15, unit * 0.022, blend(glaze, WHITE, 0.45), 1.9)


def _cup(s: Sheet, x: float, foot: float, size: float) -> None:
    color = s.twist.choice((WHITE, s.palette[0], (96, 130, 160)))
    disc(s, x, foot, size * 1.35, blend(color, INK, 0.08), 0.24)
    s.draw.arc(
        (x + size * 0.5, foot - size * 1.0, x + size * 1.3, foot - size * 0.3),
        250,
        110,
        fill=color,
        width=max(2, int(size * 0.14)),
    )
    s.draw.chord((x - size * 0.9, foot - size * 2.2, x + size * 0.9, foot + size * 0.02), 0, 180, fill=color)
    disc(s, x, foot - size * 1.09, size * 0.9, blend(color, INK, 0.1), 0.26)
    disc(s, x, foot - size * 1.06, size * 0.78, (110, 70, 46), 0.22)
    for k in (-0.25, 0.2):
        steam = [(x + size * (k + 0.12 * math.sin(i * 0.9)), foot - size * (1.3 + 0.22 * i)) for i in range(7)]
        s.draw.line(steam, fill=blend(s.palette[0], WHITE, 0.6), width=max(1, int(size * 0.07)), joint="curve")


def pond(s: Sheet) -> None:
    """Draw carp between lily pads, seen from above."""
    water(s)
    shoal(s)
    pads(s)


def shoal(s: Sheet, phase: float = 0.0) -> None:
    """Draw the carp; in one `phase` each swims once around its place."""
    r = s.rng
    for i in range(r.randint(3, 6)):
        x, y, size = r.uniform(0.2, 0.8) * s.w, r.uniform(0.2, 0.8) * s.h, s.short * r.uniform(0.08, 0.12)
        turn = r.random() * math.tau + math.tau * phase * (-1 if i % 2 else 1)
        way, heading = size * 1.6, turn + math.pi / 2 * (-1 if i % 2 else 1)
        bend = 0.16 * math.sin(math.tau * (3 * phase + i / 4))
        carp(s, x + math.cos(turn) * way, y + math.sin(turn) * way, size, heading, bend)


def water(s: Sheet) -> None:
    """Draw the pond itself, with rings on it."""
    r, p = s.rng, s.palette
    background(s, p[3], p[2], blend(p[2], p[1], 0.2), p[3])
    for _ in range(12):
        x, y, size = r.random() * s.w, r.random() * s.h, s.short * r.uniform(0.06, 0.2)
        for k in (1, 0.72, 0.46):
            box = (x - size * k, y - size * k * 0.8, x + size * k, y + size * k * 0.8)
            s.draw.ellipse(box, outline=blend(p[2], p[1], 0.4), width=max(1, s.w // 500))


KOI = ((255, 250, 244), (244, 120, 66), (250, 200, 90), (255, 244, 236))


def carp(s: Sheet, x: float, y: float, size: float, angle: float, bend: float = 0.0) -> None:
    """Draw a carp that swims towards `angle`; `bend` sways its tail."""
    color, marks = s.twist.choice(KOI), Random(s.twist.random())
    sin, cos = math.sin(angle), math.cos(angle)

    def placed(points: list[Point]) -> list[Point]:
        return [(x + (a * cos - b * sin) * size, y + (a * sin + b * cos) * size) for a, b in points]

    fins = [(0.5, 0), (0.05, 0.72), (-0.15, 0.6), (-0.1, 0), (-0.15, -0.6), (0.05, -0.72)]
    s.draw.polygon(placed(fins), fill=blend(color, s.palette[2], 0.4))
    tail = [(-1.1, bend * 0.4), (-2.05, 0.42 + bend), (-1.75, bend * 0.8), (-2.05, -0.42 + bend)]
    s.draw.polygon(placed(tail), fill=blend(color, s.palette[2], 0.25))
    back = [(math.cos(i * math.tau / 24), math.sin(i * math.tau / 24)) for i in range(24)]
    body = [(1.25 * a, 0.4 * b * (1 - 0.25 * a * (a > 0)) if a > -0.3 else 0.4 * b * (1.25 + a)) for a, b in back]
    body = [(a, b + (bend * 0.3 * a * a if a < 0 else 0)) for a, b in body]
    s.draw.polygon(placed(body), fill=color)
    for _ in range(3):
        (spot,) = placed([(marks.uniform(-0.7, 0.75), marks.uniform(-0.12, 0.12))])
        disc(
            s, *spot, size * marks.uniform(0.17, 0.27), (232, 70, 50) if color != KOI[1] else (255, 250, 244), 0.8
        )


def pads(s: Sheet) -> None:
    """Draw lily pads, some in bloom."""
    r, flower = s.rng, s.twist.choice(PETALS)
    for _ in range(r.randint(6, 12)):
        x, y, size, turn = r.random() * s.w, r.random() * s.h, s.short * r.uniform(0.045, 0.1), r.uniform(0, 360)
        green = blend((90, 160, 104), (40, 104, 84), r.random())
        s.draw.pieslice((x - size, y - size, x + size, y + size), turn, turn + 330, fill=green)
        if r.random() < 0.4:
            blossom(s, x, y, size * 0.42, flower)


def pattern(s: Sheet) -> None:
    """Draw waves of scales, or tiles."""
    background(s, s.palette[0])
    if s.rng.random() < 0.5:
        _scales(s)
    else:
        _tiles(s)


def _scales(s: Sheet) -> None:
    r, p = s.rng, s.palette
    size = s.short / r.choice((3.4, 4, 4.8))
    colors = (p[4], blend(p[0], WHITE, 0.3), p[2], p[3])
    for row in range(int(s.h / (size * 0.5)) + 3):  # the lower half of each is covered by the next row
        y, x = size * 0.5 * (row - 1), -size if row % 2 else 0.0
        while x < s.w + size:
            accent = s.twist.choice(p[1:4]) if s.twist.random() < 0.07 else None
            for k, color in enumerate(colors):
                disc(s, x, y, size * (1 - k * 0.24), accent if accent and k % 2 else color)
            x += size * 2


def _tiles(s: Sheet) -> None:
    r, count = s.rng, s.rng.choice((3, 4, 5))
    size = s.short / count
    shift = s.twist.randrange(5)
    for row in range(int(s.h / size) + 1):
        for column in range(int(s.w / size) + 1):
            one, two = r.sample(range(5), 2)
            back, front = s.palette[(one + shift) % 5], s.palette[(two + shift) % 5]
            _tile(s, column * size, row * size, size, back, front)


def _tile(s: Sheet, x: float, y: float, q: float, back: Color, front: Color) -> None:
    kind = s.rng.randrange(6)
    s.draw.rectangle((x, y, x + q, y + q), fill=back)
    if kind == 0:
        s.draw.pieslice((x - q, y - q, x + q, y + q), 0, 90, fill=front)
        s.draw.pieslice((x - q / 2, y - q / 2, x + q / 2, y + q / 2), 0, 90, fill=back)
    elif kind == 1:
        s.draw.pieslice((x, y, x + 2 * q, y + 2 * q), 180, 270, fill=front)
    elif kind == 2:
        disc(s, x + q / 2, y + q / 2, q * 0.38, front)
        disc(s, x + q / 2, y + q / 2, q * 0.16, back)
    elif kind == 3:
        s.draw.polygon([(x, y), (x + q, y), (x, y + q)], fill=front)
    elif kind == 4:
        s.draw.pieslice((x, y, x + q, y + q), 180, 360, fill=front)
        s.draw.rectangle((x, y + q / 2, x + q, y + q), fill=front)
    else:
        for k in range(4):
            s.draw.rectangle((x, y + q * k / 4, x + q, y + q * (k / 4 + 0.125)), fill=front)


def space(s: Sheet) -> None:
    """Draw a planet, mostly with a ring, before clouds of stars."""
    r, p = s.rng, s.palette
    deep = blend(p[4], (6, 6, 20), 0.65)
    background(s, deep, blend(deep, p[3], 0.45), deep)
    for i in range(2):
        x, y = r.uniform(0.1, 0.9) * s.w, r.uniform(0.1, 0.9) * s.h
        s.glow(x, y, s.short * r.uniform(0.25, 0.35), p[1 + i], s.twist.choice((45, 60, 75)))
    stars(s, r, 110, 1)
    x, y, size = s.w * r.uniform(0.3, 0.7), s.h * r.uniform(0.35, 0.65), s.short * r.uniform(0.16, 0.25)
    ring, tilt = s.twist.random() < 0.65, r.uniform(-0.45, 0.45)
    if ring:
        _ring(s, x, y, size, tilt, back=True)
    bands = r.randint(5, 8)
    for i in range(12):  # from the dark limb to the light one
        part = i / 11
        q = size * (1 - part * 0.78)
        disc(s, x - (size - q) * 0.42, y - (size - q) * 0.42, q, blend(blend(p[3], p[4], 0.5), p[1], part**0.8))
    for _ in range(bands // 2):
        a, b, q = x + r.uniform(-0.4, 0.4) * size, y + r.uniform(-0.4, 0.4) * size, size * r.uniform(0.06, 0.14)
        disc(s, a, b, q, blend(p[2], p[3], 0.3))
        disc(s, a + q * 0.15, b + q * 0.15, q * 0.8, blend(p[2], p[1], 0.3))
    s.glow(x - size * 0.3, y - size * 0.3, size * 1.2, p[1], 70)
    if ring:
        _ring(s, x, y, size, tilt, back=False)


def _ring(s: Sheet, x: float, y: float, size: float, tilt: float, back: bool) -> None:
    sin, cos = math.sin(tilt), math.cos(tilt)
    angles = [math.pi * (i / 16 + back) for i in range(17)]
    for k in range(3):
        edges = [size * (1.45 + k * 0.2), size * (1.6 + k * 0.2)]
        out, home = ([(q * math.cos(a), q * 0.27 * math.sin(a)) for a in angles] for q in edges)
        points = [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in out + home[::-1]]
        s.draw.polygon(points, fill=blend(s.palette[0], s.palette[1], k / 2))
