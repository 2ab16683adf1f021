"""What holds for all templates."""

from dataclasses import replace

import pytest

from pixmirror.gallery.answers import _environment
from pixmirror.gallery.chips import View
from pixmirror.reports.filters import Defaults, Filters, Place, Words
from pixmirror.reports.units import Unit


def test_every_block_of_a_page_fills_one_that_its_base_has() -> None:
    made = _environment()
    blocks = {name: set(made.get_template(name).blocks) for name in made.list_templates()}
    bases = {name for name in blocks if name.startswith("base")}
    assert "base.html" in bases
    known = set().union(*(blocks[name] for name in bases))
    assert {name: found - known for name, found in blocks.items() if found - known} == {}


@pytest.mark.parametrize(
    "filters", [Filters(), Filters(tag=Words(("夜",), ("猫 犬",)), order="popular", at=Place("2019-07", 24))]
)
def test_a_link_to_each_month_is_the_one_address_of_its_view(filters: Filters) -> None:
    view = View("/works", Defaults(rating="hide"))
    for name in ("2019-07", "2019-07-05t21", "none", "r12", "x3-40"):
        expected = view.address(replace(filters, at=Place(name)))
        assert view.at_each(filters, [Unit(name, 1, 100)]) == [expected]
