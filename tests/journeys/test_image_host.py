"""An image host that fails, refuses, rewrites or denies: nothing is given up because of what passes."""

import asyncio
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from pixmirror.catalogue.media import REPLACED
from pixmirror.catalogue.schema import media
from pixmirror.fetch import finishing, structure
from tests.fault_rows import Kind, also
from tests.faults import DAY_S, Act, Case, Exchange, bytes_changed, changed, cut, play, status
from tests.journeys.test_faults import IMAGES, an_illust

WEBP = b"RIFF\x16\0\0\0WEBPVP8L" + b"\n\0\0\0\x2f\0\0\0\0\x07\x10\x11\x11\x11"

WORKS = "/v[12]/(illust/|user/illusts|user/bookmarks/illust|user/following)"


def named_gif(page: Any, work_id: int) -> Any:
    """The page, with the original of this work as a GIF."""
    text = json.dumps(page).replace(f"/{work_id}_p0.jpg", f"/{work_id}_p0.gif")
    return json.loads(text.replace(f"/{work_id}_p0.png", f"/{work_id}_p0.gif"))


def states(case: Case) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in case.rows(media):
        found[row.state] = found.get(row.state, 0) + 1
    return found


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(status(503), id="503"),
        pytest.param(status(403), id="403", marks=pytest.mark.long),
        pytest.param(status(451), id="451", marks=pytest.mark.long),
        pytest.param(bytes_changed(lambda body: WEBP), id="a gateway"),
    ],
)
@also(Kind.IMAGE_EMPTY, Kind.IMAGE_HTML, Kind.IMAGE_403)
def test_a_host_that_spoils_every_file_for_days_is_probed_and_no_file_is_given_up(
    tmp_path: Path, act: Act
) -> None:
    async def scene(case: Case) -> None:
        case.faults.add("^/(img|novel)", act)
        for hours in (0.5, 2, 8, 30):
            report = await case.sync()
            assert report.exit_code == 8
            assert "image host" in str(report.trouble)
            await case.clock.sleep(hours * 3600)
        assert len(case.faults.asked("^/(img|novel)")) < 80, "of 40 files, in four runs"
        assert states(case).keys() == {"waiting", "wanted"}
        assert max(row.attempts for row in case.rows(media)) <= 1
        await case.recover(after_s=1)

    play(tmp_path / "mirror", scene)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(status(503), id="503", marks=pytest.mark.long),
        pytest.param(status(403), id="403"),
        pytest.param(bytes_changed(lambda body: b""), id="no byte"),
    ],
)
def test_what_a_few_files_do_does_not_hold_up_the_others(tmp_path: Path, act: Act) -> None:
    async def scene(case: Case) -> None:
        spoilt = [w.id for w in case.world.works.values() if w.type == "illust"][::3]
        case.faults.add(f"{IMAGES}.*/({'|'.join(map(str, spoilt))})_", act)
        report = await case.sync()
        assert (report.exit_code, report.trouble, report.files.waiting) == (7, None, len(spoilt))
        before = len(case.faults.asked(IMAGES))
        for _ in range(3):
            await case.clock.sleep(20 * DAY_S)
            assert (await case.sync()).exit_code == 7
        assert len(case.faults.asked(IMAGES)) - before < 8 * len(spoilt)
        await case.recover()

    play(tmp_path / "mirror", scene)


def test_files_that_answer_404_until_their_work_is_read_again_come_at_once(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        moved = [w for w in case.world.works.values() if w.type == "illust"][::4]

        def replaced(work: Any) -> Act:
            async def act(exchange: Any) -> None:
                case.world.replace_files(work)
                await status(404)(exchange)

            return act

        for work in moved:
            case.faults.add(f"{IMAGES}.*/{work.id}_p0", replaced(work), times=1)
        assert (await case.sync()).exit_code == 0
        rows = [r for r in case.rows(media) if not r.is_current]
        shown_again = {  # by a list, before the 404 was judged
            r.owner_id >> 1 for r in rows if (r.error or "").startswith(f"{REPLACED};")
        }
        for work in moved:
            asked = case.faults.asked(f"/v1/illust/detail.*{work.id}")
            assert len(asked) == (work.id not in shown_again)
        assert states(case)["stored"] == len([r for r in case.rows(media) if r.is_current])

    play(tmp_path / "mirror", scene)


@also(Kind.IMAGE_404)
def test_many_files_that_are_no_more_are_believed_one_by_one_in_the_end(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        lost = [w.id for w in case.world.works.values() if w.type == "illust"][::4]
        case.faults.add(f"{IMAGES}.*/({'|'.join(map(str, lost))})_", status(404))
        for days in (0.1, 2):
            assert (await case.sync()).files.waiting == len(lost)
            await case.clock.sleep(days * DAY_S)
        assert (await case.sync()).files.waiting == len(lost), "more than a twentieth: it may be the host"
        asked = len(case.faults.asked(IMAGES))
        for days in (5, 9, 20):
            await case.clock.sleep(days * DAY_S)
            await case.sync()
        report = await case.sync()
        assert (report.exit_code, report.files.gone) == (0, len(lost))
        assert len(case.faults.asked(IMAGES)) - asked <= 4 * len(lost)

    play(tmp_path / "mirror", scene)


@also(Kind.CUT)
def test_a_file_that_is_cut_nine_times_goes_on_each_time_where_it_was(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)
        case.faults.add(f"/{work.id}_p0", cut(0.05), times=9)
        assert (await case.sync()).exit_code == 0
        asked = case.faults.asked(f"/{work.id}_p0")
        assert len(asked) == 10
        starts = [int(seen.range.removeprefix("bytes=").removesuffix("-") or 0) for seen in asked]
        assert starts == sorted(set(starts))
        assert asked[-1].at - asked[0].at < 60, "each after its own two seconds"
        await case.recover()

    play(tmp_path / "mirror", scene)


def test_a_sync_asks_at_once_for_what_waits_for_its_next_try(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)
        case.faults.add(f"/{work.id}_p0", status(500))
        assert (await case.sync()).exit_code == 7
        await case.recover(after_s=1)

    play(tmp_path / "mirror", scene)


def test_a_file_whose_check_takes_long_holds_up_no_other_and_is_stored_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = struct.pack("<6sHHBBB", b"GIF89a", 1, 1, 0, 0, 0) + b"," + bytes(9) + b"\2" + b"\1a" * 400_000 + b"\0;"

    async def scene(case: Case) -> None:
        work = an_illust(case)
        case.faults.add(f"/{work.id}_p0", lambda x: x.say(Response(slow, media_type="image/gif")))
        case.faults.add(WORKS, changed(lambda page: named_gif(page, work.id)))
        monkeypatch.setattr(finishing, "QUICK_S", -1.0)  # every check that looks at the clock is made apart
        monkeypatch.setattr(structure, "SECONDS", -9.0)  # and there, too, the time is over at once
        report = await case.sync()
        assert (report.exit_code, report.trouble) == (0, None)
        (row,) = [row for row in case.rows(media) if row.owner_id == work.id * 2]
        assert (row.state, row.size) == ("stored", len(slow))
        assert row.error == "stored, but not checked: its check would have taken too long"
        assert {row.state for row in case.rows(media)} == {"stored"}

    play(tmp_path / "mirror", scene)


def drip() -> Act:
    """One byte each five seconds, for ever."""

    async def act(exchange: Any) -> None:
        code, headers, body = await exchange.answer()
        await exchange.begin(code, headers, body[:1], more=True)
        for byte in body[1:]:
            await asyncio.sleep(5)
            await exchange.send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})

    return act


