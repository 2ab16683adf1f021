"""How values are written on pages: numbers, moments, the language of a text, states in words (gallery's Words)."""

import re
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Literal

from markupsafe import Markup, escape

from pixmirror import terminal
from pixmirror.models import shown_moment
from pixmirror.reports.filters import Defaults, Filters
from pixmirror.reports.reasons import FILES, upper
from pixmirror.reports.tiles import Tile
from pixmirror.reports.units import ALL, UNDATED

_KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3005]")
_LATIN = re.compile(r"[A-Za-z]{2}")

# What stands upright in vertical text, as one character: a number of two digits, !? after Japanese words.
_UPRIGHT = re.compile(r"(?<![0-9A-Za-z.,:/%+!?-])(?:[0-9]{1,2}|[!?]{1,2})(?![0-9A-Za-z.,:/%+!?-])")

# Icon, and what it says of a work in a list.
MARKS = {
    "kept": ("kura", "Gone at Pixiv, kept here"),
    "lost": ("broken", upper(FILES["gone"].says)),
    "damaged": ("broken", f"A file is {FILES['damaged'].says}"),
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
    return text if text.isprintable() else terminal.shown(text.replace("\r\n", "\n").replace("\r", "\n"))


def finished(value: object) -> object:
    """Make every text that a template writes harmless; what is HTML already is left as it is."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def label(work: Tile) -> str:
    """Name a work in a list for who does not see its picture."""
    return f"{work.title}, by {work.artist}{label_rest(work)}"


def label_rest(work: Tile) -> str:
    """Say what kind of work it is, and what is other than usual about it."""
    kind = {"manga": "manga", "ugoira": "animation", "novel": "novel"}.get(work.type, "")
    pages = f"{work.pages} pages" if work.pages > 1 and work.type != "novel" else ""
    mark = MARKS[work.mark][1] if work.mark else ""
    return "".join(f", {said}" for said in (kind, pages, mark[:1].lower() + mark[1:]) if said)


def upright(text: str) -> Markup:
    """Write a text so that in vertical lines a short number, or !?, stands upright as one character."""
    text, at, written = harmless(text), 0, Markup()
    for found in _UPRIGHT.finditer(text):
        written += escape(text[at : found.start()]) + Markup('<span class="tcy">{}</span>').format(found[0])
        at = found.end()
    return written + escape(text[at:])


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
    return f"{day(ms, zone)}, {clock(ms, zone)}".strip(", ")


def clock(ms: int | None, zone: tzinfo | None = None) -> str:
    """Write the hour of a moment: 21:00."""
    found = shown_moment(ms)
    return "" if found is None else f"{found.astimezone(zone):%H:%M}"


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


def parted(text: str) -> tuple[Markup, Markup]:
    """Return what is said first, and what follows, with what stands in `backquotes` as code."""
    first, stop, rest = text.partition(". ")
    return _with_code(first + stop.strip()), _with_code(rest)


def _with_code(text: str) -> Markup:
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(one) if at % 2 else escape(one) for at, one in parts)


@lru_cache(4096)
def unit(name: str, before: int = 0, n: int = 0) -> str:
    """Write a part of the grid: November 2026, 5 November 2026, 2026, 1,001 to 2,000.

    `n`: how many works are in it, `before`: in all parts before it; one without a date is called by these.
    """
    if name[:1] in ("r", "x"):
        return f"{before + 1:,} to {before + n:,}" if n > 1 else f"{before + 1:,}"
    if not name[:1].isdigit():
        return {ALL: "All works", UNDATED: "Without a date"}[name]
    day, _, hour = name.partition("t")
    year, *rest = (int(part) for part in day.split("-"))
    if not rest:
        return str(year)
    said = f"{datetime(year, rest[0], 1):%B %Y}"  # noqa: DTZ001
    return f"{rest[1]} {said}{f', {hour}:00' if hour else ''}" if rest[1:] else said


def is_veiled(work: Tile, wanted: Filters | Defaults) -> bool:
    """Return whether a work shows only when asked to."""
    return (work.is_r18 and wanted.rating == "veil") or (work.is_ai and wanted.ai == "veil")
