"""How far away a moment is, in words: within a day "48 min ago" or "in 12 min", else its local date."""

from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.models import from_ms

_MINUTE_MS = 60_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(ms: int, now: int) -> str:
    """Return a date of this place's zone: "27 Nov", with the year if it is another than now's."""
    moment, today = from_ms(ms).astimezone(), from_ms(now).astimezone()
    written = f"{moment.day} {_MONTHS[moment.month - 1]}"
    return written if moment.year == today.year else f"{written} {moment.year}"


def ago(ms: int, now: int) -> str:
    """Return "9 min ago", "3 h ago", "on 12 Nov"."""
    if now - ms < _MINUTE_MS:
        return "just now"
    return f"{_span(now - ms)} ago" if now - ms < DAY_MS else f"on {day(ms, now)}"


def ahead(ms: int, now: int) -> str:
    """Return "now", "in 12 min", "in 18 h", "on 4 Dec"."""
    if ms <= now:
        return "now"
    return f"in {_span(ms - now)}" if ms - now < DAY_MS else f"on {day(ms, now)}"


def _span(ms: int) -> str:
    """Return a length of less than a day in whole minutes or hours."""
    if ms < 90 * _MINUTE_MS:
        return f"{max(round(ms / _MINUTE_MS), 1)} min"
    return f"{min(round(ms / HOUR_MS), 23)} h"
