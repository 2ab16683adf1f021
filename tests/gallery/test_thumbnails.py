"""Thumbnails as pages ask for them."""

import asyncio
import io
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from pixmirror.catalogue.database import catalogue_path
from pixmirror.gallery import thumbnails
from pixmirror.gallery.place import Gallery
from pixmirror.gallery.zipped import zipped
from pixmirror.render.thumbs import Thumbs
from pixmirror.store.thumbnails import thumbnail_path
from tests.gallery.asking import ask
from tests.gallery.conftest import Mirrored, Served, serving
from tests.gallery.readable import comes_true, forget

NOW = 1_800_000_000_000
PICTURE = """
SELECT owner_id || '-' || sha256 FROM media
WHERE owner_kind = 'work' AND role = ? AND state = 'stored' ORDER BY owner_id LIMIT 1 OFFSET ?"""


def picture(root: Path, number: int = 0, role: str = "page") -> str:
    with closing(sqlite3.connect(catalogue_path(root))) as catalogue:
        return str(catalogue.execute(PICTURE, (role, number)).fetchone()[0])


def test_a_thumbnail_is_made_when_a_page_asks_and_its_colour_is_known_then(own_root: Path) -> None:
    name = picture(own_root)
    with serving(own_root, thumbs=True) as served:
        comes_true(lambda: served.gallery.thumbs is not None)
        answer = ask(served.url, f"/thumb/{name}.webp")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/webp")
        assert "immutable" in answer.headers["Cache-Control"]
        with Image.open(io.BytesIO(answer.body)) as made:
            assert made.height <= 480
    with closing(sqlite3.connect(own_root / "thumbs.db")) as thumbs:
        sha256 = name.partition("-")[2]
        assert thumbs.execute("SELECT colour IS NOT NULL FROM thumb WHERE sha256 = ?", (sha256,)).fetchone() == (
            1,
        )


def test_a_page_that_comes_while_the_gallery_starts_waits_for_the_thumbnails(
    own_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = thumbnails._started

    async def start_late(gallery: Gallery) -> Thumbs:
        await asyncio.sleep(0.5)
        return await started(gallery)

    monkeypatch.setattr(thumbnails, "_started", start_late)
    with serving(own_root, thumbs=True) as served:
        assert served.gallery.thumbs is None
        ask(served.url, f"/thumb/{picture(own_root)}.webp")
        assert served.gallery.thumbs is not None


def test_until_thumbnails_are_made_the_original_stands_in_and_is_not_kept_for_long(gallery: Served) -> None:
    answer = ask(gallery.url, f"/thumb/{picture(gallery.root)}.webp")
    assert answer.status == 200
    assert answer.headers["Content-Type"] != "image/webp"
    assert "immutable" not in answer.headers["Cache-Control"]


def test_the_first_frame_stands_in_for_the_thumbnail_of_an_animation(gallery: Served) -> None:
    answer = ask(gallery.url, f"/thumb/{picture(gallery.root, role='ugoira')}.webp")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.body.startswith(b"\xff\xd8")
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_page_is_packed_for_the_way_but_no_picture_and_no_part_of_a_file(gallery: Served) -> None:
    assert ask(gallery.url, "/works", accept_encoding="gzip").headers["Content-Encoding"] == "gzip"
    for path in (f"/file/{picture(gallery.root)}.png", f"/thumb/{picture(gallery.root)}.webp"):
        whole = ask(gallery.url, path, accept_encoding="gzip")
        assert (whole.status, whole.headers["Content-Encoding"]) == (200, None)
        assert len(whole.body) == int(whole.headers["Content-Length"]) > 800
        part = ask(gallery.url, path, accept_encoding="gzip", range="bytes=100-1999")
        assert (part.status, part.headers["Content-Encoding"]) == (206, None)
        assert part.body == whole.body[100:2000]
    part = ask(gallery.url, "/static/gallery.css", accept_encoding="gzip", range="bytes=0-1999")
    assert (part.status, part.headers["Content-Encoding"], len(part.body)) == (206, None, 2000)


def test_a_file_that_is_not_on_the_disk_is_a_sentence(own_gallery: Served) -> None:
    for path in own_gallery.root.joinpath("media").rglob("*_p0.*"):
        path.unlink()
    answer = ask(own_gallery.url, f"/file/{picture(own_gallery.root)}.png")
    assert answer.status == 503
    assert "is the disk of the media folder there?" in answer.text


def test_no_file_outside_of_the_media_folder_is_given_out_by_a_link_in_it(
    own_gallery: Served, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"\x89PNG secret")
    for path in own_gallery.root.joinpath("media").rglob("*.*"):
        path.unlink()
        path.symlink_to(secret)
    page, frames = picture(own_gallery.root), picture(own_gallery.root, role="ugoira")
    work = f"/w/{int(frames.partition('-')[0]) >> 1}"
    for address in (f"/file/{page}.png", f"/thumb/{page}.webp", f"/thumb/{frames}.webp", f"{work}/first-frame"):
        answer = ask(own_gallery.url, address)
        assert answer.status in (404, 503)
        assert b"PNG secret" not in answer.body
    media = own_gallery.root / "media"
    linked = next(path for path in media.rglob("*.*") if path.is_symlink()).relative_to(media).as_posix()
    with ZipFile(io.BytesIO(b"".join(zipped(media, [linked])))) as made:
        assert made.namelist() == ["NOT-HERE.txt"]


def test_the_thumbnail_of_what_is_forgotten_goes_at_the_next_look(own_root: Path) -> None:
    name = picture(own_root)
    key, sha256 = int(name.partition("-")[0]), name.partition("-")[2]
    with serving(own_root, thumbs=True) as served:
        comes_true(lambda: served.gallery.thumbs is not None)
        assert ask(served.url, f"/thumb/{name}.webp").status == 200
    forget(own_root, "work", key)
    assert thumbnail_path(own_root, sha256).exists()
    with serving(own_root, thumbs=True):
        comes_true(lambda: not thumbnail_path(own_root, sha256).exists())


def test_a_mirror_that_begins_while_the_gallery_runs_is_shown_from_then_on(
    mirrored: Mirrored, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    with serving(root) as served:
        empty = ask(served.url, "/works")
        assert empty.status == 503
        assert "This mirror is empty" in empty.text
        part, source = root / "part", catalogue_path(mirrored.root)
        with closing(sqlite3.connect(source)) as begun, closing(sqlite3.connect(part)) as copy:
            begun.backup(copy)
        part.rename(catalogue_path(root))
        assert 'class="tile' in ask(served.url, "/works").text
