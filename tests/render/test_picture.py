"""One thumbnail from one file: what a tile shows, small, upright, in sRGB, on white; and why there is none."""

import errno
import io
import zlib
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageCms

from pixmirror.catalogue.search import grid
from pixmirror.render import picture
from pixmirror.render.picture import HEIGHT, dhash, make
from pixmirror.render.wire import NoThumbnail, Thumbnail
from tests.hostile.files import HOSTILE
from tests.render.files import BLUE, GREEN, RED, bomb, chunk, encoded, png, quarters, scene, zipped

ORIENTATION = 0x0112


def made(data: bytes) -> tuple[Thumbnail, Image.Image]:
    thumbnail = make(io.BytesIO(data))
    shown = Image.open(io.BytesIO(thumbnail.webp))
    shown.load()
    assert shown.format == "WEBP"
    return thumbnail, shown


def is_near(found: Any, wanted: tuple[int, int, int], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def corners(shown: Image.Image) -> list[Any]:
    """The colours a quarter in from the top left, the top right, the bottom left and the bottom right."""
    right, low = shown.width * 3 // 4, shown.height * 3 // 4
    left, high = shown.width // 4, shown.height // 4
    return [shown.getpixel(at) for at in ((left, high), (right, high), (left, low), (right, low))]


@pytest.mark.parametrize(
    ("kind", "mode", "how"),
    [
        ("JPEG", "RGB", {"quality": 92}),
        ("JPEG", "RGB", {"quality": 92, "progressive": True}),
        ("PNG", "RGB", {}),
        ("PNG", "P", {}),
        ("PNG", "RGBA", {}),
        ("GIF", "P", {}),
        ("WEBP", "RGB", {"quality": 90}),
        ("JPEG", "CMYK", {"quality": 95}),
    ],
)
def test_each_kind_of_picture_is_480_pixels_high_with_its_own_colours(kind: str, mode: str, how: Any) -> None:
    thumbnail, shown = made(encoded(quarters(1500, 2000, mode), kind, **how))

    assert (thumbnail.width, thumbnail.height) == (1500, 2000)
    assert shown.size == (360, HEIGHT)
    found = corners(shown)
    assert all(is_near(a, b) for a, b in zip(found, (RED, GREEN, BLUE, BLUE), strict=True)), found


def test_a_ugoira_shows_the_first_of_its_frames() -> None:
    frames = {
        "000001.jpg": encoded(Image.new("RGB", (900, 900), GREEN), "JPEG"),
        "000000.jpg": encoded(Image.new("RGB", (900, 900), RED), "JPEG"),
    }
    thumbnail, shown = made(zipped(frames))

    assert (thumbnail.width, thumbnail.height) == (900, 900)
    assert is_near(shown.getpixel((9, 9)), RED)


def test_what_is_cut_of_a_picture_is_what_its_tile_in_the_grid_does_not_show() -> None:
    assert (picture.NARROWEST, picture.WIDEST) == (grid.NARROWEST / 100, grid.WIDEST / 100)


def test_a_gif_that_moves_shows_its_first_frame() -> None:
    first, second = Image.new("RGB", (90, 90), RED), Image.new("RGB", (90, 90), GREEN)
    _, shown = made(encoded(first, "GIF", save_all=True, append_images=[second]))

    assert is_near(shown.getpixel((9, 9)), RED)


def test_a_small_picture_is_not_made_larger() -> None:
    _, shown = made(encoded(quarters(120, 90), "PNG"))

    assert shown.size == (120, 90)


def test_a_long_strip_is_cut_to_what_a_tile_shows_with_more_of_its_top() -> None:
    strip = Image.new("RGB", (800, 8000), GREEN)
    height = round(800 / 0.45)
    top = (8000 - height) // 4
    strip.paste(RED, (0, top, 800, top + height))
    thumbnail, shown = made(encoded(strip, "PNG"))

    assert (thumbnail.width, thumbnail.height) == (800, 8000)
    assert shown.size == (216, HEIGHT)
    assert all(is_near(shown.getpixel(at), RED) for at in ((100, 4), (100, 240), (100, 475)))


def test_a_broad_picture_is_cut_at_both_sides_to_1056_pixels() -> None:
    broad = Image.new("RGB", (6000, 1000), GREEN)
    broad.paste(RED, (1900, 0, 4100, 1000))
    _, shown = made(encoded(broad, "JPEG", quality=95))

    assert shown.size == (1056, HEIGHT)
    assert all(is_near(shown.getpixel(at), RED) for at in ((4, 240), (528, 240), (1051, 240)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_whatever_way_its_camera_was_held(orientation: int, kind: str) -> None:
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = quarters(800, 1000)
    stored = upright.transpose(back[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    thumbnail, shown = made(encoded(stored, kind, exif=exif))

    assert (thumbnail.width, thumbnail.height) == (800, 1000)
    assert shown.size == (384, HEIGHT)
    found = corners(shown)
    assert all(is_near(a, b, 30) for a, b in zip(found, (RED, GREEN, BLUE, BLUE), strict=True)), found


def test_an_orientation_that_is_none_turns_nothing() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 77
    thumbnail, _ = made(encoded(quarters(300, 400), "JPEG", exif=exif))

    assert (thumbnail.width, thumbnail.height) == (300, 400)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode: str) -> None:
    clear = Image.new("RGBA", (600, 600), (*RED, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 600, 300))
    how = {"transparency": 0} if mode == "P" else {}
    data = encoded(clear.convert(mode) if mode != "P" else _with_one_clear(), "PNG", **how)
    _, shown = made(data)

    assert is_near(shown.getpixel((240, 100)), (0, 0, 0))
    assert is_near(shown.getpixel((240, 400)), (255, 255, 255))


def _with_one_clear() -> Image.Image:
    indexed = Image.new("P", (600, 600), 0)
    indexed.putpalette([*RED, 0, 0, 0])
    indexed.paste(1, (0, 0, 600, 300))
    return indexed


def test_greys_of_sixteen_bits_keep_their_middle() -> None:
    deep = Image.new("I;16", (600, 600), 0x8000)
    _, shown = made(encoded(deep, "PNG"))

    assert is_near(shown.getpixel((100, 100)), (128, 128, 128), 3)


def test_colours_of_another_profile_become_those_of_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    swapped = _profile_with_red_and_blue_exchanged()
    _, shown = made(encoded(Image.new("RGB", (600, 600), (250, 10, 10)), "PNG", icc_profile=swapped))

    red, _, blue = shown.getpixel((100, 100))  # type: ignore[misc]
    assert blue > 200 > 100 > red
    assert not shown.info.get("icc_profile")
    _, ignored = made(encoded(Image.new("RGB", (600, 600), RED), "PNG", icc_profile=lab.tobytes()))
    assert is_near(ignored.getpixel((100, 100)), RED)


def _profile_with_red_and_blue_exchanged() -> bytes:
    """An sRGB profile whose tags of red and blue have changed their names."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")


@pytest.mark.parametrize("profile", [b"no profile", bytes(200), b"\xff" * 4096])
def test_a_profile_that_is_of_no_use_is_left_out(profile: bytes) -> None:
    _, shown = made(encoded(Image.new("RGB", (600, 600), RED), "JPEG", quality=95, icc_profile=profile))

    assert is_near(shown.getpixel((100, 100)), RED)


def test_the_colour_is_the_average_of_what_is_shown() -> None:
    half = Image.new("RGB", (400, 400), (0, 0, 0))
    half.paste((200, 100, 50), (0, 0, 400, 200))
    thumbnail, _ = made(encoded(half, "PNG"))

    assert is_near(thumbnail.colour.to_bytes(3, "big"), (100, 50, 25), 2)


def test_the_hash_hardly_changes_with_size_quality_and_kind() -> None:
    for seed in range(6):
        large = make(io.BytesIO(encoded(scene(seed, 720, 960), "PNG"))).dhash
        for other in (encoded(scene(seed, 450, 600), "JPEG", quality=60), encoded(scene(seed, 150, 200), "WEBP")):
            assert ((large ^ make(io.BytesIO(other)).dhash) & (1 << 64) - 1).bit_count() <= 4


def test_hashes_of_pictures_that_have_nothing_in_common_are_far_apart() -> None:
    hashes = [dhash(scene(seed, 90, 120)) & (1 << 64) - 1 for seed in range(30)]

    assert min((a ^ b).bit_count() for n, a in enumerate(hashes) for b in hashes[:n]) > 12


def test_the_hash_has_64_bits_that_sqlite_can_hold() -> None:
    bright_to_dark = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_270).resize((90, 80))
    dark_to_bright = bright_to_dark.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    assert {dhash(bright_to_dark), dhash(dark_to_bright)} == {-1, 0}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_whole_picture_is_refused_with_its_reason(what: str) -> None:
    with pytest.raises(NoThumbnail) as refused:
        make(io.BytesIO(HOSTILE[what]))

    assert 10 < len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)


def test_more_pixels_than_are_decoded_are_refused_before_anything_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MOST_PIXELS", 999 * 999)
    data = bomb(1000, 1000)

    with pytest.raises(NoThumbnail, match="1000 x 1000 pixels"):
        make(io.BytesIO(data))
    monkeypatch.setattr(picture, "MOST_PIXELS", 1000 * 1000)
    assert made(data)[0].colour == 0


def test_a_text_in_a_png_that_unpacks_to_much_is_refused_or_ignored() -> None:
    text = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(80 << 20), 9))
    with pytest.raises(NoThumbnail):
        make(io.BytesIO(png(60, 60, text, chunk(b"IDAT", b""))))


def test_files_with_bytes_changed_anywhere_give_a_thumbnail_or_a_reason() -> None:
    rng = Random(5)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    small = scene(6, 64, 48)
    sound = [
        encoded(small, "JPEG", exif=exif, icc_profile=profile),
        encoded(small.convert("RGBA"), "PNG", exif=exif, icc_profile=profile),
        encoded(small.convert("P"), "GIF", save_all=True, append_images=[small.convert("P")]),
        encoded(small, "WEBP", exif=exif, icc_profile=profile),
        zipped({"0.jpg": encoded(small, "JPEG")}),
    ]
    outcomes: set[type] = set()
    for data in sound:
        for _ in range(120):
            changed = bytearray(data)
            for _ in range(rng.choice((1, 3, 20))):
                changed[rng.randrange(min(len(changed), rng.choice((64, 1024, 1 << 20))))] = rng.randrange(256)
            try:
                outcomes.add(type(make(io.BytesIO(changed))))
            except NoThumbnail as error:
                outcomes.add(type(error))
    assert outcomes == {Thumbnail, NoThumbnail}


def test_a_disk_that_fails_is_not_held_against_the_picture() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 1000:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    noise = Image.frombytes("RGB", (300, 300), Random(7).randbytes(270_000))
    with pytest.raises(OSError, match="Input/output") as failed:
        make(Failing(encoded(noise, "JPEG", quality=95)))
    assert not isinstance(failed.value, NoThumbnail)
