"""How values are written on pages: numbers, moments, the language of a text, states in words (gallery's Words)."""

import re
from datetime import datetime, tzinfo
from typing import Literal

from markupsafe import Markup

from pixmirror import terminal
from pixmirror.models import shown_moment

_KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3005]")
_LATIN = re.compile(r"[A-Za-z]{2}")

# Icon, and what it says of a work in a list.
MARKS = {
    "kept": ("kura", "Gone at Pixiv, kept here"),
    "lost": ("broken", "Gone at Pixiv before it could be saved"),
    "damaged": ("broken", "A file is damaged at Pixiv"),
    "hidden": ("lock", "Hidden at Pixiv"),
    "edited": ("edit", "Changed since it was saved"),
}


def language(text: str) -> Literal["ja", "ko", "en"]:
    """Return the language that a browser should draw a text of Pixiv in: without it Han is drawn as Chinese."""
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "ja" if _HAN.search(text) and not _LATIN.search(text) else "en"


def harmless(text: str) -> str:
    """Return a text of anybody without control characters, and without what turns its line around."""
    return terminal.shown(text.replace("\r\n", "\n").replace("\r", "\n"))


def finished(value: object) -> object:
    """Make every text that a template writes harmless; what is HTML already is left as it is."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def count(number: int) -> str:
    """Write a number with its thousands apart."""
    return f"{number:,}"


def day(ms: int | None, zone: tzinfo | None = None) -> str:
    """Write a moment as a day: 15 Nov 2026. Without `zone` in the machine's."""
    moment = shown_moment(ms)
    return "" if moment is None else f"{(local := moment.astimezone(zone)).day} {local:%b %Y}"


def date(iso: str) -> str:
    """Write a day that Pixiv names, as of a ranking: 15 Nov 2026."""
    try:
        found = datetime.strptime(iso, "%Y-%m-%d")  # noqa: DTZ007
    except ValueError:
        return iso
    return f"{found.day} {found:%b %Y}"


def minute(ms: int | None, zone: tzinfo | None = None) -> str:
    """Write a moment with its hour: 15 Nov 2026, 21:00."""
    found = shown_moment(ms)
    return "" if found is None else f"{day(ms, zone)}, {found.astimezone(zone):%H:%M}"


def moment(ms: int | None) -> str:
    """Write a moment for `datetime=` of a <time>."""
    found = shown_moment(ms)
    return "" if found is None else found.isoformat(timespec="seconds")


def ago(ms: int | None, now: int) -> str:
    """Write how long ago: "just now", "48 min ago", "3 h ago"; a day later and more, the day."""
    if ms is None:
        return "never"
    minutes = (now - ms) // 60_000
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 24 * 60 else day(ms)


def size(number: float) -> str:
    """Write bytes: 640 KB, 1.2 GB."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if number >= 10 or unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def month(yyyymm: int) -> str:
    """Write a month: November 2026."""
    return f"{datetime(yyyymm // 100, yyyymm % 100, 1):%B %Y}" if yyyymm else "Without a date"  # noqa: DTZ001
