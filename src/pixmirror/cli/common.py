"""What all commands share: the configuration, the catalogue, the daemon if one runs, and how to say things."""

import asyncio
import errno
import gc
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperArgument

from pixmirror import terminal
from pixmirror.cli import layout
from pixmirror.clock import now_ms as now_ms
from pixmirror.errors import (
    ConfigError,
    DaemonBusy,
    ExitCode,
    LoginError,
    MirrorLocked,
    PixivError,
    PixmirrorError,
    StorageError,
    exit_code,
)
from pixmirror.logs import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixmirror.catalogue.database import ReadOnly
    from pixmirror.config import Config
    from pixmirror.store import MirrorRoot
    from pixmirror.store.outside import Outside

T = TypeVar("T")

# Words that messages begin with; anything else may be a name, which keeps its letters.
COMMON = frozenset((
    "there", "the", "a", "an", "no", "it", "this", "that", "what",
    "not", "nothing", "cannot", "could", "process", "another",
))  # fmt: skip

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


class Session:
    """One command's surroundings; what is not needed is not read."""

    def __init__(self, config_file: Path | None) -> None:
        self.config_file = config_file
        self.env: Mapping[str, str] = os.environ
        self.is_busy = False  # the running pixmirror, which did not answer in time

    @cached_property
    def config(self) -> "Config":
        with importing():
            from pixmirror.config import find_config, load
            from pixmirror.sync.kinds import KINDS

        return load(find_config(self.config_file), self.env, KINDS)

    @property
    def root(self) -> Path:
        return self.config.mirror.root

    @property
    def has_web(self) -> bool:
        """Return whether a login at www.pixiv.net is configured."""
        from pixmirror.config import has_web_login

        return has_web_login(self.config, self.env)

    @property
    def catalogue(self) -> Path:
        """Return where the catalogue lies. NotOwner where another user alone may read it."""
        from pixmirror.catalogue.database import catalogue_path

        self.refuse_others()
        return catalogue_path(self.root)

    @contextmanager
    def reading(self, *, beside: bool = False) -> "Iterator[ReadOnly]":
        """The catalogue for reading, whether a daemon runs or not; the files beside it, too, if asked for."""
        from pixmirror.catalogue.database import open_readonly

        self.refuse_lost()
        if not self.catalogue.exists():
            raise ConfigError(f"There is no mirror at {self.root} yet: `pixmirror sync` begins one.")
        if beside:
            from pixmirror.catalogue.shelves import open_shelves

            with open_shelves(self.root) as shelves:
                yield shelves
            return
        with open_readonly(self.catalogue) as db:
            yield db

    def ask(self, command: str, timeout: float | None = 10, **fields: Any) -> dict[str, Any] | None:
        """Ask the running daemon; None if none runs. Its refusal is raised as our own error would be."""
        from pixmirror import control

        return control.accepted(control.ask_now(self.root, self.env, {"command": command, **fields}, timeout))

    def has_daemon(self) -> bool:
        try:
            return self.ask("status", timeout=5) is not None
        except DaemonBusy:
            return True

    def do(self, command: str, timeout: float | None = 10, **fields: Any) -> dict[str, Any]:
        """Have it done by the running daemon, or where none runs, in the mirror itself."""
        answer = self.ask(command, timeout, **fields)
        if answer is None:
            from pixmirror.daemon.commands import do_alone

            answer = run(do_alone(self.config, self.env, {"command": command, **fields}))
        return answer

    def refuse_no_mirror(self) -> None:
        """Raise what `reading` raises where there is no mirror yet, or one that cannot be read."""
        with self.reading():
            pass

    @property
    def media(self) -> Path:
        return self.config.mirror.media or self.root / "media"

    def unlocked(self) -> "MirrorRoot":
        """Return the mirror's folders to look at, without taking the lock."""
        from pixmirror.store import outside

        return outside.unlocked(self.root, self.media)

    def take(self, what: str, *, create: bool = False) -> "MirrorRoot":
        """Take the mirror's folders for the command `what` alone. MirrorLocked while another process has them."""
        from pixmirror.store import MirrorRoot

        m = self.config.mirror
        return MirrorRoot.open(m.root, m.media, umask=m.umask, create=create, what=what, on_share=m.root_on_share)

    def outside(self) -> "Outside":
        """Return how the mirror looks to a process that does not hold it."""
        from pixmirror.daemon.credentials import configured_token
        from pixmirror.store import outside

        return outside.look(self.unlocked(), configured_token(self.config, self.env))

    def refuse_daemon(self, why: str) -> None:
        """Raise MirrorLocked while a daemon runs: what is to be done writes to the catalogue beside it."""
        if self.has_daemon():
            raise MirrorLocked(f"pixmirror is running, and {why}: stop it first.")

    def refuse_others(self, *, to_write: bool = False) -> None:
        """Raise NotOwner where the mirror is another user's, who alone may read it, or write to it."""
        from pixmirror.store import refuse_others

        refuse_others(self.root, to_write=to_write)

    def refuse_lost(self) -> None:
        """Raise CatalogueLost where the mirror has a past, but its catalogue is not there."""
        from pixmirror.catalogue import migrate
        from pixmirror.store import had_catalogue

        migrate.refuse_lost(self.catalogue, had_catalogue(self.root, self.config.mirror.media))


