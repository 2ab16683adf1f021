"""Which scenes there are, and in which colours each looks its best."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from pixmirror.demo.drawing import land, people, still, town
from pixmirror.demo.drawing.canvas import (
    ALL,
    CORAL,
    DAY,
    DEEP,
    EARTH,
    FRESH,
    INDIGO,
    LEAF,
    LILAC,
    MOON,
    PINK,
    ROSE,
    SCALE,
    SEPIA,
    SUNSET,
    TEAL,
    VIOLET,
    Palette,
    Sheet,
)

BRIGHT = tuple(palette for palette in ALL if palette not in (SEPIA, EARTH))
DUSKS = (ROSE, LILAC, INDIGO, MOON, VIOLET, SUNSET, DEEP)
COOL = (DAY, INDIGO, MOON, DEEP, LILAC, TEAL)
WATERS = (TEAL, LEAF, DEEP, DAY, INDIGO)


@dataclass(frozen=True)
class Scene:
    """How to draw it, its colours, and how often it is drawn."""

    draw: Callable[[Sheet], None]
    palettes: tuple[Palette, ...]
    weight: int


def _room(s: Sheet) -> None:
    x0, y0, x1, y1 = town.window_frame(s)
    view = Sheet(s.key, x1 - x0, y1 - y0, s.rng, s.twist, s.palette)
    s.rng.choice((land.mountains, land.sea, town.city, land.field))(view)
    town.room(s, view)


SCENES: dict[str, Scene] = {
    "portrait": Scene(people.portrait, ALL, 36),
    "mountains": Scene(land.mountains, BRIGHT, 10),
    "sea": Scene(land.sea, BRIGHT, 9),
    "city": Scene(town.city, DUSKS, 9),
    "field": Scene(land.field, land.SKIES, 8),
    "cat": Scene(people.cat, ALL, 7),
    "blossoms": Scene(still.blossoms, (ROSE, PINK, DAY, LILAC, MOON, CORAL), 7),
    "forest": Scene(land.forest, (LEAF, TEAL, DAY, ROSE, LILAC, DEEP, FRESH), 6),
    "pond": Scene(still.pond, WATERS, 6),
    "room": Scene(_room, ALL, 6),
    "snow": Scene(land.snow, COOL, 6),
    "lanterns": Scene(town.lanterns, DUSKS, 6),
    "street": Scene(town.street, DUSKS, 6),
    "space": Scene(still.space, BRIGHT, 6),
    "railway": Scene(town.railway, (ROSE, SUNSET, LILAC, CORAL, VIOLET, DAY, PINK), 5),
    "table": Scene(still.table, BRIGHT, 5),
    "pattern": Scene(still.pattern, ALL, 5),
}


def scene_of(key: str, style: str) -> str:
    """Return what a work shows: mostly something that its artist draws often."""
    rng, names, weights = Random(f"{key} scene"), tuple(SCENES), [scene.weight for scene in SCENES.values()]
    if rng.random() < 0.6:
        return rng.choice(Random(f"{style} favourites").choices(names, weights, k=3))
    return rng.choices(names, weights)[0]


def sheet(palettes: tuple[Palette, ...], key: str, page: int, edition: int, width: int, height: int) -> Sheet:
    """Return a sheet for a page: an edition but the first has other colours than the first."""
    rng, twist = Random(f"{key} p{page}"), Random(f"{key} p{page} {edition}")
    first = Random(f"{key} palette").randrange(len(palettes))
    other = twist.randrange(1, len(palettes)) if edition and len(palettes) > 1 else 0
    return Sheet(key, width * SCALE, height * SCALE, rng, twist, palettes[(first + other) % len(palettes)])


def picture(name: str, key: str, page: int, edition: int, width: int, height: int) -> Image.Image:
    """Draw a scene: what is where follows from work and page, colours and details from the edition as well."""
    scene = SCENES[name]
    s = sheet(scene.palettes, key, page, edition, width, height)
    scene.draw(s)
    return s.finished()
