"""What stands still is tried again in time, whatever becomes of the clock."""

import pytest

from pixmirror.daemon.trouble import TROUBLE_S, Troubles
from pixmirror.errors import ServerError

MINUTE, YEAR = 60_000, 365 * 86_400_000
DOWN = ServerError("Pixiv failed (500).")


@pytest.mark.parametrize("back", [26 * 60 * MINUTE, 10 * YEAR])
def test_a_pause_ends_in_time_though_the_clock_is_set_back_during_it(back: int) -> None:
    troubles, now = Troubles(), 20 * YEAR
    troubles.add("pixiv", DOWN, now)

    now -= back
    waited = troubles.left("pixiv", now)

    assert 0 < waited <= TROUBLE_S[-1]
    assert troubles.left("pixiv", now + round(waited * 1000)) == 0


def test_pauses_become_longer_while_nothing_works_and_short_again_afterwards() -> None:
    troubles, now, waits = Troubles(), 20 * YEAR, []
    for _ in range(6):
        waits.append(troubles.add("pixiv", DOWN, now))
        assert troubles.add("pixiv", DOWN, now + MINUTE // 10) < waits[-1], "they strike once"
        now += round(waits[-1] * 1000)

    assert waits == [15, 60, 300, 900, 900, 900]
    assert troubles.over("pixiv")
    assert troubles.left("pixiv", now) == 0
    assert troubles.add("pixiv", DOWN, now) == 15
