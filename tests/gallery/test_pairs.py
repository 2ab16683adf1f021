"""Which pages lie beside each other: a rule, told by what it must never do."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from tests.gallery.conftest import Served, Tabs

SHAPES = st.sampled_from([(300, 420), (420, 420), (440, 420), (600, 420), (442, 420)])
SPREADS = """async ([pages, two, shifted]) => {
    const {spreads} = await import("/static/js/pairs.js");
    return spreads(pages.map(([width, height]) => ({width, height})), two, new Set(shifted));
}"""


@pytest.fixture(scope="module")
def script(tabs: Tabs, gallery: Served) -> Iterator[Page]:
    with tabs.looking(gallery.url) as page:
        page.goto("/works")
        yield page


def is_wide(page: tuple[int, int]) -> bool:
    return page[0] > 1.05 * page[1]


@given(st.lists(SHAPES, max_size=14), st.sets(st.integers(0, 13), max_size=3))
@example([(300, 420)] * 5, set())
@example([(300, 420)] * 5, {0})
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_page_is_alone_for_a_reason_or_beside_the_next(
    script: Page, pages: list[tuple[int, int]], shifted: set[int]
) -> None:
    spreads = script.evaluate(SPREADS, [pages, True, sorted(shifted)])
    assert [at for spread in spreads for at in spread] == list(range(len(pages)))
    for spread in spreads:
        first = spread[0]
        begins = first == 0 or is_wide(pages[first - 1])  # counting starts here
        alone = (first == 0) != (first in shifted) if begins else False
        reason = (
            is_wide(pages[first])
            or first + 1 == len(pages)
            or is_wide(pages[first + 1])
            or alone
        )  # fmt: skip
        assert len(spread) == (1 if reason else 2)


@given(st.lists(SHAPES, max_size=6), st.sets(st.integers(0, 5)))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_at_a_time_each_is_alone(script: Page, pages: list[tuple[int, int]], shifted: set[int]) -> None:
    assert script.evaluate(SPREADS, [pages, False, sorted(shifted)]) == [[at] for at in range(len(pages))]
