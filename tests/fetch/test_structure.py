"""The structure check: whole files pass, anything cut, changed or of another kind is refused."""

import io
import random
import threading
import tracemalloc
import zipfile
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pixmirror.errors import Damaged
from pixmirror.fetch.structure import ZIP_ENTRIES, OutOfTime, Patience, check_structure


def picture(width: int = 90, height: int = 70) -> Image.Image:
    noise = random.Random(7).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), noise)


def encoded(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture().save(out, form, **options)
    return out.getvalue()


def zipped(compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for number in range(4):
            archive.writestr(f"{number:06}.jpg", encoded("JPEG", quality=20 + number))
    return out.getvalue()


def nested_zip() -> bytes:
    """A whole zip stands, unpacked, inside a zip: a cut behind it leaves something that ends like a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inner.zip", zipped())
        archive.writestr("after.jpg", encoded("JPEG"))
    return out.getvalue()


def jpeg_with_thumbnail() -> bytes:
    """A whole JPEG, end marker and all, in the APP1 segment of another."""
    body = encoded("JPEG")
    payload = b"Exif\0\0" + encoded("JPEG", quality=5)[:60000]
    return body[:2] + b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload + body[2:]


@cache
def whole_files() -> dict[str, tuple[str, bytes]]:
    frames = [picture(40, 40), picture(41, 40).resize((40, 40)), Image.new("RGB", (40, 40), "red")]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:], duration=50)
    return {
        "jpeg": ("jpg", encoded("JPEG")),
        "progressive jpeg": ("jpg", encoded("JPEG", progressive=True, quality=90)),
        "jpeg with restart markers": ("jpg", encoded("JPEG", restart_marker_blocks=2)),
        "jpeg with thumbnail": ("jpg", jpeg_with_thumbnail()),
        "png": ("png", encoded("PNG")),
        "gif": ("gif", gif.getvalue()),
        "webp": ("webp", encoded("WEBP")),
        "lossless webp": ("webp", encoded("WEBP", lossless=True)),
        "zip": ("zip", zipped()),
        "deflated zip": ("zip", zipped(zipfile.ZIP_DEFLATED)),
        "zip in zip": ("zip", nested_zip()),
    }


KINDS = sorted(whole_files())


def check(data: bytes, ext: str, expected_size: int | None = None) -> None:
    check_structure(io.BytesIO(data), ext, expected_size)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_pass_from_a_path_and_from_an_open_file(kind: str, tmp_path: Path) -> None:
    ext, data = whole_files()[kind]
    path = tmp_path / "file"
    path.write_bytes(data)
    check_structure(path, ext, len(data))
    check(data, ext)
    check(data, ext.upper())
    with path.open("rb") as file:
        file.seek(5)  # it is read from its start wherever it stands
        check_structure(file, ext)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_cut_file_is_refused_wherever_the_cut_is(kind: str, data: st.DataObject) -> None:
    ext, whole = whole_files()[kind]
    cut = data.draw(st.one_of(st.integers(1, 64), st.integers(1, len(whole))))
    with pytest.raises(Damaged):
        check(whole[: len(whole) - cut], ext)


@pytest.mark.parametrize("kind", ["gif", "jpeg with thumbnail", "zip in zip"])
def test_the_misleading_files_are_refused_at_every_single_cut(kind: str) -> None:
    ext, whole = whole_files()[kind]
    for length in range(0, len(whole), 1 if len(whole) < 12_000 else 7):
        with pytest.raises(Damaged):
            check(whole[:length], ext)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_changed_byte_in_a_png_is_refused(data: st.DataObject) -> None:
    ext, whole = whole_files()["png"]
    place = data.draw(st.integers(0, len(whole) - 1))
    bits = data.draw(st.integers(1, 255))
    with pytest.raises(Damaged):
        check(whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :], ext)


@pytest.mark.parametrize("kind", ["zip", "deflated zip"])
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_changed_byte_in_a_zip_is_refused_unless_every_member_is_still_the_same(
    kind: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    _, whole = whole_files()[kind]
    directory = whole.index(b"PK\x01\x02")
    place = data.draw(st.one_of(st.integers(0, len(whole) - 1), st.integers(directory, len(whole) - 1)))
    changed = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    path = tmp_path_factory.getbasetemp() / "changed.zip"
    path.write_bytes(changed)
    try:
        check_structure(path, "zip")
    except Damaged:
        return
    assert _members(changed) == _members(whole)


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@settings(max_examples=300, deadline=None)
@given(ext=st.sampled_from(["jpg", "png", "gif", "webp", "zip"]), data=st.data())
def test_no_bytes_make_it_fail_in_another_way(ext: str, data: st.DataObject) -> None:
    _, whole = whole_files()[data.draw(st.sampled_from(KINDS))]
    start = data.draw(st.sampled_from([0, 16, 200, len(whole)]))
    garbage = whole[:start] + data.draw(st.binary(max_size=300))
    with suppress(Damaged):
        check(garbage, ext)


@pytest.mark.parametrize("ext", ["jpg", "png", "gif", "webp", "zip"])
@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><title>403</title>", b"\n <html>", b"\xef\xbb\xbf<!doctype html>"]
)
def test_an_html_page_is_named_as_such(page: bytes, ext: str) -> None:
    with pytest.raises(Damaged, match="HTML page"):
        check(page, ext)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Damaged, match="empty"):
        check(b"", "jpg", 0)


def test_another_kind_than_the_name_says_is_refused_and_named() -> None:
    with pytest.raises(Damaged, match=r"named \.jpg but holds png"):
        check(whole_files()["png"][1], "jpg")
    with pytest.raises(Damaged, match="another kind of RIFF"):
        check(b"RIFF\x10\0\0\0WAVEfmt " + bytes(8), "webp")


def test_another_length_than_announced_is_refused() -> None:
    ext, whole = whole_files()["jpeg"]
    with pytest.raises(Damaged, match="announced"):
        check(whole, ext, len(whole) + 1)


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp"])
def test_what_follows_the_end_is_judged_alike_whether_the_length_was_announced_or_not(kind: str) -> None:
    ext, whole = whole_files()[kind]
    much = whole + bytes(70_000)
    check(much, ext)
    check(much, ext, len(much))


def test_a_kind_never_heard_of_is_unchecked_and_said_so_but_not_an_empty_file_or_a_page() -> None:
    assert check_structure(io.BytesIO(b"\0\0\0\x1cftypavif"), "avif") == "no check is known for files named .avif"
    assert check_structure(io.BytesIO(whole_files()["png"][1]), "png") is None
    for data in (b"", b"<!doctype html>"):
        with pytest.raises(Damaged):
            check(data, "avif")
    with pytest.raises(Damaged, match="announced"):
        check(b"abc", "avif", 4)


JPEG_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"
SCAN = b"\xff\xda\x00\x08\1\1\0\0\x3f\0"


class Reads(io.BytesIO):
    """A file that counts what is read of it."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


@pytest.mark.parametrize(
    "middle",
    [
        b"\xff" * 300_000,
        b"\xff\xff\xfe\x00\x02" * 60_000,
        SCAN + b"\xff\x00" * 150_000,
        SCAN + b"\xff" * 2_000_001,
    ],
    ids=["fill bytes", "fill bytes before segments", "stuffed", "a scan of fill bytes"],
)
def test_no_byte_of_a_jpeg_is_read_twice(middle: bytes) -> None:
    file = Reads(JPEG_HEAD + middle + SCAN + b"abc" + b"\xff\xd9")
    check_structure(file, "jpg")
    assert file.count < len(file.getvalue()) + 1000


def test_a_check_that_takes_too_long_ends_and_says_that_nothing_was_checked() -> None:
    block = b"GIF89a\1\0\1\0\0\0\0" + b",\0\0\0\0\1\0\1\0\0\2" + b"\1a" * 5000 + b"\0;"
    assert check_structure(io.BytesIO(block), "gif") is None
    for patience in (Patience(-1.0), Patience(stop=set_event())):
        with pytest.raises(OutOfTime):
            check_structure(io.BytesIO(block), "gif", patience=patience)


def set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def test_a_zip_with_a_huge_directory_is_refused_before_that_is_read() -> None:
    whole = bytearray(whole_files()["zip"][1])
    end = whole.rindex(b"PK\x05\x06")
    whole[end + 12 : end + 16] = (64 << 20).to_bytes(4, "little")
    with pytest.raises(Damaged, match="directory"):
        check(bytes(whole), "zip")


def test_a_second_image_behind_a_jpeg_must_be_whole_too() -> None:
    ext, whole = whole_files()["jpeg"]
    check(whole + whole, ext)
    with pytest.raises(Damaged, match="cut"):
        check(whole + whole[:-1], ext)


def test_a_jpeg_whose_rest_is_zeros_is_refused() -> None:
    ext, whole = whole_files()["jpeg"]
    with pytest.raises(Damaged, match="cut"):
        check(whole[:3000] + bytes(len(whole) - 3000), ext, len(whole))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(20 << 20))
    with pytest.raises(Damaged, match="unpack to"):
        check(out.getvalue(), "zip")


def test_a_zip_of_too_many_members_or_of_none_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(ZIP_ENTRIES + 1):
            archive.writestr(str(number), b"")
    with pytest.raises(Damaged, match="at most 2000"):
        check(out.getvalue(), "zip")
    out = io.BytesIO()
    zipfile.ZipFile(out, "w").close()
    with pytest.raises(Damaged):
        check(out.getvalue(), "zip")


def test_a_png_without_image_data_is_refused() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = chunk(b"IHDR", bytes(13))
    with pytest.raises(Damaged, match="no image data"):
        check(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IEND", b""), "png")
    with pytest.raises(Damaged, match="header"):
        check(b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "png")


@pytest.mark.parametrize(
    ("ext", "body"), [("avif", b"\0\0\0\x1cftypavif" + b"x" * 50), ("bmp", b"BM" + b"z" * 60)]
)
def test_a_kind_never_heard_of_is_whole_by_its_length(ext: str, body: bytes):
    check_structure(io.BytesIO(body), ext, len(body))
    check_structure(io.BytesIO(body), ext)
    with pytest.raises(Damaged, match="announced"):
        check_structure(io.BytesIO(body[:-1]), ext, len(body))
    with pytest.raises(Damaged):
        check_structure(io.BytesIO(b"<html>no</html>"), ext)


def test_a_name_never_heard_of_is_checked_as_what_the_file_looks_like():
    body = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9"
    with pytest.raises(Damaged):
        check_structure(io.BytesIO(body[:5]), "jfif")


class Counted(io.BytesIO):
    """Counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def judged_in_bounds(rng: random.Random, times: int) -> None:
    """Changed files of each kind take little memory, and are read a few times over at most."""
    outcomes = set()
    for kind in KINDS:
        ext, whole = whole_files()[kind]
        for turn in range(times):
            changed = bytearray(whole)
            for _ in range(rng.choice((1, 3, 20))):
                near = min(len(changed), rng.choice((64, 1024, 1 << 20)))
                place = rng.randrange(near)
                changed[place if rng.random() < 0.5 else -1 - place] = rng.choice((0, 255, rng.randrange(256)))
            file = Counted(changed)
            tracemalloc.start()
            try:
                check_structure(file, ext)
                outcomes.add("passed")
            except Damaged:
                outcomes.add("refused")
            finally:
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
            assert peak < 4 << 20, (kind, turn, peak)
            assert file.taken < 4 * len(whole) + (1 << 20), (kind, turn, file.taken)
    assert outcomes == {"passed", "refused"}


def test_a_changed_file_is_judged_in_bounded_memory_and_few_reads() -> None:
    judged_in_bounds(random.Random(3), 40)


@pytest.mark.long
def test_thousands_of_changed_files_are_judged_in_bounded_memory_and_few_reads() -> None:
    judged_in_bounds(random.Random(4), 3000)
