"""Lengths of time that are guessed, in words: "about 30 to 45 min"."""

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
_UNITS: tuple[tuple[float, float, str, str], ...] = (
    (90 * MINUTE, MINUTE, "min", "min"),
    (48 * HOUR, HOUR, "h", "h"),
    (2 * YEAR, DAY, "day", "days"),
    (float("inf"), YEAR, "year", "years"),
)


def between(low: float, high: float) -> str:
    """Say about how long something takes that takes from `low` to `high` seconds. Never "0 s"."""
    if high < MINUTE:
        return "less than a minute"
    a, b = _in_unit(low, high), _in_unit(high, high)
    if a[1] == b[1]:
        return f"about {a[0]} to {b[0]} {b[1]}" if a[0] != b[0] else f"about {b[0]} {b[1]}"
    return f"about {a[0]} {a[1]} to {b[0]} {b[1]}"


def _in_unit(seconds: float, longest: float) -> tuple[str, str]:
    """Return number and unit; the unit of the longest span if that leaves something of this one."""
    _, unit, one, more = next(u for u in _UNITS if longest < u[0])
    if seconds < 0.75 * unit and unit > MINUTE:
        return _in_unit(seconds, seconds)
    n = _round(max(seconds / unit, 1))
    return f"{n:,}", one if n == 1 else more


def _round(n: float) -> int:
    """Round to steps that a guess deserves: 1, 2, ... 10, 15, 20, ... 50, 60."""
    step = 1 if n < 10 else 5 if n < 50 else 10 if n < 200 else 50
    return round(n / step) * step
