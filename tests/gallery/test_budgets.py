"""How much of modules and style a browser fetches for each kind of page, before anybody does anything on it."""

import gzip
import re
from functools import cache

import httpx
import pytest

from pixmirror.gallery.app import STATIC
from tests.gallery.conftest import Served
from tests.gallery.readable import longest_manga, longest_novel

KB = 1024
LEVEL = 5  # as the gallery sends them
IMPORT = re.compile(r'^import\b.*?"\./(\w+\.js)"', re.MULTILINE)  # import() comes when it is asked for
STYLE, VIEWER = 11.0, 3.5
# Works, a work and the readers are above what they should be at last: 14, 3 and 5.
LISTS = ("/a", "/tags", "/series", "/rankings", "/novels", "/comments", "/collections", "/history", "/search")
BUDGETS = {
    **dict.fromkeys(("/", "/mirror", "/mirror/queue", "/mirror/settings", "/start", *LISTS), 3.0),
    "/works": 19.0,
    "/w/{manga}": 5.5,
    "/n/{novel}": 5.5,
    "/w/{manga}/read": 8.5,
    "/n/{novel}/read": 7.0,
}


@cache
def size(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes(), LEVEL))


def modules(text: str) -> set[str]:
    """Return the modules that a page names, and those that they import."""
    found, left = set[str](), set(re.findall(r'(?:src|href)="/static/js/(\w+\.js)"', text))
    while left:
        found |= left
        left = {one for name in left for one in IMPORT.findall((STATIC / "js" / name).read_text())} - found
    return found


@pytest.mark.parametrize("page", BUDGETS)
def test_a_page_fetches_no_more_than_its_budget(gallery: Served, page: str) -> None:
    address = page.format(manga=longest_manga(gallery.root)[0], novel=longest_novel(gallery.root))
    text = httpx.get(gallery.url + address).text
    fetched = {name: size(f"js/{name}") for name in sorted(modules(text))}
    assert 0 < sum(fetched.values()) <= BUDGETS[page] * KB, fetched
    styles = re.findall(r'rel="stylesheet" href="/static/(\w+\.css)"', text)
    is_of_a_work = "{" in page
    assert styles == ["gallery.css", *(["viewer.css"] if is_of_a_work else [])]
    assert sum(map(size, styles)) <= (STYLE + (VIEWER if is_of_a_work else 0)) * KB
