"""What Pixiv answers to the one who posts: uploads on their way, novel covers, drafts."""

from pydantic import AwareDatetime, Field

from pixmirror.models.base import Id, Model, Whole


class UploadTicket(Model):
    """What an upload is asked about by, until it is a work."""

    convert_key: str = Field(min_length=1)


class UploadStatus(Model):
    """How far an upload is; `illust_id` is there once it is COMPLETE."""

    status: str
    illust_id: Whole | None = None


class PostedNovel(Model):
    """The id of a novel that was just posted."""

    novel_id: Id


class SavedDraft(Model):
    """The id of a draft that was just saved."""

    novel_draft_id: Id


class NovelCover(Model):
    """One of the covers that Pixiv has for novels without their own."""

    id: Whole = Field(ge=0)
    image_url: str | None = None


class DraftPreview(Model):
    """A draft as the list of them shows it."""

    novel_draft_id: Id
    title: str = ""
    shortened_text: str = ""
    update_date: AwareDatetime | None = None


class NovelDraft(Model):
    """A draft with everything. Unlike a novel it has its restrictions as words, and `is_original` as 0 or 1."""

    novel_draft_id: Id
    title: str = ""
    caption: str = ""
    text: str = ""
    restrict: str = "public"
    x_restrict: str = "none"
    cover_id: Whole | None = None
    is_original: bool = False
    tags: tuple[str, ...] = ()
    update_date: AwareDatetime | None = None
    custom_cover_image_url: str | None = None
