"""Thumbnails as the gallery has them: asked for, made in turn, kept within a cap, gone with what is forgotten."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixmirror.catalogue.refs import parse_ref
from pixmirror.ingest import forgetting
from pixmirror.ingest.files import record_ugoira
from pixmirror.ingest.forgetting import Target
from pixmirror.render import kept, lanes, thumbs
from pixmirror.render.thumbs import Near, Thumbs
from pixmirror.render.wire import NoThumbnail, Thumbnail
from pixmirror.render.worker import Decoder
from pixmirror.reports import thumbnails
from pixmirror.reports.pictures import StoredFile
from pixmirror.store.thumbnails import thumbnail_path, write_thumbnail
from tests.catalogue.builders import DATE, NOW, illust, novel, seen, ugoira
from tests.catalogue.test_files import ugoira_metadata
from tests.hostile.files import HOSTILE
from tests.render.conftest import Mirror
from tests.render.files import encoded, scene, zipped

MUCH = 1 << 30


class Watched(Decoder):
    """Decodes as it does, and tells what, in which order. While it is `held` it decodes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def thumbnail(self, file: int) -> Thumbnail:
        self.order.append("/".join(Path(os.readlink(f"/proc/self/fd/{file}")).parts[-2:]))
        self.may_go_on.wait()
        return super().thumbnail(file)

    def close(self) -> None:
        self.may_go_on.set()
        super().close()


@asynccontextmanager
async def working(mirror: Mirror, cap: int = MUCH, **how: Any) -> AsyncIterator[Thumbs]:
    found = Thumbs(mirror.root, mirror.media, mirror.shelves, cap=cap, **{"patience_s": 60, **how})
    await found.start()
    try:
        yield found
    finally:
        await found.close()


def run(do: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def within_a_minute() -> None:
        async with asyncio.timeout(60):
            await do()

    asyncio.run(within_a_minute())


async def until(is_so: Callable[[], object]) -> None:
    while not is_so():  # noqa: ASYNC110 - it shows on the disk
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits between two looks looks again at once."""
    monkeypatch.setattr(thumbs, "IDLE_S", 0.01)
    monkeypatch.setattr(thumbs, "GIVES_WAY", 0.0)
    monkeypatch.setattr(thumbs, "PAUSE_S", 0.02)
    monkeypatch.setattr(thumbs, "CHORES_S", 0.02)
    monkeypatch.setattr(lanes, "AGAIN_S", 0.02)


@pytest.fixture
def asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing made that no page asks for."""
    monkeypatch.setattr(kept, "UNASKED", -1.0)


def rows(mirror: Mirror, sql: str) -> list[Any]:
    with closing(sqlite3.connect(mirror.root / "thumbs.db")) as raw:
        return list(raw.execute(sql))


def noted(mirror: Mirror) -> set[str]:
    return {sha256 for (sha256,) in rows(mirror, "SELECT sha256 FROM thumb WHERE bytes > 0")}


def on_disk(mirror: Mirror) -> set[str]:
    return {path.name.removesuffix(".webp") for path in mirror.root.glob("thumbs/*/*")}


def shas(files: dict[str, StoredFile]) -> set[str]:
    return {file.sha256 for file in files.values()}


def is_newest(made: Thumbs, file: StoredFile) -> bool:
    return next(reversed(made._wishes), "") == file.sha256


def forget(mirror: Mirror, ref: str, page: int | None = None) -> None:
    mirror.db.run_sync(forgetting.forget, Target.of(parse_ref(ref), page), NOW, 30)


def replace(mirror: Mirror, path: str) -> None:
    """Have another version of a file take its place."""
    sql = "UPDATE media SET is_current = 0 WHERE path = ?"
    mirror.db.run_sync(lambda conn: conn.exec_driver_sql(sql, (path,)))


# --- what a page asks for


@pytest.mark.usefixtures("asked_alone")
def test_what_a_page_asks_for_is_made_and_there_the_next_time(mirror: Mirror) -> None:
    file = mirror.with_one(encoded(scene(1, 1500, 2000), "JPEG"))
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            path = await made.wanted(file)
            assert path == thumbnail_path(mirror.root, file.sha256)
            with Image.open(path) as shown:
                assert shown.size == (360, 480)
            assert await made.wanted(file) == path

    run(do)
    assert decoder.order == ["7/1_p0.png"]
    ((key, page, width, height, error, size),) = rows(
        mirror, "SELECT work_key, idx, width, height, error, bytes FROM thumb"
    )
    assert (key, page, width, height, error) == (2, 0, 1500, 2000, None)
    assert size == thumbnail_path(mirror.root, file.sha256).stat().st_size


@pytest.mark.usefixtures("asked_alone")
def test_the_newest_wish_goes_first_and_pages_that_ask_alike_wait_for_one(mirror: Mirror) -> None:
    mirror.add(illust(1, pages=4))
    first, second, third, fourth = mirror.fetch().values()
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            decoder.may_go_on.clear()
            asking = [asyncio.create_task(made.wanted(first))]
            await until(lambda: decoder.order)
            for file in (second, third, fourth, second):
                asking.append(asyncio.create_task(made.wanted(file)))
                await until(partial(is_newest, made, file))
            decoder.may_go_on.set()
            assert all(await asyncio.gather(*asking))

    run(do)
    assert decoder.order == ["7/1_p0.png", "7/1_p1.png", "7/1_p3.png", "7/1_p2.png"]


@pytest.mark.usefixtures("asked_alone")
def test_a_page_waits_a_short_time_only_and_finds_it_later(mirror: Mirror) -> None:
    file = mirror.with_one()
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder, patience_s=0.02) as made:
            decoder.may_go_on.clear()
            assert await made.wanted(file) is None
            decoder.may_go_on.set()
            await until(lambda: noted(mirror))
            assert await made.wanted(file)

    run(do)


