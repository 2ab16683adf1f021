"""Values of the catalogue as JSON takes them, and inside a sentence."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pixmirror.catalogue.refs import Ref
from pixmirror.models import JST, from_ms, shown_moment

_TIMES = ("_at", "_seen", "_run", "since", "until", "now")


def plain(value: Any, name: str = "") -> Any:
    """Turn dataclasses into what JSON takes, with times as ISO 8601 in UTC."""
    if isinstance(value, Ref):
        return str(value)
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name), f.name) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and (name == "at" or name.endswith(_TIMES)):
        return iso(value)
    return value


def iso(ms: int | None) -> str | None:
    return None if ms is None else from_ms(ms).isoformat(timespec="seconds")


def pixiv_time(ms: int | None) -> str | None:
    """Return a moment as Pixiv writes it; None for nonsense, as the year 1 that an older version kept."""
    moment = shown_moment(ms)
    return None if moment is None else moment.replace(microsecond=0).astimezone(JST).isoformat()


def said(ms: int) -> str:
    """Write a moment inside a sentence."""
    return f"{from_ms(ms):%Y-%m-%d %H:%M} UTC"


def many(n: int, one: str, more: str | None = None) -> str:
    """Write a number of things inside a sentence."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def length(seconds: float) -> str:
    """Write a length of time, here for all that say one: 45 s, 12 min, 3.5 h, 18 h, 4 days."""
    for most, unit, name in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
        if seconds < most:
            n = f"{seconds / unit:.1f}" if name == "h" and seconds < 36_000 else f"{seconds / unit:.0f}"
            return f"{n.removesuffix('.0')} {name}"
    return f"{seconds / 86_400:,.0f} days"


def until(ms: int | None) -> str:
    return "until resumed" if ms is None else f"until {said(ms)}"
