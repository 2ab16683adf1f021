"""What moves: the frames of ugoira, which loop."""

import math
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from pixmirror.demo.drawing import land, still, town
from pixmirror.demo.drawing.canvas import INK, WHITE, Palette, Sheet, blend, disc
from pixmirror.demo.drawing.figures import walking_cat
from pixmirror.demo.drawing.scenes import COOL, DUSKS, SCENES, WATERS, sheet

Move = Callable[[Sheet, float], None]


@dataclass(frozen=True)
class Film:
    """What stands still, drawn once, and returns what moves, drawn on each frame at its part of the loop."""

    still: Callable[[Sheet], Move]
    palettes: tuple[Palette, ...]


def _rain(s: Sheet) -> Move:
    town.evening(s)
    return town.rain


def _snow(s: Sheet) -> Move:
    land.village(s)
    return land.flakes


def _waves(s: Sheet) -> Move:
    x, horizon = land.shore(s)
    return lambda frame, phase: land.sparkle(frame, x, horizon, phase)


def _petals(s: Sheet) -> Move:
    color = still.bloom(s)
    return lambda frame, phase: still.petals(frame, color, phase)


def _carp(s: Sheet) -> Move:
    still.water(s)

    def move(frame: Sheet, phase: float) -> None:
        still.shoal(frame, phase)
        still.pads(frame)

    return move


def _train(s: Sheet) -> Move:
    town.bay(s)
    return lambda frame, phase: town.train(frame, frame.w * (2 * phase - 0.95))


def _cat(s: Sheet) -> Move:
    town.city(s)
    wall, dark = int(s.h * 0.82), blend(s.palette[4], INK, 0.55)
    s.draw.rectangle((0, wall, s.w, s.h), fill=dark)
    s.draw.rectangle((0, wall, s.w, wall + s.h * 0.015), fill=blend(dark, s.palette[1], 0.35))

    def move(frame: Sheet, phase: float) -> None:
        size = frame.h * 0.12
        x = phase * (frame.w + size * 4) - size * 2
        walking_cat(frame.draw, x, wall, size, (250, 214, 150), 4 * phase)

    return move


def _fireworks(s: Sheet) -> Move:
    town.city(s)
    return _bursts


def _bursts(s: Sheet, phase: float) -> None:
    for shell in range(3):
        rng = Random(f"{s.key} shell {shell}")
        x, y = s.w * (0.2 + 0.3 * shell + rng.uniform(-0.08, 0.08)), s.h * rng.uniform(0.2, 0.42)
        size, age = s.short * rng.uniform(0.24, 0.34), (phase + shell / 3) % 1
        color = rng.choice(((255, 120, 110), (255, 214, 110), (130, 220, 255), (200, 150, 255), (150, 240, 170)))
        if age < 0.25:
            tip = s.h * 0.75 + (y - s.h * 0.75) * math.sin(age * 4 * math.pi / 2)
            s.draw.line((x, tip, x, tip + s.h * 0.06), fill=(255, 236, 190), width=max(2, s.w // 200))
            continue
        left = 1 - (age - 0.25) / 0.75
        grown, fallen = 1 - left**3, size * 0.3 * (1 - left) ** 2
        for ring in (1, 0.7, 0.4):
            for i in range(14):
                turn, far = math.tau * (i + ring) / 14, size * grown * ring
                a, b = x + math.cos(turn) * far, y + math.sin(turn) * far + fallen
                disc(s, a, b, max(1.5, s.short * 0.016 * left), blend(color, WHITE, 0.7 * (1 - ring)))
        s.glow(x, y, max(4.0, size * 1.6 * grown), color, round(150 * left))


FILMS = (
    Film(_rain, DUSKS),
    Film(_snow, COOL),
    Film(_waves, SCENES["sea"].palettes),
    Film(_petals, SCENES["blossoms"].palettes),
    Film(_carp, WATERS),
    Film(_train, SCENES["railway"].palettes),
    Film(_cat, DUSKS),
    Film(_fireworks, DUSKS),
)


def frames(key: str, edition: int, phases: tuple[float, ...], width: int, height: int) -> Iterator[Image.Image]:
    """Draw the frames of a ugoira, each at its part of the loop (from 0 to 1)."""
    film = Random(f"{key} film").choice(FILMS)
    s = sheet(film.palettes, key, 0, edition, width, height)
    move = film.still(s)
    for phase in phases:
        frame = copy(s)
        frame.image, frame.glows = s.image.copy(), list(s.glows)
        frame.draw = ImageDraw.Draw(frame.image)
        frame.rng, frame.twist = Random(f"{key} motion"), Random(f"{key} motion {edition}")
        move(frame, phase)
        yield frame.finished()