@pytest.mark.usefixtures("asked_alone")
def test_of_too_many_wishes_the_oldest_is_given_up(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbs, "WISHES", 2)
    mirror.add(illust(1, pages=4))
    files = mirror.fetch().values()
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            decoder.may_go_on.clear()
            asking = []
            for file in files:
                asking.append(asyncio.create_task(made.wanted(file)))
                await until(partial(is_newest, made, file))
            await asyncio.wait(asking[:2])
            decoder.may_go_on.set()
            found = await asyncio.gather(*asking)
            assert [path is None for path in found] == [True, True, False, False]

    run(do)


@pytest.mark.usefixtures("asked_alone")
def test_a_page_that_waits_when_all_ends_is_told_that_there_is_none(mirror: Mirror) -> None:
    file = mirror.with_one()
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            decoder.may_go_on.clear()
            asking = asyncio.create_task(made.wanted(file))
            await until(lambda: decoder.order)
        assert await asking is None

    run(do)
    assert decoder.pid is None


# --- what cannot be made


@pytest.mark.parametrize("what", ["nothing", "garbage", "half a JPEG", "a PNG of 3.6 thousand million pixels"])
def test_what_is_no_picture_is_tried_once_until_its_bytes_change(mirror: Mirror, what: str) -> None:
    bad = mirror.with_one(HOSTILE[what])

    async def look(decoder: Watched) -> None:
        async with working(mirror, decoder=decoder) as made:
            await until(lambda: rows(mirror, "SELECT 1 FROM thumb WHERE error IS NOT NULL"))
            assert await made.wanted(bad) is None
            assert await made.wanted(bad) is None

    first, again = Watched(), Watched()
    run(lambda: look(first))
    run(lambda: look(again))
    assert (first.order, again.order) == (["7/1_p0.png"], [])
    mirror.add(illust(1, date="2024/01/02/03/04/05"))
    (sound,) = mirror.fetch().values()

    async def do() -> None:
        async with working(mirror) as made:
            assert await made.wanted(sound)

    run(do)


