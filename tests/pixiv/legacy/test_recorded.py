"""Recorded answers of the dead APIs are read whole, where the folder (kept outside this repository)
is.
"""

import json
from pathlib import Path

import pytest

from pixmirror.errors import NotFound
from pixmirror.models import Illust
from pixmirror.pixiv.legacy import addresses, objects
from pixmirror.pixiv.legacy.dumps import read_dump
from tests.dumped import written
from tests.pixiv.legacy.made import assert_nothing_lost

RECORDED = Path(__file__).parents[3].parent / "shared" / "recorded"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded responses are not here")
SPAPI = sorted((RECORDED / "spapi").glob("*.csv"))
PAPI = sorted((RECORDED / "papi").glob("*.json"))


def dump(path):
    return list(read_dump(path.read_bytes(), path.name))


def name(path):
    return path.stem


@pytest.mark.parametrize("path", SPAPI, ids=name)
def test_each_recorded_csv_is_read_with_nothing_lost(path):
    body = path.read_bytes()
    read = dump(path)
    if not body:
        assert [(e.item, e.raw) for e in read] == [(None, [])]
        return
    assert "".join(written(tuple(e.raw)) for e in read).encode() == body
    for entry in read:
        assert_nothing_lost(entry)
    assert [e.trouble for e in read] == [""]


@pytest.mark.parametrize("path", PAPI, ids=name)
def test_each_recorded_json_is_read_with_nothing_lost(path):
    payload = json.loads(path.read_text())
    read = dump(path)
    if "http400" in path.name:
        assert isinstance(objects.failure(payload, ""), NotFound)
        assert [e.item for e in read] == [None]
        return
    assert [e.raw for e in read] == payload["response"]
    for entry in read:
        assert_nothing_lost(entry)
        assert len(entry.item.originals) == entry.item.page_count
        assert Illust.model_validate(json.loads(json.dumps(entry.app))).originals == entry.item.originals


def works(paths):
    return {e.item.id: e.item for path in paths for e in dump(path) if e.item}


def test_addresses_that_are_made_from_csv_are_those_that_the_public_api_named():
    """Works that both APIs were asked for: with the artist's folder, with the date, manga, gif."""
    old, later = works(SPAPI), works(PAPI)
    both = old.keys() & later.keys()
    assert len(both) > 5
    for work_id in both:
        assert old[work_id].originals == later[work_id].originals
        assert old[work_id].title == later[work_id].title
        assert old[work_id].create_date == later[work_id].create_date
        assert [tag.name for tag in old[work_id].tags][:2] == [tag.name for tag in later[work_id].tags][:2]
        assert old[work_id].tools == later[work_id].tools


def test_what_the_public_api_said_leads_to_todays_host_alone():
    for item in works(PAPI).values():
        assert all(url.startswith(addresses.HOST) for url in item.originals)
