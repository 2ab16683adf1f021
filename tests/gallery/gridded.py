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

# A page writes its place 70 ms after the last move, and 250 ms after it wrote last. Timers of a page run in their
# order, so that those have run after 400 ms of its own timers, however slow the machine is.
RESTS = """() => new Promise(done => {
  let last = null, same = 0;
  const look = () => {
    const now = `${scrollY} ${JSON.stringify(history.state)}`;
    same = now === last ? same + 1 : 0;
    last = now;
    if (same < 20) setTimeout(look, 20); else done();
  };
  look();
})"""


def drawn(page: Page) -> list[Seen]:
    """Return the tiles that are seen, once all of them are drawn."""
    until(page, IS_DRAWN)
    return [tuple(tile) for tile in page.evaluate(SEEN)]


def rest(page: Page) -> None:
    """Wait until the page has come to rest, and its place is written."""
    page.evaluate(RESTS)