def test_a_picture_that_kills_what_decodes_it_is_tried_once_and_the_others_are_made(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, pixmirror.render.picture as p\n"
        "sound = p.make\n"
        "p.make = lambda file: sound(file) if file.read(1) != b'!' else os.abort()\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    mirror.add(illust(1, pages=3))
    files = mirror.fetch({"7/1_p1.png": b"!"})
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            assert await made.wanted(files["7/1_p1.png"]) is None
            assert await made.wanted(files["7/1_p2.png"])
            await until(lambda: len(noted(mirror)) == 2)
            assert made.trouble is None

    run(do)
    assert sorted(decoder.order) == sorted(files)
    assert rows(mirror, "SELECT idx, error FROM thumb WHERE error IS NOT NULL") == [
        (1, "the process that decodes it died of SIGABRT")
    ]


@pytest.mark.usefixtures("asked_alone")
def test_a_file_that_is_not_there_is_no_bad_picture(mirror: Mirror) -> None:
    file = mirror.with_one()
    away = mirror.media / "away"
    (mirror.media / file.path).rename(away)

    async def do() -> None:
        async with working(mirror) as made:
            assert await made.wanted(file) is None
            away.rename(mirror.media / file.path)
            assert await made.wanted(file)

    run(do)


@pytest.mark.usefixtures("asked_alone")
def test_what_is_no_plain_file_is_not_opened(mirror: Mirror) -> None:
    file = mirror.with_one()
    (mirror.media / file.path).unlink()
    os.mkfifo(mirror.media / file.path)

    async def do() -> None:
        async with working(mirror) as made:
            assert await made.wanted(file) is None

    run(do)
    assert rows(mirror, "SELECT error FROM thumb") == []


# --- what nobody asks for


def test_first_pictures_come_first_then_the_others_each_from_the_newest_down(mirror: Mirror) -> None:
    mirror.add(illust(1, pages=3), illust(2, pages=2), ugoira(3), illust(4))
    mirror.db.run_sync(record_ugoira, seen(), 3, ugoira_metadata(3, DATE))
    mirror.fetch({"7/3_ugoira.zip": zipped({"000000.jpg": encoded(scene(1), "JPEG")})})
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder):
            await until(lambda: len(noted(mirror)) == 7)

    run(do)
    assert decoder.order == [
        *("7/4_p0.png", "7/3_ugoira.zip", "7/2_p0.png", "7/1_p0.png"),
        *("7/2_p1.png", "7/1_p1.png", "7/1_p2.png"),
    ]


def test_what_has_just_come_is_made_before_older_works(mirror: Mirror) -> None:
    mirror.add(illust(1), illust(2), illust(9))
    mirror.fetch()
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder):
            decoder.may_go_on.clear()
            await until(lambda: decoder.order)
            mirror.add(illust(3, pages=2))
            mirror.fetch(now=NOW + 1)
            await asyncio.sleep(0.05)
            decoder.may_go_on.set()
            await until(lambda: len(noted(mirror)) == 5)

    run(do)
    assert decoder.order == ["7/9_p0.png", "7/3_p0.png", "7/2_p0.png", "7/1_p0.png", "7/3_p1.png"]


def test_a_page_that_asks_goes_before_all_that(mirror: Mirror) -> None:
    mirror.add(*(illust(n) for n in range(1, 6)))
    files = mirror.fetch()
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            decoder.may_go_on.clear()
            await until(lambda: decoder.order)
            asking = asyncio.create_task(made.wanted(files["7/1_p0.png"]))
            await until(lambda: made._wishes)
            decoder.may_go_on.set()
            assert await asking

    run(do)
    assert decoder.order[:2] == ["7/5_p0.png", "7/1_p0.png"]


