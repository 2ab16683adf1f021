"""Weeks and years of the demo Pixiv, mirrored with random downtime: afterwards every promise is checked."""

import sys
from pathlib import Path

import pytest

from tests.simulation.report import report
from tests.simulation.simulate import simulate
from tests.simulation.year import Spec, small


def check(root: Path, spec: Spec) -> None:
    found = report(simulate(root, spec))
    sys.stdout.write("\n" + "\n".join(found.lines()) + "\n")
    assert found.broken == []
    assert found.outcome.keeper.kills + found.outcome.keeper.stops > 0


def test_five_days_lose_no_version_no_file_and_no_state(tmp_path: Path) -> None:
    check(tmp_path / "mirror", small(days=5, seed=1, quiet_days=2))


@pytest.mark.long
def test_forty_days_lose_no_version_no_file_and_no_state(tmp_path: Path) -> None:
    check(tmp_path / "mirror", small(days=40, seed=1, quiet_days=18))


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_a_year_loses_no_version_no_file_and_no_state(tmp_path: Path, seed: int) -> None:
    check(tmp_path / "mirror", Spec(days=365, seed=seed, quiet_days=45))