def job_names(given: str | list[str] | None) -> str | list[str] | None:
    """Refuse an empty name of a job, as that of an unset variable of the shell; it is an argument's callback."""
    if given == "" or (isinstance(given, list) and "" in given):
        raise ConfigError("The name of a job is empty.")
    return given


def finish(*, incomplete: bool) -> None:
    """End the command with exit code 7 if its work is not complete."""
    if code := exit_code(incomplete=incomplete):
        raise typer.Exit(code)


def session(ctx: typer.Context) -> Session:
    found = ctx.find_object(Session)
    assert found is not None
    return found


@contextmanager
def importing() -> "Iterator[None]":
    """Around the imports of all that works: what they define stays for good.

    Looking through it for garbage, over and over and once more at the end, takes a quarter of a short sync's time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def refuse_other_systems() -> None:
    """Raise ConfigError on systems that are no Unix: the mirror needs its locks, permissions and sockets."""
    try:
        import fcntl  # noqa: F401
        import pwd  # noqa: F401
    except ImportError:
        raise ConfigError(
            "pixmirror runs on Linux, macOS and other Unix systems; on Windows it runs in WSL (`wsl --install`)."
        ) from None


def leave_no_core() -> None:
    """Write no core file when the process is killed by a fault: it would hold the token."""
    import resource

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


_DEMO: ContextVar[str] = ContextVar("demo", default="")
_CONFIG: ContextVar[str] = ContextVar("config", default="")
# Its Pixiv answers while the demo plays: what mirrors there is the demo itself, not a sync.
_MIRRORS = re.compile(
    r"(?:systemctl start pixmirror, or |pixmirror sync once, or )?"
    r"\bpixmirror (?:run\b(?: \(systemctl start pixmirror\))?(?: for good)?|sync\b)"
)
_HINT = re.compile(
    r"\bpixmirror (?=(?:retry|gallery|status|coverage|gone|why|show|add|open|plan|search|verify|check|login|"
    r"pause|resume|forget|unforget|reindex|export|healthcheck)\b)"
)


# but for "another `pixmirror run` (process 12) holds the mirror"
_OF_MIRROR = re.compile(rf"(?:{_HINT.pattern}|\bpixmirror (?=(?:sync|run)\b))(?!\w+` \(process)")


@contextmanager
def hinting(demo: str = "", config: str = "") -> "Iterator[None]":
    """Let every command that is printed in this block be one for the demo that `demo` reaches, or this config."""
    before, other = _DEMO.set(demo), _CONFIG.set(config)
    try:
        yield
    finally:
        _DEMO.reset(before)
        _CONFIG.reset(other)


def hinted(text: str) -> str:
    """Return a text whose hints work where the user is: in the demo `pixmirror demo`, else their `--config`."""
    if demo := _DEMO.get():
        return _HINT.sub(lambda _: f"{demo} ", _MIRRORS.sub(lambda _: demo, text))
    if config := _CONFIG.get():
        return _OF_MIRROR.sub(lambda _: f"pixmirror --config {config} ", text)
    return text


class _Screen:
    """Whether a clock time of this place is on the screen, and whether on standard output."""

    has_times = on_output = False


_SCREEN = _Screen()
_CLOCK = re.compile(
    r"(?:\b(?:until|since|before|after|at|from|try:)|\d{4}-\d\d-\d\d|\b\d\d? [A-Z][a-z][a-z],?) "
    r"\d\d:\d\d\b(?! ?(?:UTC|[+:]))"
)


def saw(text: str, *, err: bool = False) -> str:
    """Note whether a text that is printed holds a clock time, for `name_the_zone`; return the text."""
    if _CLOCK.search(text):
        _SCREEN.has_times, _SCREEN.on_output = True, _SCREEN.on_output or not err
    return text


def name_the_zone() -> None:
    """End a screen on which a clock time stands with the name of the zone that it is in."""
    if _SCREEN.has_times:
        zone = datetime.now().astimezone().tzname()
        with suppress(OSError):  # a reader who has seen enough
            typer.echo(f"Times in {zone}.", err=not _SCREEN.on_output)
    _SCREEN.has_times = _SCREEN.on_output = False


def say(text: str = "") -> None:
    typer.echo(layout.fitted(saw(terminal.shown(hinted(text)))))


def tell(text: str, indent: str = "") -> None:
    """Say a sentence in which names of others may stand, as one line that wraps where it must."""
    say(indent + terminal.one_line(text))


def note(text: str) -> None:
    """Say something to the user on standard error, never where a script reads."""
    typer.echo(layout.fitted(saw(terminal.shown(hinted(text)), err=True)), err=True)


def print_json(value: Any) -> None:
    lines = json.dumps(value, ensure_ascii=False, indent=2).split("\n")
    typer.echo("\n".join(map(terminal.in_json, lines)))


def json_line(value: Any) -> str:
    """Return a value as a line of JSON, which ends with the end of the line."""
    return terminal.in_json(json.dumps(value, ensure_ascii=False)) + "\n"


def no_output(error: OSError) -> ExitCode:
    """The exit code when what we print is not taken, or a file or the system itself fails in a way of its own.

    A reader who has seen enough, like `head`, is no failure.
    """
    if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO):
        what = f"{error.filename}: " if error.filename is not None else ""
        note(f"{what}{error.strerror or error}.")
        return ExitCode.STORAGE
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return ExitCode.DONE
    note(f"The output cannot be written: {error.strerror}.")
    return ExitCode.STORAGE


def sentence(error: PixmirrorError) -> str:
    """Return what happened, as a sentence; what Pixiv said may hold what we sent it."""
    text = redact(str(error)) if isinstance(error, PixivError | LoginError) else str(error)
    first = text.split(" ", 1)[0]
    if first.isalpha() and first in COMMON:
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", ":")) or "\n" in text else f"{text}."


def told(error: PixmirrorError) -> str:
    """Return what happened and what helps, in one line."""
    return f"{sentence(error)} {error.advice}".strip()


def _without_braces(pieces: Callable[[Any], list[str]], ctx: Any) -> list[str]:
    return [piece.translate({ord("{"): None, ord("}"): None}) for piece in pieces(ctx)]


def plain(command: Any) -> Any:
    """Show arguments as people write them, REF and not `{REF}` or `ref <str>`, also in the commands of a group."""
    for argument in command.params:
        if isinstance(argument, TyperArgument):
            argument.metavar = argument.metavar or str(argument.name).upper()
            argument.display_type = lambda ctx: ""  # type: ignore[method-assign]
            argument.get_usage_pieces = partial(_without_braces, argument.get_usage_pieces)  # type: ignore[method-assign]
    for inner in getattr(command, "commands", {}).values():
        plain(inner)
    return command


def complain(error: PixmirrorError, more: str | None = None) -> None:
    """Print an error's sentence, what `more` is known of it, and on the last line what can be done about it."""
    note(sentence(error))
    if more is not None:
        note(more)
    if error.advice:
        note(error.advice)


def the_error(raised: PixmirrorError | BaseExceptionGroup[BaseException]) -> PixmirrorError | None:
    """Return the error, of a group the first, if it holds errors of ours or of the system alone. None if a bug is
    among them.
    """
    if isinstance(raised, PixmirrorError):
        return raised
    ours, others = raised.split(PixmirrorError)
    system, others = others.split(OSError) if others else (None, None)
    if others is not None:
        return None
    if ours is None:
        return StorageError(f"The system failed: {_leaf(system)}.") if system else None
    first = _leaf(ours)
    return first if isinstance(first, PixmirrorError) else None


def _leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def read_input(what: str = "what was given") -> str:
    """Return all of standard input, as text. ConfigError when it is none."""
    from pixmirror.config.pasted import decoded

    try:
        return decoded(sys.stdin.buffer.read())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what} is not text in UTF-8") from error


def on_terminal() -> bool:
    """True if somebody sits there who could be asked."""
    return sys.stdin.isatty()
