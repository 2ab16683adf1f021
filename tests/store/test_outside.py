"""A mirror looked at without holding it: its login, its media folder, the disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pixmirror.models import Token
from pixmirror.store import MARKER, MirrorRoot, kept_login
from pixmirror.store.outside import Outside, Room, look, unlocked

TOKEN = Token("access", "refresh", 1, 11, "name", "account")


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[MirrorRoot]:
    """A mirror that is held, with a media folder elsewhere."""
    (tmp_path / "nas").mkdir()
    with MirrorRoot.open(tmp_path / "root", tmp_path / "nas", what="sync") as opened:
        opened.note_catalogue()
        yield opened


def seen(mirror: MirrorRoot, configured: str | None = None) -> Outside:
    return look(unlocked(mirror.root, mirror.media), configured)


def test_a_disk_that_is_not_mounted_is_away_though_its_folder_is_there(mirror: MirrorRoot) -> None:
    there = seen(mirror).room
    assert not there.away
    assert there.free is not None
    assert there.disk is not None
    (mirror.media / MARKER).unlink()
    assert seen(mirror).room.away
    (mirror.media / MARKER).write_text("of another mirror\n")
    assert seen(mirror).room.away
    (mirror.media / MARKER).unlink()
    mirror.media.rmdir()
    assert seen(mirror).room.away


def test_a_damaged_login_is_none(mirror: MirrorRoot) -> None:
    assert (seen(mirror).login, seen(mirror).login_at) == ("none", 0)
    assert seen(mirror, "configured").login == "untried"
    kept_login.save(mirror, None, TOKEN)
    assert seen(mirror).login == "known"
    assert seen(mirror).login_at
    (mirror.root / kept_login.FILE).write_text('{"token": {"access_to')
    assert seen(mirror).login == "none"


def test_the_holder_is_named_and_a_new_mirror_tells_of_the_disk_where_it_will_be(
    mirror: MirrorRoot, tmp_path: Path
) -> None:
    holder = seen(mirror).holder
    assert holder is not None
    assert holder.what == "sync"
    new = look(unlocked(tmp_path / "not" / "yet", tmp_path / "not" / "yet" / "media"), None)
    assert (new.holder, new.room.away) == (None, False)
    assert new.room.free


def test_a_media_folder_that_cannot_even_be_looked_for_is_told_nothing_of(tmp_path: Path) -> None:
    assert look(unlocked(tmp_path / "root", tmp_path / ("x" * 300)), None).room == Room()
