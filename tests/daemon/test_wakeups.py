"""A loop that waits is woken by the next wake-up, and no query that found nothing is made twice."""

import asyncio

import pytest

from pixmirror.daemon.wakeups import EmptyPolls, Wakeup

pytestmark = pytest.mark.anyio


class Queue:
    """Where loops look for work; `looks` counts how often."""

    def __init__(self, *work: str) -> None:
        self.work = list(work)
        self.looks = 0

    async def __call__(self) -> str | None:
        self.looks += 1
        await asyncio.sleep(0)
        return self.work.pop() if self.work else None


async def test_an_empty_poll_is_made_once_a_wakeup_by_whichever_loop() -> None:
    wakeup, queue = Wakeup(), Queue()
    polls = EmptyPolls(wakeup)
    assert [await polls.find(queue) for _ in range(4)] == [None] * 4
    assert queue.looks == 1
    wakeup.wake()
    assert await polls.find(queue) is None
    assert queue.looks == 2


async def test_while_there_is_work_every_loop_looks() -> None:
    queue = Queue("a", "b", "c")
    polls = EmptyPolls(Wakeup())
    assert [await polls.find(queue) for _ in range(5)] == ["c", "b", "a", None, None]
    assert queue.looks == 4


async def test_a_wakeup_during_a_poll_makes_the_next_loop_poll_again() -> None:
    wakeup, queue = Wakeup(), Queue()
    polls = EmptyPolls(wakeup)
    looking = asyncio.create_task(polls.find(queue))
    await asyncio.sleep(0)
    wakeup.wake()
    assert await looking is None
    queue.work.append("later")
    assert await polls.find(queue) == "later"


async def test_what_was_in_the_way_and_ended_lets_the_next_loop_look() -> None:
    queue = Queue()
    polls = EmptyPolls(Wakeup())
    assert await polls.find(queue) is None
    queue.work.append("given back")
    assert await polls.find(queue) is None
    polls.again()
    assert await polls.find(queue) == "given back"


async def test_it_is_quiet_only_when_every_loop_waits_since_the_last_wakeup() -> None:
    wakeup = Wakeup()
    wakes = wakeup.busy("walk")
    assert not wakeup.quiet()
    resting = asyncio.create_task(wakeup.wait("walk", wakes))
    await asyncio.sleep(0)
    assert wakeup.quiet()
    wakeup.wake()
    assert not wakeup.quiet()
    await asyncio.wait_for(resting, 1)
