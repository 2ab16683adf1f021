"""The grid of works: the same works from search.db and from the catalogue, and just those that were asked for."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.catalogue.gallery import collections, own
from pixmirror.catalogue.gallery.database import GalleryDatabase, gallery_path
from pixmirror.catalogue.search import grid as written
from pixmirror.catalogue.search import rows as from_catalogue
from pixmirror.catalogue.search import sources
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.catalogue.sql import changed
from pixmirror.models import JST
from pixmirror.reports import filters, grid, selection, units
from pixmirror.reports.filters import Defaults, Filters
from pixmirror.reports.grid import Grid
from tests import many
from tests.catalogue.builders import ME

WORKS = 1_000
Row = dict[str, Any]


def _look(conn: Connection, keys: list[int]) -> None:
    for key in keys:
        own.look(conn, key, 1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of many works, some of them seen and collected, without search.db."""
    made = many.make(tmp_path_factory.mktemp("many") / "root", WORKS, months=24)
    with closing(sqlite3.connect(catalogue_path(made))) as raw:
        keys = [key for (key,) in raw.execute("SELECT work_key FROM work ORDER BY work_key")]
    with GalleryDatabase.open(gallery_path(made)) as db:
        db.run_sync(_look, keys[::7])
        db.run_sync(collections.add_works, db.run_sync(collections.make, "夜空", 1), keys[::31], 1)
    return made


@pytest.fixture(scope="module")
def shelves(root: Path) -> Iterator[Shelves]:
    with open_shelves(root) as opened:
        yield opened


@pytest.fixture(scope="module")
def indexed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelves]:
    """The same mirror with search.db beside it."""
    there = tmp_path_factory.mktemp("indexed")
    for path in root.glob("*.db"):
        (there / path.name).write_bytes(path.read_bytes())
    many.index(there)
    with open_shelves(there) as opened:
        yield opened


@pytest.fixture(params=["catalogue", "search.db"])
def either(request: pytest.FixtureRequest, shelves: Shelves, indexed: Shelves) -> Shelves:
    assert shelves.read_sync(selection.is_ready) is False
    assert indexed.read_sync(selection.is_ready) is True
    return indexed if request.param == "search.db" else shelves


@pytest.fixture(scope="module")
def truth(root: Path) -> list[Row]:
    """All works with what is known of them, read without any of what is tested."""
    with closing(sqlite3.connect(catalogue_path(root))) as raw:
        raw.row_factory = sqlite3.Row
        found = {row["work_key"]: dict(row) for row in raw.execute("SELECT * FROM work")}
        for name, sql in (
            ("tags", "SELECT work_key, name FROM work_tag JOIN tag ON id = tag_id"),
            ("own", "SELECT work_key, name FROM bookmark_work_tag"),
            ("jobs", "SELECT work_key, job FROM work_job"),
            ("files", "SELECT owner_id, state FROM media"),
            ("old", "SELECT owner_id, 1 FROM media WHERE NOT is_current"),
            ("doubts", "SELECT owner_id, 1 FROM doubt"),
            ("marked", "SELECT work_key, below FROM bookmark WHERE state != 'gone'"),
        ):
            for key, value in raw.execute(sql):
                found[key].setdefault(name, set()).add(value)
    for number, key in enumerate(sorted(found)):
        found[key] |= {"seen": number % 7 == 0, "collected": number % 31 == 0}
    return list(found.values())


def asked(query: str) -> Filters:
    return filters.read([(n, t) for n, _, t in (part.partition("=") for part in query.split("&") if part)])


def all_keys(shelves: Shelves, query: str) -> list[int]:
    """Return the works of all units, in their order, as the grid would ask for them."""
    wanted, found = asked(query), []
    for unit in shelves.read_sync(grid.open_grid, wanted, 0).units:
        tiles = shelves.read_sync(grid.details, wanted, unit.name, 0, 2 * units.RANKS)
        found += [tile.work_key for tile in tiles if tile is not None]
    return found


def unit_of(found: Grid) -> str:
    return found.units[found.index].name


