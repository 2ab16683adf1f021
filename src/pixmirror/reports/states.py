"""The states of works, users and files as words that say what they mean for the user; the pages use the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pixmirror.models import State, to_ms
from pixmirror.reports.moments import ahead
from pixmirror.reports.reasons import FILES

BY_ITSELF = "It comes by itself."
WEB_LOGIN = "a web login shows it: pixmirror help recover"
_HIDDEN = {
    State.LIMITED: "hidden from the app by Pixiv",
    State.MYPIXIV: "only for the artist's My pixiv",
    State.PRIVATE: "made private by the artist",
}
_OVER = {
    State.GONE: "gone at Pixiv",
    State.DELETED: "deleted at Pixiv",
    State.USER_GONE: "the artist left Pixiv",
    State.USER_SUSPENDED: "the artist was suspended",
}
_USERS = {State.USER_GONE: "has left Pixiv", State.USER_SUSPENDED: "was suspended by Pixiv"}
UNKNOWN = "Pixiv shows an empty entry in its place"


def of_work(state: str, *, kept: bool, since: str = "", lost: str = "", has_web: bool = True) -> str:
    """Return what a state at Pixiv means, "" for a work that Pixiv shows.

    `kept`: files of it are here. `since`: the day on which it moved. `lost`: what `of_loss` says if it was here.
    `has_web`: nothing is to be said of a web login, for there is one.
    """
    if state == State.LIVE:
        return ""
    at = f" since {since}" if since else ""
    if state in State.LEFT:
        at = f" (noticed {since})" if since else ""
    if state in _HIDDEN:
        words = f"{_HIDDEN[State(state)]}{at}"
        return f"{words}; {WEB_LOGIN}" if state == State.LIMITED and not (kept or has_web) else words
    if state not in _OVER:
        return UNKNOWN
    if kept:
        return f"{_OVER[State(state)]}{at}, kept here"
    if lost:
        return f"{lost}; {_OVER[State(state)]}{at}"
    return f"{_OVER[State(state)]}{at}, before it could be saved"


def named(state: str) -> str:
    """Return what the state of a work means, and the state's own name, which `show --json` and SQL have."""
    words = {**_HIDDEN, **_OVER}.get(State(state), UNKNOWN)
    return f"{words} ({state})"


def of_stub(state: str, *, has_web: bool) -> str:
    """Return why a work is not here of which only the id is known: nothing of it was ever stored."""
    return of_work(state, kept=False, has_web=has_web) or "not here yet: Pixiv is still to be asked for it"


def of_loss(found: str = "") -> str:
    """Say that something was stored here once. `found`: the day on which verify did not find it any more."""
    return f"it was here and is lost: verify did not find it whole{f' on {found}' if found else ''}"


def of_user(state: str) -> str:
    """Return what became of a user at Pixiv; "" of one whom Pixiv shows."""
    if state == State.LIVE:
        return ""
    return _USERS.get(State(state), "is not shown by Pixiv")


def of_file(file: Mapping[str, Any], now: int) -> str:
    """Return what a file's state means, of a row of `show`; "" where it is stored."""
    due_at, error = file.get("due_at"), file.get("error")
    because = f" ({error.rstrip('.')})" if error else ""
    state = file["state"]
    reason = FILES.get(state)
    if reason is None:
        return "" if state == "stored" else f"{state}{because}"
    match state:
        case "waiting":
            again = ahead(to_ms(datetime.fromisoformat(due_at)), now) if due_at else "soon"
            return f"{reason.says}, {again}{because}"
        case "failed":
            tries = file.get("attempts") or 0
            return f"{reason.says}{f' in {tries} tries' if tries > 1 else ''}{because}"
        case "gone" if file.get("sha256"):
            return "was here and is lost; gone at Pixiv"
    return reason.says
