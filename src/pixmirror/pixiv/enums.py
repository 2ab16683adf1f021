"""The values that Pixiv's parameters take, and the check of a parameter before anything is sent.

Every parameter that takes one of several words takes it as a plain string or as a member of these enums. Sources:
document 003 (its seven enums), pixiv.md 3.5, 3.6 and 8.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from enum import IntEnum, StrEnum
from functools import partial
from typing import Any, Final

from pixmirror.errors import WrongValue
from pixmirror.pixiv.wire import Param


class ContentType(StrEnum):
    """What kind of work."""

    ILLUSTRATION = "illust"
    MANGA = "manga"
    UGOIRA = "ugoira"
    NOVEL = "novel"


class Duration(StrEnum):
    """How old a search result may be."""

    LAST_DAY = "within_last_day"
    LAST_WEEK = "within_last_week"
    LAST_MONTH = "within_last_month"


class RankingMode(StrEnum):
    """A ranking of illusts; those after DAY_MANGA's group are R-18 and need an account that shows it."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    DAY_MALE = "day_male"
    DAY_FEMALE = "day_female"
    WEEK_ORIGINAL = "week_original"
    WEEK_ROOKIE = "week_rookie"
    DAY_AI = "day_ai"
    DAY_MANGA = "day_manga"
    WEEK_MANGA = "week_manga"
    MONTH_MANGA = "month_manga"
    WEEK_ROOKIE_MANGA = "week_rookie_manga"
    WEEK_ORIGINAL_MANGA = "week_original_manga"
    DAY_R18 = "day_r18"
    DAY_MALE_R18 = "day_male_r18"
    DAY_FEMALE_R18 = "day_female_r18"
    WEEK_R18 = "week_r18"
    WEEK_R18G = "week_r18g"
    DAY_R18_AI = "day_r18_ai"
    DAY_R18_MANGA = "day_r18_manga"
    WEEK_R18_MANGA = "week_r18_manga"
    WEEK_R18G_MANGA = "week_r18g_manga"
    DAY_R18G_MANGA = "day_r18g_manga"


class NovelRankingMode(StrEnum):
    """A ranking of novels."""

    DAY = "day"
    WEEK = "week"
    DAY_MALE = "day_male"
    DAY_FEMALE = "day_female"
    WEEK_ROOKIE = "week_rookie"
    WEEK_AI = "week_ai"
    DAY_R18 = "day_r18"
    WEEK_R18 = "week_r18"
    WEEK_R18G = "week_r18g"
    WEEK_AI_R18 = "week_ai_r18"


class SearchTarget(StrEnum):
    """What a search compares its words with; TEXT is for novels only."""

    TAGS_PARTIAL = "partial_match_for_tags"
    TAGS_EXACT = "exact_match_for_tags"
    TITLE_AND_CAPTION = "title_and_caption"
    KEYWORD = "keyword"
    TEXT = "text"


class Size(StrEnum):
    """A size of a picture; ORIGINAL is the artist's own file."""

    LARGE = "large"
    MEDIUM = "medium"
    ORIGINAL = "original"
    SQUARE_MEDIUM = "square_medium"


class Sort(StrEnum):
    """The order of search results; the popular ones need premium."""

    DATE_DESC = "date_desc"
    DATE_ASC = "date_asc"
    POPULAR_DESC = "popular_desc"
    POPULAR_MALE_DESC = "popular_male_desc"
    POPULAR_FEMALE_DESC = "popular_female_desc"


class Visibility(StrEnum):
    """Of bookmarks and follows."""

    PUBLIC = "public"
    PRIVATE = "private"


class AiType(IntEnum):
    """What an artist declared (`illust_ai_type`, `novel_ai_type`)."""

    UNSET = 0
    NOT_AI = 1
    AI = 2


class XRestrict(IntEnum):
    """For whom a work is."""

    ALL_AGES = 0
    R18 = 1
    R18G = 2


class SanityLevel(IntEnum):
    """How Pixiv's own staff rated a work (one source only)."""

    UNCHECKED = 0
    GRAY = 1
    WHITE = 2
    SEMI_BLACK = 4
    BLACK = 6
    ILLEGAL = 7


