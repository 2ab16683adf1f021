"""The first lines that `sync` ends with: what came in, whether all is here, and when what waits is asked for."""

from collections.abc import Mapping
from typing import Any

from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.words import length, said
from pixmirror.cli import formats
from pixmirror.cli.common import Session, now_ms
from pixmirror.errors import ExitCode
from pixmirror.reports import kept
from pixmirror.reports.came_in import CameIn, came_in
from pixmirror.reports.moments import clock


def first_line(s: Session, report: Mapping[str, Any], since: int, *, of_all: bool, daemon: bool) -> str:
    """Say how a sync that began at `since` ended. `of_all`: no jobs were named; `daemon`: one has done it."""
    # Who can only read would leave an empty write-ahead log beside the catalogue, as if somebody still wrote.
    with s.reading() if daemon else Database.open(s.catalogue, create=False) as db:
        came = db.read_sync(came_in, since)
        whole = (
            of_all
            and not report["exit_code"]
            and not report["held"]
            and db.read_sync(_all_is_here, since, counted=not daemon)
        )
    took = length((now_ms() - since) / 1000)
    if report["exit_code"] in (ExitCode.DONE, ExitCode.INCOMPLETE):
        rest = " All of it is here." if whole else _waiting(report, daemon)
        if of_all and not (rest or report["exit_code"] or report["held"]):
            rest = " What could not be had, and why: pixmirror coverage."
        return f"Done in {took}: {_brought(came)}.{rest}"
    return f"Stopped after {took}: {_brought(came)}."


def _brought(came: CameIn) -> str:
    """Say what came in: "1,768 works (31 novels), 4,096 files, 5.4 GiB"."""
    novels = f" ({formats.count(came.novels, 'novel')})" if came.novels else ""
    parts = [formats.count(came.works, "new work") + novels] if came.works else []
    parts += [formats.count(came.files, "file"), formats.size(came.bytes)] if came.files else []
    return ", ".join(parts) or "nothing new"


def _waiting(report: Mapping[str, Any], daemon: bool) -> str:
    """Say what is left for a next try, and when that is."""
    left = [formats.count(report.get(key, 0), one) for key, one in (("left", "file"), ("undone", "question"))]
    left = [part for part in left if not part.startswith("0 ")]
    if not left:
        return ""
    verb = "waits" if left[0].startswith("1 ") and len(left) == 1 else "wait"
    times = [one["next_at"] for one in report["troubles"] if one["next_at"] and not one["explained"]]
    after = f" after {clock(min(times), now_ms())}" if times else ""
    again = f"asked again by itself{after}" if daemon else f"the next pixmirror sync{after} asks again"
    return f" {' and '.join(left)} {verb}; {again}."


def trouble(one: Mapping[str, Any], daemon: bool) -> str:
    """Say what is wrong, and when it is asked for again: by the clock of this place, and of itself by a `daemon`
    alone.
    """
    text, at = str(one["text"]), one["next_at"]
    if at is None:
        return text
    now = now_ms()
    after = f" after {clock(at, now)}" if at > now else ""
    again = f"Next try: {clock(at, now)}." if daemon else f"The next pixmirror sync{after} asks again."
    return text.replace(f"Next try: {said(at)}.", again)


def requests(s: Session, report: Mapping[str, Any]) -> str:
    """Say how many requests it took, and how many a day are allowed."""
    per_day = s.config.pixiv.requests_per_day
    of = f", of {per_day:,} a day" if per_day else ""
    return f"Requests: {report['requests']['api']:,}{of}; {report['requests']['image']:,} for files."


def _all_is_here(conn: Connection, since: int, *, counted: bool) -> bool:
    """Return whether the kept counts of `coverage` say so. They are of now if they were `counted` at the end of
    this sync, or later than `since`.
    """
    found = kept.known(conn)
    if found is None or not (counted or found.at >= since):
        return False
    return found.complete.is_complete and found.complete.as_of is not None