def of_japan(row: Row) -> str:
    return f"{datetime.fromtimestamp((row['create_date'] or 0) / 1000, JST):%Y-%m-%d}"


FILES = ("wanted", "waiting", "fetching")
OVER, HIDDEN = ("gone",), ("private",)
CASES: dict[str, Callable[[Row], Any]] = {
    "": lambda w: True,
    "type=manga": lambda w: w["type"] == "manga",
    "type=novel&type=ugoira": lambda w: w["type"] in ("novel", "ugoira"),
    "artist=7": lambda w: w["user_id"] == 7,
    "artist=7&artist=9": lambda w: w["user_id"] in (7, 9),
    "tag=夜": lambda w: "夜" in w.get("tags", ()),
    "tag=夜&tag=猫": lambda w: {"夜", "猫"} <= w.get("tags", set()),
    "tag=夜&tag=-猫": lambda w: "夜" in w.get("tags", ()) and "猫" not in w.get("tags", ()),
    "tag=-夜": lambda w: "夜" not in w.get("tags", ()),
    "tag=nothing": lambda w: False,
    "tag=-nothing&artist=3": lambda w: w["user_id"] == 3,
    "bookmark=背景": lambda w: "背景" in w.get("own", ()),
    "bookmark=-背景&tag=海": lambda w: "背景" not in w.get("own", ()) and "海" in w.get("tags", ()),
    "collection=1": lambda w: w["collected"],
    "rating=hide": lambda w: not w["x_restrict"],
    "rating=veil": lambda w: True,
    "ai=hide": lambda w: w["ai_type"] != 2,
    "posted=2024": lambda w: w["create_date"] and of_japan(w).startswith("2024"),
    "posted=2024-03..2024-05-07": lambda w: w["create_date"] and "2024-03-01" <= of_japan(w) <= "2024-05-07",
    "posted=..2023": lambda w: w["create_date"] and of_japan(w) < "2024",
    "size=0.06..0.08": lambda w: 60_000 <= w["width"] * w["height"] <= 80_000,
    "ratio=wide": lambda w: w["type"] != "novel" and w["width"] > w["height"] * 1.05,
    "ratio=square": lambda w: w["type"] != "novel" and w["width"] == w["height"],
    "pages=2..": lambda w: w["page_count"] >= 2,
    "pages=1": lambda w: w["page_count"] == 1,
    "series=7&series=n9": lambda w: w["series_key"] in (14, 19),
    "job=job1": lambda w: "job1" in w["jobs"],
    "seen=yes": lambda w: w["seen"],
    "seen=no&type=manga": lambda w: not w["seen"] and w["type"] == "manga",
    "state=gone": lambda w: w["state"] in OVER,
    "state=kept": lambda w: w["state"] in OVER and "stored" in w.get("files", ()),
    "state=hidden": lambda w: w["state"] in HIDDEN,
    "state=doubt": lambda w: "doubts" in w,
    "state=edited": lambda w: "old" in w,
    "state=damaged": lambda w: "damaged" in w.get("files", ()),
    "state=left-out": lambda w: "refused" in w.get("files", ()),
    "state=waiting": lambda w: not w.get("files", set()).isdisjoint(FILES),
    "state=gone&state=waiting": lambda w: w["state"] in OVER or "wanted" in w.get("files", ()),
    "state=gone&tag=夜&rating=hide&pages=1": lambda w: (
        w["state"] in OVER and "夜" in w.get("tags", ()) and not w["x_restrict"] and w["page_count"] == 1
    ),
    "order=bookmarked&tag=夜": lambda w: "marked" in w and "夜" in w.get("tags", ()),
}


@pytest.mark.parametrize("query", CASES)
def test_filters_leave_just_the_works_that_they_name_newest_first(
    either: Shelves, truth: list[Row], query: str
) -> None:
    found = all_keys(either, query)
    assert Counter(found) == Counter(row["work_key"] for row in truth if CASES[query](row))
    if "order" not in query:
        posted = {row["work_key"]: row["create_date"] or 0 for row in truth}
        assert found == sorted(found, key=lambda key: (-posted[key], -key))


