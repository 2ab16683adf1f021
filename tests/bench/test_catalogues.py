"""The benchmark's own catalogues. Nothing timed is asserted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Database
from pixmirror.reports import queries
from pixmirror.reports.coverage import coverage
from tests.bench import catalogues, gallery, ingestion
from tests.bench import queue as queue_scenario
from tests.bench.measure import Options, Scenario


def test_a_generated_catalogue_holds_what_it_says_and_counts_it_right(tmp_path: Path) -> None:
    path = catalogues.made(tmp_path, 400, wanted=90)
    with Database.open(path) as db:
        assert db.read_sync(queries.known_works) == (388, 12)
        counts = db.read_sync(queue.counts)
        assert (counts.wanted, counts.stored) == (90, 1110)
        assert db.run_sync(queue.recount) == (1110, counts.bytes_stored)
        artists = db.read_sync(coverage, catalogues.ACCOUNT).artists
        assert sum(one.total + one.kept for one in artists) == 400 - 1  # of which nothing could be saved
        assert db.read_sync(lambda c: c.exec_driver_sql("PRAGMA foreign_key_check").first()) is None
    assert catalogues.made(tmp_path, 400, wanted=90) == path


def test_the_last_of_a_million_works_are_as_unlike_as_the_first() -> None:
    with closing(sqlite3.connect(":memory:")) as raw:
        asked = {
            "begin": 999_000,
            "works": 1_000_000,
            "artists": 5_000,
            "first": 1,
            "step": 1,
            "now": catalogues.NOW,
        }
        raw.execute(catalogues._SERIES, asked)
        found = raw.execute(
            "SELECT count(DISTINCT r), count(DISTINCT s), count(DISTINCT artist) FROM n"
        ).fetchone()
    assert min(found) > 800


@pytest.mark.parametrize(
    "scenario",
    [ingestion.scenario, queue_scenario.scenario, pytest.param(gallery.scenario, marks=pytest.mark.long)],
    ids=["ingestion", "queue", "gallery"],
)
def test_what_needs_a_catalogue_is_measured_at_a_small_size(tmp_path: Path, scenario: Scenario) -> None:
    (folder := tmp_path / "runs").mkdir()
    options = Options(1, True, folder, lambda line: None, tmp_path / "cache")
    assert all(figure.value > 0 for figure in scenario(options))
