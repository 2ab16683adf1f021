"""Every error that pixmirror raises on purpose.

    PixmirrorError
    ├── ConfigError · NotHere · MirrorLocked (GalleryRuns) · UpstreamBrake · Unforeseen
    ├── PixmirrorGone · DaemonBusy · DaemonRefused (DaemonOlder)
    ├── LoginError          LoginNeeded, TokenRejected, WrongAccount
    ├── WebLoginExpired
    ├── CatalogueError      CatalogueLost, CatalogueDamaged
    ├── StorageError        DiskFull, StorageAbsent (NoFolder), NotWritable, NotOwner
    ├── PixivError          Pixiv answered, or failed to:
    │   of us, or of all    Unreachable (ProxyFailed, NotSent), ServerError, ImageHostDown, RateLimited (HeldBack,
    │                       AccountWarned), Challenge (Blocked), UnexpectedPage, NoToken, AccessRefused
    │   of one thing        NotFound, Forbidden, InvalidRequest (WrongValue, OffsetCap), EndpointGone,
    │                       UnclearOutcome, UploadFailed, BadResponse
    └── FileError           NoRoom, Damaged, TooLarge

Two questions are answered by every class: `scope`, how far it reaches; `passing`, can trying again later help.
The scopes are "item" (it speaks of this one thing alone), "everything" (it speaks of us, or of all) and "unclear"
(it may be the thing or the way to it: one failure does not tell, a second thing that fails alike does).
`advice` says what the user can do. No message ever holds a token or a cookie.
"""

from enum import IntEnum
from typing import ClassVar, Literal

from pixmirror.logs import redact

Scope = Literal["item", "unclear", "everything"]


class ExitCode(IntEnum):
    """Every code that a command ends with, as docs/exit-codes.md explains them."""

    DONE = 0
    FAULT = 1  # a fault of the program, shown with its trace
    DECLINED = 1  # the user was asked, and said no
    CONFIG = 2
    LOGIN = 3
    CATALOGUE = 4
    LOCKED = 5
    STORAGE = 6
    INCOMPLETE = 7  # something failed, was found bad, or is left for a next try
    PIXIV = 8
    NOT_HERE = 9  # nothing in this mirror has that name
    NOT_AT_PIXIV = 10  # Pixiv says that it is not there
    INTERRUPTED = 130


def exit_code(error: "PixmirrorError | None" = None, *, incomplete: bool) -> int:
    """Decide how a command ends: with the code of what stopped it, else 7 if its work is not complete, else 0."""
    if error is not None:
        return error.exit_code
    return ExitCode.INCOMPLETE if incomplete else ExitCode.DONE


class PixmirrorError(Exception):
    """Base of all; its text is one clear sentence for the user."""

    exit_code: ClassVar[int] = ExitCode.FAULT
    scope: Scope = "everything"
    passing: ClassVar[bool] = False
    advice: ClassVar[str] = ""


class ConfigError(PixmirrorError):
    """The configuration or the command line is wrong; `problems` names each with its place."""

    exit_code = ExitCode.CONFIG

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join((message, *(f"  {p}" for p in problems))))
        self.problems = problems


class NotHere(PixmirrorError):
    """This mirror knows nothing of what was asked for."""

    exit_code = ExitCode.NOT_HERE


class _OfOthers(PixmirrorError):
    """Its text may repeat what others said, and they may repeat a token or a cookie: none gets any further."""

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(message))


class LoginError(_OfOthers):
    """Pixiv does not accept us."""

    exit_code = ExitCode.LOGIN
    advice = "Run `pixmirror login`."


class LoginNeeded(LoginError):
    """There is no refresh token."""


class TokenRejected(LoginError):
    """The refresh token is wrong or was revoked, which a password change or a ban does."""


class WrongAccount(LoginError):
    """The token belongs to another account than the one whose mirror this is."""

    advice = "Use that account's own mirror folder, or log in with the account of this one."


class WebLoginExpired(_OfOthers):
    """www.pixiv.net does not take the cookie: what needs it waits, the app's work goes on."""

    exit_code = ExitCode.LOGIN
    advice = "Put the PHPSESSID of a browser that is logged in into pixiv.phpsessid_file."


class CatalogueError(PixmirrorError):
    """The catalogue cannot be used as it is: older or newer schema, or not a catalogue."""

    exit_code = ExitCode.CATALOGUE