def test_units_count_their_works_and_add_up_their_shapes(either: Shelves) -> None:
    for query in ("", "artist=7", "tag=夜", "order=arrived", "rating=hide&state=gone"):
        for unit in either.read_sync(grid.open_grid, asked(query), 0).units:
            ratios = either.read_sync(grid.block, asked(query), unit.name, 0).ratios
            assert (len(ratios), sum(ratios)) == (unit.n, unit.ratios)


def test_orders_put_works_one_after_another(either: Shelves, truth: list[Row]) -> None:
    known = {row["work_key"]: row for row in truth}
    arrived = [known[key]["first_seen"] for key in all_keys(either, "order=arrived")]
    popular = [known[key]["total_bookmarks"] for key in all_keys(either, "order=popular")]
    marked = [min(known[key]["marked"]) for key in all_keys(either, "order=bookmarked")]
    assert (len(arrived), len(popular)) == (WORKS, WORKS)
    assert len(marked) == sum("marked" in row for row in truth)
    for values in (arrived, popular, marked):
        assert values == sorted(values, reverse=True)


def test_bookmarks_are_counted_without_those_that_are_gone_or_anothers(tmp_path: Path) -> None:
    def bookmark(conn: Connection) -> None:
        for account, key, state in (
            (ME, 2, "live"),
            (ME, 4, "gone"),
            (ME, 6, "live"),
            (ME - 1, 6, "live"),
            (ME + 1, 8, "gone"),
        ):
            made = "INSERT INTO bookmark (account_id, work_key, restrict, state, first_seen, last_seen)"
            changed(conn, f"{made} VALUES (:a, :k, 'public', :s, 1, 1)", a=account, k=key, s=state)
        changed(conn, "INSERT INTO account (id, name, account, seen_at) VALUES (:a, 'me', 'me', 1)", a=ME)

    with Database.open(catalogue_path(tmp_path)) as db, open_shelves(tmp_path) as shelves:
        db.run_sync(bookmark)
        [part] = shelves.read_sync(selection.select, Filters(order="bookmarked")).parts
    assert part.length == 2


