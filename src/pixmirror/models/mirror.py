"""What the mirror itself hands around: lanes, tokens, files."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Self

from pixmirror.models.base import Medium, split_key, to_ms

if TYPE_CHECKING:
    from pixmirror.models.works import Work


class Lane(IntEnum):
    """Who goes first, of requests and of files (architecture: one budget)."""

    NEW = 0
    COMPLETE = 1
    RETRY = 2
    BACKFILL = 3
    EXTRA = 4
    REFRESH = 5


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and whose it is. `expires_at` is ms UTC."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int
    user_id: int
    user_name: str
    user_account: str
    is_premium: bool = False
    x_restrict: int = 0

    def fresh(self, now: int, margin_ms: int = 60_000) -> bool:
        return now < self.expires_at - margin_ms


@dataclass(frozen=True, slots=True)
class MediaItem:
    """A claimed file: what to fetch and where it goes (path relative to the media folder)."""

    media_id: int
    work_key: int
    user_id: int
    role: str
    index: int
    version: str
    urls: tuple[str, ...]
    path: str
    attempts: int
    create_date: int | None = None
    damaged_sha256: str | None = None
    sha256: str | None = None  # of the stored file that was found bad

    @property
    def medium(self) -> Medium:
        return split_key(self.work_key)[0]

    @property
    def work_id(self) -> int:
        return self.work_key >> 1


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies whole under its final name; `size` in bytes."""

    path: str
    size: int
    sha256: str
    url: str = ""
    unchecked: str = ""  # why its structure could not be checked
    entries: frozenset[str] | None = None  # of a ugoira's zip: the names in it


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """What a job's filters look at."""

    key: int
    type: str
    user_id: int | None
    tags: frozenset[str]
    x_restrict: int
    ai_type: int | None
    total_bookmarks: int | None
    page_count: int
    create_date: int | None

    @classmethod
    def of(cls, work: "Work", kind: str) -> Self:
        return cls(
            key=work.key,
            type=kind,
            user_id=work.user.id if work.user else None,
            tags=frozenset(t.name for t in work.tags),
            x_restrict=work.x_restrict,
            ai_type=getattr(work, "ai_type", None),
            total_bookmarks=work.total_bookmarks,
            page_count=work.page_count,
            create_date=to_ms(work.create_date) if work.create_date else None,
        )
