"""What the demo stands on: its folder (config file, token, the note that says which generated Pixiv it mirrors),
and that Pixiv as a process of its own, which ends with us however we end.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pixmirror.cli.common import Session
from pixmirror.clock import DAY_MS, JST, now_ms
from pixmirror.errors import ConfigError, PixmirrorError, StorageError
from pixmirror.store import MirrorRoot
from pixmirror.store.outside import Outside
from pixmirror.store.part import write_atomic
from pixmirror.store.start import hold, holder, sign

NOTE = "pixmirror-demo.json"
STATE = "pixiv.json"
LOCK = "demo.lock"
TOKEN = "demo-refresh-token"
HOSTS = ("app-api.pixiv.net", "oauth.secure.pixiv.net", "www.pixiv.net", "i.pximg.net", "s.pximg.net")
RANKED_DAYS = 3
DAYS = 15  # of story before today, which is the 16th
DEFAULTS = {"seed": 7, "artists": 40, "works": 900}
GREETING = "listening "
ENDED = "The generated Pixiv ended; what it said stands above."
END_S = 5

CONFIG = """\
# Written by `pixmirror demo` each time that it starts; `pixmirror init` makes a config file of your own.
[mirror]
root = "mirror"
keep_free = "100 MiB"

[pixiv]
refresh_token_file = "refresh-token"
requests_per_minute = 0       # no pacing: it is our own machine that we ask
requests_per_day = 0
image_bytes_per_day = "0"

[gallery]
listen = "127.0.0.1:0"        # any free port

[pixiv.hosts]                 # the generated Pixiv, instead of the real one
{hosts}

[[jobs]]
name = "following"
kind = "following"
every = "1m"

[[jobs]]
name = "bookmarks"
kind = "bookmarks"
every = "1m"

