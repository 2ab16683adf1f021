"""Moments in words: within a day "48 min ago" or "in 12 min", else the date; clock times after since and until.

The zone is that of this place where none is named.
"""

from datetime import datetime, tzinfo

from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.models import from_ms

_MINUTE_MS = 60_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(ms: int, now: int, zone: tzinfo | None = None) -> str:
    """Return a date: "27 Nov", with the year if it is another than now's."""
    moment, today = _here(ms, zone), _here(now, zone)
    written = f"{moment.day} {_MONTHS[moment.month - 1]}"
    return written if moment.year == today.year else f"{written} {moment.year}"


def ago(ms: int, now: int, zone: tzinfo | None = None) -> str:
    """Return "9 min ago", "3 h ago", "on 12 Nov"."""
    return as_of(ms, now, zone) if now - ms < DAY_MS else f"on {day(ms, now, zone)}"


def as_of(ms: int, now: int, zone: tzinfo | None = None) -> str:
    """Return the same for after "as of", or for a table: "9 min ago", "12 Nov"."""
    if now - ms < _MINUTE_MS:
        return "just now"
    return f"{_span(now - ms)} ago" if now - ms < DAY_MS else day(ms, now, zone)


def ahead(ms: int, now: int, zone: tzinfo | None = None) -> str:
    """Return "now", "in 12 min", "in 18 h", "on 4 Dec"."""
    if ms <= now:
        return "now"
    return f"in {_span(ms - now)}" if ms - now < DAY_MS else f"on {day(ms, now, zone)}"


def clock(ms: int, now: int, zone: tzinfo | None = None) -> str:
    """Return what a clock shows then, after "since" or "until": "14:32", on another day "3 Dec, 09:00"."""
    moment = _here(ms, zone)
    same = moment.date() == _here(now, zone).date()
    return f"{moment:%H:%M}" if same else f"{day(ms, now, zone)}, {moment:%H:%M}"


def length(ms: int) -> str:
    """Return how long something is: "4 min", "8 h", "39 days"."""
    return _span(ms) if ms < 1.5 * DAY_MS else f"{round(ms / DAY_MS):,} days"


def _span(ms: int) -> str:
    """Return a length of about a day at most in whole minutes or hours."""
    if ms < 90 * _MINUTE_MS:
        return f"{max(round(ms / _MINUTE_MS), 1)} min"
    hours = round(ms / HOUR_MS)
    return f"{min(hours, 23) if ms < DAY_MS else hours} h"


def _here(ms: int, zone: tzinfo | None) -> datetime:
    return from_ms(ms).astimezone(zone)
