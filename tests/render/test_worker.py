"""Decoding in a process that may die: what it may not do, what it died of, and that it is started again."""

import array
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from zipfile import ZIP_DEFLATED

import pytest

from pixmirror.errors import StorageError
from pixmirror.render import wire
from pixmirror.render.wire import NoThumbnail, Thumbnail
from pixmirror.render.worker import MEMORY, SECONDS, Decoder, DecoderDown
from tests.hostile.files import HOSTILE
from tests.render.files import bomb, encoded, quarters, scene, zipped


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread


def decoded(decoder: Decoder, path: Path) -> Thumbnail:
    with path.open("rb") as file:
        return decoder.thumbnail(file.fileno())


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.png"
    path.write_bytes(encoded(quarters(60, 80), "PNG"))
    return path


def until_read(pipe: int) -> None:
    """Wait until all that was written into a pipe has been read: whoever reads it waits for more."""
    left = array.array("i", [1])
    while left[0]:
        fcntl.ioctl(pipe, termios.FIONREAD, left)


def test_one_process_decodes_picture_after_picture(decoder: Decoder, sound: Path, tmp_path: Path) -> None:
    first = decoded(decoder, sound)
    pid = decoder.pid

    assert (first.width, first.height) == (60, 80)
    for what, data in HOSTILE.items():
        other = tmp_path / "other"
        other.write_bytes(data)
        with pytest.raises(NoThumbnail):
            decoded(decoder, other)
        assert decoded(decoder, sound) == first, what
    assert decoder.pid == pid


