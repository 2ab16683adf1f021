"""Moments in words: within a day "48 min ago" or "in 12 min", else the date; clock times after since and until.

The zone is that of this place where none is named. How long something is: `catalogue/words.py`; how long something
may take: `between`.
"""

from datetime import datetime, tzinfo

from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.models import from_ms

_MINUTE_MS = 60_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_UNITS: tuple[tuple[float, float, str, str], ...] = (
    (90 * _MINUTE, _MINUTE, "min", "min"),
    (48 * _HOUR, _HOUR, "h", "h"),
    (2 * _YEAR, _DAY, "day", "days"),
    (float("inf"), _YEAR, "year", "years"),
)


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


def exact(ms: int | None, zone: tzinfo | None = None) -> str:
    """Return date and time as a table has them: "2026-11-27 10:05"."""
    return "" if ms is None else f"{_here(ms, zone):%Y-%m-%d %H:%M}"


def _span(ms: int) -> str:
    """Return a length of about a day at most in whole minutes or hours."""
    if ms < 90 * _MINUTE_MS:
        return f"{max(round(ms / _MINUTE_MS), 1)} min"
    hours = round(ms / HOUR_MS)
    return f"{min(hours, 23) if ms < DAY_MS else hours} h"


def _here(ms: int, zone: tzinfo | None) -> datetime:
    return from_ms(ms).astimezone(zone)


# --- lengths that are guessed


def between(low: float, high: float) -> str:
    """Say about how long something takes that takes from `low` to `high` seconds. Never "0 s"."""
    if high < _MINUTE:
        return "less than a minute"
    a, b = _in_unit(low, high), _in_unit(high, high)
    if a[1] == b[1]:
        return f"about {a[0]} to {b[0]} {b[1]}" if a[0] != b[0] else f"about {b[0]} {b[1]}"
    return f"about {a[0]} {a[1]} to {b[0]} {b[1]}"


def _in_unit(seconds: float, longest: float) -> tuple[str, str]:
    """Return number and unit; the unit of the longest span if that leaves something of this one."""
    _, unit, one, more = next(u for u in _UNITS if longest < u[0])
    if seconds < 0.75 * unit and unit > _MINUTE:
        return _in_unit(seconds, seconds)
    n = _round(max(seconds / unit, 1))
    return f"{n:,}", one if n == 1 else more


def _round(n: float) -> int:
    """Round to steps that a guess deserves: 1, 2, ... 10, 15, 20, ... 50, 60."""
    step = 1 if n < 10 else 5 if n < 50 else 10 if n < 200 else 50
    return round(n / step) * step
