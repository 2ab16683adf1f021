"""The engine keeps its promises whatever answers wrong, for a while or for ever, over restarts and set clocks."""

import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from tests.simulation.poison import ACTS, ENDPOINTS, GENTLE, HOSTS, ITEMS, PER_MINUTE, Life, Plan, Poison, live

DAYS = 4.0
SETTLED_DAY = 2  # from here on what is poisoned for ever is known to be
PUT_OFF_H = 8.0  # what failed in an outage is tried again within so many hours after it
SHARE = 0.02  # of a day's requests may be about what is poisoned

which = st.integers(0, 60)
passing = st.tuples(st.floats(0, 20), st.floats(0.5, 20)).map(lambda t: (round(t[0], 1), round(t[0] + t[1], 1)))


def _poisons() -> st.SearchStrategy[Poison]:
    item, endpoint, host = (st.sampled_from(sorted(of)) for of in (ITEMS, ENDPOINTS, HOSTS))
    act, gentle = st.sampled_from(sorted(ACTS)), st.sampled_from(sorted(GENTLE))
    endpoint_act = st.sampled_from(sorted({*GENTLE, "is empty, 404"}))
    return st.one_of(
        st.builds(Poison, item, which, act),
        st.builds(lambda what, n, act, t: Poison(what, n, act, *t), item, which, act, passing),
        st.builds(Poison, endpoint, st.just(0), endpoint_act),
        st.builds(lambda what, act, t: Poison(what, 0, act, *t), endpoint, endpoint_act, passing),
        st.builds(lambda what, act, t: Poison(what, 0, act, *t), host, gentle, passing),
    )


def _jumps() -> st.SearchStrategy[tuple[tuple[float, float], ...]]:
    """The clock stands wrong for some hours, then right again."""
    there_and_back = st.builds(
        lambda at, by, hours: ((at, by), (at + hours, -by)),
        st.floats(0.1, 20),
        st.sampled_from([-26.0, -1.5, 1.5, 26.0, 24.0 * 40, 24.0 * 3650]),
        st.floats(0.5, 20),
    )
    return st.one_of(st.just(()), there_and_back)


PLANS = st.builds(
    Plan,
    poisons=st.lists(_poisons(), max_size=3).map(tuple),
    restarts=st.lists(st.floats(0.05, 40).map(lambda h: round(h, 2)), max_size=2).map(tuple),
    jumps=_jumps(),
    days=st.just(DAYS),
)


@cache
def undisturbed() -> float:
    """Hours until everything is here, when nothing is wrong."""
    with tempfile.TemporaryDirectory() as root:
        life = live(Path(root) / "mirror", Plan(days=0.5))
    assert life.done_after is not None
    return life.done_after


def time_allowed(plan: Plan) -> float:
    """Twice the undisturbed time; what a passing outage put off comes within its back-off."""
    over = max((p.until for p in plan.poisons if p.until is not None), default=None)
    moved = max((at for at, _ in plan.jumps), default=None)
    ends = [t + PUT_OFF_H for t in (over, moved) if t is not None]
    stopped = len(plan.restarts) * 0.2
    return max([0.0, *ends]) + 2 * undisturbed() + stopped


def promises_hold(plan: Plan, life: Life) -> None:
    assert life.died is None, "the engine never ends"
    assert life.left == [], "what is not poisoned is complete"
    assert life.done_after is not None
    assert life.done_after <= time_allowed(plan), "and within its time"
    assert life.unnamed == [], "what is poisoned is named"
    a_day = PER_MINUTE * 1440
    late = {day: n for day, n in life.poisoned_requests.items() if day >= SETTLED_DAY}
    assert all(n <= SHARE * a_day for n in late.values()), "what is poisoned costs little"


def lived(plan: Plan) -> Life:
    with tempfile.TemporaryDirectory() as root:
        return live(Path(root) / "mirror", plan)


def check(plan: Plan) -> None:
    life = lived(plan)
    note(repr(life))
    promises_hold(plan, life)


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


SMALL = Plan(
    (
        Poison("list", 1, "stalls"),
        Poison("frames", 0, "is a web page"),
        Poison("all profiles", 0, "fails, 500", 1.0, 3.0),
    ),
    restarts=(1.5,),
    jumps=((2.0, 26.0), (3.0, -26.0)),
    days=0.6,
)


def test_what_answers_wrong_stops_nothing_else() -> None:
    promises_hold(SMALL, lived(SMALL))


FOUND = {
    "an endpoint that is not there for half an hour": Plan(
        (Poison("all texts", 0, "drips"), Poison("all bookmarks", 0, "is empty, 404", 0.0, 0.5)), days=1.5
    ),
    "a gateway that refuses all texts for hours": Plan(
        (
            Poison("all frames", 0, "is a list", 1.1, 3.0),
            Poison("all texts", 0, "is a web page, 403", 0.0, 4.3),
            Poison("all profiles", 0, "fails, 500"),
        ),
        days=1.5,
    ),
    "a list that is spoiled for ever while the clock stands forty days ahead": Plan(
        (Poison("all bookmarks", 0, "drips"), Poison("all bookmarks", 0, "is a web page")),
        restarts=(26.0,),
        jumps=((13.0, 960.0), (26.4, -960.0)),
        days=4.0,
    ),
    "comments of one work and all profiles, for ever: the control question fails, too": Plan(
        (Poison("comments", 29, "is reset"), Poison("all profiles", 0, "is a web page, 503")), days=3.0
    ),
    "one text that fails for most of a day": Plan(
        (Poison("text", 60, "leads elsewhere", 0.0, 20.0),), (1.5,), ((2.586, -1.5), (5.172, 1.5)), days=1.5
    ),
}


@pytest.mark.parametrize(
    "plan", [pytest.param(p, marks=pytest.mark.long) for p in FOUND.values()], ids=list(FOUND)
)
def test_lives_that_once_went_wrong_keep_their_promises(plan: Plan) -> None:
    promises_hold(plan, lived(plan))


@pytest.mark.long
@pytest.mark.parametrize("number", range(20))
def test_what_answers_wrong_stops_nothing_else_in_500_lives(number: int) -> None:
    @seed(number)
    @settings(max_examples=25, deadline=None, suppress_health_check=QUIET, database=None)
    @given(plan=PLANS)
    def lives(plan: Plan) -> None:
        check(plan)

    lives()
