"""Home, first steps, the mirror: whole without JavaScript, and their buttons do as commands do."""

import asyncio
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from pixmirror import control
from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.config import Config, MirrorConfig
from pixmirror.errors import ConfigError
from pixmirror.models import JST, from_ms, to_ms
from pixmirror.models.jobs import JobConfig
from pixmirror.store import MARKER, kept_login
from pixmirror.terminal import size
from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, looking, serving
from tests.gallery.readable import ask


@pytest.fixture
def with_job(own_gallery: Served) -> Served:
    """A gallery whose config names a job."""
    job = JobConfig(name="following", kind="following", every="1h")
    own_gallery.gallery.config = own_gallery.gallery.config.model_copy(update={"jobs": (job,)})
    return own_gallery


@contextmanager
def answering(root: Path, slow: float = 0, read_at: int = 0) -> Iterator[list[dict[str, Any]]]:
    """Answer as a daemon of this mirror would, and note what it is asked to do."""
    asked: list[dict[str, Any]] = []
    loop, stop, up = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["command"] != "status":
            asked.append(request)
        await asyncio.sleep(slow)
        return {
            "jobs": {"following": {"kind": "following", "next_run": None, "running": False}},
            "config_read_at": read_at,
        }

    async def listen() -> None:
        async with control.listening(root, {}, answer):
            up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(listen()))
    thread.start()
    up.wait(10)
    try:
        yield asked
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def test_home_shows_the_pictures_that_came_in_today_and_that_nothing_runs(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Came in today")).to_be_visible()
    assert page.locator(".today .tile").count() > 5
    expect(page.locator(".say.ill h1")).to_be_visible()


def test_home_shows_what_vanished_this_week_and_what_was_posted_on_this_day(own_root: Path) -> None:
    now = round(time.time() * 1000)
    today = from_ms(now).astimezone()
    long_ago = to_ms(today.replace(year=today.year - 4, hour=12))  # a leap day has one then, too
    with sqlite3.connect(own_root / "catalogue.db") as db:
        here = "SELECT owner_id FROM media WHERE owner_kind = 'work' AND state = 'stored' AND role = 'page'"
        gone, old = (r[0] for r in db.execute(f"SELECT DISTINCT owner_id FROM ({here}) LIMIT 2"))
        db.execute("UPDATE work SET state = 'gone', state_at = ? WHERE work_key = ?", (now, gone))
        db.execute(
            "INSERT INTO state_change (account_id, owner_kind, owner_id, state, evidence, at)"
            " VALUES (1, 'work', ?, 'gone', 'detail', ?)",
            (gone, now),
        )
    with sqlite3.connect(own_root / "search.db") as db:
        month = from_ms(long_ago).astimezone(JST)
        found = (long_ago, month.year * 100 + month.month, old)
        db.execute("UPDATE grid SET posted = ?, month = ? WHERE work_key = ?", found)
    with serving(own_root) as served:
        text = httpx.get(served.url).text
    kept, on_this_day = text.split('id="h-kept"')[1].split('id="h-day"')
    assert f'href="/w/{gone >> 1}"' in kept
    assert f'href="/w/{old >> 1}"' in on_this_day


def test_an_empty_mirror_leads_to_the_first_step(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with serving(tmp_path / "root") as served, looking(browser, served.url) as page:
        page.goto("/")
        assert page.url.endswith("/start")
        expect(page.locator("li.now")).to_contain_text("pixmirror login")
        assert faults(page) == []


def test_buttons_ask_the_daemon_for_what_commands_do(with_job: Served) -> None:
    with answering(with_job.root) as asked, httpx.Client(base_url=with_job.url) as client:
        origin = {"Origin": with_job.url}
        for path, form in (
            ("/mirror/jobs/following/run", {}),
            ("/mirror/jobs/following/pause", {}),
            ("/mirror/resume", {}),
            ("/mirror/retry", {"what": "failed"}),
            ("/start/reload", {}),
        ):
            assert client.post(path, data=form, headers=origin).status_code == 303, path
        assert "Run now" in client.get("/mirror").text
    assert asked == [
        {"command": "sync", "jobs": ["following"]},
        {"command": "pause", "job": "following", "until": None},
        {"command": "resume", "job": None},
        {"command": "retry", "what": "failed"},
        {"command": "reload"},
    ]


def test_what_is_paused_is_resumed_and_not_run(with_job: Served) -> None:
    run, resume, pause = (f'action="/mirror/jobs/following/{does}"' for does in ("run", "resume", "pause"))
    ways = {
        "all": (None, ('action="/mirror/resume"',), (run, resume, 'action="/mirror/pause"')),
        "the job": ("following", (resume,), (run, pause, 'action="/mirror/resume"')),
    }
    with answering(with_job.root), httpx.Client(base_url=with_job.url) as client:
        for name, has, lacks in ways.values():
            with Database.open(catalogue_path(with_job.root)) as db:
                db.run_sync(runs.pause_job, name)
            for address in ("/mirror", "/mirror/jobs/following"):
                text = client.get(address).text
                assert [one for one in has if one not in text] == [], (name, address)
                assert [one for one in lacks if one in text] == [], (name, address)
            with Database.open(catalogue_path(with_job.root)) as db:
                db.run_sync(runs.resume_job, name)


def test_where_no_daemon_runs_a_button_says_so(with_job: Served) -> None:
    answer = httpx.post(f"{with_job.url}/mirror/jobs/following/run", headers={"Origin": with_job.url})
    assert answer.status_code == 503
    assert "<h1>The mirror is not running.</h1><p>You can look at everything. Start it with" in answer.text
    assert httpx.get(f"{with_job.url}/mirror/jobs/nothing").status_code == 404


def test_a_media_disk_that_is_not_mounted_is_told_as_away(with_job: Served) -> None:
    (with_job.root / "media" / MARKER).unlink()
    assert "the media folder is not there" in httpx.get(f"{with_job.url}/mirror").text


def test_a_damaged_login_is_not_taken_for_one(with_job: Served) -> None:
    (with_job.root / kept_login.FILE).unlink(missing_ok=True)
    (with_job.root / kept_login.FILE).write_text("{")
    assert "<h2>Log in to Pixiv</h2>" in httpx.get(f"{with_job.url}/start").text
    assert "nobody is logged in" in httpx.get(f"{with_job.url}/mirror").text


def test_a_daemon_that_is_busy_is_not_told_as_absent(with_job: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixmirror.gallery.around.PATIENCE_S", 0.01)
    monkeypatch.setattr("pixmirror.gallery.around.ANSWERS_S", 0.01)
    with answering(with_job.root, slow=0.2) as asked:
        text = httpx.get(f"{with_job.url}/mirror").text
        assert "It is busy" in text
        assert "not running" not in text
        assert "Run now" in text
        answer = httpx.post(f"{with_job.url}/mirror/resume", headers={"Origin": with_job.url})
        assert "It is busy; this will be done next." in answer.text
        while not asked:
            time.sleep(0.01)
    assert asked == [{"command": "resume", "job": None}]


def test_settings_are_shown_as_they_are_written_with_their_origin(own_root: Path) -> None:
    with serving(own_root) as served:
        mirror = MirrorConfig.model_validate({"root": str(own_root), "keep_free": "500 MB", "umask": "027"})
        served.gallery.config = served.gallery.config.model_copy(update={"mirror": mirror})
        text = httpx.get(f"{served.url}/mirror/settings").text
    for key, value, origin in (
        ("keep_free", "500 MB", "the config"),
        ("umask", "027", "the config"),
        ("max_file", "2 GiB", "usual"),
        ("image_bytes_per_day", "20 GiB", "usual"),
    ):
        assert f'<code>{key}</code></th><td>{value}</td><td class="q">{origin}</td>' in text


def test_the_gallery_follows_a_config_that_the_daemon_has_read_again(with_job: Served) -> None:
    gallery, later = with_job.gallery, 2**50
    more = JobConfig(name="another", kind="following", every="1h")
    gallery.reread = lambda: gallery.config.model_copy(update={"jobs": (*gallery.config.jobs, more)})
    with answering(with_job.root, read_at=later):
        assert 'id="job-another"' in httpx.get(f"{with_job.url}/mirror").text
    elsewhere = gallery.config.model_copy(update={"mirror": MirrorConfig(root=Path("/elsewhere")), "jobs": ()})
    gallery.reread = lambda: elsewhere
    assert httpx.post(f"{with_job.url}/start/reload", headers={"Origin": with_job.url}).status_code == 409
    assert (gallery.root, gallery.config.jobs) == (with_job.root, ())
    assert "runs with the earlier [mirror]: start it again" in httpx.get(f"{with_job.url}/mirror/settings").text

    def broken() -> Config:
        raise ConfigError("line 3: jobs: it is wrong.")

    gallery.reread = broken
    answer = httpx.post(f"{with_job.url}/start/reload", headers={"Origin": with_job.url})
    assert "runs with the earlier configuration: line 3" in answer.text


def test_secrets_of_the_config_are_on_no_page(with_job: Served) -> None:
    config = with_job.gallery.config
    pixiv = config.pixiv.model_copy(update={"client_secret": "verysecretthing"})
    notify = config.notify.model_copy(update={"command": ("curl", "-H", "Authorization: verysecretthing")})
    with_job.gallery.config = config.model_copy(update={"pixiv": pixiv, "notify": notify})
    told = httpx.get(f"{with_job.url}/mirror/settings").text
    assert "verysecretthing" not in told
    assert "set, and not shown" in told


def test_sizes_are_written_as_the_commands_and_the_config_write_them(gallery: Served) -> None:
    stored = ask(gallery.root, "SELECT sum(size) FROM media WHERE state = 'stored'")[0][0]
    text = httpx.get(f"{gallery.url}/mirror").text
    assert size(stored) in text
    assert not re.search(r"\d (?:KB|MB|GB|TB)\b", text)


def test_a_queue_in_which_nothing_waits_says_so(gallery: Served) -> None:
    text = httpx.get(f"{gallery.url}/mirror/queue").text
    assert "No file waits." in text
    assert "0 files" not in text


def test_no_word_of_the_rail_breaks(page: Page) -> None:
    page.goto("/")
    heights = [word.bounding_box() for word in page.locator(".rail > a.n > span:not(.count)").all()]
    assert len({round(box["height"]) for box in heights if box is not None and box["height"] > 1}) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
