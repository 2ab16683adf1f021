"""Works: what illusts and novels share, illusts themselves, ugoira."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from pixmirror.models.base import (
    MOST_TAGS,
    PLACEHOLDER,
    Id,
    Medium,
    Model,
    Moment,
    OrEmpty,
    OrNone,
    State,
    Text,
    Whole,
    is_address,
    work_key,
)
from pixmirror.models.users import User


class ImageUrls(Model):
    square_medium: Text | None = None
    medium: Text | None = None
    large: Text | None = None
    original: Text | None = None


class Tag(Model):
    name: Text
    translated_name: Text | None = None
    added_by_uploaded_user: bool | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a tag is read: in romaji, or in kana."""

    name: str
    kind: Literal["romaji", "yomigana"]
    text: str


class SeriesRef(Model):
    id: Id
    title: Text = ""


class MetaSinglePage(Model):
    original_image_url: Text | None = None


class MetaPage(Model):
    image_urls: ImageUrls = Field(default_factory=ImageUrls)


class Work(Model):
    """What illusts and novels have in common."""

    medium: ClassVar[Medium]
    vital: ClassVar[frozenset[str]] = frozenset({"id", "user"})

    id: Id
    title: Text = ""
    caption: Text = ""
    restrict: Whole = 0
    x_restrict: Whole = 0
    user: Annotated[User | None, OrNone] = None
    image_urls: Annotated[ImageUrls | None, OrNone] = None
    tags: Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS), OrEmpty] = ()
    create_date: Moment | None = None
    page_count: Whole = 1
    series: Annotated[SeriesRef | None, OrNone] = None
    total_view: Whole | None = None
    total_bookmarks: Whole | None = None
    total_comments: Whole | None = None
    is_bookmarked: bool | None = None
    is_muted: bool | None = None
    visible: bool = True
    comment_access_control: Whole | None = None
    request: Any = None
    restriction_attributes: Annotated[tuple[Text, ...], OrEmpty] = ()
    event_banners: Any = None
    seasonal_effect_animation_urls: Any = None

    @property
    def key(self) -> int:
        return work_key(self.medium, self.id)

    @property
    def placeholder(self) -> str | None:
        """The name after `limit_` of the placeholder picture that Pixiv shows for the work, or None."""
        urls = self.image_urls
        for url in (urls.large, urls.medium, urls.square_medium) if urls else ():
            if url and PLACEHOLDER in url:
                return url.split(PLACEHOLDER, 1)[1].rsplit(".", 1)[0]
        return None

    @property
    def state(self) -> State:
        """LIVE for a work, else what the stub stands for (pixiv.md 6.2, 7.2)."""
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
    tools: Annotated[tuple[Text, ...], OrEmpty] = ()
    width: Whole = 0
    height: Whole = 0
    sanity_level: Whole | None = None
    meta_single_page: Annotated[MetaSinglePage | None, OrNone] = None
    meta_pages: Annotated[tuple[MetaPage, ...], OrEmpty] = ()
    illust_ai_type: Whole | None = None
    illust_book_style: Whole | None = None

    medium: ClassVar[Medium] = "illust"

    @classmethod
    def stand_in(cls, name: str, raw: Mapping[str, Any]) -> Any:
        """Read an unknown type as what its file looks like."""
        if name != "type":
            return None
        single = raw.get("meta_single_page")
        return (
            "ugoira"
            if "_ugoira" in str(single.get("original_image_url") if isinstance(single, dict) else "")
            else "illust"
        )

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


class UgoiraFrame(Model):
    """One frame: the file in the zip and how long it shows, in milliseconds."""

    file: Text
    delay: Whole = Field(ge=0)


def _file_address(url: str) -> str:
    if not is_address(url):
        raise ValueError("this can be no address of a file")
    return url


class ZipUrls(Model):
    medium: Annotated[Text, AfterValidator(_file_address)]


class UgoiraMetadata(Model):
    zip_urls: ZipUrls
    frames: tuple[UgoiraFrame, ...]
