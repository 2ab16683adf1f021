"""How far away a moment is, in words, in the zone of this place."""

import time
from collections.abc import Iterator

import pytest

from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.reports.moments import ago, ahead, day

NOW = 1_795_985_000_000  # 29 Nov 2026, 20:43 UTC
MINUTE = 60_000


@pytest.fixture(autouse=True)
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "just now"),
        (59_000, "just now"),
        (9 * MINUTE, "9 min ago"),
        (89 * MINUTE, "89 min ago"),
        (2 * HOUR_MS, "2 h ago"),
        (DAY_MS - 1, "23 h ago"),
        (DAY_MS, "on 29 Nov"),
        (400 * DAY_MS, "on 26 Oct 2025"),
        (-5 * MINUTE, "just now"),  # a clock that was set back
    ],
)
def test_what_was(ms: int, words: str) -> None:
    assert ago(NOW - ms, NOW) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "now"),
        (-HOUR_MS, "now"),
        (10_000, "in 1 min"),
        (12 * MINUTE, "in 12 min"),
        (18 * HOUR_MS, "in 18 h"),
        (4 * DAY_MS, "on 4 Dec"),
        (40 * DAY_MS, "on 9 Jan 2027"),
    ],
)
def test_what_is_to_come(ms: int, words: str) -> None:
    assert ahead(NOW + ms, NOW) == words


def test_a_date_is_that_of_this_place() -> None:
    assert day(NOW, NOW) == "30 Nov"  # in Tokyo it is the next morning