def test_every_picture_of_a_long_list_is_met_once(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stretches end in the midst of works."""
    monkeypatch.setattr(thumbnails, "PART", 3)
    mirror.add(*(illust(n, pages=n % 4 + 1) for n in range(1, 9)))
    files = mirror.fetch()
    for first in (True, False):
        place: tuple[int, int] | None = (thumbnails.TOP, 0)
        found: list[str] = []
        while place is not None:
            stretch = mirror.shelves.read_sync(thumbnails.downwards, place, first)
            found += [file.path for file in stretch.files]
            place = stretch.after
        assert sorted(found) == sorted(path for path, file in files.items() if (file.page == 0) == first)
        place, since = (0, 0), []
        while (stretch := mirror.shelves.read_sync(thumbnails.since, place, first)).after not in (None, place):
            place = stretch.after
            since += [file.path for file in stretch.files]
        assert sorted(since) == sorted(found)


def test_a_long_look_for_what_lacks_keeps_no_page_waiting(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are thousands of stretches in which nothing lacks."""
    monkeypatch.setattr(thumbnails, "PART", 1)
    monkeypatch.setattr(thumbs, "GIVES_WAY", 1e6)
    mirror.add(*(illust(n) for n in range(1, 9)))
    files = mirror.fetch()

    async def do() -> None:
        async with working(mirror) as made:
            for file in files.values():
                assert await made.wanted(file)

    run(do)


def test_the_questions_of_the_lanes_are_answered_from_indexes(mirror: Mirror) -> None:
    bound = {"first": 1, "most": 9, "below": 9, "at": 9, "id": 9, "prefix": "ab"}

    def plan(conn: Any, sql: str) -> str:
        return " / ".join(row[-1] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", bound))

    plans = [
        mirror.shelves.read_sync(plan, sql)
        for sql in (thumbnails._DOWNWARDS, thumbnails._SINCE, thumbnails._LAST_STORED, thumbnails._IN_FOLDER)
    ]
    assert "owner_id<?" in plans[0]
    assert "media_stored (stored_at>?)" in plans[1]
    assert "media_stored" in plans[2]
    assert "sha256>? AND sha256<?" in plans[3]
    assert "owner_id=?" in plans[3]
    assert not [plan for plan in plans if "SCAN" in plan]
    assert "TEMP B-TREE" not in plans[0]


def test_the_process_that_decodes_is_ended_when_it_has_nothing_to_do(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbs, "RESTS_S", 0.0)
    file = mirror.with_one()
    decoder = Watched()

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            assert await made.wanted(file)
            await until(lambda: decoder.pid is None)
            mirror.add(illust(2))
            (other,) = mirror.fetch(now=NOW + 1).values()
            assert await made.wanted(other)

    run(do)
    assert decoder.order == ["7/1_p0.png", "7/2_p0.png"]


# --- room


def thumbnail_bytes(mirror: Mirror, count: int) -> dict[str, StoredFile]:
    """Have so many works, whose thumbnails have about as many bytes each."""
    mirror.add(*(illust(n) for n in range(1, count + 1)))
    noise = [os.urandom(90 * 90 * 3) for _ in range(count)]
    pictures = [encoded(Image.frombytes("RGB", (90, 90), one), "PNG") for one in noise]
    return mirror.fetch({f"7/{n}_p0.png": picture for n, picture in enumerate(pictures, 1)})


@pytest.mark.usefixtures("asked_alone")
@pytest.mark.usefixtures("asked_alone")
def test_what_nobody_looked_at_for_longest_goes_when_the_cap_is_reached(mirror: Mirror) -> None:
    files = list(thumbnail_bytes(mirror, 4).values())

    class Days:
        day = 0

        def now(self) -> int:
            return NOW + self.day * 2 * 86_400_000

    clock = Days()

    async def do() -> None:
        async with working(mirror, clock=clock) as made:
            for file in files[:3]:
                await made.wanted(file)
            cap = made._kept.used + 100
        async with working(mirror, cap=cap, clock=clock) as made:
            for clock.day, file in ((1, files[1]), (2, files[0]), (3, files[2])):
                await made.wanted(file)
                await made._kept.note_looks()
            assert await made.wanted(files[3])
            assert made._kept.used <= cap
            assert noted(mirror) == on_disk(mirror) == {files[2].sha256, files[3].sha256}
            assert await made.wanted(files[1])

    run(do)
    assert len(rows(mirror, "SELECT 1 FROM thumb WHERE colour IS NOT NULL")) == 4


def test_what_nobody_asks_for_leaves_room_for_what_is_asked_for(mirror: Mirror) -> None:
    files = thumbnail_bytes(mirror, 20)

    async def do() -> None:
        async with working(mirror) as made:
            await until(lambda: len(noted(mirror)) == 20)
            size = made._kept.used // 20
        shutil.rmtree(mirror.root / "thumbs")
        async with working(mirror, cap=size * 15) as made:
            await until(lambda: not made._untidy and not made._kept.has_room)
            await asyncio.sleep(0.1)
            assert 13 <= len(noted(mirror)) <= 14
            assert files["7/1_p0.png"].sha256 not in noted(mirror)
            assert await made.wanted(files["7/1_p0.png"])
            assert len(noted(mirror)) <= 15

    run(do)


def test_a_lower_cap_holds_from_the_start_and_none_is_no_limit(mirror: Mirror) -> None:
    file = mirror.with_one()

    async def do() -> None:
        async with working(mirror, cap=0):
            await until(lambda: noted(mirror))
        async with working(mirror, cap=1):
            assert noted(mirror) == on_disk(mirror) == set()

    run(do)
    assert rows(mirror, "SELECT sha256, bytes FROM thumb") == [(file.sha256, 0)]


def test_on_a_disk_that_is_nearly_full_only_what_is_asked_for_is_made(mirror: Mirror) -> None:
    mirror.add(illust(1, pages=2))
    first, second = mirror.fetch().values()

    async def do() -> None:
        async with working(mirror, keep_free=1 << 62) as made:
            assert await made.wanted(second)
            await until(lambda: not made._untidy)
            await asyncio.sleep(0.05)

    run(do)
    assert noted(mirror) == {second.sha256}
    assert first.sha256 != second.sha256


# --- trouble


def test_a_place_that_takes_no_file_is_told_and_tried_again(mirror: Mirror) -> None:
    file = mirror.with_one()
    (mirror.root / "thumbs").write_bytes(b"in the way")

    async def do() -> None:
        async with working(mirror) as made:
            await until(lambda: made.trouble)
            assert str(mirror.root / "thumbs") in str(made.trouble)
            (mirror.root / "thumbs").unlink()
            await until(lambda: noted(mirror))
            await until(lambda: made.trouble is None)
            assert await made.wanted(file)

    run(do)


def test_a_disk_that_is_not_there_costs_no_picture(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbs, "ABSENT", 3)
    mirror.add(*(illust(n) for n in range(1, 9)))
    files = mirror.fetch()
    away = mirror.media.rename(mirror.root / "unmounted")

    async def do() -> None:
        async with working(mirror) as made:
            await until(lambda: made.trouble)
            assert str(mirror.media) in str(made.trouble)
            away.rename(mirror.media)
            await until(lambda: noted(mirror) == shas(files))

    run(do)
    assert rows(mirror, "SELECT error FROM thumb WHERE error IS NOT NULL") == []


def test_a_fault_of_ours_is_told_and_all_goes_on(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    files = thumbnail_bytes(mirror, 2)
    decoder = Watched()
    sound = Decoder.thumbnail

    def faulty(self: Decoder, file: int) -> Thumbnail:
        if len(decoder.order) == 1:
            raise KeyError("never thought of")
        return sound(self, file)

    monkeypatch.setattr(Decoder, "thumbnail", faulty)

    async def do() -> None:
        async with working(mirror, decoder=decoder) as made:
            await until(lambda: noted(mirror))
            assert await made.wanted(files["7/2_p0.png"])
            assert await made.wanted(files["7/1_p0.png"])

    run(do)
    assert "KeyError" in caplog.text


# --- what is removed, by us and by others


def test_what_is_forgotten_leaves_with_its_row(mirror: Mirror) -> None:
    mirror.add(illust(1, pages=2), illust(2), illust(3, owner={"id": 8, "name": "n", "account": "a"}), novel(1))
    files = mirror.fetch()

    async def do() -> None:
        async with working(mirror):
            await until(lambda: noted(mirror) == shas(files))
            for ref, page in (("1", 1), ("2", None), ("user:8", None), ("novel:1", None)):
                forget(mirror, ref, page)
            await until(lambda: rows(mirror, "SELECT work_key FROM thumb") == [(2,)])

    run(do)
    assert on_disk(mirror) == {files["7/1_p0.png"].sha256}


def test_what_was_forgotten_while_nothing_ran_leaves_at_the_start(mirror: Mirror) -> None:
    file = mirror.with_one()

    async def make() -> None:
        async with working(mirror) as made:
            assert await made.wanted(file)

    run(make)
    forget(mirror, "1")

    async def look() -> None:
        async with working(mirror):
            await until(lambda: not on_disk(mirror))

    run(look)
    assert rows(mirror, "SELECT sha256 FROM thumb") == []


@pytest.mark.parametrize("gone", ["thumbs", "thumbs.db", "both", "one file"])
@pytest.mark.parametrize("when", ["between", "meanwhile"])
def test_what_is_deleted_comes_back(mirror: Mirror, gone: str, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbs, "TIDY_S", 0.05)
    mirror.add(illust(1, pages=2), illust(2))
    files = mirror.fetch()

    def delete() -> None:
        if gone in ("thumbs", "both"):
            shutil.rmtree(mirror.root / "thumbs")
        if gone in ("thumbs.db", "both"):
            for path in mirror.root.glob("thumbs.db*"):
                path.unlink()
        if gone == "one file":
            thumbnail_path(mirror.root, files["7/2_p0.png"].sha256).unlink()

    def is_whole() -> bool:
        there = (mirror.root / "thumbs.db").exists()
        return there and on_disk(mirror) == noted(mirror) == shas(files)

    async def do() -> None:
        async with working(mirror):
            await until(is_whole)
            if when == "meanwhile":
                delete()
                await until(is_whole)
        if when == "between":
            delete()
            async with working(mirror):
                await until(is_whole)

    run(do)


def test_what_a_crash_left_between_file_and_row_is_put_right(mirror: Mirror) -> None:
    mirror.add(illust(1, pages=2))
    files = mirror.fetch()
    without_row, unknown = files["7/1_p1.png"].sha256, "ab" * 32
    write_thumbnail(mirror.root, without_row, b"RIFF half of it")
    write_thumbnail(mirror.root, unknown, b"RIFF of what was forgotten")
    half = thumbnail_path(mirror.root, unknown).with_name(f".{unknown}.webp.part")
    half.write_bytes(b"RI")

    async def do() -> None:
        async with working(mirror):
            await until(lambda: noted(mirror) == shas(files))

    run(do)
    assert on_disk(mirror) == shas(files)
    with Image.open(thumbnail_path(mirror.root, without_row)) as shown:
        shown.load()


def test_a_thumbnail_outlives_its_file_where_that_was_lost(mirror: Mirror) -> None:
    file = mirror.with_one()

    async def do() -> None:
        async with working(mirror) as made:
            assert await made.wanted(file)
        mirror.db.run_sync(lambda c: c.exec_driver_sql("UPDATE media SET state = 'wanted'"))
        async with working(mirror) as made:
            await until(lambda: not made._untidy)

    run(do)
    assert on_disk(mirror) == {file.sha256}


# --- by picture


def test_the_same_picture_is_found_in_another_size_and_quality_also_where_it_was_replaced(mirror: Mirror) -> None:
    mirror.add(illust(1, pages=2), illust(2), illust(3))
    pictures = {f"7/{name}.png": encoded(scene(n, 450, 600), "PNG") for n, name in enumerate(("1_p0", "2_p0"), 1)}
    pictures["7/1_p1.png"] = encoded(scene(3, 450, 600), "PNG")
    pictures["7/3_p0.png"] = encoded(scene(3, 300, 400), "JPEG", quality=50)
    files = mirror.fetch(pictures)
    replace(mirror, "7/1_p1.png")
    search = encoded(scene(3, 240, 320), "WEBP", quality=60)

    async def found(made: Thumbs, data: bytes) -> list[Near]:
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            return await made.like(file.fileno())

    async def do() -> None:
        async with working(mirror) as made:
            await until(lambda: len(noted(mirror)) == 4)
            near = await found(made, search)
            assert {one.file.path for one in near} == {"7/1_p1.png", "7/3_p0.png"}
            assert [one.distance for one in near] == sorted(one.distance for one in near)
            assert await found(made, encoded(scene(99), "PNG")) == []
            with pytest.raises(NoThumbnail):
                await found(made, HOSTILE["garbage"])

            mirror.add(illust(5))
            later = mirror.fetch({"7/5_p0.png": search}, now=NOW + 1)
            assert await made.wanted(later["7/5_p0.png"])
            assert ("7/5_p0.png", 0) in [(one.file.path, one.distance) for one in await found(made, search)]

            forget(mirror, "5")
            forget(mirror, "1", 1)
            assert {one.file.path for one in await found(made, search)} == {"7/3_p0.png"}

    run(do)
    assert files
