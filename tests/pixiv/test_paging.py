"""Walking a list ends exactly where Pixiv ends it."""

import pytest

from pixmirror.errors import BadResponse
from pixmirror.models import BookmarkTag, Listing, Received
from pixmirror.pixiv import items, pages

pytestmark = pytest.mark.anyio


def page(names, next):
    return Listing("/x", tuple(Received(BookmarkTag(name=n, count=1), {}) for n in names), next=next)


def book(*all_pages):
    async def fn(*, next=None):
        return all_pages[int(next["offset"]) if next else 0]

    return fn


async def test_short_and_empty_pages_do_not_end_a_list():
    fn = book(page("ab", {"offset": "1"}), page("", {"offset": "2"}), page("c", None))
    assert [item.item.name async for item in items(fn)] == ["a", "b", "c"]


async def test_a_walk_resumes_from_the_next_of_any_page():
    fn = book(page("a", {"offset": "1"}), page("b", {"offset": "2"}), page("c", None))
    first = await anext(pages(fn))
    assert [item.item.name async for item in items(fn, next=first.next)] == ["b", "c"]


async def test_a_page_that_leads_to_itself_is_an_error_and_not_a_loop():
    fn = book(page("a", {"offset": "1"}), page("b", {"offset": "1"}))
    with pytest.raises(BadResponse):
        [p async for p in pages(fn)]


async def test_a_list_that_leads_back_to_its_start_is_an_error_and_not_a_loop():
    fn = book(page("a", {"offset": "1"}), page("b", {"offset": "2"}), page("c", {"offset": "0"}))
    fn_back = book(page("a", {"offset": "1"}), page("b", {"offset": "2"}), page("c", {"offset": "1"}))
    for circle in (fn, fn_back):
        with pytest.raises(BadResponse):
            [p async for p in pages(circle)]
