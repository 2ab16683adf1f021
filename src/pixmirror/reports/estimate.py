"""How much is left and how long it takes: the one estimate, of which `sync`, `plan` and `status` tell.

Known, guessed (a range), or not known yet, and then how long it takes until it is. It asks Pixiv nothing, and
comes from catalogue and configuration alone, so that every process says the same at the same moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import queue, runs
from pixmirror.catalogue.sql import row, value
from pixmirror.catalogue.words import many, plain
from pixmirror.clock import DAY_MS, jst_day
from pixmirror.ingest import captions
from pixmirror.models import Lane
from pixmirror.reports import kept, pace, plan_known
from pixmirror.reports.kept import MONTH, Disk
from pixmirror.reports.left import (
    NOTHING,
    Asked,
    Left,
    Planned,
    Range,
    asked_by,
    each_day,
    left,
    with_what_falls_due,
)
from pixmirror.reports.moments import between
from pixmirror.reports.pace import NO_LIMITS, Limits, Resting, Way

KEPT = "estimate"  # meta key: the figures that were told last; in words: `kept.LINE`
TOLD_MS = 60 * 60_000  # so long it is told why the figure grew
GROWN = 1.1  # a figure that is larger by less than this did not jump
EXACT = 20_000  # outstanding things up to which works that are not whole are counted one by one
LONG_S = 6 * 3600  # work that lasts longer meets what falls due meanwhile
ROUNDS = 5
SURE = 1.02  # a range no wider than this is told as one number


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is left. `seconds`: None while it cannot be known yet; then `reading` says how long until it can.

    `here` are works that are whole, of `works` in all; `unread` lists whose length nobody knows. Until
    `resting_until` (ms UTC) nothing is sent; `because` says why the figure is larger than it was.
    """

    here: int
    works: Range
    requests: Range
    files: Range
    bytes: Range
    seconds: Range | None
    seconds_requests: Range = NOTHING
    seconds_files: Range = NOTHING
    reading: float = 0.0
    unread: int = 0
    files_here: int = 0
    bytes_here: int = 0
    requests_by: Mapping[str, float] = field(default_factory=dict)
    each_day: float = 0.0
    resting_until: int | None = None
    resting: Resting = ""
    guessed: tuple[str, ...] = ()
    because: str = ""
    disk: Disk | None = None

    @property
    def is_done(self) -> bool:
        """Nothing is left that is known of, and no list is unread."""
        return not self.unread and self.requests.high < 0.5 and self.files.high < 0.5

    @property
    def hours(self) -> float | None:
        """Return the hours that it likely takes; None if that is not known yet."""
        return None if self.seconds is None else round(self.seconds.likely / 3600, 2)

    def as_dict(self) -> dict[str, Any]:
        """Return it as `--json` prints it, with the sentences that people read."""
        found: dict[str, Any] = plain(self)
        found["resting_until"] = plain(self.resting_until, "until")
        return found | {"done": self.is_done, "how_far": self.how_far(), "how_long": self.how_long()}

    # -- in words ------------------------------------------------------------------------------------------

    def how_far(self) -> str:
        """Say how many works are here, of how many."""
        works = f"{self.here:,} {'work' if self.here == 1 else 'works'}"
        if self.is_done:
            return f"{works}, all of it"
        if self.unread or self.seconds is None:
            return f"{works} so far"
        if self.works.high > max(self.works.low, 1) * SURE:
            return f"{self.here:,} of about {rounded(max(self.works.likely, self.here + 1)):,} works"
        total = max(round(self.works.likely), self.here)
        return f"{works}, {self.what_is_left()}" if total == self.here else f"{self.here:,} of {total:,} works"

    def what_is_left(self) -> str:
        """Say how many requests and files are left."""
        told = [_counted(n, one) for n, one in ((self.requests, "request"), (self.files, "file")) if n.high >= 0.5]
        return f"{' and '.join(told) or 'nothing'} left"

    def how_long(self) -> str:
        """Say how long it still takes, or how long until that can be known. Empty where nothing is left."""
        if self.is_done:
            return ""
        if self.seconds is None:
            return f"{between(self.reading, self.reading)} of reading first"
        return between(self.seconds.low, self.seconds.high)

    def after_the_rest(self, now: int) -> str:
        """Say how long it takes from when something is sent again."""
        assert self.seconds is not None
        waits = max((self.resting_until or now) - now, 0) / 1000
        return between(max(self.seconds.low - waits, 0), max(self.seconds.high - waits, 0))

    def line(self) -> str:
        """Say how far it is and how long it takes, in one line."""
        return "; ".join(part for part in (self.how_far(), self.how_long()) if part)


def _counted(n: Range, one: str) -> str:
    if n.high > max(n.low, 1) * SURE:
        return f"about {many(rounded(n.likely), one)}"
    return many(max(round(n.likely), 1), one)


