"""The keys that all kinds of jobs share, and their defaults; docs/config.md explains each to the user."""

from typing import Annotated, ClassVar, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from pixmirror.models.base import Medium
from pixmirror.models.values import Cron, Date, Duration, SecretAddress, UserId

Rating = Literal["all-ages", "r18", "r18g"]
WorkType = Literal["illust", "manga", "ugoira", "novel"]
Fresh = Literal["", "named artists", "followed artists", "bookmarks"]

_T = TypeVar("_T")


def _some(values: tuple[_T, ...]) -> tuple[_T, ...]:
    if not values:
        raise ValueError("the list is empty, so the job would do nothing; name at least one")
    return tuple(dict.fromkeys(values))


Some = Annotated[tuple[_T, ...], AfterValidator(_some)]


class JobConfig(BaseModel):
    """The keys that every kind of job has. `every` is seconds; exactly one of `every` and `cron` is set.

    What others must know of a kind it says itself: `keeps_fresh`, whose works it reads again and again, and
    `rankings`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    keeps_fresh: ClassVar[Fresh] = ""

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
    ping: SecretAddress | None = None
    kind: str

    @property
    def rankings(self) -> tuple[tuple[Medium, str], ...]:
        """Return the rankings that it reads, by medium and mode."""
        return ()

    @field_validator("cron")
    @classmethod
    def _one_rhythm(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if "every" in info.data:  # else it was wrong itself
            every = info.data["every"]
            if every is None and cron is None:
                text = 'it is not said when the job runs; add every = "1h", or cron = "30 12 * * *"'
                raise PydanticCustomError("no_time", text)
            if every is not None and cron is not None:
                raise ValueError("every and cron are both given; keep one of them")
        return cron

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            check_timezone(value)
            if info.data.get("every") is not None:
                raise ValueError("only cron has a time zone; leave it out beside every")
        return value

    @field_validator("posted_before")
    @classmethod
    def _dates_in_order(cls, value: object, info: ValidationInfo) -> object:
        return not_before(value, info, "posted_after")


def check_timezone(value: str) -> str:
    """Return the name of a time zone. ValueError says why it is none."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(_why_no_zone(value)) from None
    return value


def _why_no_zone(value: str) -> str:
    if available_timezones():
        return f'{value!r} is not a time zone; write it like "Asia/Tokyo"'
    return (
        "this system has no time zone database; install tzdata (the system's package, or `pip install tzdata`), "
        "or leave the key out: then it is the machine's own zone"
    )


def not_before(value: object, info: ValidationInfo, other: str) -> object:
    first = info.data.get(other)
    if first is not None and value is not None and value < first:
        raise ValueError(f"{value} lies before {other}, {first}; exchange them")
    return value
