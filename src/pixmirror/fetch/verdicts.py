"""Record what becomes of a file that did not come: tried again, or believed to be gone or damaged at Pixiv.

Nothing is given up after a number of tries. A 404 and damaged bytes are believed after looks an hour and a day
apart, when another file of the host came as it should (`control`), and not while many files answer alike.
"""

from typing import Literal

from pixmirror.catalogue import chores, queue
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.media import REPLACED
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.errors import Damaged
from pixmirror.ledger import agenda, file_doubts
from pixmirror.models import MediaItem

BACKOFF_S = (2, 10, 60, 600, 3600, 6 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600)
NO_ROOM_S = 3600
DAMAGED_AGAIN_MS = 30 * DAY_MS  # and the more rarely the longer it is so
LONGEST_MS = 180 * DAY_MS

# "control": everything but the control question speaks for it.
Verdict = Literal["later", "believed", "control"]


def again(conn: Connection, item: MediaItem, error: str, now: int, at_least_s: int = 0) -> None:
    """Try it again, rarer and rarer."""
    seconds = max(BACKOFF_S[min(max(item.attempts - 1, 0), len(BACKOFF_S) - 1)], at_least_s)
    queue.retry_later(conn, item.media_id, now + seconds * 1000, error, tries=item.attempts)


def went_on(conn: Connection, item: MediaItem, error: str, now: int) -> None:
    """Try it again soon, and count its tries from here: it was cut, but more had come than ever before."""
    queue.progressed(conn, item.media_id)
    queue.retry_later(conn, item.media_id, now + BACKOFF_S[0] * 1000, error)


def not_there(
    conn: Connection, item: MediaItem, error: str, now: int, share: float = 0.05, control: bool | None = None
) -> Verdict:
    """Judge a 404. Ask at once for the work's detail, which may name another URL; the file is gone if all speaks
    for it.

    `control`: whether another file of the host came as it should just now; None if none was asked for.
    """
    if not queue.is_current(conn, item.media_id):
        queue.gone(conn, item.media_id, f"{REPLACED}; {error}")
        file_doubts.settled(conn, (item.media_id,))
        return "believed"
    doubt = file_doubts.look(conn, "denied", item.media_id, item.urls[0], now)
    if doubt.looks == 1 and doubt.last == now:
        agenda.ask_after_refusal(conn, item.work_key, now)
    answer = error.rstrip(".")
    reason = f"{answer}; asked for {_times(doubt.looks)}, it is believed to be gone only after looks on more days"
    if doubt.is_seen_enough:
        unasked = chores.is_unanswered(conn, Kind.DETAIL, item.work_key, now)
        verdict = _weighed(conn, "denied", doubt, now, share, control)
        if verdict == "control":
            return verdict
        if verdict == "believed" and (not unasked or doubt.looks >= file_doubts.LOOKS_OF_MANY):
            queue.gone(conn, item.media_id, error)
            file_doubts.settled(conn, (item.media_id,))
            return verdict
        if not file_doubts.is_believed(conn, "denied", now, share):
            reason = f"{answer}; so do too many files"
    queue.retry_later(conn, item.media_id, max(doubt.next_look, now + HOUR_MS), reason)
    return "later"


def damaged(
    conn: Connection, item: MediaItem, error: Damaged, now: int, share: float = 0.05, control: bool | None = None
) -> Verdict:
    """Judge a file that came whole and is none of its kind: damaged at the source if the same bytes come again.

    `control` is as in `not_there`. Bytes that were cut (without a sha256) are not judged, only tried again.
    """
    if not error.sha256:
        again(conn, item, str(error), now)
        return "later"
    doubt = file_doubts.look(conn, "damaged", item.media_id, item.urls[0], now, error.sha256)
    if item.damaged_sha256 == error.sha256 and doubt.is_seen_enough:  # believed before, and still so
        longer = min(max(2 * (now - doubt.first), DAMAGED_AGAIN_MS), LONGEST_MS)
        queue.damaged(conn, item.media_id, error.sha256, str(error), now + longer)
        return "later"
    if doubt.is_seen_enough:
        verdict = _weighed(conn, "damaged", doubt, now, share, control)
        if verdict == "control":
            return verdict
        if verdict == "believed":
            queue.damaged(conn, item.media_id, error.sha256, str(error), now + DAMAGED_AGAIN_MS)
            return verdict
    if doubt.looks == 1 and item.attempts <= 1:
        again(conn, item, str(error), now)  # the line may have spoilt it
    else:
        queue.retry_later(conn, item.media_id, max(doubt.next_look, now + HOUR_MS), str(error))
    return "later"


def _weighed(
    conn: Connection,
    kind: file_doubts.Kind,
    doubt: file_doubts.Doubt,
    now: int,
    share: float,
    control: bool | None,
) -> Verdict:
    if not doubt.is_held_long and not file_doubts.is_believed(conn, kind, now, share):
        return "later"
    if control is None and file_doubts.came_since(conn, now - HOUR_MS):
        control = True
    if control is None:
        return "control"
    return "believed" if control else "later"


def _times(looks: int) -> str:
    return "once" if looks == 1 else "twice" if looks == 2 else f"{looks} times"
