"""The size of a picture, from the head of its file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pixmirror.gallery.picture_size import UNKNOWN, size_of

HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X", b"RIFF\0\0\0\0WEBPVP8 ", b"")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("jpeg", {}),
        ("jpeg", {"progressive": True, "comment": b"x" * 60_000}),
        ("png", {}),
        ("gif", {}),
        ("webp", {}),
        ("webp", {"lossless": True}),
        ("webp", {"exif": b"Exif\0\0"}),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (300, 200), (131, 1700)])
def test_the_size_is_the_one_that_a_decoder_finds(
    kind: str, options: dict[str, object], size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / f"picture.{kind}"
    Image.new("RGB", size, (90, 120, 200)).save(path, kind, **options)
    assert size_of(path) == size


@given(st.sampled_from(HEADS), st.binary(max_size=200))
def test_any_file_has_a_size_or_none(tmp_path_factory: pytest.TempPathFactory, head: bytes, rest: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + rest)
    width, height = size_of(path)
    assert width >= 0
    assert height >= 0


def test_a_file_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert size_of(tmp_path / "none") == UNKNOWN
