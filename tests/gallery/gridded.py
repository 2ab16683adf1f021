"""A grid as a browser shows it: what is seen of it, once it is drawn."""

from playwright.sync_api import Page

from tests.gallery.readable import until

Seen = tuple[str, float, float, float, float]  # the address of a work; left, top, right, bottom of its tile

# Sees the tiles that lie below the row of filters, each as [address, left, top, right, bottom].
SEEN = """() => [...document.querySelectorAll('.vgrid .tile')]
  .map(tile => [tile, tile.getBoundingClientRect()])
  .filter(([, box]) => box.bottom > document.querySelector('.filters').getBoundingClientRect().bottom + 1
    && box.top < innerHeight)
  .map(([tile, box]) => [tile.firstElementChild.getAttribute('href'), box.left, box.top, box.right, box.bottom])"""
IS_DRAWN = f"""() => {{
  const seen = ({SEEN})();
  return seen.length > 3 && seen.every(([href]) => href) && !document.querySelector('.blk.wait')
    && [...document.querySelectorAll('.vgrid img')].every(img => img.src && img.complete) }}"""


def drawn(page: Page) -> list[Seen]:
    """Return the tiles that are seen, once all of them are drawn."""
    until(page, IS_DRAWN)
    return [tuple(tile) for tile in page.evaluate(SEEN)]
