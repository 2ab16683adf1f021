"""The first page's lists, beside the same ones counted by hand."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest

from pixmirror.catalogue.database import catalogue_path
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.models import from_ms
from pixmirror.reports.home import A_YEAR, home
from tests import many

FAR_WEST = timezone(timedelta(hours=-11))  # where a day of ours is nearly two of Japan's


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = many.make(tmp_path_factory.mktemp("many") / "root", 6_000)
    many.index(root)
    return root


@pytest.fixture
def shelves(root: Path):
    shelves = open_shelves(root)
    yield shelves
    shelves.close()


@pytest.mark.anyio
@pytest.mark.parametrize("zone", [UTC, FAR_WEST], ids=["UTC", "eleven hours west"])
async def test_on_this_day_has_the_most_bookmarked_works_of_each_year(root: Path, shelves: Shelves, zone) -> None:
    with closing(sqlite3.connect(catalogue_path(root))) as raw:
        posted = raw.execute(
            "SELECT work_key, create_date FROM work WHERE create_date > 0 ORDER BY total_bookmarks DESC, work_key"
        ).fetchall()
    found = 0
    for days in range(0, 360, 9):
        now = many.LAST + days * 86_400_000
        today, years = from_ms(now).astimezone(zone), defaultdict[int, list[int]](list)
        for key, at in posted:
            day = from_ms(at).astimezone(zone)
            if (day.month, day.day) == (today.month, today.day) and day.year < today.year:
                years[day.year].append(key)
        pictures = {year: {key for key in keys[:A_YEAR] if key % 2 == 0} for year, keys in years.items()}
        shown = (await shelves.read(home, now, zone)).on_this_day
        assert {one.year: {tile.work_key for tile in one.tiles} for one in shown} == {
            year: keys for year, keys in pictures.items() if keys
        }
        assert [one.year for one in shown] == sorted((one.year for one in shown), reverse=True)
        found += len(shown)
    assert found > 50