class CatalogueLost(CatalogueError):
    """The mirror has a past, but its catalogue is not there, or holds nothing."""

    advice = (
        "Put back your backup of it (without -wal and -shm files), or run `pixmirror reindex --from-media`, which "
        "makes a catalogue from the files and their sidecars, so that they need not be fetched again."
    )


class CatalogueDamaged(CatalogueError):
    """SQLite finds the file damaged, or no database at all."""

    advice = "Put back your backup of it (without -wal and -shm files); `pixmirror help recover` says more."


class MirrorLocked(PixmirrorError):
    """Another pixmirror holds this mirror."""

    exit_code = ExitCode.LOCKED
    advice = "Wait for it or stop it; `pixmirror status` says how far it is."


class GalleryRuns(MirrorLocked):
    """Another pixmirror holds the gallery of this mirror."""

    advice = "Stop it first; or `pixmirror gallery --address` prints an address of the one that runs."


class PixmirrorGone(PixmirrorError):
    """The running pixmirror ended while it was asked."""

    exit_code = ExitCode.INCOMPLETE
    advice = "`pixmirror sync` again goes on from there."


class DaemonBusy(PixmirrorError):
    """The running pixmirror has taken the request, and has not answered yet."""

    exit_code = ExitCode.INCOMPLETE


class DaemonRefused(PixmirrorError):
    """What the running pixmirror answered instead of doing it."""

    def __init__(self, sentence: str, code: int = ExitCode.FAULT) -> None:
        super().__init__(sentence)
        self.exit_code = code  # type: ignore[misc]


class DaemonOlder(DaemonRefused):
    """The running pixmirror does not know the command yet."""


class StorageError(PixmirrorError):
    """The disk does not take what we must write."""

    exit_code = ExitCode.STORAGE
    passing = True
    advice = "Nothing is lost; pixmirror tries again by itself."


class DiskFull(StorageError):
    """No room, or less than the reserve `mirror.keep_free`."""

    advice = "Free some space, or lower mirror.keep_free; fetching resumes by itself."


class StorageAbsent(StorageError):
    """The media folder, or the marker that proves it is the right one, is not there."""

    advice = "Mount the media folder; fetching resumes by itself."


class NoFolder(StorageAbsent, FileNotFoundError):
    """The folder that something is to be saved in is not there."""

    advice = "Make the folder first."


class NotWritable(StorageError, PermissionError):
    """The folder that something is to be saved in may not be written to."""

    advice = ""


class NotOwner(StorageError):
    """The mirror belongs to another user of this machine; the text says to whom, and how to run as that user."""

    passing = False
    advice = ""


class UpstreamBrake(PixmirrorError):
    """More works, users or entries of lists seem gone than is believed at once; all states stay as they are."""

    passing = True
    advice = "`pixmirror gone` shows what is here; what is seen live again is live at once."


class Unforeseen(_OfOthers):
    """One thing failed in a way that nobody has thought of: a mistake of ours, which the log shows."""

    scope = "item"
    passing = True
    advice = "Report it with the trace in the log; it is tried again, and all else goes on."


class PixivError(_OfOthers):
    """Pixiv answered with a failure, or not at all."""

    exit_code = ExitCode.PIXIV


class Unreachable(PixivError):
    """No answer: network, DNS, TLS or time-out. `sent` is False where Pixiv cannot have got the whole request."""

    scope = "unclear"
    passing = True
    advice = "Check the network; pixmirror tries again by itself."

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class ProxyFailed(Unreachable):
    """The proxy is down, refuses, or answers itself; the text names it and what set it."""

    advice = "Check the proxy (pixiv.proxy, or that of the environment); pixmirror tries again by itself."


class NotSent(Unreachable):
    """A submission that Pixiv cannot have got, or not whole: nothing was done."""

    advice = "Nothing was posted: check the network and send it again."

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class ImageHostDown(PixivError):
    """File after file of different works failed, and so did a control: it is the host, or the way to it."""

    passing = True
    advice = "Check the network; one file is tried now and then, and all are fetched when it answers again."


class ServerError(PixivError):
    """Pixiv failed (5xx): at one work of its own, or in maintenance."""

    scope = "unclear"
    passing = True
    advice = "Nothing need be done; pixmirror tries again by itself."


