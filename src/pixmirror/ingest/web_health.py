"""Whether www.pixiv.net takes the cookie. What needs it waits when it does not; nothing else does."""

import hashlib
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.chores import OF_WEBSITE
from pixmirror.catalogue.sql import changed
from pixmirror.catalogue.words import said
from pixmirror.clock import DAY_MS

AGAIN_MS = DAY_MS
NO_LOGIN = "no login at www.pixiv.net is configured"
_NAME = "web_login"
_INBOX = "inbox"  # meta key: yes or no, and the day; nothing of any message
_DUE = f"UPDATE chore SET due_at = :at, error = :error WHERE kind IN {tuple(kind.value for kind in OF_WEBSITE)}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`session` names the cookie without telling it; `until`: when it is tried again."""

    session: str
    since: int
    until: int
    reason: str

    def __str__(self) -> str:
        return (
            f"The web login does not work any more (since {said(self.since)}); what needs it waits, all else goes "
            f"on. {self.reason}"
        )


def office_wrote(conn: Connection, found: bool, day: str) -> bool:
    """Note whether Pixiv's office is among the newest message threads, and on which day that was asked. Return
    whether it has come to be there.
    """
    known = runs.get_json(conn, _INBOX)
    runs.set_json(conn, _INBOX, {"day": day, "office": found})
    return found and not (known and known["office"])


def digest(phpsessid: str) -> str:
    return hashlib.sha256(phpsessid.encode()).hexdigest()[:16]


def refusal(conn: Connection) -> Refusal | None:
    """Say why the website is not asked now, or None if all is well."""
    kept = runs.get_json(conn, _NAME)
    return Refusal(**kept) if kept else None


def refused(conn: Connection, session: str, now: int, reason: str, again_ms: int = AGAIN_MS) -> None:
    """Put off all that needs the cookie. It is tried again then, or at once with another cookie."""
    known = refusal(conn)
    since = known.since if known and known.session == session else now
    found = Refusal(session, since, now + again_ms, reason)
    runs.set_json(conn, _NAME, asdict(found))
    wait(conn, found.until, reason)


def wait(conn: Connection, until: int, reason: str) -> None:
    """Put off until then what needs the cookie and is due before."""
    changed(conn, f"{_DUE} AND due_at < :at", at=until, error=reason)


def _go_on(conn: Connection, reason: str, now: int) -> None:
    changed(conn, f"{_DUE} AND error = :reason", at=now, error=None, reason=reason)


def works(conn: Connection, now: int) -> None:
    """Note that the website answers, and make due what was put off because of it."""
    known = refusal(conn)
    if known is not None:
        runs.drop_meta(conn, _NAME)
        _go_on(conn, known.reason, now)


def use(conn: Connection, session: str | None, now: int) -> None:
    """Use the cookie that is configured now, or none: what was said of another one is past."""
    known = refusal(conn)
    if known is not None and known.session != session:
        works(conn, now)
    if session is not None:
        _go_on(conn, NO_LOGIN, now)
