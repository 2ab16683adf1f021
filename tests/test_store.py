"""The store: one writer, whole files only, nothing outside its folders, nothing on a disk that is not there."""

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.errors import Damaged, DiskFull, FileError, MirrorLocked, StorageAbsent, StorageError, TooLarge
from pixmirror.fetch.structure import check_structure
from pixmirror.store import MARKER, MirrorRoot, Part, Stored, resolve
from pixmirror.store.part import sync_folders
from pixmirror.store.paths import TRASH
from tests.hostile.addresses import PATHS

URL = "https://i.pximg.net/img-original/img/2024/01/02/03/04/05/456_p0.jpg"
REL = "123/456_p0.jpg"
BODY = b"abc" * 100_000
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[MirrorRoot]:
    with MirrorRoot.open(tmp_path / "mirror") as mirror:
        yield mirror


def refuse(file: BinaryIO) -> None:
    raise Damaged("it is damaged")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def finish(part: Part, **how: Any) -> Stored:
    """Place it, and sync its folder as the fetchers do for all that were placed there."""
    stored = part.place(**how)
    sync_folders((part.folder,))
    return stored


def write_all(part: Part) -> None:
    part.write(BODY)
    finish(part)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced and renamed from now on, in order."""
    calls: list[str] = []

    def watch(name: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object) -> None:
            calls.append(name)
            real(*arguments)

        return call

    monkeypatch.setattr(os, "fsync", watch("fsync", os.fsync))
    monkeypatch.setattr(os, "rename", watch("rename", os.rename))
    return calls


def failing(number: int) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


# --- paths


@given(
    st.lists(st.sampled_from(["..", ".", "", "a", "a\\b", "a\0", "..a", "b.jpg", MARKER]), min_size=1, max_size=5)
)
def test_resolved_paths_stay_inside(parts: list[str]) -> None:
    media = Path("/nonexistent/media")
    try:
        path = resolve(media, "/".join(parts))
    except FileError:
        return
    assert os.path.normpath(path).startswith("/nonexistent/media/")
    assert path.name != MARKER


def test_a_link_out_of_the_media_folder_is_not_followed(mirror: MirrorRoot, tmp_path: Path) -> None:
    (mirror.media / "123").symlink_to(tmp_path)
    with pytest.raises(FileError, match="through a link"):
        mirror.open_part(REL, URL)
    assert files(tmp_path / "mirror" / "media") == {MARKER}


def test_a_link_to_a_place_within_the_media_folder_is_followed_but_none_that_leaves_it_on_the_way(
    mirror: MirrorRoot, tmp_path: Path
) -> None:
    (mirror.media / "real").mkdir()
    (mirror.media / "123").symlink_to("real")
    (mirror.media / "real" / "away").symlink_to(tmp_path)
    assert mirror.resolve("123/1.jpg") == mirror.media / "123" / "1.jpg"
    for rel in ("123/away", "123/away/1.jpg", "real/away/1/2.jpg"):
        with pytest.raises(FileError, match="through a link"):
            mirror.resolve(rel)


# --- the mirror's folders


def test_a_new_mirror_is_private_and_known_again(tmp_path: Path) -> None:
    root = tmp_path / "mirror"
    with MirrorRoot.open(root) as first:
        assert first.new
        assert (mode(root), mode(root / "media")) == (0o700, 0o700)
        assert mode(root / "mirror.json") == mode(root / "media" / MARKER) == 0o600
        first.check_media()
        first.note_catalogue()
    with MirrorRoot.open(root) as second:
        assert (second.mirror_id, second.new, second.rebooted) == (first.mirror_id, False, False)
        second.check_media()


def test_a_gallery_that_was_opened_first_leaves_the_mirror_new(tmp_path: Path) -> None:
    (tmp_path / "gallery.db").touch()
    (tmp_path / "thumbs.db").touch()
    with MirrorRoot.open(tmp_path) as cut:
        assert cut.new
    (tmp_path / "media" / MARKER).unlink()
    with MirrorRoot.open(tmp_path) as again:
        assert again.new
        again.check_media()


def test_the_umask_lets_a_group_read_but_never_the_secrets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with MirrorRoot.open(tmp_path / "m", umask=0o027) as mirror:
            part = mirror.open_part(REL, URL)
            part.write(BODY)
            finish(part)
            mirror.write_secret("credentials.json", "{}")
            assert mode(mirror.resolve(REL)) == 0o640
            assert mode(mirror.media / "123") == 0o750
            assert mode(mirror.root / "credentials.json") == 0o600
        assert os.umask(0o022) == 0o022  # as it was
    finally:
        os.umask(before)


def test_a_second_process_is_refused_and_told_who_holds_the_mirror(mirror: MirrorRoot) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from pixmirror.errors import MirrorLocked; from pixmirror.store import MirrorRoot\n"
        "try: MirrorRoot.open(Path(sys.argv[1]))\n"
        "except MirrorLocked as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(mirror.root)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert f"process {os.getpid()} holds the mirror {mirror.root}" in done.stdout


def test_the_lock_is_given_back(tmp_path: Path) -> None:
    first = MirrorRoot.open(tmp_path / "m")
    with pytest.raises(MirrorLocked):
        MirrorRoot.open(tmp_path / "m")
    first.close()
    first.close()
    MirrorRoot.open(tmp_path / "m").close()


def test_a_missing_root_is_not_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(StorageAbsent, match="not there"):
        MirrorRoot.open(tmp_path / "m", create=False)
    assert files(tmp_path) == set()


def test_a_root_that_is_a_file_or_has_a_broken_id_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="file"):
        MirrorRoot.open(tmp_path / "file")
    root = tmp_path / "m"
    MirrorRoot.open(root).close()
    (root / "mirror.json").write_text("{")
    with pytest.raises(StorageError, match=r"mirror\.json does not hold"):
        MirrorRoot.open(root)


def test_media_elsewhere_are_marked_on_first_use_and_never_made(tmp_path: Path) -> None:
    nas = tmp_path / "nas" / "media"
    with MirrorRoot.open(tmp_path / "a", nas) as mirror:
        with pytest.raises(StorageAbsent, match="not there"):
            mirror.check_media()
        assert not nas.exists()
    nas.mkdir(parents=True)
    with MirrorRoot.open(tmp_path / "b", nas) as mirror:
        mirror.check_media()
    with (
        MirrorRoot.open(tmp_path / "a", nas, init_media=True) as mirror,
        pytest.raises(StorageAbsent, match="another"),
    ):
        mirror.check_media()  # another mirror's marker is not replaced


def test_an_existing_mirror_marks_new_media_only_when_told_to(tmp_path: Path) -> None:
    with MirrorRoot.open(tmp_path / "m") as mirror:
        mirror.note_catalogue()
    nas = tmp_path / "nas"
    nas.mkdir()
    with MirrorRoot.open(tmp_path / "m", nas) as mirror, pytest.raises(StorageAbsent, match="lacks its marker"):
        mirror.check_media()
    with MirrorRoot.open(tmp_path / "m", nas, init_media=True) as mirror:
        mirror.check_media()


def test_nothing_is_written_when_the_media_are_not_mounted_and_all_resumes_when_they_are_back(
    tmp_path: Path,
) -> None:
    nas = tmp_path / "nas"
    nas.mkdir()
    with MirrorRoot.open(tmp_path / "m", nas) as mirror:
        part = mirror.open_part(REL, URL)
        part.write(BODY[:10])
        part.abort(keep=True)
        nas.rename(tmp_path / "elsewhere")
        nas.mkdir()  # what an unmounted disk leaves
        for use in (
            mirror.check_media,
            lambda: mirror.open_part(REL, URL),
            lambda: mirror.write_sidecars([("1/2.json", "{}")]),
            lambda: mirror.adopt(REL),
            mirror.remove_stale_parts,
        ):
            with pytest.raises(StorageAbsent, match="marker"):
                use()
        assert list(nas.iterdir()) == []
        nas.rmdir()
        with pytest.raises(StorageAbsent, match="not there"):
            mirror.open_part(REL, URL)
        (tmp_path / "elsewhere").rename(nas)
        part = mirror.open_part(REL, URL)
        assert part.offset == 10
        part.abort()


def test_a_moved_mirror_is_the_same_mirror(tmp_path: Path) -> None:
    with MirrorRoot.open(tmp_path / "m") as mirror:
        part = mirror.open_part(REL, URL)
        part.write(BODY)
        stored = finish(part)
    (tmp_path / "m").rename(tmp_path / "moved")
    with MirrorRoot.open(tmp_path / "moved") as mirror:
        assert not mirror.new
        assert mirror.adopt(REL) == stored


def test_the_reserve_is_kept(tmp_path: Path) -> None:
    with MirrorRoot.open(tmp_path / "m", keep_free=1) as mirror:
        free = mirror.free_bytes()
        assert free > 1
        mirror.check_room(1000)
        with pytest.raises(DiskFull, match="kept free"):
            mirror.check_room(free * 2)


# --- files


def test_a_file_is_stored_with_its_digest_and_time_and_leaves_no_part(mirror: MirrorRoot) -> None:
    part = mirror.open_part(REL, URL)
    assert part.offset == 0
    for start in range(0, len(BODY), 70_000):
        part.write(BODY[start : start + 70_000])
    seen = []
    stored = finish(part, mtime_ms=1_704_164_645_123, check=lambda file: seen.append(file.read()))
    assert (stored.rel, stored.size, stored.sha256) == (REL, len(BODY), SHA)
    assert seen == [BODY]
    path = mirror.resolve(REL)
    assert path.read_bytes() == BODY
    assert path.stat().st_mtime_ns == 1_704_164_645_123_000_000
    assert mode(path) == 0o600
    assert files(mirror.media) == {MARKER, REL}
    part.abort()  # harmless now
    assert path.exists()


def test_a_cut_download_goes_on_where_it_stopped(mirror: MirrorRoot) -> None:
    part = mirror.open_part(REL, URL)
    part.write(BODY[:123_456])
    part.abort(keep=True)
    part = mirror.open_part(REL, URL)
    assert part.offset == 123_456
    part.write(BODY[123_456:])
    assert finish(part).sha256 == SHA


def test_a_server_that_starts_over_is_followed(mirror: MirrorRoot) -> None:
    part = mirror.open_part(REL, URL)
    part.write(b"something longer than what comes now")
    part.abort(keep=True)
    part = mirror.open_part(REL, URL)
    part.restart()
    assert part.offset == 0
    part.write(b"new")
    assert finish(part).sha256 == hashlib.sha256(b"new").hexdigest()
    assert mirror.resolve(REL).read_bytes() == b"new"


def test_a_lock_file_that_a_loss_of_power_emptied_does_not_hide_it(mirror: MirrorRoot) -> None:
    mirror.close()
    (mirror.root / ".lock").write_bytes(b"")
    with MirrorRoot.open(mirror.root) as later:
        assert later.rebooted


def test_bytes_of_another_url_or_another_boot_are_not_resumed(
    mirror: MirrorRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = mirror.open_part(REL, URL)
    part.write(b"old")
    part.abort(keep=True)
    other = mirror.open_part(REL, URL + "?other")
    assert other.offset == 0
    other.abort()
    mirror.close()
    monkeypatch.setattr("pixmirror.store.start.boot_id", lambda: "0badb007")
    with MirrorRoot.open(mirror.root) as later:
        assert later.rebooted
        part = later.open_part(REL, URL)
        assert part.offset == 0
        part.write(b"new")
        part.abort(keep=True)
        assert later.remove_stale_parts() == 1  # of the boot before; ours stays
        assert len(files(later.media)) == 2
        assert later.remove_stale_parts(older_than=-1) == 1
        assert files(later.media) == {MARKER}


def test_only_our_own_part_files_are_removed(mirror: MirrorRoot) -> None:
    (mirror.media / "1").mkdir()
    for name in ("mine.part", ".mine.part", ".x.1234.part"):
        (mirror.media / "1" / name).write_text("x")
    assert mirror.remove_stale_parts(older_than=-1) == 0


def test_a_damaged_file_is_refused_with_its_digest_and_kept_only_on_request(mirror: MirrorRoot) -> None:
    part = mirror.open_part(REL, URL)
    part.write(BODY)
    with pytest.raises(Damaged) as caught:
        finish(part, check=refuse)
    assert caught.value.sha256 == SHA
    assert not mirror.resolve(REL).exists()
    assert finish(part).sha256 == SHA  # damaged at its source: kept as it is
    part = mirror.open_part(REL, URL)
    part.write(b"x")
    with pytest.raises(Damaged):
        finish(part, check=refuse)
    part.abort()
    assert files(mirror.media) == {MARKER, REL}


def test_the_real_check_fits_the_store(mirror: MirrorRoot) -> None:
    part = mirror.open_part(REL, URL)
    part.write(b"<!DOCTYPE html>")
    with pytest.raises(Damaged, match="HTML"):
        finish(part, check=partial(check_structure, ext="jpg", expected_size=15))
    part.abort()


def test_a_stored_file_is_never_replaced_unasked(mirror: MirrorRoot) -> None:
    part = mirror.open_part(REL, URL)
    part.write(b"first")
    finish(part)
    part = mirror.open_part(REL, URL)
    part.write(b"second")
    with pytest.raises(FileError, match="already stored"):
        finish(part)
    assert mirror.resolve(REL).read_bytes() == b"first"
    finish(part, replace=True)
    assert mirror.resolve(REL).read_bytes() == b"second"
    part = mirror.open_part(REL, URL)
    part.write(b"second")
    finish(part)  # the same bytes again are no conflict
    assert files(mirror.media) == {MARKER, REL}


def test_a_whole_file_without_a_row_is_adopted_a_damaged_one_is_not(mirror: MirrorRoot) -> None:
    assert mirror.adopt(REL) is None
    part = mirror.open_part(REL, URL)
    part.write(BODY)
    stored = finish(part)
    seen = []
    assert mirror.adopt(REL, lambda file: seen.append(len(file.read()))) == stored
    assert seen == [len(BODY)]
    with pytest.raises(Damaged) as caught:
        mirror.adopt(REL, refuse)
    assert caught.value.sha256 == SHA


def test_a_file_over_the_limit_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    with MirrorRoot.open(tmp_path / "m", max_file=10) as mirror:
        part = mirror.open_part(REL, URL)
        part.write(bytes(10))
        with pytest.raises(TooLarge, match=r"mirror\.max_file"):
            part.write(b"x")
        part.abort()
        assert files(mirror.media) == {MARKER}


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, DiskFull, "full"),
        (errno.EDQUOT, DiskFull, "full"),
        (errno.EROFS, StorageError, "read-only"),
        (errno.EACCES, StorageError, "permissions"),
        (errno.ESTALE, StorageAbsent, "mounted"),
        (errno.EIO, StorageError, "could not be read or written"),
    ],
)
def test_what_the_disk_says_becomes_a_sentence(
    mirror: MirrorRoot, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[StorageError], words: str
) -> None:
    for call in ("pwrite", "fsync", "rename"):
        part = mirror.open_part(REL, URL)
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing(number))
            with pytest.raises(kind, match=words) as caught:
                write_all(part)
        assert type(caught.value) is kind
        part.abort()
    assert files(mirror.media) == {MARKER}


def test_a_full_disk_leaves_a_part_that_can_be_resumed(
    mirror: MirrorRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = mirror.open_part(REL, URL)
    part.write(BODY[:1000])
    part.spill()
    real = os.pwrite
    with monkeypatch.context() as patch:
        # half of the chunk reaches the disk, then it is full
        answers = iter([lambda *a: real(a[0], a[1][:500], a[2]), failing(errno.ENOSPC)])
        patch.setattr(os, "pwrite", lambda *a: next(answers)(*a))
        part.write(BODY[1000:])
        with pytest.raises(DiskFull):
            part.spill()
    part.abort(keep=True)
    part = mirror.open_part(REL, URL)
    assert part.offset == 1000
    part.write(BODY[1000:])
    assert finish(part).sha256 == SHA


def test_a_disk_that_takes_little_at_a_time_gets_everything(
    mirror: MirrorRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[:70_001], at))
    part = mirror.open_part(REL, URL)
    part.write(BODY)
    assert finish(part).sha256 == SHA
    assert mirror.resolve(REL).read_bytes() == BODY


def test_the_bytes_are_synced_before_the_rename_and_the_folder_after_it(
    mirror: MirrorRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = watched(monkeypatch)
    write_all(mirror.open_part(REL, URL))
    assert calls == ["fsync", "fsync", "rename", "fsync"]  # the new folder's parent, the file, the folder


def test_sidecars_are_replaced_but_not_rewritten_when_equal(mirror: MirrorRoot) -> None:
    rel, other = "12/34.json", "12/35.json"
    assert mirror.write_sidecars([(rel, '{"a": "あ"}'), (other, "{}")]) == 2
    before = mirror.resolve(rel).stat()
    assert mirror.write_sidecars([(rel, '{"a": "あ"}'), (other, "[]")]) == 1
    assert mirror.resolve(rel).stat().st_ino == before.st_ino
    assert mirror.write_sidecars([(rel, '{"a": "い"}')]) == 1
    assert mirror.resolve(rel).read_text("utf-8") == '{"a": "い"}'
    assert mirror.resolve(other).read_text("utf-8") == "[]"
    assert files(mirror.media) == {MARKER, rel, other}


def test_one_sidecar_that_cannot_be_written_holds_up_no_other(mirror: MirrorRoot) -> None:
    (mirror.media / "12").write_text("a file where a folder belongs")
    (mirror.media / "13").mkdir()
    (mirror.media / "13" / "1.json").mkdir()
    texts = [("12/1.json", "{}"), ("13/1.json", "{}"), ("14/1.json", "{}")]
    assert mirror.write_sidecars(texts) == 1
    assert (mirror.media / "14" / "1.json").read_text() == "{}"


def test_the_folder_of_sidecars_is_synced_once_after_all_of_them(
    mirror: MirrorRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.write_sidecars([("12/1.json", "{}")])
    calls = watched(monkeypatch)
    mirror.write_sidecars([("12/2.json", "{}"), ("12/3.json", "{}")])
    assert calls == ["fsync", "rename", "fsync", "rename", "fsync"]


def test_secrets_are_private_whatever_was_there_before(mirror: MirrorRoot) -> None:
    assert mirror.read_secret("credentials.json") is None
    (mirror.root / "credentials.json").touch(0o666)
    mirror.write_secret("credentials.json", "token")
    assert mode(mirror.root / "credentials.json") == 0o600
    assert mirror.read_secret("credentials.json") == b"token"
    for name in ("../x", "a/b", ".lock", "", ".."):
        with pytest.raises(FileError):
            mirror.write_secret(name, "x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_we_may_not_write_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="permissions"):
            MirrorRoot.open(tmp_path / "m")
    finally:
        tmp_path.chmod(0o700)


# --- moving and removing


def put(root: MirrorRoot, rel: str, body: bytes = b"bytes") -> Path:
    path = root.media / rel
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def test_a_file_moves_into_the_trash_and_back(tmp_path):
    with MirrorRoot.open(tmp_path / "m") as root:
        path = put(root, "7/1_p0.jpg")
        assert root.move("7/1_p0.jpg", f"{TRASH}/2026-11-21/7/1_p0.jpg")
        assert not path.exists()
        assert root.has(f"{TRASH}/2026-11-21/7/1_p0.jpg")
        assert not root.move("7/1_p0.jpg", f"{TRASH}/2026-11-21/7/1_p0.jpg")
        assert root.move(f"{TRASH}/2026-11-21/7/1_p0.jpg", "7/1_p0.jpg")
        assert path.read_bytes() == b"bytes"


def test_an_emptied_trash_leaves_no_folders(tmp_path):
    with MirrorRoot.open(tmp_path / "m") as root:
        for name in ("1_p0.jpg", "1_p1.jpg"):
            put(root, f"{TRASH}/2026-11-21/7/{name}")
        assert root.remove(f"{TRASH}/2026-11-21/7/1_p0.jpg")
        assert (root.media / TRASH / "2026-11-21" / "7").is_dir()
        assert root.remove(f"{TRASH}/2026-11-21/7/1_p1.jpg")
        assert not root.remove(f"{TRASH}/2026-11-21/7/1_p1.jpg")
        assert not (root.media / TRASH).exists()
        assert root.media.is_dir()


@pytest.mark.parametrize("rel", [*PATHS, f"{TRASH}/../../out.jpg", MARKER])
def test_nothing_outside_the_media_folder_is_moved_or_removed(tmp_path, rel):
    with MirrorRoot.open(tmp_path / "m") as root:
        put(root, "7/1_p0.jpg")
        for call in (
            lambda: root.remove(rel),
            lambda: root.move("7/1_p0.jpg", rel),
            lambda: root.move(rel, "7/2_p0.jpg"),
        ):
            with pytest.raises(FileError):
                call()


def test_nothing_is_held_to_be_absent_on_a_disk_that_is_not_there(tmp_path):
    with MirrorRoot.open(tmp_path / "m") as root:
        put(root, "7/1_p0.jpg")
        root.media.rename(tmp_path / "unmounted")
        for call in (root.has, root.remove, root.remove_parts):
            with pytest.raises(StorageAbsent):
                call("7/1_p0.jpg")


def test_all_parts_of_one_file_go_and_no_others(tmp_path):
    with MirrorRoot.open(tmp_path / "m") as root:
        for rel, url in (("7/1_p0.jpg", "a"), ("7/1_p0.jpg", "b"), ("7/1_p0.jpg.zip", "a"), ("7/1_p1.jpg", "a")):
            part = root.open_part(rel, url)
            part.write(b"half")
            part.abort(keep=True)
        put(root, "7/1_p0.jpg")
        assert root.remove_parts("7/1_p0.jpg") == 2
        assert len(list((root.media / "7").iterdir())) == 3
        assert (root.media / "7" / "1_p0.jpg").exists()
        assert root.remove_parts("8/nobody.jpg") == 0


def test_a_file_is_whole_only_with_its_very_bytes(tmp_path):
    with MirrorRoot.open(tmp_path / "m") as root:
        put(root, "7/1_p0.jpg")
        digest = hashlib.sha256(b"bytes").hexdigest()
        assert root.is_whole("7/1_p0.jpg", digest, 5)
        assert root.is_whole("7/1_p0.jpg", digest)
        assert not root.is_whole("7/1_p0.jpg", digest, 6)
        assert not root.is_whole("7/1_p0.jpg", "00", 5)
        assert not root.is_whole("7/nothing.jpg", digest)
