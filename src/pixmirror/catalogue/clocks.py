"""Find times that a wrong clock left in the future, and pull them back, so that nothing waits for years.

A clock that stood ten years ahead for a day dates passes, sightings and next tries ten years on; when it is right
again, all of them would wait that long. Nothing is dropped, and the dates of what was kept (versions, counters,
when a thing was first met) stay as they were written. A pause that the user set is theirs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, text

from pixmirror.catalogue import blocks, runs
from pixmirror.catalogue.feeds import NEVER, canonical
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.models import Lane

LATEST, BEHIND, SET_BACK = "clock:latest", "clock:behind", "clock:set_back"  # meta keys
TOLERANCE_MS = 60_000
NEWER_WORKS = 10  # so many works dated later than now prove that the clock is behind
SLICE = 100_000  # rows looked at in one transaction

State = Literal["right", "set back", "behind"]


@dataclass(frozen=True, slots=True)
class Due:
    """A column that says when something is tried next. `longest`: no span of ours is longer; `where` names the
    partial index. `soon`: rows of which a try that comes early costs little: retries, and what is new.
    """

    table: str
    column: str
    longest: int
    where: str = "1"
    soon: str = "1"


@dataclass(frozen=True, slots=True)
class Past:
    """Columns of a table that say when something happened. `key`: the rowid by which it is read in slices."""

    table: str
    columns: tuple[str, ...]
    key: str | None = None
    where: str = "1"


# What waits: with the longest span that anything of ours is put off for.
DUE = (
    Due("chore", "due_at", 400 * DAY_MS, soon=f"(attempts > 0 OR lane < {int(Lane.EXTRA)})"),
    Due("feed", "due_at", 31 * DAY_MS, "due_at IS NOT NULL"),
    Due("feed", "refresh_at", 62 * DAY_MS, "refresh_at IS NOT NULL", soon="0"),
    Due("gap", "due_at", 31 * DAY_MS, f"due_at < {NEVER}"),
    Due("media", "due_at", 200 * DAY_MS, "state = 'waiting'"),
)
# What happened, and so cannot lie in the future: what decides when something is done next, or what is believed.
PAST = (
    Past("feed", ("head_at", "full_at", "full_started")),
    Past("feed_job", ("joined_at",)),
    Past("gap", ("opened_at",)),
    Past("job", ("last_done_at",)),
    Past("run", ("started_at", "ended_at")),
    Past("ranking_day", ("read_at",)),
    Past("doubt", ("since", "at")),
    Past("state_change", ("at",), "id"),
    Past("sighting", ("first_at", "last_at"), "id"),
    Past("bookmark", ("last_seen", "missing_since")),
    Past("bookmark_tag", ("seen_at",)),
    Past("bookmark_work_tag", ("last_seen",)),
    Past("follow", ("last_seen", "missing_since")),
    Past("user", ("last_seen", "profile_at", "web_at", "state_at"), "id"),
    Past("web_listed", ("last_seen",)),
    Past("work", ("last_seen", "detail_at", "comments_at", "state_at"), "work_key"),
    Past("comment", ("last_seen", "missing_since"), "comment_key"),
    Past("media", ("stored_at", "verified_at"), where="state = 'stored'"),
)
# Single values that hold such times, by how their keys begin. Numbers in them that are no times are far smaller.
META = (
    "accepted:", "blind:", "brake:", "control:", "damaged:", "deep_look:", "denied:", "files_denied", "full_pass:",
    "own_tags_",
    "profile_asked:", "refused:", "upkeep:", "web_login",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """How the clock stands against what the catalogue knows. `latest`: the latest time that was ever written."""

    state: State
    latest: int
    now: int


def look(conn: Connection, now: int) -> Finding:
    """Compare the clock with the latest time on record, and with the dates that Pixiv gave to works."""
    latest = _latest(conn)
    if latest <= now + TOLERANCE_MS:
        return Finding("right", latest, now)
    # Not beyond `latest`: what Pixiv dates later than we have ever lived is no proof.
    newer = text(
        "SELECT count(*) FROM (SELECT 1 FROM work WHERE create_date > :after AND create_date <= :latest LIMIT :n)"
    )
    found = conn.scalar(newer, {"after": now + DAY_MS, "latest": latest, "n": NEWER_WORKS}) or 0
    return Finding("behind" if found >= NEWER_WORKS else "set back", latest, now)


def note(conn: Connection, now: int) -> None:
    """Remember that it was this late. A clock that is behind must not hide how late it was."""
    if now > _latest(conn) or runs.get_meta(conn, BEHIND) is None:
        runs.set_meta(conn, LATEST, str(now))


def _latest(conn: Connection) -> int:
    """Return the latest time noted, or the newest of the records where none was ever noted."""
    noted = runs.get_meta(conn, LATEST)
    if noted is not None:
        return int(noted)
    newest = (
        "SELECT max(first_seen) FROM work",
        "SELECT max(stored_at) FROM media WHERE state = 'stored'",
        "SELECT max(coalesce(ended_at, started_at), started_at) FROM run ORDER BY id DESC LIMIT 1",
    )
    return max(int(conn.scalar(text(sql)) or 0) for sql in newest)


def say(conn: Connection, found: Finding) -> None:
    """Keep for `status` what was found: that the clock is behind, or when it was set back and how far."""
    if found.state == "behind":
        runs.set_json(conn, BEHIND, {"now": found.now, "latest": found.latest})
        return
    runs.drop_meta(conn, BEHIND)
    if found.state == "set back":
        runs.set_json(conn, SET_BACK, {"at": found.now, "by": found.latest - found.now})


def pull_back_due(conn: Connection, now: int, latest: int | None = None) -> int:
    """Pull back what is put off for longer than any span of ours. Says how many rows moved; each question reads an
    index.

    `latest` is what the clock showed before it was set back, if it was: retries and new things are due now, and
    what was planned later than `latest` keeps its distance.
    """
    moved = 0
    for due in DUE:
        for where in _ways(conn, due):
            of = f"UPDATE {due.table} SET {due.column} = %s WHERE {where} AND {due.column} > :after"
            if latest is not None:
                soon = text(f"{of % ':now'} AND {due.soon}")
                moved += conn.execute(soon, {"now": now, "after": now + HOUR_MS}).rowcount
                by = text(of % f"{due.column} - :by")
                moved += conn.execute(by, {"by": latest - now, "after": latest}).rowcount
            far = text(of % ":now")
            moved += conn.execute(far, {"now": now, "after": now + due.longest}).rowcount
    return moved


def _ways(conn: Connection, due: Due) -> Iterator[str]:
    """Yield conditions that let an index find the rows: chores and feeds are ordered by lane first."""
    if due.table in ("chore", "feed") and due.column == "due_at":
        yield from (f"{due.where} AND lane = {int(lane)}" for lane in Lane)
    else:
        yield due.where


def slices(conn: Connection) -> list[tuple[Past, int, int]]:
    """Return the parts in which `pull_back_past` reads the tables, each with its first and last key."""
    found = []
    for past in PAST:
        if past.key is None:
            found.append((past, 0, 0))
            continue
        keys = f"SELECT {past.key} FROM {past.table}"
        low, high = conn.execute(text(f"SELECT min({past.key}), max({past.key}) FROM {past.table}")).one()
        start, following = low, text(f"{keys} WHERE {past.key} >= :a ORDER BY 1 LIMIT 1 OFFSET {SLICE}")
        while start is not None:
            end = conn.scalar(following, {"a": start})
            found.append((past, start, high if end is None else end - 1))
            start = end
    return found


def pull_back_past(conn: Connection, part: tuple[Past, int, int], now: int) -> int:
    """Set times later than now to now, in one slice of a table."""
    past, low, high = part
    sets = ", ".join(f"{column} = min({column}, :now)" for column in past.columns)
    late = " OR ".join(f"{column} > :now" for column in past.columns)
    between = f" AND {past.key} BETWEEN :low AND :high" if past.key else ""
    stmt = text(f"UPDATE {past.table} SET {sets} WHERE {past.where} AND ({late}){between}")
    bound = {"now": now} | ({"low": low, "high": high} if past.key else {})
    moved = conn.execute(stmt, bound).rowcount
    if moved and past.table in blocks.ROOMS:
        blocks.changed_between(conn, past.table, low, high)
    return moved


def pull_back_values(conn: Connection, now: int) -> int:
    """Set times later than now to now in single values, and in passes under way."""
    moved = 0
    for prefix in META:
        rows = conn.execute(
            text("SELECT key, value FROM meta WHERE key >= :a AND key < :b"), {"a": prefix, "b": f"{prefix}\x7f"}
        ).all()
        for key, value in rows:
            moved += _store(conn, "UPDATE meta SET value = :v WHERE key = :k", key, value, now)
    for key, spec in conn.execute(text("SELECT id, spec FROM gap")).all():
        moved += _store(conn, "UPDATE gap SET spec = :v WHERE id = :k", key, spec, now, of=("started", "floor"))
    rows = conn.execute(
        text("SELECT kind || ' ' || key, progress FROM chore WHERE progress LIKE '%absent%'")
    ).all()
    for key, progress in rows:
        stmt = "UPDATE chore SET progress = :v WHERE kind || ' ' || key = :k"
        moved += _store(conn, stmt, key, progress, now, of=("absent",))
    return moved


def _store(conn: Connection, stmt: str, key: Any, value: str, now: int, of: tuple[str, ...] = ()) -> int:
    try:
        found = json.loads(value)
    except ValueError:
        return 0
    clean = _not_after(found, now, of)
    if clean == found:
        return 0
    return conn.execute(text(stmt), {"k": key, "v": canonical(clean)}).rowcount


def _not_after(value: Any, now: int, of: tuple[str, ...]) -> Any:
    """Return the value with no time in it later than now; with `of` only times of these names change."""
    if isinstance(value, Mapping):
        return {k: _not_after(v, now, ()) if not of or k in of else v for k, v in value.items()}
    if isinstance(value, list):
        return [_not_after(v, now, of) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and not of:
        return min(value, now)
    return value
