"""Pixiv fails in every way that we know of: nothing is lost, and what passes needs nobody."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue.schema import broken, chore, feed, gap, media
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import Work
from pixmirror.models import work_key
from pixmirror.sync.kinds import UserJob
from tests.fault_rows import Kind, Row, also, fault, told
from tests.faults import (
    DAY_S,
    Act,
    Case,
    bytes_changed,
    challenge,
    changed,
    cut,
    error,
    expired_token,
    html,
    not_json,
    nothing_is_lost,
    one_clear_sentence,
    play,
    rate_limit,
    reset,
    stall,
    status,
    swapped,
)
from tests.standin import FOLLOWING, Setup

LISTS = "/v1/user/illusts"
IMAGES = "/img-original/"


PASSING: dict[str, tuple[str, Act, int]] = {
    "a few 500s on lists": (LISTS, status(500), 2),
    "a storm of 500s": ("/v[123]/", status(503), 8),
    "reset connections": ("/v[12]/", reset(), 2),
    "a cut answer": (LISTS, cut(), 1),
    "an answer that stalls": (LISTS, stall(0.5), 1),
    "no answer": (LISTS, stall(), 1),
    "a rate limit": (LISTS, rate_limit(), 1),
    "429 with a time": (LISTS, status(429, Retry_After="7"), 1),
    "an expired token": (LISTS, expired_token(), 1),
    "something that is no JSON": (LISTS, not_json(), 2),
    "an empty answer": (LISTS, status(200), 1),
    "a web page for a list": (LISTS, html(), 1),
    "a web page for a novel that holds none": ("/webview/", html(200, "<html>nothing here</html>"), 1),
    "an image host that fails": (IMAGES, status(500), 2),
    "an image host that refuses for a while": (IMAGES, status(403), 5),
    "an image host with a web page": (IMAGES, html(200, "<html>sorry</html>"), 3),
    "a cut zip": ("/img-zip-ugoira/", cut(0.9), 1),
    "a token endpoint that fails": ("/auth/token", status(502), 1),
}  # fmt: skip


@pytest.mark.parametrize("what", PASSING)
def test_what_passes_costs_time_and_nothing_else(tmp_path: Path, what: str) -> None:
    pattern, act, times = PASSING[what]

    async def scene(case: Case) -> None:
        fault = case.faults.add(pattern, act, times=times)
        report = await case.sync()
        assert fault.hits == times
        assert report.trouble is None
        assert report.exit_code in (0, 7)
        await case.recover()

    play(tmp_path / "mirror", scene)


@pytest.mark.parametrize("act", [reset(), stall(), stall(0.5)], ids=["reset", "no answer", "a stall"])
def test_an_image_that_cannot_be_reached_once_is_no_failure_once_it_is_stored(tmp_path: Path, act: Act) -> None:
    async def scene(case: Case) -> None:
        case.faults.add(IMAGES, act, times=1)
        report = await case.sync()
        assert (report.trouble, report.exit_code) == (None, 0)
        nothing_is_lost(case.setup, case.world)

    play(tmp_path / "mirror", scene)


APP = "^/(v[123]|webview)/"
LASTING: dict[str, tuple[str, Act, str]] = {
    "images that reset": (IMAGES, reset(), "i.pximg.net cannot be reached (ReadError). Check the network;"),
}


@pytest.mark.parametrize("what", LASTING)
def test_a_sync_against_what_does_not_pass_ends_with_8_and_one_clear_sentence(tmp_path: Path, what: str) -> None:
    pattern, act, text = LASTING[what]

    async def scene(case: Case) -> None:
        case.clock.nap = 30.0
        case.faults.add(pattern, act)
        report = await case.sync()
        assert report.exit_code == 8
        assert text in one_clear_sentence(report.trouble)
        await case.recover()

    play(tmp_path / "mirror", scene)


@pytest.mark.parametrize("act", [status(429), challenge()], ids=["429", "a challenge"])
def test_a_sync_whose_images_are_refused_for_long_ends(tmp_path: Path, act: Act) -> None:
    async def scene(case: Case) -> None:
        case.clock.nap = 120.0
        case.faults.add(IMAGES, act)
        assert (await case.sync()).exit_code == 8
        await case.recover()

    play(tmp_path / "mirror", scene)


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (html(), "GET /v2/illust/follow: a web page came instead of data (200)."),
        (status(500), "GET /v2/illust/follow: Pixiv failed (500)."),
        (not_json("[]"), "/v2/illust/follow: list where an object must be."),
        (not_json("{}"), "/v2/illust/follow: `illusts` is missing where a list must be."),
        (error(404, "Specified end-point doesn't exist"), "Pixiv has no such endpoint"),
        (error(403, user_message="no"), "GET /v2/illust/follow: 403: no"),
    ],
    ids=["web page", "500", "a list", "an empty object", "endpoint gone", "403"],
)
def test_a_job_whose_feed_fails_says_so_and_ends_with_7(tmp_path: Path, act: Act, text: str) -> None:
    async def scene(case: Case) -> None:
        case.faults.add("/v2/illust/follow", act)
        report = await case.sync()
        assert report.exit_code == 7
        assert text in (report.results["following"].error or "")
        await case.recover()

    play(tmp_path / "mirror", scene)


@pytest.mark.parametrize("pattern", [LISTS, "/v3/illust/comments", "/v1/ugoira/metadata", "/webview/"])
def test_lists_and_chores_that_fail_end_a_sync_with_7_and_wait_with_their_reason_until_they_are_done(
    tmp_path: Path, pattern: str
) -> None:
    async def scene(case: Case) -> None:
        case.faults.add(pattern, status(500))
        assert (await case.sync()).exit_code == 7
        waiting = [*case.rows(feed), *case.rows(gap), *case.rows(chore)]
        assert any("Pixiv failed (500)" in (row.error or "") for row in waiting)
        await case.recover()

    play(tmp_path / "mirror", scene)


@fault(
    Row(
        Kind.EXPIRED,
        seen="400 or 401 that speaks of the access token",
        rests="the requests that met it, until one of them has a new token",
        goes_on="everything else",
        told="",
        back="by itself: one request for a new token. One that is refused right away is told, as Pixiv's trouble",
    )
)
def test_an_expired_token_is_renewed_once_for_all_requests_that_meet_it(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        await case.sync()
        case.faults.seen.clear()
        case.faults.app.state.oauth.expire_all()
        assert (await case.sync()).exit_code == 0
        told(Kind.EXPIRED, " ".join(case.status()))
        assert len(case.faults.asked("^/auth/token")) == 1
        nothing_is_lost(case.setup, case.world)

    play(tmp_path / "mirror", scene)


@also(Kind.LIMIT_TIMED)
def test_no_image_request_follows_a_429_before_the_time_that_it_names(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        fault = case.faults.add(IMAGES, status(429, Retry_After="120"), times=1)
        await case.sync()
        assert fault.hits == 1
        await case.recover()
        at = [s.at for s in case.faults.asked("^/img-")]
        assert max(b - a for a, b in itertools.pairwise(at)) >= 120 - 1

    play(tmp_path / "mirror", scene)


# -- wrong answers -----------------------------------------------------------------------------------------------


def first_item(change: Callable[[dict[str, Any]], object]) -> Act:
    def spoil(payload: Any) -> None:
        change(payload["illusts"][0])

    return changed(spoil)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda item: item.pop("id"), "illusts[0].id"),
        (lambda item: item.update(id="not a number"), "illusts[0].id"),
        (lambda item: item.update(user=17), "illusts[0].user"),
    ],
    ids=["no id", "an id that is a word", "a user that is a number"],
)
def test_an_item_that_cannot_be_read_is_kept_aside_and_the_other_29_are_recorded(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], where: str
) -> None:
    async def scene(case: Case) -> None:
        case.faults.add(LISTS, first_item(change))
        assert (await case.sync()).exit_code == 7  # a work is missing
        assert (await case.sync()).exit_code == 7
        (kept,) = case.rows(broken)
        assert kept.path == where
        assert kept.times >= 2  # counted each time
        assert kept.reason
        assert json.loads(kept.raw)["title"] == "illust 29"
        assert len(case.setup.export("works")) == 29
        await thirty_works(case)

    play(tmp_path / "mirror", scene, one_page)


@pytest.mark.parametrize("member", [{"create_date": "soon"}, {"meta_pages": "none"}], ids=["date", "pages"])
def test_a_member_that_makes_no_sense_costs_itself_and_not_its_work(
    tmp_path: Path, member: dict[str, Any]
) -> None:
    async def scene(case: Case) -> None:
        case.faults.add(LISTS, first_item(lambda item: item.update(member)))
        assert (await case.sync()).exit_code == 0
        (kept,) = case.rows(broken)
        assert kept.path == f"illusts[0].{next(iter(member))}"
        assert json.loads(kept.raw)["title"] == "illust 29"
        await thirty_works(case)

    play(tmp_path / "mirror", scene, one_page)


async def thirty_works(case: Case) -> None:
    case.faults.clear()
    assert (await case.sync()).exit_code == 0
    assert len(case.setup.export("works")) == 30
    assert [row["state"] for row in case.setup.export("files")] == ["stored"] * 30


def one_page(case: Case) -> None:
    """One artist of exactly one page, and only their list to see it in."""
    case.world = empty_world(case.clock)
    artist = add_artist(case.world, works=30, until_ms=case.clock.now() - 9 * 86_400_000)
    case.faults.app = create_app(case.world)
    job = UserJob(name="user", kind="user", every="1h", users=(artist.id,))
    case.setup = Setup(case.setup.root, case.setup.url, [job])


@also(Kind.WRONG_TYPES)
def test_an_item_that_is_no_object_takes_no_other_with_it(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        case.faults.add(LISTS, changed(lambda page: page["illusts"].__setitem__(3, None)))
        assert (await case.sync()).exit_code == 7
        assert [row.path for row in case.rows(broken)] == ["illusts[3]"]
        assert len(case.setup.export("works")) == 29
        await thirty_works(case)

    play(tmp_path / "mirror", scene, one_page)


def test_answers_to_another_question_are_refused(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        ids = [w.id for w in case.world.works.values() if w.type == "illust"]
        novel = next(w for w in case.world.works.values() if w.type == "novel")
        case.world.post(novel.user_id, kind="novel", id=novel.id + 1)
        case.faults.add(rf"/webview/.*\bid={novel.id}\b", swapped(id=novel.id + 1))
        case.faults.add("/v1/illust/detail", swapped(illust_id=ids[-1]))
        await case.sync()
        texts = {row["id"]: row["text"] for row in case.setup.export("novels")}
        assert texts[novel.id] is None
        assert [row.error for row in case.rows(chore) if row.kind == "text" and row.attempts]
        await case.recover(3 * 3600)

    play(tmp_path / "mirror", scene)


def test_a_next_url_that_cannot_be_read_is_no_end(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        case.faults.add(LISTS, changed(lambda page: page.update(next_url=17) if page["next_url"] else None))
        await case.sync()
        await case.recover()

    play(tmp_path / "mirror", scene)


# -- files -------------------------------------------------------------------------------------------------------


def an_illust(case: Case) -> Work:
    return next(w for w in case.world.works.values() if w.type == "illust")


def test_a_404_on_a_file_that_was_replaced_asks_the_detail_once_and_fetches_the_new_one(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)

        def replace_it() -> Act:
            async def act(exchange: Any) -> None:
                case.world.replace_files(work)
                await status(404)(exchange)

            return act

        case.faults.add(f"{IMAGES}.*/{work.id}_p0", replace_it(), times=1)
        assert (await case.sync()).exit_code == 0
        assert len(case.faults.asked(f"/v1/illust/detail.*{work.id}")) == 1
        assert [row["state"] for row in case.files(work) if row["state"] == "stored"] == ["stored"]
        new = next(row for row in case.files(work) if row["state"] == "stored")
        assert len(case.faults.asked(f"/{work.id}_p0")) == 2
        assert new["url"].endswith(case.faults.asked(f"/{work.id}_p0")[-1].path)

    play(tmp_path / "mirror", scene)


@fault(
    Row(
        Kind.IMAGE_404,
        seen="404 of the image host. The work is asked for once, for it may have a new file by now",
        rests="that file: it is looked for after an hour and after a day, and then it is gone at Pixiv; while "
        "many files answer so, none is believed to be gone before five looks in 14 days",
        goes_on="all other files, and all that is asked of Pixiv",
        told="is waiting for another try: GET …: 404; asked for once, it is believed to be gone only after "
        "looks on more days.",
        back="by itself where the work shows another file; `pixmirror retry ID` asks once more",
        by="`status`, `why ID`",
    )
)
def test_a_404_is_believed_after_an_hour_and_a_day_and_the_detail_is_asked_once(
    tmp_path: Path,
) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)
        case.faults.add(f"{IMAGES}.*/{work.id}_p0", html(404, "<h1>404 Not Found</h1>"))
        for later_s in (600, 3600, DAY_S):
            report = await case.sync()
            assert (report.exit_code, report.files.gone, report.files.waiting) == (7, 0, 1)
            if later_s == 600:
                told(Kind.IMAGE_404, " ".join(case.status()))
            await case.clock.sleep(later_s)
        report = await case.sync()
        assert report.exit_code == 0  # explained, and no failure
        assert report.files.gone == 1
        assert [row["state"] for row in case.files(work)] == ["gone"]
        assert len(case.faults.asked(f"/v1/illust/detail.*{work.id}")) == 1
        (row,) = [row for row in case.rows(media) if row.state == "gone"]
        assert "404" in row.error
        case.faults.seen.clear()
        await case.clock.sleep(3600)
        await case.sync()
        assert not case.faults.asked(IMAGES)

    play(tmp_path / "mirror", scene)


def test_files_of_a_work_that_is_deleted_meanwhile_are_fetched_while_they_are_reachable(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)
        case.faults.add(f"/{work.id}_p0", status(500))
        assert (await case.sync()).exit_code == 7
        case.world.delete(work)
        case.faults.clear()
        await case.clock.sleep(DAY_S)
        assert (await case.sync()).exit_code == 0
        (row,) = case.files(work)
        assert row["state"] == "stored"
        assert (case.setup.root / "media" / row["path"]).stat().st_size == row["size"]

    play(tmp_path / "mirror", scene)


@also(Kind.IMAGE_WRONG)
def test_bytes_that_come_damaged_alike_on_two_days_are_kept_and_asked_for_rarer_and_rarer(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)
        fault = case.faults.add(f"/{work.id}_p0", bytes_changed(lambda body: body[: len(body) // 2]))
        for later_s in (3700, DAY_S):
            report = await case.sync()
            assert (report.exit_code, report.files.damaged) == (7, 0)
            await case.clock.sleep(later_s)
        report = await case.sync()
        assert (report.exit_code, report.files.damaged) == (0, 1)
        hits = fault.hits
        (row,) = case.files(work)
        assert row["state"] == "damaged"
        assert (case.setup.root / "media" / row["path"]).read_bytes().startswith(b"\xff\xd8\xff")
        await case.clock.sleep(20 * DAY_S)
        assert (await case.sync()).exit_code == 0
        assert fault.hits == hits
        for days in (20, 20, 70):
            await case.clock.sleep(days * DAY_S)
            report = await case.sync()
            assert (report.exit_code, report.files.damaged) == (0, 1)
        assert fault.hits == hits + 2
        case.faults.clear()
        await case.clock.sleep(200 * DAY_S)
        assert ((await case.sync()).exit_code, [r["state"] for r in case.files(work)]) == (0, ["stored"])

    play(tmp_path / "mirror", scene)


def test_bytes_that_come_damaged_each_time_otherwise_are_asked_for_again(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        lengths = iter(range(100, 200))
        work = an_illust(case)
        case.faults.add(f"/{work.id}_p0", bytes_changed(lambda body: body[: next(lengths)]), times=3)
        assert (await case.sync()).exit_code == 7
        await case.recover()

    play(tmp_path / "mirror", scene)


@also(Kind.IMAGE_HTML)
def test_a_web_page_in_place_of_a_file_is_never_kept_however_often_it_comes(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        page = b"<!DOCTYPE html><html><body>back soon</body></html>"
        fault = case.faults.add(IMAGES, bytes_changed(lambda body: page))
        report = await case.sync()
        assert report.exit_code == 8  # the way to the image host, not any file
        assert fault.hits < 38
        assert report.files.damaged == 0
        assert not list((case.setup.root / "media").rglob("*.jpg"))[1:]  # but the novel's cover
        await case.recover()

    play(tmp_path / "mirror", scene)


@fault(
    Row(
        Kind.CUT,
        seen="fewer bytes than were announced",
        rests="that request alone, for a second or two",
        goes_on="everything else",
        told="",
        back="by itself: a file goes on where it was cut, if it is still the same; a question is asked again, "
        "three times. What is cut each time is told as a reset inside a body is",
    )
)
def test_a_cut_image_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)
        case.faults.add(f"/{work.id}_p0", cut(0.5), times=1)
        report = await case.sync()
        assert report.exit_code == 0
        told(Kind.CUT, " ".join(case.status()))
        first, second = case.faults.asked(f"/{work.id}_p0")
        (row,) = case.files(work)
        assert first.range == ""
        assert second.range == f"bytes={row['size'] // 2}-"
        nothing_is_lost(case.setup, case.world)

    play(tmp_path / "mirror", scene)


@also(Kind.OVER_LONG)
def test_a_file_above_the_limit_fails_with_its_reason_and_is_not_asked_for_again(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        case.setup = Setup(case.setup.root, case.setup.url, [FOLLOWING], mirror={"max_file": 2000})
        report = await case.sync()
        assert report.exit_code == 7
        assert report.files.failed > 0
        assert all(row["size"] <= 2000 for row in case.setup.export("files") if row["state"] == "stored")
        assert not list((case.setup.root / "media").rglob("*.part"))
        failed = [row for row in case.rows(media) if row.state == "failed"]
        assert all("mirror.max_file" in row.error for row in failed)
        case.faults.seen.clear()
        await case.clock.sleep(30 * DAY_S)
        await case.sync()
        assert not case.faults.asked("^/img-")

    play(tmp_path / "mirror", scene)


@pytest.mark.parametrize("url", ["https://evil.example/img-original/x_p0.jpg", "http://127.0.0.1:1/a_p0.jpg"])
def test_an_image_on_a_foreign_host_is_refused_without_a_request(tmp_path: Path, url: str) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)

        def lead_away(page: Any) -> None:
            for item in page.get("illusts", ()):
                if item["id"] == work.id:
                    item["meta_single_page"] = {"original_image_url": url}

        case.faults.add("/v[12]/(illust/follow|user/illusts|user/bookmarks/illust)", changed(lead_away))
        case.faults.add(
            "/v1/user/following", changed(lambda p: [u.update(illusts=[]) for u in p["user_previews"]] and None)
        )
        report = await case.sync()
        assert report.exit_code == 7
        assert not case.faults.asked(f"/{work.id}_p0|evil|/a_p0")
        (row,) = [row for row in case.rows(media) if row.owner_id == work_key("illust", work.id)]
        assert "refused" in row.error
        assert len([r for r in case.setup.export("files") if r["state"] != "stored"]) == 1

    play(tmp_path / "mirror", scene)


def test_an_api_that_redirects_elsewhere_is_not_followed(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        case.faults.add("/v2/illust/follow", status(302, Location="https://evil.example/"))
        report = await case.sync()
        assert "Pixiv sent us elsewhere (302)" in (report.results["following"].error or "")
        await case.recover()

    play(tmp_path / "mirror", scene)
