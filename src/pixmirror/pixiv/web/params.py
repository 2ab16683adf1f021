"""The values that the web's parameters take (document 001; pixiv.md 4 and 8), and checks the App API lacks."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pixmirror.errors import WrongValue
from pixmirror.models import Model, Received, Rows, Work, read_row
from pixmirror.pixiv.enums import day, not_negative, one_of, positive, text
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.wire import Param

M = TypeVar("M", bound=Model)
W = TypeVar("W", bound=Work)

LONGEST_NUMBER: Final = 16
MODES: Final = ("all", "safe", "r18")
RESTS: Final = ("show", "hide")
KINDS: Final = ("illust", "novel")
CATEGORIES: Final = ("illust", "manga", "illustManga")
ORDERS: Final = (
    "date_d", "date", "popular_d", "popular", "popular_male_d", "popular_male",
    "popular_female_d", "popular_female",
)  # fmt: skip
TAG_MODES: Final = ("s_tag_full", "s_tag", "s_tc")
ILLUSTRATION_TYPES: Final = ("illust_and_ugoira", "illust", "ugoira")
NEW_TYPES: Final = ("illust", "manga")
COMPLETE_TYPES: Final = ("illust", "manga", "ugoira")
PROGRESS_TYPES: Final = ("all", "illust", "manga", "ugoira")
# those after the first line need a login, and an account that shows R-18; daily_ai on are not in document 001
RANKING_MODES: Final = (
    "daily", "weekly", "monthly", "male", "female", "rookie", "original",
    "daily_r18", "weekly_r18", "male_r18", "female_r18", "daily_ai", "daily_r18_ai", "r18g",
)  # fmt: skip
RANKING_CONTENTS: Final = ("all", "complex", "illust", "ugoira", "manga")
_STILL: Final = ("daily", "weekly", "monthly", "rookie", "daily_r18", "weekly_r18", "r18g")
RANKING_PAIRS: Final[Mapping[str, tuple[str, ...]]] = {
    "illust": _STILL,
    "manga": _STILL,
    "ugoira": ("daily", "weekly", "daily_r18", "weekly_r18"),
}
MOST_ROWS: Final = 100
LOGIN_MODES: Final = ("r18", "daily_r18", "weekly_r18", "male_r18", "female_r18", "daily_r18_ai", "r18g")


def mode(value: str) -> str:
    return one_of("mode", value, MODES)


def limit(value: object, most: int = MOST_ROWS) -> int:
    """Return how many rows a page has."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise WrongValue(f"limit is {value!r}; Pixiv takes 1 to {most}.")
    return value


def page(value: object) -> int:
    return positive("p", value)


def offset(value: object) -> int:
    return not_negative("offset", value) or 0


def ranking_day(value: date | str | None) -> str | None:
    """Return YYYYMMDD as ranking.php takes it."""
    text = day("date", value)
    return None if text is None else text.replace("-", "")


def ranking_content(mode: str, content: str) -> str:
    """Return the content, if Pixiv has that ranking of it."""
    one_of("content", content, RANKING_CONTENTS)
    allowed = RANKING_PAIRS.get(content)
    if allowed and mode not in allowed:
        raise WrongValue(f"There is no ranking {mode!r} of {content!r} alone; Pixiv has: {', '.join(allowed)}.")
    return content


def ratio(value: object) -> str | None:
    """Return a ratio as it is sent; the site itself sends -0.5 (portrait), 0 (square) and 0.5 (landscape)."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise WrongValue(f"ratio is {value!r}; it must be a number: -0.5 portrait, 0 square, 0.5 landscape.")
    return f"{value:g}"


def number(asked: Mapping[str, Param], name: str) -> int:
    """Return a number among parameters, perhaps a text; WrongValue in a `next` of something else."""
    value = asked.get(name)
    if isinstance(value, str) and value.isdecimal() and len(value) < LONGEST_NUMBER:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise WrongValue(f"`next` has no {name}: it belongs to another list.")


def offset_next(asked: Mapping[str, Param], total: int) -> dict[str, Param] | None:
    """Return the page after, by `offset` and `limit`: rows may be fewer than the limit where some are gone."""
    after = number(asked, "offset") + number(asked, "limit")
    return {**asked, "offset": after} if after < total else None


def ordered(rows: Rows[W], ids: Sequence[Id]) -> Rows[W]:
    """Return the works in the order of their ids; those that no id names come last."""
    place = {work_id: at for at, work_id in enumerate(ids)}
    turned = sorted(rows.received, key=lambda row: place.get(row.item.id, len(place)))
    return rows.rearranged(turned)


def named(rows: Rows[M], ids: Sequence[Id], key: str, model: type[M]) -> Rows[M]:
    """Return the things that the ids name, in their order; of one that the answer lacks the id alone, which the
    web calls `key`.
    """
    shown = {id_of(row.item): row for row in rows.received}
    found = [shown.get(i) or read_row({key: str(i)}, f"[{at}]", model) for at, i in enumerate(ids)]
    return rows.rearranged([row for row in found if isinstance(row, Received)])


def next_page(asked: Mapping[str, Param], *, more: bool) -> dict[str, Param] | None:
    """Return the page after, by `p`, if there is one."""
    return {**asked, "p": number(asked, "p") + 1} if more else None


def id_of(item: Any) -> Any:
    """Return the id of a thing, or that of its user."""
    return getattr(item, "id", None) or getattr(getattr(item, "user", None), "id", None)


def token(value: object) -> str:
    """Return the token of an unlisted work, which is no id."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{4,128}", value):
        raise WrongValue("token must be the last part of the work's link: letters and digits.")
    return value


def word(name: str, value: object) -> str:
    """Return a word as it stands in a path."""
    return quote(text(name, value), safe="")


def text_or_empty(name: str, value: object) -> str:
    """Return a text, which may be empty (a tag: for all): the parameter itself must be there."""
    if not isinstance(value, str):
        raise WrongValue(f"{name} is {value!r}; it must be a text.")
    return value
