"""Units of the grid: months, and what takes their place where works are many, few or without dates."""

from collections.abc import Iterable

import pytest

from pixmirror.models import JST
from pixmirror.models.base import from_ms
from pixmirror.reports import units
from pixmirror.reports.units import Dated, Drawn, Ranked, Unit


def unsplit(name: str) -> Iterable[tuple[str, int, int]]:
    raise AssertionError(f"{name} is not to be split")


def test_months_are_the_units_newest_first_and_works_without_a_date_come_last() -> None:
    found = units.by_date([(0, 5, 500), (202410, 300, 30_000), (202411, 200, 25_000), (202409, 0, 0)], unsplit)
    assert found == [Unit("2024-11", 200, 25_000), Unit("2024-10", 300, 30_000), Unit("none", 5, 500)]


def test_few_works_are_one_unit_and_sparse_ones_go_by_years() -> None:
    assert units.by_date([(202410, 100, 9_000), (201011, 300, 36_000)], unsplit) == [Unit("all", 400, 45_000)]
    months = [(year * 100 + month, 5, 500) for year in range(2014, 2023) for month in range(1, 13)]
    found = units.by_date([*months, (0, 1, 71)], unsplit)
    assert found == [*(Unit(str(year), 60, 6_000) for year in range(2022, 2013, -1)), Unit("none", 1, 71)]
    assert units.by_date([], unsplit) == []


def test_a_crowded_month_is_split_into_days_and_a_crowded_day_into_hours() -> None:
    parts = {
        "2024-10": [("2024-10-31", 12_000, 3), ("2024-10-02", 300, 4)],
        "2024-10-31": [("2024-10-31t23", 11_000, 1), ("2024-10-31t05", 1_000, 2)],
    }
    found = units.by_date([(202410, 12_300, 7), (202409, 10_000, 9)], parts.__getitem__)
    assert [unit.name for unit in found] == ["2024-10-31t23", "2024-10-31t05", "2024-10-02", "2024-09"]
    assert sum(unit.n for unit in found) == 22_300


def test_works_without_dates_go_by_ranks_of_a_thousand_with_the_shapes_of_all() -> None:
    found = units.by_rank(2_500, 250_000)
    assert found == [Unit("r0", 1_000, 100_000), Unit("r1", 1_000, 100_000), Unit("r2", 500, 50_000)]
    assert sum(unit.n for unit in units.drawn(2_501, 250_000)) == 2_501
    assert units.drawn(2_501, 250_000)[2].name == "x2-3"


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("2024-10-31", "2024-10-31T00", "2024-11-01T00"),
        ("2024-10-31t23", "2024-10-31T23", "2024-11-01T00"),
    ],
)
def test_a_day_and_an_hour_are_those_of_japan(name: str, first: str, end: str) -> None:
    found = units.bounds(name)
    assert isinstance(found, Dated)
    assert (found.first_month, found.last_month) == (202410, 202410)
    assert found.first is not None
    assert found.end is not None
    assert [f"{from_ms(at).astimezone(JST):%FT%H}" for at in (found.first, found.end)] == [first, end]


def test_a_unit_is_known_by_its_name() -> None:
    assert units.bounds("all") is None
    assert units.bounds("none") == Dated(0, 0)
    assert units.bounds("2019") == Dated(201901, 201912)
    assert units.bounds("2019-07") == Dated(201907, 201907)
    assert units.bounds("r12") == Ranked(12_000)
    assert units.bounds("x3-7") == Drawn(3, 7)


@pytest.mark.parametrize("name", ["", "2019-13", "2019-02-30", "2019-01-01t24", "x7-7", "r", "july", "2019-7"])
def test_what_names_no_unit_is_told(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        units.bounds(name)
