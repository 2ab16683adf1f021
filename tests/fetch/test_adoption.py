"""A file on the disk is taken for the one that is wanted only when something proves that it is."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from pixmirror.demo.pictures import other
from pixmirror.fetch.adoption import adopt
from pixmirror.models import url_ms
from pixmirror.store import MirrorRoot

PLAIN, LATER = "5/7_p0.png", "5/7_p0_20200202020202.png"
OLD = "https://i.pximg.net/img-original/img/2020/01/01/01/01/01/7_p0.png"
NEW = "https://i.pximg.net/img-original/img/2020/02/02/02/02/02/7_p0.png"
UNDATED = "https://i.pximg.net/img-original/7_p0.png"
ONE, OTHER = other("illust", "one", 8, 8, "png"), other("illust", "two", 8, 8, "png")


@pytest.fixture
def root(tmp_path: Path):
    with MirrorRoot.open(tmp_path / "mirror") as opened:
        (opened.media / "5").mkdir()
        yield opened


def put(root: MirrorRoot, rel: str, body: bytes, url: str | None = None) -> str:
    """The file with the time of this URL; its sha256."""
    (root.media / rel).write_bytes(body)
    if url is not None:
        ms = url_ms(url) or 0
        os.utime(root.media / rel, ns=(ms * 1_000_000, ms * 1_000_000))
    return hashlib.sha256(body).hexdigest()


def tell(root: MirrorRoot, **told: object) -> None:
    file = {"role": "page", "index": 0, "url": OLD, "path": PLAIN} | told
    (root.media / "5/7.json").write_text(json.dumps({"files": [file]}))


def test_the_time_of_the_url_confirms_a_file(root: MirrorRoot) -> None:
    sha256 = put(root, PLAIN, ONE, NEW)
    found = adopt(root, PLAIN, [NEW], None)
    assert found is not None
    assert (found.path, found.size, found.sha256, found.url) == (PLAIN, len(ONE), sha256, NEW)


def test_an_earlier_version_under_the_plain_name_is_not_the_present_one(root: MirrorRoot) -> None:
    put(root, PLAIN, ONE, OLD)
    assert adopt(root, PLAIN, [NEW], None) is None


def test_a_file_of_any_other_time_is_not_taken(root: MirrorRoot) -> None:
    put(root, PLAIN, ONE)
    assert adopt(root, PLAIN, [NEW], None) is None


def test_the_present_version_is_found_under_the_name_of_a_later_one(root: MirrorRoot) -> None:
    put(root, PLAIN, ONE, OLD)
    put(root, LATER, OTHER, NEW)
    found = adopt(root, PLAIN, [NEW], None)
    assert found is not None
    assert found.path == LATER


def test_a_file_whose_url_names_no_time_has_that_of_its_work(root: MirrorRoot) -> None:
    put(root, PLAIN, ONE, OLD)
    assert adopt(root, PLAIN, [UNDATED], url_ms(NEW)) is None
    assert adopt(root, PLAIN, [UNDATED], url_ms(OLD)) is not None
    assert adopt(root, PLAIN, [UNDATED], None) is None


def test_bytes_that_the_sidecar_contradicts_are_never_taken(root: MirrorRoot) -> None:
    put(root, PLAIN, ONE, NEW)
    tell(root, url=NEW, size=len(ONE), sha256="0" * 64)
    assert adopt(root, PLAIN, [NEW], None) is None


def test_a_sidecar_that_says_which_version_it_is_needs_no_time(root: MirrorRoot) -> None:
    sha256 = put(root, PLAIN, ONE)
    tell(root, url=NEW, size=len(ONE), sha256=sha256)
    assert adopt(root, PLAIN, [NEW], None) is not None
    assert adopt(root, PLAIN, [OLD], None) is None


def test_a_sidecar_without_hashes_proves_nothing(root: MirrorRoot) -> None:
    put(root, PLAIN, ONE)
    tell(root, url=NEW)
    assert adopt(root, PLAIN, [NEW], None) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": 3}', '{"files": [3, {"role": "page"}]}', "\x00"])
def test_a_sidecar_that_cannot_be_read_says_nothing(root: MirrorRoot, text: str) -> None:
    put(root, PLAIN, ONE, NEW)
    (root.media / "5/7.json").write_text(text)
    assert adopt(root, PLAIN, [NEW], None) is not None


def test_the_known_sha256_decides_alone(root: MirrorRoot) -> None:
    sha256 = put(root, PLAIN, ONE, OLD)
    assert adopt(root, PLAIN, [NEW], None, sha256) is not None
    put(root, PLAIN, OTHER, NEW)
    assert adopt(root, PLAIN, [NEW], None, sha256) is None


def test_a_file_that_is_cut_is_not_taken(root: MirrorRoot) -> None:
    put(root, PLAIN, ONE[:-9], NEW)
    assert adopt(root, PLAIN, [NEW], None) is None
