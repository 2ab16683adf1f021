"""Novels and their text."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from pixmirror.models.base import Id, Medium, Model, OrMap, OrNone, Text, Whole
from pixmirror.models.works import Work


class Novel(Work):
    """A novel without its text (`novels[]`, `/v2/novel/detail`)."""

    text_length: Whole = Field(ge=0)
    is_original: bool | None = None
    is_mypixiv_only: bool | None = None
    is_x_restricted: bool | None = None
    novel_ai_type: Whole | None = None
    language: Text | None = None

    type: ClassVar[str] = "novel"
    medium: ClassVar[Medium] = "novel"

    @classmethod
    def stand_in(cls, name: str, raw: Mapping[str, Any]) -> Any:
        return 0 if name == "text_length" else None

    @property
    def ai_type(self) -> int | None:
        return self.novel_ai_type


class NovelMarker(Model):
    """The page at which one stopped reading."""

    page: Whole | None = None


class MarkedNovel(Model):
    """A row of the list of markers."""

    novel: Novel
    novel_marker: Annotated[NovelMarker, OrMap] = Field(default_factory=NovelMarker)


class OldNovelText(Model):
    """What `/v1/novel/text` said until February 2024."""

    novel_text: str
    novel_marker: Annotated[NovelMarker, OrMap] = Field(default_factory=NovelMarker)
    series_prev: Annotated[Novel | None, OrNone] = None
    series_next: Annotated[Novel | None, OrNone] = None


class NovelText(Model):
    """What the webview page of a novel holds (pixiv.md 10); `text` is verbatim."""

    id: Id
    text: str
    title: Text = ""
    user_id: Annotated[Whole | None, OrNone] = Field(default=None, alias="userId")
    cover_url: Text | None = Field(default=None, alias="coverUrl")
    images: Annotated[dict[str, Any], OrMap] = Field(default_factory=dict)
    illusts: Annotated[dict[str, Any], OrMap] = Field(default_factory=dict)
