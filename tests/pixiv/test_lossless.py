"""What a model does not hold of an answer is named; what differs in form alone is not."""

import copy
import json
from pathlib import Path

import pytest

from pixmirror.models import Illust
from pixmirror.pixiv.lossless import lost
from pixmirror.pixiv.web.mapping import alike
from pixmirror.pixiv.web.models import WebIllust
from pixmirror.pixiv.web.reading import one

WORK = json.loads((Path(__file__).parent / "fixtures" / "illust_detail.json").read_text())["illust"]


def test_each_kind_of_loss_is_named_by_its_place():
    held = Illust.model_validate(WORK)
    more = copy.deepcopy(WORK)
    more["novelty"] = 1
    more["user"]["name"] = "another"
    more["tags"].append({"name": "more"})
    more["meta_single_page"] = {"original_image_url": "https://i.pximg.net/other.png"}

    assert list(lost(held, WORK)) == []
    assert set(lost(held, more)) == {"novelty", "user.name", "tags", "meta_single_page.original_image_url"}


def test_a_value_of_the_web_that_was_not_read_is_named():
    raw = {
        "id": "5",
        "title": "a",
        "illustType": 1,
        "pageCount": 1,
        "userId": "7",
        "userName": "b",
        "new": {"x": 1},
    }
    item = one(raw, WebIllust, "/ajax/illust/{id}").item

    assert list(lost(item, raw)) == []
    dated = raw | {"createDate": "12"}
    assert list(lost(one(dated, WebIllust, "/ajax/illust/{id}").item, dated)) == [], "12 seconds after 1970"
    assert set(lost(item, raw | {"title": "c", "new": {"x": 2}})) == {"title", "web.new.x"}


@pytest.mark.parametrize(
    ("held", "sent", "same"),
    [
        (5, "5", True),
        (5, "05", False),
        ([{"name": "a"}, {"name": "b"}], "a b", True),
        ([{"name": "a"}], ["a", "b"], False),
        ("2014-09-30T23:58:34+09:00", "2014-09-30 23:58:34", True),
        ("2014-09-30T23:58:34+09:00", "2014-09-30 23:58:35", False),
        (None, [], True),
        (None, 0, False),
        (False, None, False),
    ],
)
def test_form_alone_is_no_loss(held, sent, same):
    assert alike(held, sent) is same
