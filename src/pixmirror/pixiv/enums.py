"""The values that Pixiv's parameters take, and the check of a parameter before anything is sent."""

from collections.abc import Collection
from datetime import date
from typing import Final

from pixmirror.errors import InvalidRequest
from pixmirror.models import Medium

RESTRICTS: Final = ("public", "private")
FOLLOW_RESTRICTS: Final = ("all", "public", "private")
USER_ILLUST_TYPES: Final = ("illust", "manga")
UNTAGGED: Final = "未分類"

# pixiv-facts 8; those after the first line of each group are R-18 and need an account that shows it.
ILLUST_RANKING_MODES: Final = (
    "day", "week", "month", "day_male", "day_female", "week_original", "week_rookie", "day_ai",
    "day_manga", "week_manga", "month_manga", "week_rookie_manga", "week_original_manga",
    "day_r18", "day_male_r18", "day_female_r18", "week_r18", "week_r18g", "day_r18_ai",
    "day_r18_manga", "week_r18_manga", "week_r18g_manga", "day_r18g_manga",
)  # fmt: skip
NOVEL_RANKING_MODES: Final = (
    "day", "week", "day_male", "day_female", "week_rookie", "week_ai",
    "day_r18", "week_r18", "week_r18g", "week_ai_r18",
)  # fmt: skip


def ranking_modes(medium: Medium) -> tuple[str, ...]:
    return NOVEL_RANKING_MODES if medium == "novel" else ILLUST_RANKING_MODES


def one_of(name: str, value: str, allowed: Collection[str]) -> str:
    """The value, if it is one that Pixiv knows."""
    if value not in allowed:
        raise InvalidRequest(f"{name} is {value!r}; Pixiv knows: {', '.join(allowed)}.")
    return value


def positive(name: str, value: object) -> int:
    """The id, if it can be one."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidRequest(f"{name} is {value!r}; it must be a whole number above 0.")
    return value


def not_negative(name: str, value: object) -> int | None:
    """The offset or cursor, if it can be one; None is left out of the request."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidRequest(f"{name} is {value!r}; it must be a whole number, 0 or more.")
    return value


def ranking_date(value: date | None) -> str | None:
    """YYYY-MM-DD as the App API takes it."""
    return None if value is None else date(value.year, value.month, value.day).isoformat()