def decodes_changed_files(decoder: Decoder, folder: Path, rng: Random, count: int) -> None:
    """Change some bytes of pictures and zips, most of them in the first 200, and have each decoded."""
    picture = scene(1, 90, 120)
    whole = [encoded(picture, kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")]
    whole += [zipped({"0.jpg": whole[0]}), zipped({"0.png": whole[1]}, ZIP_DEFLATED)]
    decoded(decoder, at(folder, whole[0]))
    pid, outcomes = decoder.pid, Counter[str]()
    for turn in range(count):
        changed = bytearray(whole[turn % len(whole)])
        for _ in range(rng.choice((1, 2, 8))):
            place = rng.randrange(min(len(changed), 200) if rng.random() < 0.7 else len(changed))
            changed[place if rng.random() < 0.7 else -1 - place] = rng.choice((0, 255, rng.randrange(256)))
        try:
            decoded(decoder, at(folder, bytes(changed)))
            outcomes["made"] += 1
        except NoThumbnail:
            outcomes["refused"] += 1
        assert decoder.pid == pid, f"turn {turn} ended the process"
    assert min(outcomes["made"], outcomes["refused"]) > 0


def at(folder: Path, data: bytes) -> Path:
    path = folder / "changed"
    path.write_bytes(data)
    return path


def test_changed_files_are_decoded_or_refused_within_the_bounds_of_one_process(
    decoder: Decoder, tmp_path: Path
) -> None:
    decodes_changed_files(decoder, tmp_path, Random(1), 60)


@pytest.mark.long
def test_thousands_of_changed_files_are_decoded_or_refused_within_the_bounds_of_one_process(
    decoder: Decoder, tmp_path: Path
) -> None:
    decodes_changed_files(decoder, tmp_path, Random(2), 20_000)


def test_the_process_has_limits_and_the_last_turn_and_nothing_secret(
    decoder: Decoder, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXMIRROR_PIXIV__REFRESH_TOKEN", "s3cret")
    with sound.open("rb") as not_for_it:
        os.set_inheritable(not_for_it.fileno(), True)
        decoded(decoder, sound)
        pid = decoder.pid
        assert pid is not None
        held = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]

    assert not [path for path in held if path == str(sound)]
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    assert resource.prlimit(pid, resource.RLIMIT_AS) == (MEMORY, MEMORY)
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] == 0
    assert resource.prlimit(pid, resource.RLIMIT_NPROC)[0] == 0
    assert 0 < resource.prlimit(pid, resource.RLIMIT_CPU)[0] <= SECONDS + 10
    assert b"s3cret" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert os.getsid(pid) != os.getsid(0)


def test_it_gives_way_to_all_others_at_the_disk(decoder: Decoder, sound: Path) -> None:
    ionice = pytest.importorskip("shutil").which("ionice")
    if ionice is None:
        pytest.skip("there is no ionice here")
    decoded(decoder, sound)

    with os.popen(f"{ionice} -p {decoder.pid}") as said:
        assert said.read().strip() == "best-effort: prio 7"


@pytest.mark.parametrize("died_of", [signal.SIGSEGV, signal.SIGABRT, signal.SIGXCPU])
def test_a_picture_that_kills_the_process_is_at_fault_and_the_next_is_decoded(
    decoder: Decoder, sound: Path, thread: ThreadPoolExecutor, died_of: signal.Signals
) -> None:
    decoded(decoder, sound)
    pid = decoder.pid
    assert pid is not None
    reads, writes = os.pipe()
    try:
        os.write(writes, b"\x89PN")
        asked = thread.submit(decoder.thumbnail, reads)
        until_read(reads)  # it is in the middle of this picture
        os.kill(pid, died_of)
        with pytest.raises(NoThumbnail, match=died_of.name):
            asked.result(60)
    finally:
        os.close(reads)
        os.close(writes)

    assert decoded(decoder, sound).width == 60
    assert decoder.pid not in (None, pid)


def test_a_process_that_others_kill_in_the_middle_is_no_fault_of_the_picture(
    decoder: Decoder, sound: Path, thread: ThreadPoolExecutor
) -> None:
    decoded(decoder, sound)
    pid = decoder.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    asked = thread.submit(decoded, decoder, sound)
    os.kill(pid, signal.SIGKILL)

    assert asked.result(60).width == 60
    assert decoder.pid != pid


def test_a_process_that_died_while_it_waited_is_started_again(decoder: Decoder, sound: Path) -> None:
    decoded(decoder, sound)
    pid = decoder.pid
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert decoded(decoder, sound).width == 60
    assert decoder.pid != pid


def test_a_picture_that_takes_too_much_memory_is_refused_and_the_next_is_decoded(
    sound: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(bomb(3600, 3600))
    decoder = Decoder(memory=64 << 20)
    try:
        with pytest.raises(NoThumbnail, match="memory"):
            decoded(decoder, large)
        assert decoded(decoder, sound).width == 60
    finally:
        decoder.close()


def test_a_picture_that_takes_too_much_time_is_refused_and_the_next_is_decoded(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one takes for ever."""
    (tmp_path / "sitecustomize.py").write_text(
        "import pixmirror.render.picture as p\n"
        "sound = p.make\n"
        "p.make = lambda file: sound(file) if file.read(1) != b'!' else [0 for _ in iter(int, 1)]\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    endless = tmp_path / "endless"
    endless.write_bytes(b"!")
    decoder = Decoder(seconds=0)
    try:
        with pytest.raises(NoThumbnail, match="SIGXCPU"):
            decoded(decoder, endless)
        assert decoded(decoder, sound).width == 60
    finally:
        decoder.close()


def test_where_no_process_can_be_started_no_picture_is_at_fault(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = Decoder()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(DecoderDown, match="could not be started"):
        decoded(decoder, sound)
    monkeypatch.undo()
    try:
        assert decoded(decoder, sound).width == 60
    finally:
        decoder.close()


def test_closing_ends_a_picture_in_the_middle(decoder: Decoder, sound: Path, thread: ThreadPoolExecutor) -> None:
    decoded(decoder, sound)
    pid = decoder.pid
    assert pid is not None
    reads, writes = os.pipe()
    try:
        os.write(writes, b"\x89PN")
        asked = thread.submit(decoder.thumbnail, reads)
        until_read(reads)
        decoder.close()
        with pytest.raises(DecoderDown):
            asked.result(60)
    finally:
        os.close(reads)
        os.close(writes)
    assert decoder.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_process_ends_with_the_one_that_started_it(decoder: Decoder, sound: Path) -> None:
    decoded(decoder, sound)
    pid = decoder.pid
    assert pid is not None
    assert decoder._socket is not None
    decoder._socket.close()  # as the kernel does when we die

    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    assert ended.si_status == 0


def test_a_file_that_cannot_be_read_is_the_fault_of_its_disk(decoder: Decoder, tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(StorageError, match="directory"):
            decoder.thumbnail(folder)
    finally:
        os.close(folder)


@pytest.mark.parametrize(
    "answer",
    [
        wire.packed(7, b""),
        wire.packed(0, b"<script>"),
        wire.packed(0, b"RIFF\x00\x00\x00\x00WEBP"),
        wire._HEAD.pack(0, 1, 1, 0, 0, (4 << 20) + 1),
    ],
)
def test_the_process_is_not_believed_either(answer: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(answer)
        with pytest.raises(wire.Nonsense):
            wire.receive(ours)


def test_what_is_sent_comes_as_it_was() -> None:
    made = Thumbnail(encoded(scene(1, 40, 40), "WEBP"), 1 << 16, 3, 0xFFFFFF, -1 << 63)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(wire.packed(0, made.webp, made))
        assert wire.receive(ours) == made


def test_an_answer_that_ends_early_is_none() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(wire.packed(1, b"a reason")[:-1])
        with pytest.raises(EOFError):
            wire.receive(ours)


def test_who_has_pictures_decoded_loads_nothing_that_decodes() -> None:
    names = "import sys, pixmirror.render.thumbs; print(*(name for name in sys.modules if name.startswith('PIL')))"
    said = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == ""
