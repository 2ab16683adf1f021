"""The shared models with what only the web says beside them, in `web`.

A WebIllust is an Illust: whoever takes works need not know which API they came from.
"""

from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AwareDatetime, ConfigDict, Field, PlainValidator

from pixmirror.models import (
    BookmarkTag,
    Comment,
    Illust,
    MetaPage,
    Model,
    Novel,
    Rows,
    SeriesDetail,
    Tag,
    UgoiraMetadata,
    UserDetail,
    UserPreview,
)
from pixmirror.models.base import OrEmpty
from pixmirror.pixiv.web import shapes
from pixmirror.pixiv.web.mapping import Shape
from pixmirror.pixiv.web.rows import Camel, Facts, Map

M = TypeVar("M", bound=Model)


class WebTag(Tag):
    """A tag of a detail answer. `translation` holds languages besides the page's own."""

    locked: bool | None = None
    deletable: bool | None = None
    user_id: int | None = Field(default=None, alias="userId")
    user_name: str | None = Field(default=None, alias="userName")
    romaji: str | None = None
    translation: Map | None = None


class BookmarkData(Camel):
    id: int
    private: bool = False


class WorkFacts(Facts):
    """Of illusts and novels alike."""

    alt: str | None = None
    bookmark_data: BookmarkData | None = None
    is_bookmarkable: bool | None = None
    is_unlisted: bool | None = None
    mask_reason: str | None = None
    title_caption_translation: dict[str, Any] | None = None
    update_date: AwareDatetime | None = None
    upload_date: AwareDatetime | None = None
    reupload_date: AwareDatetime | None = None
    tags: dict[str, Any] | None = None
    series_nav_data: dict[str, Any] | None = None
    series_id: int | None = None
    series_title: str | None = None
    like_count: int | None = None
    like_data: bool | None = None
    response_count: int | None = None
    image_response_count: int | None = None
    image_response_data: tuple[Any, ...] | None = None
    image_response_out_data: tuple[Any, ...] | None = None
    is_original: bool | None = None
    poll_data: Any = None
    marker: Any = None
    request: Any = None
    description_booth_id: Any = None
    description_youtube_id: Any = None
    comic_promotion: dict[str, Any] | None = None
    fanbox_promotion: dict[str, Any] | None = None
    contest_banners: tuple[Any, ...] | None = None
    contest_data: Any = None
    zone_config: Map | None = None
    extra_data: Map | None = None


class IllustFacts(WorkFacts):
    type: str | None = None
    urls: Map | None = None
    url: str | None = None
    storable_tags: tuple[str, ...] | None = None
    user_illusts: Annotated[Any, PlainValidator(lambda value: _neighbours(value, WebIllust))] = None
    no_login_data: dict[str, Any] | None = None
    is_howto: bool | None = None
    location_mask: Any = None
    is_login_only: bool | None = None
    thumbnail: Any = None


class NovelFacts(WorkFacts):
    content: str | None = None
    url: str | None = None
    user_account: str | None = None
    user_novels: Annotated[Any, PlainValidator(lambda value: _neighbours(value, WebNovel))] = None
    text_embedded_images: Map | None = None
    suggested_settings: dict[str, Any] | None = None
    word_count: int | None = None
    use_word_count: bool | None = None
    reading_time: int | None = None
    text_count: int | None = None
    character_count: int | None = None
    marker_count: int | None = None
    genre: str | None = None
    is_bungei: bool | None = None
    has_glossary: bool | None = None
    series: dict[str, Any] | None = None
    reupload_timestamp: int | None = None


def _neighbours(value: Any, model: type[M]) -> Any:
    """Return the works beside a work: a map of id to row, or to null; as it is if it is anything else."""
    if isinstance(value, dict):
        return Rows.of(value.values(), model, gaps=True)
    return {} if value == [] else value


class WebIllust(Illust):
    """An illust, manga or ugoira of the web. Works of several pages lack `meta_pages` until `with_pages`."""

    shape: ClassVar[Shape] = shapes.ILLUST

    tags: tuple[WebTag, ...] = ()
    web: IllustFacts = Field(default_factory=IllustFacts)


class WebNovel(Novel):
    """A novel of the web; `web.content` is its text in the answer of detail."""

    shape: ClassVar[Shape] = shapes.NOVEL

    tags: tuple[WebTag, ...] = ()
    web: NovelFacts = Field(default_factory=NovelFacts)