A_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
A_DATE: Final = re.compile(r"[0-9]{4}(-?)[0-9]{2}\1[0-9]{2}")
RESTRICTS: Final = ("public", "private")
WORK_RESTRICTS: Final = ("public", "mypixiv", "private")
X_RESTRICTS: Final = ("none", "r18", "r18g")
COVER_IDS: Final = tuple(range(12))
NOVEL_AI_TYPES: Final = (0, 1, 2)
FOLLOW_RESTRICTS: Final = ("all", "public", "private")
USER_ILLUST_TYPES: Final = ("illust", "manga")
CONTENT_TYPES: Final = ("illust", "manga")
FILTERS: Final = ("for_ios", "for_android", "")
SPOTLIGHT_CATEGORIES: Final = ("all", "illust", "manga")
APPS: Final = ("ios", "android")
SORTS: Final = tuple(str(sort) for sort in Sort)
DURATIONS: Final = tuple(str(duration) for duration in Duration)
NOVEL_SEARCH_TARGETS: Final = tuple(str(target) for target in SearchTarget)
ILLUST_SEARCH_TARGETS: Final = tuple(target for target in NOVEL_SEARCH_TARGETS if target != "text")
SEARCH_AI_TYPES: Final = (0, 1, 2)
SIZES: Final = tuple(str(size) for size in Size)
SPAN_DAYS: Final = 365  # search_span_limit is 31,536,000 seconds
ILLUST_RANKING_MODES: Final = tuple(str(mode) for mode in RankingMode)
NOVEL_RANKING_MODES: Final = tuple(str(mode) for mode in NovelRankingMode)


def one_of(name: str, value: object, allowed: Collection[str]) -> str:
    """Return the value, if it is one that Pixiv knows."""
    if not isinstance(value, str) or value not in allowed:
        raise WrongValue(f"{name} is {value!r}; Pixiv knows: {', '.join(v or 'an empty text' for v in allowed)}.")
    return str(value)


def maybe_one_of(name: str, value: object, allowed: Collection[str]) -> str | None:
    """Return the same; None is left out of the request."""
    return None if value is None else one_of(name, value, allowed)


def whole(value: object) -> int | None:
    """Return a whole number, also of a text, as it stands in addresses; None if it is no such thing."""
    if isinstance(value, str):
        return int(value) if A_NUMBER.fullmatch(value) else None
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number_of(name: str, value: object, allowed: Collection[int]) -> int | None:
    """Return the number, if it is one that Pixiv knows; None is left out of the request, 0 is not."""
    if value is None:
        return None
    number = whole(value)
    if number not in allowed:
        raise WrongValue(f"{name} is {value!r}; Pixiv knows: {', '.join(map(str, allowed))}.")
    return number


def positive(name: str, value: object) -> int:
    """Return the id, if it can be one."""
    number = whole(value)
    if number is None or number < 1:
        raise WrongValue(f"{name} is {value!r}; it must be a whole number above 0.")
    return number


def maybe_positive(name: str, value: object) -> int | None:
    """Return the same; None is left out of the request."""
    return None if value is None else positive(name, value)


def not_negative(name: str, value: object) -> int | None:
    """Return the offset or cursor, if it can be one; None is left out of the request."""
    if value is None:
        return None
    number = whole(value)
    if number is None or number < 0:
        raise WrongValue(f"{name} is {value!r}; it must be a whole number, 0 or more.")
    return number


def cursor(name: str, value: object) -> int | None:
    """Return a cursor that Pixiv itself may write as -1."""
    return -1 if whole(value) == -1 else not_negative(name, value)


def yes(name: str, value: object) -> bool:
    """Return yes or no, also of the words that stand for them in addresses."""
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise WrongValue(f"{name} is {value!r}; it must be True or False.")
    return value


def flag(name: str, value: object) -> bool | None:
    """Return the same; None is left out of the request."""
    return None if value is None else yes(name, value)


def text(name: str, value: object) -> str:
    """Return the text, if it is one."""
    if not isinstance(value, str) or not value.strip():
        raise WrongValue(f"{name} is {value!r}; it must be a text, and not an empty one.")
    return value


def maybe_text(name: str, value: object) -> str | None:
    """Return the same; None is left out of the request."""
    return None if value is None else text(name, value)


def ids(name: str, values: Iterable[int | str] | None) -> tuple[int, ...] | None:
    """Return a list of ids; None and the empty list are left out of the request."""
    return tuple(positive(name, value) for value in _listed(name, values)) or None


