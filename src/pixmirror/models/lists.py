"""Pages of lists, what could not be read of them, and the small rows that lists hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, NoReturn, TypeVar

from pydantic import BeforeValidator, Field

from pixmirror.models.base import Id, Model, Moment, OrEmpty, OrNone, Text, Whole
from pixmirror.models.novels import Novel
from pixmirror.models.rows import Broken, Received, Rows, partly_read
from pixmirror.models.users import User
from pixmirror.models.works import Illust, ImageUrls


class UserPreview(Model):
    """A row of a user list, with up to three works each."""

    user: User
    illusts: Annotated[Rows[Illust], OrEmpty] = Field(default_factory=Rows)
    novels: Annotated[Rows[Novel], OrEmpty] = Field(default_factory=Rows)
    is_muted: bool | None = None


class BookmarkTag(Model):
    """One of a user's own tags for bookmarks."""

    name: Text
    count: Whole


class BookmarkDetailTag(Model):
    """A tag that a bookmark has (`is_registered`) or could have."""

    name: Text
    is_registered: bool | None = None


class BookmarkDetail(Model):
    """Own bookmark of a work."""

    is_bookmarked: bool
    restrict: Text | None = None
    tags: Annotated[tuple[BookmarkDetailTag, ...], OrEmpty] = ()


class SeriesDetail(Model):
    """A series of illusts or novels."""

    id: Id
    title: Text = ""
    caption: Text | None = None
    display_text: Text | None = None
    user: Annotated[User | None, OrNone] = None
    create_date: Moment | None = None
    cover_image_urls: Annotated[ImageUrls | None, OrNone] = None
    width: Whole | None = None
    height: Whole | None = None
    series_work_count: Whole | None = None
    content_count: Whole | None = None
    is_original: bool | None = None
    is_concluded: bool | None = None
    total_character_count: Whole | None = None
    novel_ai_type: Whole | None = None
    watchlist_added: bool | None = None


class SeriesContext(Model):
    """Where in its series a work stands, and its neighbours."""

    content_order: Whole | None = None
    prev: Annotated[Illust | None, OrNone] = None
    next: Annotated[Illust | None, OrNone] = None


class SeriesPosition(Model):
    """`/v1/illust-series/illust`; both parts are None for a work of no series."""

    illust_series_detail: Annotated[SeriesDetail | None, OrNone]
    illust_series_context: Annotated[SeriesContext | None, OrNone]


class WatchedSeries(Model):
    """A row of a watch list. `mask_text` says why a series is not shown; its user has then the id 0."""

    id: Id
    title: Text = ""
    url: Text | None = None
    mask_text: Text | None = None
    published_content_count: Whole | None = None
    last_published_content_datetime: Moment | None = None
    latest_content_id: Whole | None = None
    user: Annotated[User | None, OrNone] = None


class TrendTag(Model):
    """A tag of the day with a work that carries it."""

    tag: Text
    translated_name: Text | None = None
    illust: Annotated[Illust | None, OrNone] = None
    novel: Annotated[Novel | None, OrNone] = None


class SpotlightArticle(Model):
    """An article of pixivision."""

    id: Id
    title: Text
    pure_title: Text | None = None
    thumbnail: Text | None = None
    article_url: Text
    publish_date: Moment | None = None
    category: Text | None = None
    subcategory_label: Text | None = None


_Limit = Annotated[Whole | None, BeforeValidator(lambda value: None if value == "*" else value)]


class BookmarkRange(Model):
    """A range of bookmark counts that a search offers; None is no limit (`*` at Pixiv)."""

    bookmark_num_min: _Limit
    bookmark_num_max: _Limit


T = TypeVar("T")


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

    @property
    def item(self) -> NoReturn:
        """Refuse what is for a detail, and what some lists were once."""
        raise AttributeError(f"{self.endpoint} gives a list: `items`, and in `head` what stands around them.")

    @property
    def unread(self) -> tuple[Broken, ...]:
        """Return what could not be read: whole items, and members of the others."""
        return self.broken + partly_read(self.items)
