"""The kinds of jobs, their keys and defaults; docs/config.md explains each to the user."""

from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pixmirror.models.values import Cron, Date, Duration, UserId

ILLUST_MODES = (
    *("day", "week", "month", "day_male", "day_female", "week_original", "week_rookie", "day_ai"),
    *("day_manga", "week_manga", "month_manga", "week_rookie_manga", "week_original_manga"),
    *("day_r18", "day_male_r18", "day_female_r18", "week_r18", "week_r18g", "day_r18_ai"),
    *("day_r18_manga", "day_r18g_manga", "week_r18_manga", "week_r18g_manga"),
)
NOVEL_MODES = (
    *("day", "day_male", "day_female", "week", "week_rookie", "week_ai"),
    *("day_r18", "week_r18", "week_r18g", "week_ai_r18"),
)

Medium = Literal["illust", "novel"]
Restrict = Literal["public", "private"]
Rating = Literal["all-ages", "r18", "r18g"]
WorkType = Literal["illust", "manga", "ugoira", "novel"]

_T = TypeVar("_T")


def _some(values: tuple[_T, ...]) -> tuple[_T, ...]:
    if not values:
        raise ValueError("the list is empty, so the job would do nothing; name at least one")
    return tuple(dict.fromkeys(values))


Some = Annotated[tuple[_T, ...], AfterValidator(_some)]


class Job(BaseModel):
    """What every job has. `every` is seconds, exactly one of `every` and `cron` is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_-]+$", max_length=64)
    enabled: bool = True
    every: Duration | None = None
    cron: Cron = Field(default=None, validate_default=True)
    timezone: str | None = None
    files: bool = True
    comments: bool = True
    novels: bool = True
    profiles: bool = True
    types: Some[WorkType] = ("illust", "manga", "ugoira", "novel")
    tags_any: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    users_none: tuple[UserId, ...] = ()
    x_restrict: Some[Rating] = ("all-ages", "r18", "r18g")
    ai: Literal["any", "no", "only"] = "any"
    minimum_bookmarks: int = Field(default=0, ge=0)
    maximum_pages: int = Field(default=0, ge=0)
    posted_after: Date = None
    posted_before: Date = None

    @field_validator("cron")
    @classmethod
    def _one_rhythm(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if "every" in info.data:  # else it was wrong itself
            every = info.data["every"]
            if every is None and cron is None:
                raise ValueError('it is not said when the job runs; add every = "1h" or cron = "30 12 * * *"')
            if every is not None and cron is not None:
                raise ValueError("every and cron are both given; keep one of them")
        return cron

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(_why_no_zone(value)) from None
            if info.data.get("every") is not None:
                raise ValueError("only cron has a time zone; leave it out beside every")
        return value

    @field_validator("posted_before")
    @classmethod
    def _dates_in_order(cls, value: object, info: ValidationInfo) -> object:
        return _not_before(value, info, "posted_after")


def _why_no_zone(value: str) -> str:
    if available_timezones():
        return f'{value!r} is not a time zone; write it like "Asia/Tokyo"'
    return (
        "this system has no time zone database; install tzdata (the system's package, or `pip install tzdata`), "
        "or leave the key out: then it is the machine's own zone"
    )


class FollowingJob(Job):
    """Every artist that the account follows."""

    kind: Literal["following"] = "following"
    restrict: Some[Restrict] = ("public", "private")


class UserJob(Job):
    """Named artists, followed or not."""

    kind: Literal["user"] = "user"
    users: Some[UserId]


class BookmarksJob(Job):
    """The account's own bookmarks, all or those under one of its bookmark tags."""

    kind: Literal["bookmarks"] = "bookmarks"
    media: Some[Medium] = ("illust", "novel")
    restrict: Some[Restrict] = ("public", "private")
    tag: str | None = Field(default=None, min_length=1)


class RankingJob(Job):
    """Rankings of each medium and mode, of new dates and, from `since` to `until`, of past ones (JST)."""

    kind: Literal["ranking"] = "ranking"
    media: Some[Medium] = ("illust",)
    modes: Some[str]
    top: int = Field(default=100, ge=1, le=1000)
    since: Date = None
    until: Date = None

    @field_validator("modes")
    @classmethod
    def _known_modes(cls, modes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for medium in info.data.get("media", ()):
            allowed = ILLUST_MODES if medium == "illust" else NOVEL_MODES
            if unknown := [mode for mode in modes if mode not in allowed]:
                raise ValueError(
                    f"{', '.join(unknown)}: no such ranking of {medium}s; choose from {', '.join(allowed)}"
                )
        return modes

    @field_validator("until")
    @classmethod
    def _until_after_since(cls, value: object, info: ValidationInfo) -> object:
        return _not_before(value, info, "since")


def _not_before(value: object, info: ValidationInfo, other: str) -> object:
    first = info.data.get(other)
    if first is not None and value is not None and value < first:
        raise ValueError(f"{value} lies before {other}, {first}; exchange them")
    return value


JobConfig = Annotated[FollowingJob | UserJob | BookmarksJob | RankingJob, Field(discriminator="kind")]
KINDS: dict[str, type[Job]] = {
    "following": FollowingJob,
    "user": UserJob,
    "bookmarks": BookmarksJob,
    "ranking": RankingJob,
}
