"""Who runs `sync` by cron hears what a running pixmirror would say: each trouble once, and when it is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from pixmirror.catalogue import runs
from pixmirror.config import load
from pixmirror.daemon import first_look
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.sync import SyncReport, sync
from pixmirror.demo.server import running
from pixmirror.errors import TokenRejected
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import Service, app_of, small_world

pytestmark = pytest.mark.anyio


@pytest.fixture
def app() -> Starlette:
    return app_of(small_world())


@pytest.fixture
def service(app: Starlette, tmp_path: Path) -> Iterator[Service]:
    with running(app) as url:
        yield Service(tmp_path, url)


async def synced(service: Service) -> SyncReport:
    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        await mirror.db.run(runs.set_meta, first_look.DONE, "1")
        return await sync(mirror, horizon_s=1)


async def test_a_dead_login_is_told_once_and_then_that_all_is_well_again(app: Starlette, service: Service) -> None:
    heard, script = service.folder / "heard", service.folder / "tell"
    script.write_text(f'#!/bin/sh\necho "$PIXMIRROR_TITLE" >> {heard}\ncat > /dev/null\n')
    script.chmod(0o700)
    service.more = f'[notify]\ncommand = ["{script}"]\n'
    service.write()
    assert (await synced(service)).exit_code == 0
    assert not heard.exists()
    service.pixiv = {"refresh_token": "wrong-refresh-token"}
    service.write()
    for _ in range(2):
        with pytest.raises(TokenRejected):
            await synced(service)
    assert heard.read_text().splitlines() == ["pixmirror: login needed"]
    service.pixiv = {"refresh_token": "demo-refresh-token"}
    service.write()
    assert (await synced(service)).exit_code == 0
    assert heard.read_text().splitlines() == ["pixmirror: login needed", "pixmirror: well again"]
