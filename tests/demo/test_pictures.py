"""What the demo draws: real files, the same from the same seed, and otherwise where something was edited."""

import io
import zipfile
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from PIL import Image, ImageChops, ImageStat

from pixmirror.demo import pictures
from pixmirror.demo.drawing.motion import FILMS, frames
from pixmirror.demo.drawing.scenes import SCENES, picture
from pixmirror.demo.drawing.subjects import Kind, Subject, draw
from pixmirror.demo.world import Work

WORK = Work("illust", 7, 5, "illust", "", "", (), 1, 240, 160, 1_700_000_000_000, 1_700_000_000_000)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def distance(one: Image.Image, two: Image.Image) -> float:
    """How far two pictures of a size are from each other, 0 to 255."""
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), two.convert("RGB"))).mean)


def forget_drawn() -> None:
    pictures._drawn.cache_clear()
    pictures.ugoira_zip.cache_clear()


@pytest.mark.parametrize("kind", ["illust", "manga", "ugoira"])
@pytest.mark.parametrize("size", [(240, 160), (64, 48)])
def test_the_same_work_has_the_same_bytes_and_an_edited_one_has_others(kind: str, size: tuple[int, int]) -> None:
    work = replace(WORK, type=kind, width=size[0], height=size[1])
    first = pictures.original(7, work, 0, "jpg")
    forget_drawn()
    assert pictures.original(7, work, 0, "jpg") == first
    edited = pictures.original(7, replace(work, file_ms=work.file_ms + 1000), 0, "jpg")
    assert distance(opened(first), opened(edited)) > 1
    assert {opened(first).size, opened(edited).size} == {size}
    assert pictures.original(8, work, 0, "jpg") != first


@pytest.mark.parametrize("kind", ["illust", "manga", "ugoira"])
def test_an_edited_page_is_seen_to_be_another_whatever_was_drawn(kind: Kind) -> None:
    for number in range(30):
        first, edited = (
            draw(Subject(kind, f"key {number}", 1, 2, edition), 120, 160) for edition in (0, 3000 + number)
        )
        assert distance(first, edited) > 3


def test_pages_of_a_work_differ() -> None:
    for kind in ("illust", "manga"):
        work = replace(WORK, type=kind, page_count=5)
        assert len({pictures.original(7, work, page, "png") for page in range(5)}) == 5


def test_a_smaller_picture_shows_the_same() -> None:
    for number in range(12):
        work = replace(WORK, id=number, width=400, height=300)
        large, small = pictures.original(7, work, 0, "jpg"), pictures.derived(7, work, 0, (200, 200), square=False)
        assert opened(small).size == (200, 150)
        assert distance(opened(large).resize((200, 150)), opened(small)) < 12


def test_every_frame_differs_from_the_next_also_from_the_last_to_the_first() -> None:
    for number in range(4):
        work = replace(WORK, id=number, type="ugoira")
        with zipfile.ZipFile(io.BytesIO(pictures.ugoira_zip(7, work, large=False))) as archive:
            names = archive.namelist()
            shown = [opened(archive.read(name)) for name in names]
        assert names == [name for name, _ in pictures.frames(7, work)]
        assert all(distance(one, two) > 0 for one, two in pairwise([*shown, shown[0]]))
        assert distance(shown[1], opened(pictures.original(7, work, 1, "jpg"))) == 0


@pytest.mark.parametrize("number", range(len(FILMS)))
def test_what_moves_is_back_where_it_was_after_a_loop(number: int) -> None:
    key = next(key for key in map(str, range(1000)) if _film(key) == number)
    begin, middle, end = frames(key, 0, (0.0, 0.5, 1.0), 160, 120)
    assert distance(begin, middle) > 3 * distance(begin, end)


def _film(key: str) -> int:
    return FILMS.index(Random(f"{key} film").choice(FILMS))


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_fits_every_shape_and_another_edition_looks_otherwise(name: str) -> None:
    for size in ((160, 100), (100, 180)):
        one, two, again = (picture(name, "key", 0, edition, *size) for edition in (0, 1, 0))
        assert one.size == size
        assert distance(one, two) > 1
        assert distance(one, again) == 0


@pytest.mark.parametrize("kind", ["cover", "avatar", "stamp", "nobody", "hidden", "illust"])
@pytest.mark.parametrize("size", [(16, 16), (128, 180)])
def test_anything_else_has_its_size_too(kind: Kind, size: tuple[int, int]) -> None:
    for ext, name in (("jpg", "JPEG"), ("png", "PNG"), ("gif", "GIF")):
        image = opened(pictures.other(kind, "key", *size, ext))
        assert (image.format, image.size) == (name, size)


def test_manga_is_printed_in_greys_behind_a_coloured_cover() -> None:
    cover, page, double = (
        draw(Subject("manga", "key", number, 6), *size)
        for number, size in ((0, (140, 200)), (1, (140, 200)), (2, (300, 200)))
    )
    assert (cover.mode, page.mode, double.mode) == ("RGB", "L", "L")
    for printed in (page, double):
        histogram = printed.histogram()
        assert sum(histogram[230:]) > 0.2 * sum(histogram)  # paper
        assert sum(histogram[:60]) > 0.02 * sum(histogram)  # ink
