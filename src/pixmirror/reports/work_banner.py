"""What is other than usual about one work, as banners: its state at Pixiv, damage. Words as in `states`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection

from pixmirror.catalogue.losses import IS_LOST
from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import row, value
from pixmirror.catalogue.words import many
from pixmirror.models import State
from pixmirror.reports import states
from pixmirror.reports.moments import day
from pixmirror.reports.reasons import FILES, upper
from pixmirror.reports.why_facts import doubt_of
from pixmirror.reports.why_story import joined, numbered
from pixmirror.reports.work_pictures import Picture

Pictures: TypeAlias = Sequence[Picture]
WHY = ("why", "Why")

_LAST_LIVE = """
SELECT max(last_at) FROM sighting WHERE owner_kind = 'work' AND owner_id = :key AND state = 'live'"""
_IS_LOST = f"SELECT 1 FROM media m WHERE owner_kind = 'work' AND owner_id = :key AND {IS_LOST} LIMIT 1"
_FIRST_GONE = """
SELECT min(first_at) FROM sighting
WHERE owner_kind = 'work' AND owner_id = :key AND state != 'live' AND first_at > :live"""


@dataclass(frozen=True, slots=True)
class Banner:
    """`kind`: kept (only here), bad (a fault), plain. `leads_to`: the part of the page that says more."""

    kind: Literal["kept", "bad", "plain"]
    icon: str
    heading: str
    text: str
    leads_to: tuple[str, str] | None = None  # its id, and the words of the link


def banners(
    conn: Connection, work: Any, pictures: Pictures, has_text: bool, now: int, *, has_web: bool
) -> Iterator[Banner]:
    """Yield the banners of a row of `work`, the most important first."""
    if work.state != State.LIVE:
        yield _of_state(conn, work, pictures, has_text, now, has_web)
    elif (doubt := doubt_of(conn, "work", work.work_key)) is not None:
        look = f"A second look is due {day(doubt.believed_at, now)}." if doubt.believed_at else "Not believed yet."
        first = f"First said {day(doubt.first_at, now)}. {doubt.brake or look}"
        yield Banner("plain", "eye", "Pixiv says that it is gone", first, WHY)
    elif work.evidence == WEB:
        yield Banner("plain", "lock", "Hidden from the app by Pixiv", "The website still shows it.", WHY)
    damaged = [p for p in pictures if p.lack == upper(FILES["damaged"].says)]
    if damaged:
        pages = numbered([p.index + 1 for p in damaged], "page")
        verb = "is" if len(damaged) == 1 else "are"
        yield Banner(
            "bad", "broken", f"{pages[:1].upper()}{pages[1:]} {verb} {FILES['damaged'].says}",
            "The same broken bytes came on different days. They are asked for again.", WHY,
        )  # fmt: skip


def _of_state(conn: Connection, work: Any, pictures: Pictures, has_text: bool, now: int, has_web: bool) -> Banner:
    stored = [p for p in pictures if p.name]
    kept = bool(stored) or has_text
    lost = states.of_loss() if not kept and value(conn, _IS_LOST, key=work.work_key) else ""
    words = states.of_work(work.state, kept=kept or work.state in State.HIDDEN, lost=lost)
    heading = words[:1].upper() + words[1:]
    here = _what_is_here(conn, work, pictures, stored, has_text) if kept else ""
    kind: Literal["kept", "plain"] = "kept" if kept and work.state in State.OVER else "plain"
    icon = "kura" if kept else "lock" if work.state in State.HIDDEN else "broken"
    text = " ".join(filter(None, (here, _dates(conn, work, now))))
    if work.state == State.LIMITED and not (kept or has_web):
        text = f"{text} {states.WEB_LOGIN[:1].upper()}{states.WEB_LOGIN[1:]}.".strip()
    return Banner(kind, icon, heading, text, WHY)


def _what_is_here(conn: Connection, work: Any, pictures: Pictures, stored: Pictures, has_text: bool) -> str:
    """Say what is kept: "All 5 pages, the caption and 7 comments."."""
    parts = ["the text"] if has_text else []
    pages = [p for p in pictures if p.role == "page"]
    here = sum(p.role == "page" for p in stored)
    if any(p.role == "ugoira" for p in stored):
        parts.append("the animation")
    if pages and here == len(pages):
        parts.append("its picture" if here == 1 else f"all {here} pages")
    elif here:
        parts.append(f"{here} of {len(pages)} pages")
    if work.caption:
        parts.append("the caption")
    if comments := value(conn, "SELECT count(*) FROM comment WHERE work_key = :key", key=work.work_key):
        parts.append(many(comments, "comment"))
    said = joined(parts) if parts else ""
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _dates(conn: Connection, work: Any, now: int) -> str:
    """Say when it was last seen, when first found missing, since when that is sure."""
    if work.evidence == LEGACY:
        return "Known only from an old dump; Pixiv was not asked."
    live = value(conn, _LAST_LIVE, key=work.work_key)
    first = row(conn, _FIRST_GONE, key=work.work_key, live=live or 0)[0]
    told = [
        f"last seen there {day(live, now)}" if live else "",
        f"found so {day(first, now)}" if first else "",
        f"sure since {day(work.state_at, now)}" if work.state_at and work.state in State.OVER else "",
    ]
    said = ", ".join(filter(None, told))
    return f"{said[:1].upper()}{said[1:]}." if said else ""
