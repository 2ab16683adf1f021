"""The bodies of the answers that are lists or plain facts; those of pages made of many parts are in `composed`."""

from typing import Any, Generic, TypeVar

from pydantic import AwareDatetime, Field, model_validator

from pixmirror.models import Live, Model, Rows
from pixmirror.pixiv.web.composed import Around, Collection, Ids, Objects
from pixmirror.pixiv.web.models import (
    BookmarkData,
    RankedIllust,
    WebBookmarkTag,
    WebComment,
    WebIllust,
    WebNovel,
    WebPage,
    WebSeries,
    WebUserPreview,
)
from pixmirror.pixiv.web.rows import Camel, Map

W = TypeVar("W", WebIllust, WebNovel)


class Works(Around, Generic[W]):
    """Bookmarks, works by tag: one page of `works`, and how many there are."""

    works: Rows[W]
    total: int
    bookmark_tags: Map | None = None


class People(Around):
    """Following, followers, mypixiv."""

    users: Rows[WebUserPreview]
    total: int
    follow_user_tags: tuple[Any, ...] | None = None


class BookmarkTags(Camel):
    public: Rows[WebBookmarkTag]
    private: Rows[WebBookmarkTag]
    too_many_bookmark: bool | None = None
    too_many_bookmark_tags: bool | None = None


class ProfileAll(Around):
    """Every id of a user in one answer; what the App API hides is in it. A map's values are null."""

    illusts: Map
    manga: Map
    novels: Map
    manga_series: Rows[WebSeries] = Field(default_factory=Rows)
    novel_series: Rows[WebSeries] = Field(default_factory=Rows)
    collection_ids: tuple[Any, ...] | None = None
    pickup: Objects = ()
    bookmark_count: dict[str, Any] | None = None
    external_site_works_status: dict[str, Any] | None = None
    request: dict[str, Any] | None = None

    def ids(self, kind: str) -> tuple[int, ...]:
        """Return the ids of `illusts` (with the ugoira), `manga` or `novels`, newest first."""
        held: dict[str, Any] = getattr(self, kind)
        return tuple(sorted((int(key) for key in held if key.isdecimal() and len(key) < 16), reverse=True))


class Latest(Camel):
    """The newest works; of older ones the ids alone (null)."""

    illusts: Rows[WebIllust]
    novels: Rows[WebNovel]


class ProfileWorks(Around, Generic[W]):
    """profile/illusts, profile/novels: `works` is a map of id to row."""

    works: Rows[W]


class Mine(Camel):
    following: int
    followers: int
    mypixiv_count: int
    background: Any = None


class Comments(Camel):
    comments: Rows[WebComment]
    has_next: bool


class Recommend(Camel):
    illusts: Rows[WebIllust]
    next_ids: Ids
    details: Map = Field(default_factory=dict)


class More(Camel):
    illusts: Rows[WebIllust]


class NewIllusts(Around):
    illusts: Rows[WebIllust]
    last_id: int


class NewNovels(Around):
    novels: Rows[WebNovel]
    last_id: int


class Found(Camel, Generic[W]):
    """A part of a search answer."""

    data: Rows[W]
    total: int
    last_page: int | None = None
    bookmark_ranges: Objects | None = None


class Popular(Camel):
    recent: Rows[WebIllust] = Field(default_factory=Rows)
    permanent: Rows[WebIllust] = Field(default_factory=Rows)


class Search(Around):
    """An answer of search: the part that was asked for, and what is popular. search/top has all parts."""

    illust_manga: Found[WebIllust] | None = None
    illust: Found[WebIllust] | None = None
    manga: Found[WebIllust] | None = None
    novel: Found[WebNovel] | None = None
    popular: Popular | None = None
    related_tags: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> "Search":
        if not self.parts:
            raise ValueError("there is none of illustManga, illust, manga and novel")
        return self

    @property
    def parts(self) -> "dict[str, Found[WebIllust] | Found[WebNovel]]":
        """The parts that the answer has, by their names there."""
        found = {
            "illustManga": self.illust_manga,
            "illust": self.illust,
            "manga": self.manga,
            "novel": self.novel,
        }
        return {name: part for name, part in found.items() if part is not None}


class TagInfo(Around):
    tag: str
    word: str | None = None
    pixpedia: Map = Field(default_factory=dict)
    breadcrumbs: Map = Field(default_factory=dict)
    my_favorite_tags: tuple[str, ...] = ()


class TagStories(Camel):
    tag_story_ids: Ids


class Ranking(Model):
    """ranking.php. `prev`, `next` and the dates are False where there is none."""

    contents: Rows[RankedIllust]
    mode: str
    content: str
    page: int
    prev: int | bool = False
    next: int | bool = False
    date: str
    prev_date: str | bool = False
    next_date: str | bool = False
    rank_total: int
    meta: dict[str, Any] | None = None
    date_range_text: str | None = None
    zone_config: Map | None = Field(default=None, alias="zoneConfig")


class SeriesPage(Camel):
    series_contents: Rows[WebNovel]


class SeriesContent(Collection):
    """A part of a novel series, in reading order; older answers have the rows without a page."""

    page: SeriesPage | None = None
    series_contents: Rows[WebNovel] | None = None


class SeriesWork(Camel):
    work_id: int
    order: int


class MangaSeriesPage(Camel):
    series: tuple[SeriesWork, ...]
    total: int = 0
    series_id: int | None = None
    other_series_id: int | None = None
    recent_updated_work_ids: Ids | None = None
    is_set_cover: bool | None = None
    is_watched: bool | None = None
    is_notifying: bool | None = None


class MangaSeries(Collection):
    page: MangaSeriesPage


class Glossary(Around):
    categories: Objects
    replacee_item_ids: tuple[Any, ...] = ()


class GlossaryItem(Around):
    item: dict[str, Any]


class WebPush(Camel):
    permission: str


class Notification(Camel):
    """What happened, as the site tells it."""

    id: str
    type: str | None = None
    unread: bool | None = None
    notified_at: AwareDatetime | None = None
    link_url: str | None = None
    icon_url: str | None = None
    target_blank: bool | None = None
    is_profile_icon: bool | None = None
    content: str | None = None


class Notifications(Camel):
    items: Rows[Notification]
    remaining_unread_count: int = Field(default=0, alias="remaining_unread_count")
    image_response_count: int = 0
    quotation_count: int = 0
    is_not_authorized: bool = False
    filter: dict[str, Any] | None = None


class Added(Model):
    last_bookmark_id: int | None
    stacc_status_id: int | None = None


class Liked(Model):
    is_liked: bool


class BookmarkState(Camel):
    is_bookmarkable: bool | None = None
    bookmark_data: BookmarkData | None


class Status(Model):
    """The account of the cookie, as the mobile site sees it."""

    user_status: dict[str, Any]


class Pages(Model):
    """The pages of a work: the body is a bare list, here under `pages`."""

    pages: Rows[WebPage]


class Lives(Model):
    """A bare list as well."""

    lives: Rows[Live]


class Titles(Model):
    """The parts of a novel series, all of them: {id, title, available}."""

    titles: Objects


class InsertIllusts(Model):
    """What stands for [pixivimage:ID-n] in a novel, by "ID-n"; `illust` is null when the work is gone."""

    illusts: Map


class TagRows(Model):
    tags: Rows[WebBookmarkTag]
