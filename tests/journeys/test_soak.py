"""Hours of the service, on virtual time: it holds no more in the evening than at noon."""

import sys
from pathlib import Path

import pytest

from tests.soak.day import day, leaked, swollen
from tests.soak.table import head, line

HOUR_S = 3600
OBSERVED = 3 << 20  # of memory, at most, for HTTP and metrics


def test_what_is_asked_of_the_service_leaves_no_descriptor_thread_or_task_behind(tmp_path: Path) -> None:
    found = day(tmp_path, 2, HOUR_S // 6, HOUR_S // 120, nap_s=30, image_connections=1, works=4, posts=1)
    assert found[-1].scrapes == 40
    assert leaked(found, spare=5) == []


@pytest.mark.long
def test_a_day_of_the_service_grows_by_no_more_than_what_came_in(tmp_path: Path) -> None:
    found = day(tmp_path)
    sys.stdout.write("\n".join([head(), *(line(n, figures) for n, figures in enumerate(found, 1))]) + "\n")
    assert leaked(found) + swollen(found) == []


@pytest.mark.long
def test_metrics_and_http_take_no_more_than_3_mb_of_memory(tmp_path: Path) -> None:
    memory = {}
    for observed in (True, False):
        (folder := tmp_path / str(observed)).mkdir()
        memory[observed] = day(folder, 2, observed=observed)[-1].anonymous
    sys.stdout.write(f"{memory[True] - memory[False]} bytes more\n")
    assert memory[True] - memory[False] <= OBSERVED
