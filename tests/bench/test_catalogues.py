"""The benchmark's own catalogues. Nothing timed is asserted."""

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


@pytest.mark.parametrize(
    "scenario",
    [ingestion.scenario, queue_scenario.scenario, pytest.param(gallery.scenario, marks=pytest.mark.long)],
    ids=["ingestion", "queue", "gallery"],
)
def test_what_needs_a_catalogue_is_measured_at_a_small_size(tmp_path: Path, scenario: Scenario) -> None:
    (folder := tmp_path / "runs").mkdir()
    options = Options(1, True, folder, lambda line: None, tmp_path / "cache")
    assert all(figure.value > 0 for figure in scenario(options))
