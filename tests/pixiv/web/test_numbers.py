"""Numbers that Pixiv, or a `next`, gives as text: what is none is left out or refused, never a crash."""

import pytest

from pixmirror.errors import InvalidRequest, OffsetCap
from pixmirror.pixiv.failures import capped
from pixmirror.pixiv.web import bodies, params

ENDLESS = "9" * 5000


def test_ids_that_are_none_are_left_out_of_a_profile():
    held = {"5": None, "x": None, ENDLESS: None, "7": None}
    listed = bodies.ProfileAll.model_validate({"illusts": held, "manga": {}, "novels": {}})
    assert listed.ids("illusts") == (7, 5)


@pytest.mark.parametrize("value", [ENDLESS, "x", "", True, None, -1])
def test_a_next_of_something_else_is_refused(value: object):
    with pytest.raises(InvalidRequest):
        params.number({"p": value}, "p")  # type: ignore[dict-item]


def test_an_offset_beyond_all_numbers_is_beyond_the_cap():
    assert isinstance(capped(InvalidRequest("400"), {"offset": ENDLESS}), OffsetCap)
