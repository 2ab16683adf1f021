"""What goes on while the gallery answers: again and again, until it is done or the gallery ends."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from pixmirror.errors import StorageError
from pixmirror.gallery.background import repeated


def run(script: list[bool | Exception]) -> int:
    """Run what fails, goes on or is done as the script says, until the script is at its end. Return how often."""
    done = 0

    async def main() -> None:
        at_its_end = asyncio.Event()

        async def act() -> bool:
            nonlocal done
            done += 1
            if done == len(script):
                at_its_end.set()
            said = script[done - 1] if done <= len(script) else False
            if isinstance(said, Exception):
                raise said
            return said

        async with repeated(act, 0.001, what="The work", trouble="It is not done"), asyncio.timeout(30):
            await at_its_end.wait()
            await asyncio.sleep(0.02)  # what is done stays so

    with ThreadPoolExecutor(1) as thread:  # a loop of Playwright's is in this one
        thread.submit(asyncio.run, main()).result()
    return done


def test_it_is_repeated_until_it_is_done():
    assert run([False, False, True]) == 3


def test_trouble_is_said_once_and_again_when_it_comes_back(caplog: pytest.LogCaptureFixture):
    full, other = StorageError("the disk is full"), StorageError("the disk is gone")
    with caplog.at_level(logging.WARNING):
        run([full, full, other, False, other, True])
    assert [one.message for one in caplog.records] == [
        "It is not done: the disk is full",
        "It is not done: the disk is gone",
        "It is not done: the disk is gone",
    ]


def test_what_nobody_has_foreseen_is_told_once_with_its_trace_and_tried_again(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert run([KeyError("x"), KeyError("x"), True]) == 3
    assert len([one for one in caplog.records if one.exc_info]) == 1
