"""What a world is made of: people, works, series, comments, bookmarks, follows; values that never change."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Key = tuple[str, int]  # ("illust" | "novel", id): two spaces of ids that collide
Restrict = Literal["public", "private"]
Hidden = Literal["limit_sanity_level", "limit_mypixiv", "limit_private", "limit_unviewable"]

LIVE, DELETED = "live", "deleted"


@dataclass(frozen=True, slots=True)
class User:
    """A person. `avatar_ms` and `background_ms` are when these pictures were uploaded, 0 for none; a person who
    left has `gone`, one who was suspended has `suspended` as well."""

    id: int
    name: str
    account: str
    comment: str = ""
    avatar_ms: int = 0
    gone: bool = False
    background_ms: int = 0
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """An illust, manga, ugoira or novel. `file_ms` is the time of the last upload of its files, which is in
    every URL; `state` is "live", "deleted" or the name of the placeholder that stands for it. `uploads` names the
    files that the own account uploaded, page by page; what is not public only its artist sees."""

    medium: str
    id: int
    user_id: int
    type: str
    title: str
    caption: str
    tags: tuple[str, ...]
    page_count: int
    width: int
    height: int
    create_ms: int
    file_ms: int
    total_view: int = 0
    total_bookmarks: int = 0
    series_id: int = 0
    ai_type: int = 1
    x_restrict: int = 0
    tools: tuple[str, ...] = ()
    text: str = ""
    ext: str = ""  # of all pages; "" draws one per page
    state: str = LIVE
    state_ms: int = 0
    restrict: str = "public"
    is_original: bool | None = None  # None draws it
    uploads: tuple[str, ...] = ()  # sha256.extension of each page; () draws them

    @property
    def key(self) -> Key:
        """What names the work."""
        return self.medium, self.id


@dataclass(frozen=True, slots=True)
class Series:
    """A series of manga or novels; its works in reading order."""

    medium: str
    id: int
    user_id: int
    title: str
    caption: str
    create_ms: int
    works: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; `parent_id` names the root it answers, `user_id` is None when the author left."""

    medium: str
    id: int
    work_id: int
    user_id: int | None
    text: str
    ms: int
    stamp_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A bookmark; `id` is what cursors are made of."""

    id: int
    key: Key
    restrict: str
    tags: tuple[str, ...]
    ms: int


@dataclass(frozen=True, slots=True)
class Follow:
    """That someone follows `user_id`; `order` grows with every new follow."""

    user_id: int
    restrict: str
    order: int


@dataclass(frozen=True, slots=True)
class Left:
    """What comes back with somebody who left: the states of the works, and the comments that were theirs."""

    states: Mapping[Key, str]
    said: tuple[Key, ...]


class ManualNow:
    """A clock that stands still until told otherwise; callable like every `now`."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms

    def advance(self, seconds: float) -> None:
        """Move time on."""
        self.ms += int(seconds * 1000)


def real_now() -> int:
    """Return the machine's time, in milliseconds since 1970 UTC."""
    return int(time.time() * 1000)
