"""One budget, checked: how many requests a day, how close together, and which lanes they were for."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from pixmirror.clock import jst_day
from tests.simulation.mirroring import PER_DAY, PER_MINUTE
from tests.simulation.recorder import Recorder

PACE_MS = 60_000 // PER_MINUTE


def by_day(recorder: Recorder) -> Counter[str]:
    """Requests of the account's budget by Japanese day."""
    return Counter(jst_day(r.at) for r in recorder.requests if r.is_api)


def broken(recorder: Recorder) -> Iterator[str]:
    """Days over the cap and requests too close together; a killed process may forget what it spent last."""
    for day, count in sorted(by_day(recorder).items()):
        killed = sum(jst_day(at) == day for at, _ in recorder.kills)
        if count > PER_DAY + 3 * killed:
            yield f"{day}: {count} requests, {PER_DAY} are allowed"
    asked = [r for r in recorder.requests if r.is_api]
    for before, after in pairwise(asked):
        between = any(before.at <= at <= after.at for at, _ in recorder.kills)
        if after.at - before.at < PACE_MS and not between:
            yield f"{after.path} at {after.at} came {after.at - before.at} ms after {before.path}"


def endpoints(recorder: Recorder) -> Counter[str]:
    """Requests by endpoint, those for files together."""
    return Counter(r.path if r.is_api or r.path == "/auth/token" else "files" for r in recorder.requests)