[[jobs]]
name = "ranking"
kind = "ranking"
media = ["illust", "novel"]
modes = ["day", "week"]
since = "{since}"
every = "1h"
"""


@dataclass(frozen=True, slots=True)
class DemoMirror:
    """`folder` is ours alone."""

    folder: Path
    seed: int
    artists: int
    works: int
    made_ms: int  # when the generated Pixiv was made: the same seed and time make the same works
    told: bool = False  # its days have been mirrored, up to the present
    looked: int = 0  # how many looks of the story were done, where it was not told to its end
    day: int = 0  # how many days before today the story is now

    @classmethod
    def prepare(cls, folder: Path, *, seed: int | None, artists: int | None, works: int | None) -> "DemoMirror":
        """Return a new folder, or the one of an earlier demo to go on with; any other folder is refused."""
        given = {"seed": seed, "artists": artists, "works": works}
        wanted = {key: value for key, value in given.items() if value is not None}
        note = folder / NOTE
        try:
            if note.is_file():
                kept = json.loads(note.read_text("utf-8"))
                known = {key: int(kept[key]) for key in DEFAULTS}
                if any(known[key] != value for key, value in wanted.items()):
                    made = ", ".join(f"--{key} {value}" for key, value in known.items())
                    raise ConfigError(
                        f"The demo in {folder} was made with {made}; use another --dir for a new one."
                    )
                return cls(folder, **known, made_ms=int(kept["made_ms"]), told=bool(kept.get("told", True)),
                    looked=int(kept.get("looked", 0)), day=int(kept.get("day", 0)))  # fmt: skip
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise ConfigError(
                    f"{folder} is not a demo's folder and is not empty; name another one with --dir."
                )
            n = DEFAULTS | wanted
            made_ms = now_ms() // 1000 * 1000 - DAYS * DAY_MS
            mirror = cls(folder, n["seed"], n["artists"], n["works"], made_ms)
            folder.mkdir(parents=True, exist_ok=True)
            mirror._write_note()
        except OSError as error:
            raise StorageError(f"{folder} cannot be used: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{note} is damaged; remove {folder} and start the demo again.") from error
        return mirror

    def _write_note(self) -> None:
        values = {key: value for key, value in asdict(self).items() if key != "folder"}
        note = self.folder / NOTE
        write_atomic(note, note.with_suffix(".part"), (json.dumps(values) + "\n").encode(), 0o666)

    def has_been_told(self) -> None:
        """Note that the story was told, so that the next demo here goes on from there."""
        replace(self, told=True, looked=0, day=0)._write_note()

    def has_looked(self, times: int, day: int) -> None:
        """Note how many of the story's looks are done, and which day it is there."""
        replace(self, looked=times, day=day)._write_note()

    @property
    def shift_ms(self) -> int:
        """How much later (or earlier) it is in the story than here."""
        return -self.day * DAY_MS

    @property
    def config_file(self) -> Path:
        return self.folder / "config.toml"

    def write_config(self, url: str) -> None:
        """Write the config file anew: each start has its own port."""
        made = datetime.fromtimestamp(self.made_ms / 1000, JST)
        since = (made - timedelta(days=RANKED_DAYS)).date().isoformat()
        hosts = "\n".join(f'"{host}" = "{url}"' for host in HOSTS)
        token = self.folder / "refresh-token"
        try:
            token.touch(0o600)
            token.write_text(TOKEN + "\n", "utf-8")
            self.config_file.write_text(CONFIG.format(hosts=hosts, since=since), "utf-8")
        except OSError as error:
            raise StorageError(f"The demo's folder {self.folder} cannot be written: {error.strerror}.") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold this folder, also while nothing holds its mirror. MirrorLocked while another demo runs in it."""
        lock = hold(self.folder, LOCK)
        try:
            sign(lock, "demo", now_ms())
            self._refuse_a_second()
            yield
        finally:
            os.close(lock)

    def _refuse_a_second(self) -> None:
        root = self.folder / "mirror"
        if root.is_dir():
            with MirrorRoot.open(root, create=False, on_share=True):
                pass


class DemoSession(Session):
    """What a command sees that looks at a demo: one that tells its story mirrors also between two looks."""

    def __init__(self, mirror: DemoMirror) -> None:
        super().__init__(mirror.config_file)
        self._mirror = mirror

    def outside(self) -> Outside:
        found, playing = super().outside(), holder(self._mirror.folder, LOCK)
        if found.holder or playing is None:
            return found
        return replace(found, holder=replace(playing, since=playing.since + self._mirror.shift_ms))


class DemoBroken(PixmirrorError):
    """The generated Pixiv did not start."""


@dataclass(frozen=True, slots=True)
class DemoServer:
    """The generated Pixiv as a running process; `url` is where it answers."""

    url: str
    process: "subprocess.Popen[str]"

    def shift(self, ms: int) -> None:
        """Set its time so much later (or earlier) than ours."""
        self._do(f"shift {ms}")

    def live(self, seconds: float) -> None:
        """Keep from now on what happens there; with `seconds`, let a new work appear each so many."""
        self._do(f"live {seconds}")

    def _do(self, command: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{command}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise DemoBroken(ENDED) from None
        _answer(self.process, "done", ENDED)


def _answer(process: "subprocess.Popen[str]", begin: str, problem: str) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(begin):
        raise DemoBroken(problem)
    return line.removeprefix(begin).strip()


@contextmanager
def serving(mirror: DemoMirror, shift_ms: int) -> Iterator[DemoServer]:
    """Run the generated Pixiv of this mirror, as it was when it ended the last time."""
    numbers = {"port": 0, "seed": mirror.seed, "artists": mirror.artists, "works": mirror.works}
    numbers |= {"made-ms": mirror.made_ms, "shift-ms": shift_ms}
    arguments = [text for name, n in numbers.items() for text in (f"--{name}", str(n))]
    arguments += ["--state", str(mirror.folder / STATE)]
    command = [sys.executable, "-m", "pixmirror.demo", *arguments, "--story", "--exit-with-stdin"]
    # Its own session: Ctrl-C is for us, and it is still needed while we stop.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            url = _answer(process, GREETING, "The generated Pixiv did not start; what it said stands above.")
            yield DemoServer(url, process)
        finally:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