def rounded(n: float) -> int:
    """Round what is guessed: 1,768 to 1,770."""
    step = int(10 ** max(len(str(int(n))) - 3, 0))
    return round(n / step) * step


def estimate(
    conn: Connection,
    now: int,
    jobs: Iterable[Planned] = (),
    limits: Limits = NO_LIMITS,
    job: str | None = None,
) -> Estimate:
    """Return what is left for these jobs. `job`: count only what is known for the job of this name."""
    asked = asked_by(conn, now, jobs)
    return of_left(conn, now, left(conn, now, asked, job), asked, limits, job)


def of_left(
    conn: Connection,
    now: int,
    todo: Left,
    jobs: Sequence[tuple[Planned, Asked]],
    limits: Limits,
    job: str | None = None,
) -> Estimate:
    """Return the estimate of what is left, at the pace that is allowed and that was measured."""
    daily = each_day(jobs)
    asking, fetching = pace.of_requests(conn, now, limits, daily), pace.of_files(conn, now, limits)
    todo = _to_its_end(conn, now, todo, asking, job)
    counts = queue.counts(conn)
    here, known = _whole(conn, now, todo)
    by_requests, by_files = _seconds(asking, todo.asked, now), _seconds(fetching, todo.bytes, now)
    slower = asking if by_requests.likely >= by_files.likely else fetching
    is_left = todo.asked.high >= 0.5 or todo.files.high >= 0.5
    guessed = [*todo.guessed]
    if todo.files.high and fetching.is_assumed:
        guessed.append("how fast files come: 2 MiB a second, until it is measured")
    if todo.asked.high and asking.is_assumed:
        guessed.append("how fast Pixiv answers: 2 requests a second, until it is measured")
    seconds = Range(*(max(a, b) for a, b in zip(_tuple(by_requests), _tuple(by_files), strict=True)))
    lists = todo.requests.get("lists", NOTHING).likely
    found = Estimate(
        here=here,
        works=Range.of(known) + todo.works,
        requests=todo.asked,
        files=todo.files,
        bytes=todo.bytes,
        seconds=None if todo.unread else seconds,
        seconds_requests=by_requests,
        seconds_files=by_files,
        reading=asking.seconds(max(lists, todo.unread), now, asking.slow) if todo.unread else 0.0,
        unread=todo.unread,
        files_here=counts.stored,
        bytes_here=counts.bytes_stored,
        requests_by={what: round(n.likely, 1) for what, n in todo.requests.items() if round(n.likely)},
        each_day=round(daily, 1),
        resting_until=slower.opens_at if is_left and slower.opens_at > now else None,
        resting=slower.resting if is_left and slower.opens_at > now else "",
        guessed=tuple(dict.fromkeys(guessed)),
        disk=None if limits.room is None else _disk(conn, now, limits.room, todo),
    )
    return replace(found, because=_why_more(conn, found, asking, now))


def _to_its_end(conn: Connection, now: int, todo: Left, asking: Way, job: str | None) -> Left:
    """Return what is left with all that falls due while it lasts, if that is long."""
    found, lasts = todo, 0.0
    for _ in range(ROUNDS):
        longer = asking.seconds(found.asked.likely, now, asking.likely)
        if longer < LONG_S or longer < lasts * SURE:
            break
        lasts = longer
        found = with_what_falls_due(conn, now, todo, now + round(min(lasts, MONTH * 86400) * 1000), job)
    return found


def _tuple(n: Range) -> tuple[float, float, float]:
    return n.low, n.likely, n.high


def _seconds(way: Way, n: Range, now: int) -> Range:
    return Range(
        way.seconds(n.low, now, way.fast),
        way.seconds(n.likely, now, way.likely),
        way.seconds(n.high, now, way.slow),
    )


# -- works that are whole

_OUTSTANDING = f"""
SELECT count(*) FROM (
  SELECT owner_id FROM media WHERE state = 'wanted' AND +owner_kind = 'work'
  UNION SELECT owner_id FROM media WHERE state = 'fetching' AND +owner_kind = 'work'
  UNION SELECT owner_id FROM media WHERE state = 'waiting' AND +owner_kind = 'work' AND due_at <= :soon
  UNION SELECT key FROM chore WHERE lane IN {tuple(int(lane) for lane in Lane if lane < Lane.REFRESH)}
    AND due_at <= :now AND kind IN ('detail', 'text', 'ugoira', 'comments'))"""


def _whole(conn: Connection, now: int, todo: Left) -> tuple[int, int]:
    """Return how many works are whole, and how many are known."""
    known: int = value(conn, "SELECT count(*) FROM work")
    if todo.files.low + todo.asked.low <= EXACT:
        outstanding = int(value(conn, _OUTSTANDING, now=now, soon=now + plan_known.SOON_MS))
    else:
        per_work = max(todo.requests.get(what, NOTHING).low for what in ("details", "comments", "texts"))
        outstanding = round(max(todo.files.low / max(todo.mean.files, 1), per_work))
    return max(known - outstanding, 0), known