class RateLimited(PixivError):
    """Pixiv asks us to slow down ("Rate Limit", 429, overuse); `retry_after` is seconds where Pixiv named them."""

    passing = True
    advice = "Wait; pixmirror goes on by itself, slower."

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class HeldBack(RateLimited):
    """Nothing is sent before a time: a long cool-down, or the day's requests are spent."""

    advice = "`pixmirror sync` after that, or `pixmirror run`, goes on from there."


class AccountWarned(RateLimited):
    """Pixiv has warned the account of too many requests: nothing more is sent until a person has read that."""

    passing = False
    advice = "Read Pixiv's mail, or its message at www.pixiv.net; then run `pixmirror resume --warning-read`."


class Challenge(PixivError):
    """A page that asks us to prove that we are no robot: known by its markup or headers, never by its words."""

    passing = True
    advice = "Open Pixiv in a browser with this account and see what it says."


class Blocked(Challenge):
    """Whoever guards Pixiv refuses our address, our connection or our program: Cloudflare's 1020, a 421."""

    advice = (
        "Pixiv's guard refuses this address or program: see whether Pixiv opens in a browser here, change the "
        "address (pixiv.proxy) or wait; pixmirror tries again by itself."
    )


class UnexpectedPage(PixivError):
    """A web page came where data was due, or the way to one: maintenance, a login, a gateway, or this one thing.

    It does not say which.
    """

    scope = "unclear"
    passing = True
    advice = "Open Pixiv in a browser with this account and see what it says."


class NoToken(PixivError):
    """The token endpoint gave no token, and did not say that ours is dead: a firewall, an incident. It passes."""

    passing = True
    advice = "Nothing need be done; pixmirror asks for a token again by itself."


class AccessRefused(PixivError):
    """Pixiv refuses an access token that it has just given: an incident, or this one thing."""

    scope = "unclear"
    passing = True
    advice = "Nothing need be done; pixmirror tries again by itself."


class NotFound(PixivError):
    """This item is not there (404), for this account, now."""

    exit_code = ExitCode.NOT_AT_PIXIV
    scope = "item"


class Forbidden(PixivError):
    """This item is refused to us (403)."""

    scope = "item"


class InvalidRequest(PixivError):
    """Pixiv calls the request itself wrong (400)."""

    scope = "item"


class WrongValue(InvalidRequest):
    """A value that Pixiv would not take, or would take for another: nothing was sent."""

    exit_code = ExitCode.CONFIG


class OffsetCap(InvalidRequest):
    """The list cannot be read past this offset (5000 for most)."""


class EndpointGone(PixivError):
    """Pixiv no longer has this endpoint, or says nothing of the item: no evidence of anything."""

    scope = "item"


class UnclearOutcome(PixivError):
    """Something was submitted and no clear answer came: Pixiv may have done it. It is never sent again by itself;
    `request` is what was sent (method and path), `find_out` how to see whether it was done.
    """

    scope = "item"

    def __init__(self, message: str, request: str, find_out: str) -> None:
        super().__init__(f"{message} Whether Pixiv has done it is not known, and it is not sent again. {find_out}")
        self.request = request
        self.find_out = find_out


class UploadFailed(PixivError):
    """Pixiv took an upload and then gave it up; `status` is its own word for that."""

    scope = "item"
    advice = "Look at the files: whole pictures, JPEG, PNG or GIF. Nothing was posted."

    def __init__(self, message: str, status: str) -> None:
        super().__init__(message)
        self.status = status


class BadResponse(PixivError):
    """The answer has not the shape that it must have; the text says where."""

    scope = "item"
    passing = True
    advice = "Run `pixmirror check --record DIR` and report it."


class FileError(_OfOthers):
    """One file could not be had."""

    scope = "item"
    passing = True


class NoRoom(FileError):
    """It would eat into the reserve `mirror.keep_free`, where smaller files still fit."""

    exit_code = ExitCode.STORAGE
    advice = "Free some space, or lower mirror.keep_free; it is tried again by itself."


class Damaged(FileError):
    """The bytes are cut, or are not the kind of file that the URL names; `sha256` of what came."""

    def __init__(self, message: str, sha256: str = "") -> None:
        super().__init__(message)
        self.sha256 = sha256


class TooLarge(FileError):
    """More bytes than the limit allows."""

    passing = False