def texts(name: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return a list of words; None and the empty list are left out of the request."""
    return tuple(text(name, value) for value in _listed(name, values)) or None


def _listed(name: str, values: object) -> Iterable[object]:
    if values is None:
        return ()
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise WrongValue(f"{name} is {values!r}; it must be a list.")
    return tuple(values)


def day(name: str, value: date | str | None) -> str | None:
    """Return YYYY-MM-DD, as the App API takes it, of a date, that text or YYYYMMDD; None is left out of the
    request.
    """
    return None if value is None else _date(name, value).isoformat()


def _date(name: str, value: object) -> date:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        if isinstance(value, str) and A_DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise WrongValue(f"{name} is {value!r}; it must be a date, as 2025-03-04 or 20250304.")


def date_span(start: date | str | None, end: date | str | None) -> dict[str, str | None]:
    """Return `start_date` and `end_date`, if they are in order and no more than a year apart."""
    first, last = day("start_date", start), day("end_date", end)
    if first and last:
        days = (date.fromisoformat(last) - date.fromisoformat(first)).days
        if not 0 <= days <= SPAN_DAYS:
            raise WrongValue(
                f"From start_date {first} to end_date {last} are {days} days; Pixiv takes 0 to {SPAN_DAYS}."
            )
    return {"start_date": first, "end_date": last}


def at_most(name: str, value: str, characters: int) -> str:
    """Return the text, if Pixiv has room for it."""
    if len(value) > characters:
        raise WrongValue(f"{name} has {len(value)} characters; Pixiv takes {characters}.")
    return value


def _with_commas(name: str, values: Iterable[int] | str | None) -> str | None:
    found = ids(name, values.split(",") if isinstance(values, str) else values)
    return ",".join(map(str, found)) if found else None


CHECKS: Final[Mapping[str, Callable[[str, Any], Param]]] = {
    **dict.fromkeys(("user_id", "seed_user_id", "illust_id", "novel_id", "comment_id", "draft_id"), positive),
    **dict.fromkeys(("illust_series_id", "series_id", "page"), positive),
    **dict.fromkeys(("stamp_id", "parent_comment_id"), maybe_positive),
    **dict.fromkeys(("offset", "last_order", "max_illust_id", "max_novel_id", "max_bookmark_id"), not_negative),
    **dict.fromkeys(("bookmark_num_min", "bookmark_num_max"), not_negative),
    **dict.fromkeys(("max_bookmark_id_for_recommend", "min_bookmark_id_for_recent_illust"), cursor),
    **dict.fromkeys(("include_ranking_label", "include_ranking_illusts", "include_ranking_novels"), flag),
    **dict.fromkeys(("include_privacy_policy", "include_total_comments"), flag),
    **dict.fromkeys(("merge_plain_keyword_results", "include_translated_tag_results"), flag),
    "include_potential_violation_works": flag,
    **dict.fromkeys(("seed_illust_ids", "viewed", "view_records", "add_user_ids", "delete_user_ids"), ids),
    **dict.fromkeys(("bookmark_illust_ids", "already_recommended"), _with_commas),
    **dict.fromkeys(("tags", "add_tags", "delete_tags"), texts),
    **dict.fromkeys(("tag", "comment"), maybe_text),
    "word": text,
    "date": day,
    "filter": partial(maybe_one_of, allowed=FILTERS),
    "restrict": partial(one_of, allowed=RESTRICTS),
    "type": partial(maybe_one_of, allowed=USER_ILLUST_TYPES),
    "content_type": partial(one_of, allowed=CONTENT_TYPES),
    "category": partial(one_of, allowed=SPOTLIGHT_CATEGORIES),
    "list_type": partial(one_of, allowed=("popular", "following")),
    "sort": partial(one_of, allowed=SORTS),
    "duration": partial(maybe_one_of, allowed=DURATIONS),
    "search_ai_type": partial(number_of, allowed=SEARCH_AI_TYPES),
    "novel_ai_type": partial(number_of, allowed=NOVEL_AI_TYPES),
}


# What document 002 calls otherwise than the wire.
OTHER_NAMES: Final = {"view_records": "viewed"}


def asked(checked: Mapping[str, Param] | None = None, /, **values: object) -> dict[str, Param]:
    """Return the parameters of a request, each checked as CHECKS has it for its name; WrongValue if one is
    wrong. `checked` goes first, as it is: what is checked otherwise here than elsewhere.
    """
    params = {**(checked or {}), **{name: CHECKS[name](name, value) for name, value in values.items()}}
    for name, own in OTHER_NAMES.items():
        if (value := params.pop(name, None)) is not None:
            params[own] = value
    return params