def newest_artist(conn: Connection) -> str:
    """Return the name of the artist of the file that came last; empty where there is none."""
    sql = """
    SELECT u.name FROM (SELECT owner_id FROM media WHERE state = 'stored' AND +owner_kind = 'work'
      AND stored_at IS NOT NULL ORDER BY stored_at DESC LIMIT 1) m
    JOIN work w ON w.work_key = m.owner_id JOIN user u ON u.id = w.user_id"""
    return str(value(conn, sql) or "")


# -- the disk


def _disk(conn: Connection, now: int, room: int, todo: Left) -> Disk:
    """Say when the disk is full, by the growth of the last 30 days; before, by what was posted in them."""
    since = jst_day(now - MONTH * DAY_MS)
    r = row(
        conn,
        "SELECT coalesce(sum(bytes), 0) AS size, (SELECT min(day) FROM spent) AS first FROM spent"
        " WHERE lane = :lane AND day > :since",
        lane=runs.IMAGE_LANE,
        since=since,
    )
    today = date.fromisoformat(jst_day(now))
    history = 0 if r.first is None else (today - date.fromisoformat(r.first)).days
    if history >= MONTH:
        per_day = r.size / MONTH
    else:
        new, mean = plan_known.new_a_day(conn, now, None), todo.mean
        per_day = new["illust"] * mean.wanted * mean.files * mean.size
    after = room - todo.bytes.likely
    days = after / per_day if per_day > 0 and after > 0 else None
    return Disk(room, per_day, days, min(history, MONTH), holds_all=after >= 0)


# -- why it grew

_REASONS = {
    "lists": "there are more artists and longer lists than it looked",
    "details": "more works are asked for one by one",
    "captions": "lists leave captions out, so that works are asked for one by one",
    "comments": "works have more comments than it looked",
    "replies": "comments have more replies than it looked",
    "texts": "there are more novels than it looked",
    "ugoira": "there are more animations than it looked",
    "profiles": "there are more artists than it looked",
    "rankings": "a job asks for more rankings",
}


def keep(conn: Connection, now: int, told: Estimate) -> None:
    """Remember what is told now, by the process that works: so that `status` need not count it, and that a larger
    figure can be explained.
    """
    line = "" if told.is_done else told.line()
    runs.set_json(conn, kept.LINE, {"at": now, "line": line, "how_long": told.how_long() if told.seconds else ""})
    if told.seconds is None:
        return
    before = runs.get_json(conn, KEPT) or {}
    is_new = told.because and told.because != before.get("because")
    runs.set_json(
        conn,
        KEPT,
        {
            "at": now,
            "seconds": told.seconds.likely,
            "requests": dict(told.requests_by),
            "files": told.files.likely,
            "resting": told.resting_until,
            "stripped": captions.are_stripped(conn),
            "slowness": pace.of_requests(conn, now, NO_LIMITS).slowness,
            "because": told.because,
            "because_at": now if is_new else before.get("because_at") if told.because else None,
        },
    )


def _why_more(conn: Connection, found: Estimate, asking: Way, now: int) -> str:
    """Say why it takes longer than was told last; for a while also after the figure was told."""
    before = runs.get_json(conn, KEPT)
    if before is None or found.seconds is None or found.is_done:
        return ""
    if before["seconds"] < 60 or not 0 <= now - before["at"] < DAY_MS:
        return ""  # then all was as good as done, and this is new
    if found.seconds.likely <= max(before["seconds"] * GROWN, before["seconds"] + 60):
        recent = before.get("because_at") is not None and now - before["because_at"] < TOLD_MS
        return str(before["because"]) if recent else ""
    if found.resting_until and not before["resting"]:
        return f"Longer than before: {RESTS[found.resting]}."
    if asking.slowness > before["slowness"] * 1.5:
        return "Longer than before: Pixiv asked for fewer requests, and the pace is halved for a while."
    grown = {what: n - before["requests"].get(what, 0) for what, n in found.requests_by.items()}
    what = max(grown, key=lambda one: grown[one], default="")
    if what and grown[what] > 0:
        if what == "details" and captions.are_stripped(conn) and not before["stripped"]:
            reason = _REASONS["captions"]
        else:
            reason = _REASONS.get(what, f"there is more to ask ({what})")
        more = many(round(grown[what]), "request")
        return f"Longer than before: {reason} ({more} more)."
    if found.files.likely > before["files"]:
        return f"Longer than before: {many(round(found.files.likely - before['files']), 'file')} more were found."
    return "Longer than before: it goes slower than it did."


RESTS: Mapping[Resting, str] = {
    "limit": "Pixiv asked for fewer requests, so nothing is sent for a while",
    "day": "what is allowed a day is used up; it goes on after midnight in Japan",
    "quiet": "these are the quiet hours",
    "pause": "everything is paused",
}
