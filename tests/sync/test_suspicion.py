"""One thing that is not answered is its own trouble; it is everybody's only with proof, and until any answer."""

import asyncio
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.errors import BadResponse, NotFound, PixmirrorError, RateLimited, ServerError, Unreachable
from pixmirror.sync.suspicion import NOTHING, PutOff, Subject, Suspicion

A: Subject = ("feed", "user/illusts", 1)
B: Subject = ("chore", "text", 3)
DOWN = Unreachable("no answer")


class Way:
    """A way to Pixiv: what its control question meets, how often it was asked, what was woken."""

    def __init__(self, error: PixmirrorError | None = None) -> None:
        self.error = error
        self.asked = 0
        self.woken: list[Subject] = []
        self.kept = NOTHING
        self.start()

    def start(self) -> None:
        """Begin as a new process does."""
        self.suspicion = Suspicion(self._control, wake=self._wake, keep=self._keep, load=self._load)

    async def _control(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

    async def _wake(self, subjects: Collection[Subject]) -> None:
        self.woken += subjects

    async def _keep(self, found: PutOff) -> None:
        self.kept = found

    async def _load(self) -> PutOff:
        return self.kept


async def fail(way: Way, *subjects: Subject, error: PixmirrorError = DOWN) -> list[bool]:
    return [await way.suspicion.failed(subject, error) for subject in subjects]


def test_one_failure_is_the_things_own_and_asks_nothing() -> None:
    way = Way(DOWN)
    assert asyncio.run(fail(way, A)) == [False]
    assert way.asked == 0


def test_a_second_thing_that_fails_alike_is_everybodys_when_the_control_question_fails_too() -> None:
    way = Way(DOWN)
    assert asyncio.run(fail(way, A, B)) == [False, True]
    assert way.asked == 1


@pytest.mark.parametrize("answer", [None, NotFound("404"), BadResponse("odd")])
def test_a_control_question_that_is_answered_leaves_it_to_the_things(answer: PixmirrorError | None) -> None:
    way = Way(answer)
    assert asyncio.run(fail(way, A, B, A, B)) == [False] * 4


@pytest.mark.parametrize("error", [RateLimited("429"), ServerError("503"), DOWN])
def test_the_same_thing_failing_again_is_everybodys_where_the_control_question_fails(
    error: PixmirrorError,
) -> None:
    assert asyncio.run(fail(Way(error), A, A)) == [False, True]


def test_a_failure_of_pixivs_own_does_not_say_whose_it_is() -> None:
    assert ServerError("503").scope == "unclear"
    assert asyncio.run(fail(Way(DOWN), A, B, error=ServerError("503"))) == [False, True]


def test_a_limit_is_a_things_own_when_it_alone_meets_it_twice_while_others_are_answered() -> None:
    async def main() -> list[bool]:
        one, other = Way().suspicion, Way().suspicion
        found = [one.is_limited_alone(A), one.is_limited_alone(A)]  # nobody was answered in between
        await one.answered()
        found += [one.is_limited_alone(A), other.is_limited_alone(A)]
        await other.answered()
        other.is_limited_alone(B)
        await other.answered()
        return [*found, other.is_limited_alone(A)]

    assert asyncio.run(main()) == [False, False, True, False, False]


def test_an_answer_between_two_failures_keeps_them_apart() -> None:
    async def main() -> list[bool]:
        way = Way(DOWN)
        first = await fail(way, A)
        await way.suspicion.answered()
        return first + await fail(way, B)

    assert asyncio.run(main()) == [False, False]


def test_what_failed_in_two_outages_is_woken_by_the_first_alone_until_it_was_answered() -> None:
    async def main() -> list[int]:
        way, woken = Way(DOWN), []
        for answered in (False, False, True, False):
            await fail(way, A, B, A, B, A)
            await way.suspicion.answered()
            if answered:
                await way.suspicion.answered(A)
            woken.append(len(way.woken))
        return woken

    assert asyncio.run(main()) == [2, 2, 2, 3]


def test_what_an_outage_put_off_is_due_again_when_it_is_over() -> None:
    async def main() -> list[Subject]:
        way = Way(DOWN)
        await fail(way, A, B, ("gap", "user/illusts", 7), A)
        await way.suspicion.answered()
        assert not way.suspicion.believed
        return way.woken

    assert set(asyncio.run(main())) == {A, B, ("gap", "user/illusts", 7)}


def test_what_an_outage_put_off_before_a_restart_is_due_again_when_it_is_over() -> None:
    async def main() -> Way:
        way = Way(DOWN)
        for _ in range(2):
            await fail(way, A, B, A)
            way.start()
        await way.suspicion.answered()
        assert set(way.woken) == {A, B}
        way.start()
        await way.suspicion.answered()
        return way

    assert len(asyncio.run(main()).woken) == 2, "once"


def test_what_failed_before_a_restart_and_was_not_confirmed_waits_for_its_own_back_off() -> None:
    async def main() -> Way:
        way = Way(DOWN)
        await fail(way, A, A)
        way.start()
        await way.suspicion.answered()
        return way

    way = asyncio.run(main())
    assert (way.woken, way.kept) == ([], NOTHING)


def test_a_control_question_that_fails_alone_is_not_asked_again_nor_believed() -> None:
    async def main() -> tuple[list[bool], list[bool], Way]:
        way = Way(DOWN)
        first = await fail(way, A, A)
        await way.suspicion.answered()  # the first thing tried after the pause
        return first, await fail(way, A, A), way

    first, later, way = asyncio.run(main())
    assert (first, later) == ([False, True], [False, False])
    assert (way.asked, way.woken) == (1, [])


@given(st.lists(st.tuples(st.sampled_from("AB+"), st.booleans()), max_size=30))
def test_nothing_is_believed_but_what_failed_twice_with_no_answer_between(events: list[tuple[str, bool]]) -> None:
    async def main() -> None:
        way, since = Way(), 0
        for what, is_down in events:
            way.error = DOWN if is_down else None
            if what == "+":
                await way.suspicion.answered()
                since = 0
            else:
                asked = way.asked
                believed = (await fail(way, A if what == "A" else B))[0]
                since = 0 if way.asked > asked and not is_down else since + 1
                assert not believed or since >= 2
            assert way.suspicion.believed is False or since >= 2

    asyncio.run(main())
