"""Pictures so small that nobody looks at them: hills under a sky, at next to no cost."""

from random import Random

from PIL import Image, ImageDraw

BELOW = 100  # pixels of the shorter edge


def tiny(seed: str, width: int, height: int) -> Image.Image:
    """Draw hills in two colours under a sun."""
    rng = Random(seed)
    sky, far, near, sun = (tuple(rng.randrange(low, low + 90) for _ in range(3)) for low in (160, 90, 20, 165))
    image = Image.new("RGB", (width, height), sky)
    draw = ImageDraw.Draw(image)
    x, y, size = rng.random() * width, rng.random() * height * 0.5, max(1, min(width, height) // 8)
    draw.ellipse((x - size, y - size, x + size, y + size), fill=sun)
    for base, color in ((0.5, far), (0.75, near)):
        line = [(width * i / 5, height * (base + rng.uniform(-0.15, 0.2))) for i in range(6)]
        draw.polygon([(0, height), *line, (width, height)], fill=color)
    return image
