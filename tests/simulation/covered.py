"""The coverage proof against the world's truth, to the work."""

from collections.abc import Iterator
from dataclasses import dataclass

from pixmirror.demo import lists
from pixmirror.reports.coverage import Coverage, coverage
from tests.simulation.catalogue import Kept
from tests.simulation.year import Year

NOT_LISTED = ("limited", "stub", "unseen")


@dataclass(slots=True)
class Covered:
    """How many artists were compared: those whose whole lists were read since the last thing happened."""

    compared: int = 0
    works: int = 0
    later: int = 0  # not read as a whole since then


def broken(year: Year, kept: Kept, found: Covered) -> Iterator[str]:
    """Every artist of whom it says something that is not so; counts into `found`."""
    overview = coverage(kept.conn, year.world.me)
    told = {one.user_id: one for one in overview.artists}
    for user_id in sorted(year.follows):
        if not year.is_here(user_id):
            continue
        one = told.get(user_id)
        if one is None or one.app_at is None or one.app_at <= year.quiet_from:
            found.later += 1
            continue
        found.compared += 1
        true = [key for medium in ("illust", "novel") for key in lists.works_of(year.world, user_id, medium)]
        found.works += len(true)
        yield from _compare(one, len(true))


def _compare(one: Coverage, true: int) -> Iterator[str]:
    if one.listed != true:
        yield f"coverage of {one.user_id}: {true} works are listed upstream, it says {one.listed}"
    if one.total != one.complete + sum(one.missing.values()):
        yield f"coverage of {one.user_id}: {one.total} are not {one.complete} and {dict(one.missing)}"
    whole = one.complete + sum(
        n for reason, n in one.missing.items() if reason not in ("limited", "stub", "unseen")
    )
    if whole < true:
        yield f"coverage of {one.user_id}: of {true} listed works it knows {whole}"
