"""The one vocabulary: what Pixiv's answers become, and what the catalogue takes. No I/O.

Field names are Pixiv's own (App API). What a model does not read stays with it (`extra`), so that nothing of an
answer is lost. Shapes: the recorded responses and documents 002 and 003; liberties: pixiv-facts 3.6 and 7.2.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Medium = Literal["illust", "novel"]
Restrict = Literal["public", "private"]

JST = timezone(timedelta(hours=9), "JST")
PLACEHOLDER = "/common/images/limit_"


class Lane(IntEnum):
    """Who goes first, of requests and of files (law 5)."""

    NEW = 0
    COMPLETE = 1
    RETRY = 2
    BACKFILL = 3
    EXTRA = 4
    REFRESH = 5


class State(StrEnum):
    """What is known of a work, user, comment, bookmark or follow upstream (law 6)."""

    LIVE = "live"
    LIMITED = "limited"
    MYPIXIV = "mypixiv"
    PRIVATE = "private"
    GONE = "gone"
    DELETED = "deleted"
    USER_GONE = "user_gone"
    USER_SUSPENDED = "user_suspended"
    UNKNOWN = "unknown"


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, the catalogue's unit."""
    return int(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def work_key(medium: Medium, work_id: int) -> int:
    """One integer for two id spaces that collide: id*2, plus 1 for a novel (design 6)."""
    return work_id * 2 + (medium == "novel")


def split_key(key: int) -> tuple[Medium, int]:
    return ("novel" if key & 1 else "illust"), key >> 1


def _empty_list_is_none(value: Any) -> Any:
    """PHP writes an empty map as []; Pixiv also writes an absent object as {}."""
    return None if value in ([], {}, "") else value


def _empty_list_is_map(value: Any) -> Any:
    return {} if value in ([], None) else value


def _none_is_empty(value: Any) -> Any:
    return () if value is None else value


OrNone = BeforeValidator(_empty_list_is_none)
OrEmpty = BeforeValidator(_none_is_empty)
OrMap = BeforeValidator(_empty_list_is_map)


class Model(BaseModel):
    """A frozen part of an answer; fields that the class does not name are kept in `extra`."""

    model_config = ConfigDict(frozen=True, extra="allow", coerce_numbers_to_str=True, protected_namespaces=())

    @property
    def extra(self) -> dict[str, Any]:
        """What the model does not read, by JSON path, here and in the models below."""
        return dict(_extras(self, ""))


def _extras(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Model):
        for name, left in (value.__pydantic_extra__ or {}).items():
            yield f"{path}.{name}".lstrip("."), left
        for name in type(value).model_fields:
            yield from _extras(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _extras(item, f"{path}[{i}]")


class ImageUrls(Model):
    square_medium: str | None = None
    medium: str | None = None
    large: str | None = None
    original: str | None = None


class ProfileImageUrls(Model):
    medium: str | None = None


class User(Model):
    """A user as lists carry it. `id` is 0 in the stub of a work whose user is gone."""

    id: int = Field(ge=0)
    name: str = ""
    account: str = ""
    profile_image_urls: Annotated[ProfileImageUrls | None, OrNone] = None
    comment: str | None = None
    is_followed: bool | None = None
    is_accept_request: bool | None = None
    is_access_blocking_user: bool | None = None


class Profile(Model):
    """Totals and public facts of a user (`/v1/user/detail`)."""

    total_illusts: int | None = None
    total_manga: int | None = None
    total_novels: int | None = None
    total_illust_bookmarks_public: int | None = None
    total_illust_series: int | None = None
    total_novel_series: int | None = None
    total_follow_users: int | None = None
    total_mypixiv_users: int | None = None
    background_image_url: str | None = None
    webpage: str | None = None
    is_premium: bool | None = None


class UserDetail(Model):
    """`/v1/user/detail`: the whole profile."""

    user: User
    profile: Profile
    profile_publicity: Annotated[dict[str, Any], OrMap] = Field(default_factory=dict)
    workspace: Annotated[dict[str, Any], OrMap] = Field(default_factory=dict)


class Tag(Model):
    name: str
    translated_name: str | None = None
    added_by_uploaded_user: bool | None = None


class SeriesRef(Model):
    id: PositiveInt
    title: str = ""


class MetaSinglePage(Model):
    original_image_url: str | None = None


class MetaPage(Model):
    image_urls: ImageUrls


class Work(Model):
    """What illusts and novels have in common."""

    medium: ClassVar[Medium]

    id: PositiveInt
    title: str = ""
    caption: str = ""
    restrict: int = 0
    x_restrict: int = 0
    user: Annotated[User | None, OrNone] = None
    image_urls: Annotated[ImageUrls | None, OrNone] = None
    tags: Annotated[tuple[Tag, ...], OrEmpty] = ()
    create_date: AwareDatetime | None = None
    page_count: int = 1
    series: Annotated[SeriesRef | None, OrNone] = None
    total_view: int | None = None
    total_bookmarks: int | None = None
    total_comments: int | None = None
    is_bookmarked: bool | None = None
    is_muted: bool | None = None
    visible: bool = True
    comment_access_control: int | None = None

    @property
    def key(self) -> int:
        return work_key(self.medium, self.id)

    @property
    def placeholder(self) -> str | None:
        """The name after `limit_` of the placeholder picture that stands for the work, or None."""
        urls = self.image_urls
        for url in (urls.large, urls.medium, urls.square_medium) if urls else ():
            if url and PLACEHOLDER in url:
                return url.split(PLACEHOLDER, 1)[1].rsplit(".", 1)[0]
        return None

    @property
    def state(self) -> State:
        """LIVE for a work, else what the stub stands for (pixiv-facts 6.2, 7.2)."""
        name = self.placeholder
        if name is None:
            return State.LIVE if self.visible and self.user and self.user.id else State.UNKNOWN
        if name.startswith("mypixiv"):
            return State.PRIVATE if self.restrict == 2 else State.MYPIXIV
        if name.startswith("unknown"):
            return State.UNKNOWN
        return State.LIMITED

    @property
    def is_stub(self) -> bool:
        return self.state is not State.LIVE


class Illust(Work):
    """An illust, manga or ugoira (`illusts[]`, `/v1/illust/detail`)."""

    type: Literal["illust", "manga", "ugoira"]
    tools: Annotated[tuple[str, ...], OrEmpty] = ()
    width: int = 0
    height: int = 0
    sanity_level: int | None = None
    meta_single_page: Annotated[MetaSinglePage | None, OrNone] = None
    meta_pages: Annotated[tuple[MetaPage, ...], OrEmpty] = ()
    illust_ai_type: int | None = None
    illust_book_style: int | None = None
    restriction_attributes: Annotated[tuple[str, ...], OrEmpty] = ()

    medium: ClassVar[Medium] = "illust"

    @property
    def ai_type(self) -> int | None:
        return self.illust_ai_type

    @property
    def originals(self) -> tuple[str, ...]:
        """URLs of the original pages in order; for a ugoira that of frame 0; empty for a stub."""
        if self.is_stub:
            return ()
        if self.meta_pages:
            return tuple(p.image_urls.original for p in self.meta_pages if p.image_urls.original)
        single = self.meta_single_page.original_image_url if self.meta_single_page else None
        return (single,) if single else ()


class Novel(Work):
    """A novel without its text (`novels[]`, `/v2/novel/detail`)."""

    text_length: int = Field(ge=0)
    is_original: bool | None = None
    is_mypixiv_only: bool | None = None
    is_x_restricted: bool | None = None
    novel_ai_type: int | None = None
    language: str | None = None

    type: ClassVar[str] = "novel"
    medium: ClassVar[Medium] = "novel"

    @property
    def ai_type(self) -> int | None:
        return self.novel_ai_type


class NovelText(Model):
    """What the webview page of a novel holds (pixiv-facts 10); `text` is verbatim."""

    id: PositiveInt
    text: str
    title: str = ""
    user_id: Annotated[int | None, OrNone] = Field(default=None, alias="userId")
    cover_url: str | None = Field(default=None, alias="coverUrl")
    images: Annotated[dict[str, Any], OrMap] = Field(default_factory=dict)
    illusts: Annotated[dict[str, Any], OrMap] = Field(default_factory=dict)


class UgoiraFrame(Model):
    """One frame: the file in the zip and how long it shows, in milliseconds."""

    file: str
    delay: int = Field(ge=0)


class ZipUrls(Model):
    medium: str


class UgoiraMetadata(Model):
    zip_urls: ZipUrls
    frames: tuple[UgoiraFrame, ...]


class Stamp(Model):
    stamp_id: PositiveInt
    stamp_url: str | None = None


class ParentComment(Model):
    id: PositiveInt


class Comment(Model):
    """A comment or a reply; `user` is None where Pixiv hides who wrote it."""

    id: PositiveInt
    comment: str = ""
    date: AwareDatetime | None = None
    user: Annotated[User | None, OrNone] = None
    has_replies: bool = False
    stamp: Annotated[Stamp | None, OrNone] = None
    parent_comment: Annotated[ParentComment | None, OrNone] = None


class UserPreview(Model):
    """A row of a user list, with up to three works each."""

    user: User
    illusts: Annotated[tuple[Any, ...], OrEmpty] = ()
    novels: Annotated[tuple[Any, ...], OrEmpty] = ()
    is_muted: bool | None = None


class BookmarkTag(Model):
    name: str
    count: int


class BookmarkDetail(Model):
    is_bookmarked: bool
    restrict: str | None = None
    tags: tuple[Any, ...] = ()


class SeriesDetail(Model):
    """A series of illusts or novels."""

    id: PositiveInt
    title: str = ""
    caption: str | None = None
    user: Annotated[User | None, OrNone] = None
    create_date: AwareDatetime | None = None
    series_work_count: int | None = None
    content_count: int | None = None
    is_concluded: bool | None = None
    total_character_count: int | None = None


@dataclass(frozen=True, slots=True)
class Received(Generic[T_co]):
    """An item as a model, beside the JSON object that Pixiv sent for it."""

    item: T_co
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that could not be read: kept raw, counted, reported."""

    path: str
    reason: str
    raw: Any


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One answer of a list endpoint. `next` is the whole query of next_url, or None at the end.

    `head` holds what else stood at the top of the answer (`total_comments`, `user`, ...).
    """

    endpoint: str
    items: tuple[Received[T], ...]
    broken: tuple[Broken, ...] = ()
    next: Mapping[str, str] | None = None
    head: Mapping[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[T]:
        return (r.item for r in self.items)


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

    @classmethod
    def of(cls, path: str, size: int, sha256: str) -> Self:
        return cls(path, size, sha256)


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
    def of(cls, work: Work, kind: str) -> Self:
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


_URL_TIME = re.compile(r"/img/(\d{4})/(\d{2})/(\d{2})/(\d{2})/(\d{2})/(\d{2})/")


def url_version(url: str) -> str:
    """The upload time in an image URL's path, yyyymmddhhmmss JST, or "" if there is none (pixiv-facts 6.1)."""
    found = _URL_TIME.search(url)
    return "".join(found.groups()) if found else ""


def url_ms(url: str) -> int | None:
    """The same time in ms UTC."""
    version = url_version(url)
    try:
        return to_ms(datetime.strptime(version, "%Y%m%d%H%M%S").replace(tzinfo=JST)) if version else None
    except ValueError:
        return None
