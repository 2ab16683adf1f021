"""Counters over time as a drawing and as a sentence."""

from pixmirror.clock import DAY_MS
from pixmirror.gallery.plot import plot
from pixmirror.ingest.stats import Point

BEGAN = 1_760_000_000_000


def _points(*bookmarks: int | None) -> list[Point]:
    return [Point(BEGAN + n * DAY_MS, None, count, None) for n, count in enumerate(bookmarks)]


def test_the_line_begins_at_the_left_and_ends_at_the_last_count_below_a_round_number() -> None:
    drawn = plot(_points(100, 4_000, 4_812))
    assert drawn is not None
    assert drawn.line.startswith("M0 ")
    assert drawn.end[0] == 320
    assert drawn.most == 5_000
    assert drawn.sentence.startswith(
        "Bookmarks rose from 100 on 9 Oct 2025 to 4,812 on 11 Oct 2025, most of all by 10"
    )


def test_one_moment_or_none_draws_nothing() -> None:
    assert plot(_points(7)) is None
    assert plot(_points(None, 3)) is None
    assert plot([]) is None


def test_none_at_all_and_no_change_can_be_drawn() -> None:
    drawn = plot(_points(0, 0))
    assert drawn is not None
    assert drawn.sentence == "Bookmarks stayed the same, 0, from 9 Oct 2025 to 10 Oct 2025."
