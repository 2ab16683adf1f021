"""The kinds of jobs. Each has its keys and its line in KINDS here, and a file of its name that says what it does.

This much is read with every configuration, so the files, and all that they import, wait until a job needs them.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationInfo, field_validator

from pixmirror.models import Medium, Restrict
from pixmirror.models.jobs import JobConfig, Some, not_before
from pixmirror.models.values import Date, UserId

if TYPE_CHECKING:
    from pixmirror.sync.kinds.kind import Actions

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


class FollowingJob(JobConfig):
    """Every artist that the account follows."""

    keeps_fresh = "followed artists"
    kind: Literal["following"] = "following"
    restrict: Some[Restrict] = ("public", "private")


class UserJob(JobConfig):
    """Named artists, followed or not."""

    keeps_fresh = "named artists"
    kind: Literal["user"] = "user"
    users: Some[UserId]


class BookmarksJob(JobConfig):
    """The account's own bookmarks, all or those under one of its bookmark tags."""

    keeps_fresh = "bookmarks"
    kind: Literal["bookmarks"] = "bookmarks"
    media: Some[Medium] = ("illust", "novel")
    restrict: Some[Restrict] = ("public", "private")
    tag: str | None = Field(default=None, min_length=1)


class RankingJob(JobConfig):
    """Rankings of each medium and mode, of new dates and, from `since` to `until`, of past ones (JST)."""

    kind: Literal["ranking"] = "ranking"
    media: Some[Medium] = ("illust",)
    modes: Some[str]
    top: int = Field(default=100, ge=1, le=1000)
    since: Date = None
    until: Date = None

    @property
    def rankings(self) -> tuple[tuple[Medium, str], ...]:
        return tuple((medium, mode) for medium in self.media for mode in self.modes)

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
        return not_before(value, info, "since")


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its name, which is its file's, too, and its keys in the configuration."""

    name: str
    config: type[JobConfig]

    @property
    def actions(self) -> "Actions":
        """What it does; imports its file."""
        found: Actions = import_module(f"{__name__}.{self.name}").ACTIONS
        return found


KINDS: dict[str, JobKind] = {
    kind.name: kind
    for kind in (
        JobKind("following", FollowingJob),
        JobKind("user", UserJob),
        JobKind("bookmarks", BookmarksJob),
        JobKind("ranking", RankingJob),
    )
}