@also(Kind.DRIP)
def test_files_that_drip_are_put_off_with_their_reason_and_the_others_come(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        dripping = [w.id for w in case.world.works.values() if w.type == "illust"][:4]
        case.faults.add(f"{IMAGES}.*/({'|'.join(map(str, dripping))})_", drip())
        report = await case.sync()
        assert (report.exit_code, report.trouble, report.files.waiting) == (7, None, 4)
        waiting = [row for row in case.rows(media) if row.state == "waiting"]
        assert all("the image host drips" in row.error for row in waiting)
        await case.recover()

    play(tmp_path / "mirror", scene)


def test_a_file_that_is_replaced_between_two_tries_is_never_glued(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = an_illust(case)
        new: list[bytes] = []

        async def another(exchange: Any) -> None:
            asked = [h for h in exchange.scope["headers"] if h[0] not in (b"range", b"if-range")]
            _, headers, body = await exchange.answer({**exchange.scope, "headers": asked})
            kept = [(n, v) for n, v in headers if n.lower() not in (b"content-length", b"last-modified")]
            new[:] = [body.replace(b"\xff\xd9", b"") + b"\xff\xfe\0\4ab\xff\xd9"]
            kept += [(b"content-length", str(len(new[0])).encode()), (b"etag", b'"new"')]
            await exchange.begin(200, kept, new[0], more=False)

        case.faults.add(f"/{work.id}_p0", cut(0.5), times=1)
        case.faults.add(f"/{work.id}_p0", another)
        assert (await case.sync()).exit_code == 0
        first, second = case.faults.asked(f"/{work.id}_p0")
        assert (first.range, second.range.startswith("bytes=")) == ("", True)
        (row,) = case.files(work)
        assert (case.setup.root / "media" / row["path"]).read_bytes() == new[0]
        assert not list((case.setup.root / "media").rglob(".*.part"))

    play(tmp_path / "mirror", scene)


def test_a_file_in_place_of_an_artists_folder_is_the_trouble_of_that_artists_files(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        first = an_illust(case).user_id
        (taken,) = {w.user_id for w in case.world.works.values()} - {first}
        folder = case.setup.root / "media" / str(taken)

        def in_its_place(page: Any) -> None:
            folder.write_bytes(b"not a folder")

        case.faults.add(WORKS, changed(in_its_place))
        report = await case.sync()
        assert (report.exit_code, report.trouble) == (7, None)
        waiting = [row for row in case.rows(media) if row.state != "stored"]
        assert waiting
        assert all(row.path.startswith(f"{taken}/") for row in waiting)
        assert all(row.state == "waiting" and row.error and row.due_at for row in waiting)
        assert not list((case.setup.root / "media").rglob(".*.part"))
        folder.unlink()
        await case.recover()

    play(tmp_path / "mirror", scene)


def test_the_sidecar_of_a_file_that_comes_after_all_else_is_complete_when_the_sync_ends(tmp_path: Path) -> None:
    async def late(exchange: Exchange) -> None:
        code, headers, body = await exchange.answer()
        await asyncio.sleep(20)
        await exchange.begin(code, headers, body, more=False)

    async def scene(case: Case) -> None:
        work = an_illust(case)
        case.faults.add(f"/{work.id}_p0", late)
        assert (await case.sync()).exit_code == 0
        (file,) = case.files(work)
        sidecar = json.loads((tmp_path / "mirror/media" / file["path"]).with_name(f"{work.id}.json").read_bytes())
        assert [one["sha256"] for one in sidecar["files"]] == [file["sha256"]]

    play(tmp_path / "mirror", scene)