def test_a_random_order_shows_every_work_once_and_stays_the_same_for_its_seed(either: Shelves) -> None:
    first, again, other = (all_keys(either, f"order=random&seed={seed}") for seed in (5, 5, 6))
    assert len(set(first)) == len(first) == WORKS
    assert first == again
    assert first != other
    assert sum(a < b for a, b in pairwise(first)) in range(WORKS * 4 // 10, WORKS * 6 // 10)


def test_search_db_and_the_catalogue_tell_the_same_rows(shelves: Shelves, root: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.row_factory = sqlite3.Row
        raw.execute("ATTACH ? AS catalogue", (str(catalogue_path(root)),))
        keys = [key for (key,) in raw.execute("SELECT work_key FROM catalogue.work")]
        expected = sorted(written.row_of(work) for work in sources.works(raw, keys).values())
    columns = ", ".join(f"coalesce({name}, 0)" for name in written.Row._fields)
    sql = f"SELECT {columns} FROM ({from_catalogue.GRID}) ORDER BY work_key"
    assert shelves.read_sync(lambda c: [tuple(row) for row in c.exec_driver_sql(sql)]) == expected


def test_pages_of_works_lead_through_all_of_them_once(either: Shelves) -> None:
    wanted, seen = asked("state=edited"), []
    while True:
        found = either.read_sync(grid.open_grid, wanted, 0)
        seen += [tile.work_key for tile in found.works]
        if found.older is None:
            break
        wanted = asked(f"state=edited&at={found.older.text}")
    assert seen == all_keys(either, "state=edited")


def test_a_place_is_found_again_by_its_work(either: Shelves) -> None:
    everything = asked("")
    tiles = either.read_sync(grid.details, everything, "2024-07", 0, 50)
    assert tiles[9] is not None
    key = tiles[9].work_key
    begun = either.read_sync(grid.open_grid, asked("at=2024-07"), 0)
    found = either.read_sync(grid.open_grid, asked(f"at=2024-07.{filters.written_key(key)}"), 0)
    assert (unit_of(begun), begun.place) == ("2024-07", 0)
    assert (unit_of(found), found.place) == ("2024-07", 9)
    assert found.works[0].work_key == key
    assert found.block.tiles[9 - found.block.first] == tiles[9]


def test_a_place_that_is_no_more_is_where_it_would_be(either: Shelves) -> None:
    popular = either.read_sync(grid.open_grid, asked("order=popular&at=r77.123"), 0)
    assert (popular.index, popular.place) == (0, 0)
    # Units that became finer or coarser, a unit without works, a work that the filters leave out.
    assert unit_of(either.read_sync(grid.open_grid, asked("at=2024-07-05t10"), 0)) == "2024-07"
    assert unit_of(either.read_sync(grid.open_grid, asked("at=2024"), 0)) == "2024-12"
    assert unit_of(either.read_sync(grid.open_grid, asked("at=2031-01"), 0)) == "2025-11"
    tiles = either.read_sync(grid.details, asked(""), "2024-07", 0, 9)
    some = next(tile for tile in tiles if tile is not None and not tile.is_r18)
    left = either.read_sync(grid.open_grid, asked(f"tag=R-18&at=2024-07.{filters.written_key(some.work_key)}"), 0)
    assert unit_of(left) in ("2024-07", "all")


def test_what_leaves_nothing_is_told_with_what_to_drop(either: Shelves, truth: list[Row]) -> None:
    ways = either.read_sync(grid.ways_out, asked("tag=nothing&artist=7&state=gone"), Defaults())
    theirs = sum(row["user_id"] == 7 and row["state"] in OVER for row in truth)
    assert ways == [("tag", "nothing", theirs)]


def test_what_came_in_since_a_moment_is_counted_within_the_filters(either: Shelves, truth: list[Row]) -> None:
    since = sorted(row["first_seen"] for row in truth)[-40]
    assert either.read_sync(grid.arrived_since, asked(""), since) == 39
    theirs = sum(row["first_seen"] > since and row["type"] == "manga" for row in truth)
    assert either.read_sync(grid.arrived_since, asked("type=manga"), since) == theirs


def test_a_crowded_month_is_split_and_its_days_hold_all_of_it(
    either: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = all_keys(either, "")
    monkeypatch.setattr(units, "CROWDED", 10)
    found = either.read_sync(grid.open_grid, asked(""), 0).units
    assert len([unit for unit in found if unit.name.startswith("2024-07")]) > 5
    assert all_keys(either, "") == whole


def test_who_is_forgotten_is_gone_from_what_is_shown_at_once(root: Path, tmp_path: Path) -> None:
    for path in root.glob("*.db"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    many.index(tmp_path)
    with open_shelves(tmp_path) as db:
        first = db.read_sync(grid.open_grid, asked(""), 0).works[0]
        with closing(sqlite3.connect(catalogue_path(tmp_path))) as raw:
            raw.execute(
                "INSERT INTO tombstone (owner_kind, owner_id, at) VALUES ('work', ?, 1)", (first.work_key,)
            )
            raw.commit()
        after = db.read_sync(grid.open_grid, asked(""), 0)
        assert first.work_key not in {tile.work_key for tile in after.works}
        assert after.block.tiles[0] is None  # its place stays until the index follows


def test_a_search_db_that_is_being_made_or_far_behind_is_not_asked(root: Path, tmp_path: Path) -> None:
    for path in root.glob("*.db"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    many.index(tmp_path)
    with open_shelves(tmp_path) as db:
        assert db.read_sync(selection.is_ready)
        for change, ready in (("UPDATE meta SET value = 0 WHERE key = 'seq'", True), ("DELETE FROM meta", False)):
            with closing(sqlite3.connect(tmp_path / "search.db")) as raw:
                raw.execute(change)
                raw.commit()
            assert db.read_sync(selection.is_ready) is ready


def test_far_behind_is_so_many_works(shelves: Shelves, indexed: Shelves, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "FAR_BEHIND", 0)
    assert not indexed.read_sync(selection.is_ready)
