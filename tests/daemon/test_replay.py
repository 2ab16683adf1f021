"""What the first look was answered is the first sync's: no request twice, nothing stale, no other language's."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from pixmirror.daemon.first_look import look_first
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.replay import FRESH_MS, Answer, RecordingApi, ReplayingApi
from pixmirror.daemon.sync import sync
from pixmirror.demo.server import create_app, running
from pixmirror.models import Lane
from pixmirror.pixiv import AppApi
from pixmirror.pixiv.app import illusts
from tests.daemon.service import peopled_world, small_world
from tests.faults import Faults
from tests.standin import BOOKMARKS, FOLLOWING, Setup

pytestmark = pytest.mark.anyio


async def test_what_the_first_look_asked_the_first_sync_does_not_ask_again(tmp_path: Path) -> None:
    faults = Faults(create_app(peopled_world()))
    with running(faults) as url:
        setup = Setup(tmp_path / "mirror", url, [FOLLOWING, BOOKMARKS])
        async with open_mirror(setup.config(), {}) as mirror:
            await look_first(mirror)
            looked = [(s.path, s.query) for s in faults.asked("^/v")]
            assert (await sync(mirror)).exit_code == 0
    asked = Counter((s.path, s.query) for s in faults.asked("^/v"))
    assert len(looked) >= 6
    assert {request: asked[request] for request in looked} == dict.fromkeys(looked, 1)


class Asked:
    """An API that was asked for the works of followed artists once, and how often it was since."""

    def __init__(self, faults: Faults, api: AppApi, answers: list[Answer]) -> None:
        self._faults, self.api, self.answers = faults, api, answers

    @property
    def times(self) -> int:
        return len(self._faults.asked("/v2/illust/follow")) - 1


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    faults = Faults(create_app(small_world()))
    with running(faults) as url:
        async with open_mirror(Setup(tmp_path / "mirror", url).config(), {}) as mirror:
            await mirror.log_in()
            recorder = RecordingApi.of(mirror.api)
            await illusts.follow(recorder)
            yield Asked(faults, mirror.api, recorder.answers)


async def test_an_answer_is_handed_on_once_to_whichever_lane_asks(asked: Asked) -> None:
    api = ReplayingApi.of(asked.api, asked.answers)
    page = await illusts.follow(api.at(Lane.BACKFILL))
    assert page.items
    assert asked.times == 0
    assert [r.item.id for r in (await illusts.follow(api)).items] == [r.item.id for r in page.items]
    assert asked.times == 1


async def test_another_question_or_language_is_asked(asked: Asked) -> None:
    api = ReplayingApi.of(asked.api, asked.answers)
    await illusts.follow(api, restrict="private")
    assert asked.times == 1
    await illusts.follow(replace(api, language="ja"))
    assert asked.times == 2


async def test_an_answer_that_is_minutes_old_is_forgotten(asked: Asked) -> None:
    api = ReplayingApi.of(asked.api, [replace(answer, at=answer.at - FRESH_MS - 1) for answer in asked.answers])
    await illusts.follow(api)
    assert (asked.times, api.had) == (1, {})
