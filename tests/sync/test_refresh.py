"""The rules of reading again: the rarer, the older and the quieter."""

from hypothesis import given
from hypothesis import strategies as st

from pixmirror.clock import DAY_MS
from pixmirror.sync import refresh
from pixmirror.sync.refresh import LONGEST_MS, SHORTEST_MS, YEAR_MS

NOW = 1_700_000_000_000
GAPS = st.lists(st.integers(min_value=0, max_value=400 * DAY_MS), max_size=10)
SILENCE = st.integers(min_value=0, max_value=3 * YEAR_MS)


def posts(silent: int, gaps: list[int]) -> list[int]:
    found = [NOW - silent]
    for gap in gaps:
        found.append(found[-1] - gap)
    return found


@given(SILENCE, GAPS)
def test_an_artist_is_read_again_after_3_to_60_days(silent: int, gaps: list[int]) -> None:
    assert SHORTEST_MS <= refresh.head_again_ms(posts(silent, gaps), NOW) <= LONGEST_MS


@given(SILENCE, SILENCE, GAPS)
def test_the_longer_an_artist_is_silent_the_more_rarely_they_are_read(a: int, b: int, gaps: list[int]) -> None:
    less, more = sorted((a, b))
    assert refresh.head_again_ms(posts(less, gaps), NOW) <= refresh.head_again_ms(posts(more, gaps), NOW)
    assert refresh.full_again_ms(posts(less, gaps), NOW) <= refresh.full_again_ms(posts(more, gaps), NOW)


@given(GAPS, st.floats(min_value=1, max_value=5))
def test_who_posts_more_slowly_is_not_read_more_often(gaps: list[int], factor: float) -> None:
    slower = [int(gap * factor) for gap in gaps]
    assert refresh.head_again_ms(posts(0, gaps), NOW) <= refresh.head_again_ms(posts(0, slower), NOW)


def test_an_artist_is_read_in_their_own_rhythm() -> None:
    assert refresh.head_again_ms(posts(DAY_MS, [7 * DAY_MS] * 9), NOW) == 7 * DAY_MS
    assert refresh.head_again_ms(posts(0, [1000] * 9), NOW) == 3 * DAY_MS
    assert refresh.head_again_ms(posts(YEAR_MS, [DAY_MS] * 9), NOW) == 60 * DAY_MS
    assert refresh.head_again_ms([], NOW) == 60 * DAY_MS


def test_whole_lists_are_read_after_30_90_or_180_days() -> None:
    days = {0: 30, 30: 30, 31: 90, 365: 90, 366: 180}
    assert {d: refresh.full_again_ms([NOW - d * DAY_MS], NOW) // DAY_MS for d in days} == days
    assert refresh.full_again_ms([], NOW) == 180 * DAY_MS


@given(st.integers(min_value=0, max_value=2**31), SILENCE, GAPS)
def test_nothing_is_read_later_than_its_rule_and_nothing_much_earlier(
    key: int, silent: int, gaps: list[int]
) -> None:
    span = refresh.head_again_ms(posts(silent, gaps), NOW)
    assert 0.9 * span - 1 <= refresh.earlier(span, key) <= span
    at = refresh.read_again_at(key, posts(silent, gaps), NOW, NOW, NOW)
    assert NOW < at <= NOW + span


def test_what_was_found_together_is_not_read_together_again() -> None:
    hours = {refresh.earlier(30 * DAY_MS, key) // 3_600_000 for key in range(1, 501)}
    assert len(hours) > 60


@given(st.integers(min_value=0, max_value=4 * YEAR_MS), st.integers(min_value=0, max_value=4 * YEAR_MS))
def test_older_works_are_asked_about_more_rarely(a: int, b: int) -> None:
    younger, older = sorted((a, b))
    assert refresh.detail_again_ms(younger) <= refresh.detail_again_ms(older)


def test_a_text_is_read_again_at_30_and_180_days_and_then_never() -> None:
    assert refresh.text_again(NOW, NOW) == NOW + 30 * DAY_MS
    assert refresh.text_again(NOW - 30 * DAY_MS, NOW) == NOW + 150 * DAY_MS
    assert refresh.text_again(NOW - 180 * DAY_MS, NOW) is None
    assert refresh.text_again(None, NOW) is None


@given(st.integers(min_value=0, max_value=300), st.integers(min_value=1, max_value=50))
def test_what_is_due_at_once_is_spread_evenly_and_the_longest_waiting_goes_first(n: int, most: int) -> None:
    hour = 3_600_000
    put_off = refresh.spread(list(range(n)), most, NOW, hour)
    assert sorted(put_off) == list(range(min(n, most), n))
    assert list(put_off.values()) == sorted(put_off.values())
    for start in range(NOW, NOW + hour * (n // most + 2), hour):
        assert sum(start < at <= start + hour for at in put_off.values()) <= most


def test_all_re_readings_are_a_fifth_of_a_day_at_most() -> None:
    assert refresh.most_a_day(20_000) == 4000
    assert refresh.most_a_day(3) == 1
    assert refresh.most_a_day(0) == refresh.UNCAPPED_A_DAY
