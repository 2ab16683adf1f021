"""The situations that a mirror can be in, as data: what the first line of `status` and of `healthcheck` says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.words import iso
from pixmirror.errors import ExitCode
from pixmirror.reports import states
from pixmirror.reports.moments import ahead, clock
from pixmirror.reports.troubles import Trouble
from pixmirror.store.backup_notes import Note
from pixmirror.store.kept_login import Login
from pixmirror.store.start import Holder

_URGENCY = (ExitCode.LOGIN, ExitCode.STORAGE, ExitCode.PIXIV, ExitCode.INCOMPLETE, ExitCode.DONE)
MIRRORING = ("", "sync", "run", "demo")  # commands that mirror; "": not known which


class Kind(StrEnum):
    """The situations, those of one exit code in the order in which they are told."""

    NOT_LOGGED_IN = "not_logged_in"
    LOGIN_REJECTED = "login_rejected"
    LOGIN_UNTRIED = "login_untried"
    MEDIA_AWAY = "media_away"
    DISK_FULL = "disk_full"
    STORAGE_FAILS = "storage_fails"
    WARNED = "warned"
    RESTING = "resting"
    UNREACHABLE = "unreachable"
    IMAGES_WAIT = "images_wait"
    NOT_RUNNING = "not_running"
    NO_JOBS = "no_jobs"
    BRAKE = "brake"
    OVERDUE = "overdue"
    NEEDS_YOU = "needs_you"
    PAUSED = "paused"
    FIRST_MIRROR = "first_mirror"
    SYNC_RUNS = "sync_runs"
    COMMAND_RUNS = "command_runs"
    QUIET = "quiet"
    BY_SYNC = "by_sync"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Headline:
    """One situation: a sentence, what to do (a line each), and the exit code. `since` and `until` in ms UTC."""

    kind: Kind
    says: str
    do: tuple[str, ...] = ()
    code: int = ExitCode.DONE
    since: int | None = None
    until: int | None = None

    @property
    def parts(self) -> tuple[str, str]:
        """Return the sentence in two, for a title and what stands under it: at its first full stop or colon."""
        for mark in (". ", ": "):
            title, found, rest = self.says.partition(mark)
            if found:
                return f"{title}.", f"{rest[:1].upper()}{rest[1:]}"
        return self.says, ""

    @property
    def place(self) -> tuple[int, int]:
        """Return where it stands among others: what asks most of the user first."""
        return _URGENCY.index(ExitCode(self.code)), list(Kind).index(self.kind)

    def as_dict(self) -> dict[str, Any]:
        """Return what `status --json` has of it."""
        times = {"since": iso(self.since), "until": iso(self.until)}
        return {"kind": str(self.kind), "says": self.says, "do": list(self.do), "code": int(self.code)} | times


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is enabled in the configuration. `due`: when it should run next by its last run; None: never ran.

    `known`: the running pixmirror has it, too; `reads_artists`: it brings what artists post.
    """

    name: str
    kind: str
    every: int | None = None
    due: int | None = None
    running: bool = False
    known: bool = True
    reads_artists: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """A job of the configuration, as the scheduler has it."""

    kind: str
    next_run: int | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Around:
    """What the catalogue does not know: told by a running pixmirror, or seen on this machine.

    `daemon`: one runs in the background; `holder`: who else works in the mirror. `told`: what stands still in that
    process, or what stopped the last one. `login_at`: when the login that is kept was written. `progress`: how far
    the work is, in one line; "" where nothing is left.
    """

    daemon: bool = False
    holder: Holder | None = None
    jobs: Sequence[Job] = ()
    told: Sequence[Trouble] = ()
    login: Login = "known"
    login_at: int = 0
    free: int | None = None
    reserve: int = 0
    media: str = ""
    media_away: bool = False
    blocked: Mapping[str, Any] = field(default_factory=dict)
    progress: str = ""
    backups: Sequence[Note] = ()

    @property
    def works(self) -> bool:
        """Return whether a process mirrors now."""
        return self.daemon or (self.holder is not None and self.holder.what in MIRRORING)


# While one of these holds nothing comes, or nothing comes of what waits for it.
STOPS = (
    *(Kind.NOT_LOGGED_IN, Kind.LOGIN_REJECTED, Kind.LOGIN_UNTRIED, Kind.NO_JOBS, Kind.PAUSED, Kind.NOT_RUNNING),
    *(
        Kind.MEDIA_AWAY,
        Kind.DISK_FULL,
        Kind.STORAGE_FAILS,
        Kind.WARNED,
        Kind.RESTING,
        Kind.UNREACHABLE,
        Kind.IMAGES_WAIT,
    ),
)


def what_brings(found: Sequence[Headline], around: Around) -> str:
    """Say what brings what is not here yet: nothing but time, a command, or the cure of what stands in the way.

    `found`: the situations that hold.
    """
    for one in found:
        if one.kind in STOPS:
            return " ".join((one.says, *one.do))
    return states.BY_ITSELF if around.works else "Nothing is mirrored now; pixmirror sync goes on with it."


@dataclass(frozen=True, slots=True)
class View:
    """What the situations are found in."""

    conn: Connection
    now: int
    around: Around
    troubles: Sequence[Trouble]
    zone: tzinfo | None

    def of(self, *causes: str) -> list[Trouble]:
        return [one for one in self.troubles if one.cause in causes]

    def since(self, trouble: Trouble) -> str:
        return f" since {clock(trouble.since, self.now, self.zone)}" if trouble.since else ""

    def again(self, trouble: Trouble) -> str:
        if not self.around.works:
            return "The next pixmirror sync tries again."
        return f"Tried again {ahead(trouble.next_at, self.now)}." if trouble.next_at else "It is tried again."