class RankFacts(Facts):
    """`rank` and `yes_rank` (yesterday's; 0: new). Names as ranking.php writes them."""

    model_config = ConfigDict(alias_generator=None)

    as_sent: dict[str, Any] = Field(default_factory=dict, alias="asSent")
    rank: int
    yes_rank: int | None = None
    date: str | None = None
    rating_count: int | None = None
    attr: str | None = None
    illust_content_type: Map | None = None
    illust_series: Any = None
    is_bookmarkable: bool | None = None
    bookmark_id: Any = None
    bookmark_illust_restrict: Any = None
    mask_reason: str | None = None


class RankedIllust(Illust):
    """A row of ranking.php. It says neither x_restrict nor AI: only the detail does."""

    shape: ClassVar[Shape] = shapes.RANKED

    web: RankFacts


class UserFacts(Facts):
    image: str | None = None
    is_mypixiv: bool | None = None
    background: dict[str, Any] | None = None
    sketch_live_id: Any = None
    sketch_lives: tuple[Any, ...] | None = None
    partial: int | None = None
    followed_back: bool | None = None
    comment_html: str | None = None
    social: Map | None = None
    can_send_message: bool | None = None
    region: dict[str, Any] | None = None
    age: dict[str, Any] | None = None
    birth_day: dict[str, Any] | None = None
    gender: dict[str, Any] | None = None
    job: dict[str, Any] | None = None
    official: bool | None = None
    group: tuple[Any, ...] | None = None
    commission: Any = None


class WebUser(UserDetail):
    """A user of the web, in any of its three depths; what the answer lacks is None."""

    shape: ClassVar[Shape] = shapes.USER

    web: UserFacts = Field(default_factory=UserFacts)


class PreviewFacts(Facts):
    followed: bool | None = None
    is_mypixiv: bool | None = None
    commission: Any = None


class WebUserPreview(UserPreview):
    """A row of a following or follower list."""

    shape: ClassVar[Shape] = shapes.PREVIEW

    illusts: Annotated[Rows[WebIllust], OrEmpty] = Field(default_factory=Rows)  # type: ignore[assignment]
    novels: Annotated[Rows[WebNovel], OrEmpty] = Field(default_factory=Rows)  # type: ignore[assignment]
    web: PreviewFacts = Field(default_factory=PreviewFacts)


class CommentFacts(Facts):
    is_deleted_user: bool | None = None
    comment_user_id: int | None = None
    comment_root_id: int | None = None
    reply_to_user_id: int | None = None
    reply_to_user_name: str | None = None
    stamp_link: str | None = None
    editable: bool | None = None


class WebComment(Comment):
    shape: ClassVar[Shape] = shapes.COMMENT

    web: CommentFacts = Field(default_factory=CommentFacts)


class SeriesFacts(Facts):
    description: str | None = None
    content_order: Any = Field(default=None, alias="content_order")
    url: str | None = None
    cover: dict[str, Any] | None = None
    cover_image_sl: Any = None
    first_illust_id: int | None = None
    latest_illust_id: int | None = None
    first_novel_id: int | None = None
    latest_novel_id: int | None = None
    first_episode: dict[str, Any] | None = None
    update_date: AwareDatetime | None = None
    created_timestamp: int | None = None
    updated_timestamp: int | None = None
    last_published_content_timestamp: int | None = None
    display_series_content_count: int | None = None
    share_text: str | None = None
    watch_count: int | None = None
    is_notifying: bool | None = None
    has_glossary: bool | None = None
    x_restrict: int | None = None
    genre_id: int | None = None
    tags: tuple[Any, ...] | None = None
    language: str | None = None
    zone_config: Map | None = None
    extra_data: Map | None = None


class WebSeries(SeriesDetail):
    """A series of manga or novels."""

    shape: ClassVar[Shape] = shapes.SERIES

    web: SeriesFacts = Field(default_factory=SeriesFacts)


class UgoiraFacts(Facts):
    original_src: str | None = None
    mime_type: str | None = Field(default=None, alias="mime_type")


class WebUgoira(UgoiraMetadata):
    """Frames and zips; `web.original_src` is the large one, which the App API does not name."""

    shape: ClassVar[Shape] = shapes.UGOIRA

    web: UgoiraFacts = Field(default_factory=UgoiraFacts)


class PageFacts(Facts):
    urls: dict[str, Any] | None = None
    width: int | None = None
    height: int | None = None


class WebPage(MetaPage):
    """One page of a work, with its true original."""

    shape: ClassVar[Shape] = shapes.PAGE

    web: PageFacts = Field(default_factory=PageFacts)


class BookmarkTagFacts(Facts):
    tag_translation: str | None = Field(default=None, alias="tag_translation")


class WebBookmarkTag(BookmarkTag):
    shape: ClassVar[Shape] = shapes.BOOKMARK_TAG

    web: BookmarkTagFacts = Field(default_factory=BookmarkTagFacts)
