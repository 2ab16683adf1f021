"""What is to be drawn, by what it is for: a page of a work, a cover, an avatar, a stamp."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from pixmirror.demo.drawing import motion, people, scenes
from pixmirror.demo.drawing.canvas import ALL, INK, WHITE, Sheet, background, blend, disc, sign
from pixmirror.demo.drawing.figures import bust, person
from pixmirror.demo.drawing.manga import manga_page
from pixmirror.demo.drawing.tiny import BELOW, tiny

Kind = Literal["illust", "manga", "ugoira", "cover", "avatar", "stamp", "nobody", "hidden"]


@dataclass(frozen=True)
class Subject:
    """What is to be drawn. All pages of a work have its `key`; `style` is that of the artist; the first edition of
    the files is 0; `phase` is how far in its loop a frame is."""

    kind: Kind
    key: str
    page: int = 0
    pages: int = 1
    edition: int = 0
    style: str = ""
    phase: float = 0.0


def draw(subject: Subject, width: int, height: int) -> Image.Image:
    """Draw it at this size."""
    if min(width, height) < BELOW:
        if subject.kind in ("avatar", "stamp", "nobody", "hidden"):
            return draw(subject, BELOW, BELOW).resize((width, height))
        return tiny(f"{subject.key} {subject.page} {subject.edition} {subject.phase}", width, height)
    if subject.kind == "ugoira":
        return next(film(subject, (subject.phase,), width, height))
    if subject.kind == "manga" and (subject.page or subject.pages < 5):
        return manga_page(subject.key, subject.page, subject.edition, width, height)
    if subject.kind == "illust":
        name = scenes.scene_of(subject.key, subject.style)
        return scenes.picture(name, subject.key, subject.page, subject.edition, width, height)
    s = scenes.sheet(ALL, subject.key, subject.page, subject.edition, width, height)
    {
        "avatar": _avatar,
        "stamp": _stamp,
        "nobody": _nobody,
        "hidden": _hidden,
    }.get(subject.kind, _cover)(s)
    return s.finished()


def film(subject: Subject, phases: tuple[float, ...], width: int, height: int) -> Iterator[Image.Image]:
    """Draw the frames of a ugoira, one for each part of its loop."""
    if min(width, height) < BELOW:
        seed = f"{subject.key} {subject.edition}"
        return (tiny(f"{seed} {phase}", width, height) for phase in phases)
    return motion.frames(subject.key, subject.edition, phases, width, height)


def _cover(s: Sheet) -> None:
    """Draw a scene or somebody, and the title in a column on the right."""
    name = s.rng.choice(("portrait", "portrait", "mountains", "sea", "field", "city", "forest", "cat", "blossoms"))
    scenes.SCENES[name].draw(s)
    size, right = s.h * 0.062, s.w * 0.97
    signs = s.rng.randint(4, 7)
    bottom = s.h * 0.05 + size * (signs * 1.25 + 0.6)
    s.draw.rectangle((right - size * 1.7, s.h * 0.03, right, bottom), fill=blend(s.palette[0], WHITE, 0.5))
    for i in range(signs):
        sign(s, right - size * 0.85, s.h * 0.05 + size * (0.2 + 1.25 * i), size, s.palette[4])
    s.draw.rectangle((0, s.h * 0.94, s.w, s.h), fill=s.palette[4])
    for i in range(6):
        sign(s, s.w * 0.06 + i * size * 0.5, s.h * 0.957, size * 0.4, s.palette[0])


def _avatar(s: Sheet) -> None:
    """Draw a face from close by, a cat or a scene."""
    kind = s.rng.randrange(8)
    if kind > 2:
        who = person(s.rng)
        people.backdrop(s, s.w / 2, s.h / 2, s.short * 0.34)
        bust(s.draw, who, s.w / 2, s.h * 0.54, s.short * 0.36, s.palette[3], s.rng.choice(people.MOODS))
    else:
        scenes.SCENES[("cat", "mountains", "pattern")[kind]].draw(s)


def _stamp(s: Sheet) -> None:
    """Draw a round face in a good mood."""
    background(s, WHITE)
    x, y, size = s.w / 2, s.h / 2, s.short * 0.44
    disc(s, x, y, size, s.palette[1])
    thin = max(2, int(size * 0.09))
    for side in (-1, 1):
        a, b = x + side * size * 0.4, y - size * 0.1
        if s.rng.random() < 0.5:
            disc(s, a, b, size * 0.1, INK, 1.4)
        else:
            s.draw.arc((a - size * 0.18, b - size * 0.12, a + size * 0.18, b + size * 0.2), 190, 350, INK, thin)
        disc(s, x + side * size * 0.6, y + size * 0.2, size * 0.12, s.palette[2], 0.7)
    s.draw.arc(
        (x - size * 0.3, y - size * 0.1, x + size * 0.3, y + size * s.rng.uniform(0.3, 0.6)), 20, 160, INK, thin
    )


def _nobody(s: Sheet) -> None:
    """Draw head and shoulders of nobody in particular."""
    background(s, (224, 227, 232))
    disc(s, s.w / 2, s.h * 0.4, s.short * 0.18, (172, 178, 188))
    disc(s, s.w / 2, s.h * 0.98, s.short * 0.36, (172, 178, 188))


def _hidden(s: Sheet) -> None:
    """Draw the closed eye that stands for what is not shown."""
    background(s, (224, 227, 232))
    x, y, size = s.w / 2, s.h * 0.46, s.short * 0.24
    thin, grey = max(2, int(size * 0.14)), (158, 164, 176)
    s.draw.arc((x - size, y - size * 0.7, x + size, y + size * 0.7), 15, 165, grey, thin)
    for k in (-0.6, 0, 0.6):
        s.draw.line(
            (x + k * size, y + size * (0.62 - 0.2 * abs(k)), x + k * size * 1.3, y + size * (1 - 0.3 * abs(k))),
            grey,
            thin,
        )
