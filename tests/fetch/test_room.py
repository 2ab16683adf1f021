"""Room on the disk: looked at before a body comes, promised to those on their way, and no more asked for."""

from pathlib import Path

import pytest

from pixmirror.errors import DiskFull, NoRoom
from pixmirror.fetch.room import Room
from pixmirror.store import MirrorRoot

pytestmark = pytest.mark.anyio
MIB = 1 << 20


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The disk: what it has free, in MiB; 1024 are kept."""
    left = [1034]
    monkeypatch.setattr(MirrorRoot, "free_bytes", lambda self: left[0] * MIB)
    return left


@pytest.fixture
def room(tmp_path: Path, free: list[int]):
    with MirrorRoot.open(tmp_path / "mirror", keep_free=1024 * MIB) as root:
        room = Room(root)
        room.look()
        yield room


async def test_a_file_that_does_not_fit_is_put_off_and_smaller_ones_go_on(room: Room, free: list[int]) -> None:
    for _ in range(5):
        with pytest.raises(NoRoom, match="keep_free"):
            await room.promise(1, 11 * MIB)
    await room.promise(2, 9 * MIB)
    assert room.look() == []
    free[0] = 1050
    assert room.look() == [1], "it fits now, so it is wanted at once"
    assert room.look() == []


async def test_what_is_on_its_way_has_its_room(room: Room) -> None:
    await room.promise(1, 6 * MIB)
    with pytest.raises(NoRoom):
        await room.promise(2, 6 * MIB)
    room.over(6 * MIB, 0)
    await room.promise(2, 6 * MIB)


async def test_when_one_after_the_other_does_not_fit_nothing_is_asked_for_until_one_would(
    room: Room, free: list[int]
) -> None:
    for media_id, size in ((1, 30), (2, 20)):
        with pytest.raises(NoRoom):
            await room.promise(media_id, size * MIB)
    with pytest.raises(DiskFull):
        await room.promise(3, 40 * MIB)
    with pytest.raises(DiskFull):
        room.look()
    free[0] = 1045
    assert room.look() == [2]


async def test_what_does_not_fit_any_more_is_not_written_when_its_file_is_left(
    room: Room, free: list[int]
) -> None:
    part = room.root.open_part("1/1_p0.png", "https://i.pximg.net/1_p0.png")
    part.write(b"1" * MIB)
    room.spill(part)
    part.write(b"2" * MIB)
    free[0] = 1024  # others have filled the disk
    with pytest.raises(DiskFull):
        room.spill(part)
    room.leave(part)
    left = room.root.open_part("1/1_p0.png", "https://i.pximg.net/1_p0.png")
    assert left.offset == MIB
    left.abort()
