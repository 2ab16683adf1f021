"""The fetch loops' steps: what one of them has in hand when it fails."""

from typing import Any, cast

import pytest

from pixmirror.daemon import fetching
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.wakeups import Wakeup
from pixmirror.errors import RateLimited
from pixmirror.fetch.worker import Claim
from pixmirror.models import MediaItem
from tests.standin import Setup

pytestmark = pytest.mark.anyio


class Limited:
    """A connection whose last file is still being finished when the host refuses the next."""

    def __init__(self) -> None:
        self.in_hand = 1

    async def fetch(self, claim: Claim) -> int:
        raise RateLimited("GET /img: too many")

    async def settle(self) -> int:
        stored, self.in_hand = self.in_hand, 0
        return stored


async def test_a_loop_that_fails_has_finished_its_last_file_and_wakes_who_waits_for_it(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_mirror(Setup(tmp_path / "mirror", "http://127.0.0.1:1").config(), {}) as mirror:
        wakeup = Wakeup()
        loops, worker = fetching.Fetching(mirror, wakeup), Limited()

        async def claimed() -> Claim:
            return Claim(MediaItem(1, 20, 7, "page", 0, "", ("https://i.pximg.net/a.jpg",), "7/10_p0.jpg", 0), 0)

        monkeypatch.setattr(loops, "_next", claimed)
        with pytest.raises(RateLimited):
            await loops.step(cast(Any, worker))
        assert (worker.in_hand, wakeup.wakes) == (0, 1)
