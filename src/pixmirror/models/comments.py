"""Comments, replies, stamps."""

from typing import Annotated

from pixmirror.models.base import Id, Model, Moment, OrNone, Text
from pixmirror.models.users import User


class Stamp(Model):
    stamp_id: Id
    stamp_url: Text | None = None


class ParentComment(Model):
    """The comment that a reply answers, as the old v1 list shows it."""

    id: Id
    comment: Text | None = None
    date: Moment | None = None
    user: Annotated[User | None, OrNone] = None


class Comment(Model):
    """A comment or a reply; `user` is None where Pixiv hides who wrote it."""

    id: Id
    comment: Text = ""
    date: Moment | None = None
    user: Annotated[User | None, OrNone] = None
    has_replies: bool = False
    stamp: Annotated[Stamp | None, OrNone] = None
    parent_comment: Annotated[ParentComment | None, OrNone] = None


class Emoji(Model):
    """A picture that stands for a (word) in comments."""

    id: Id
    slug: Text
    image_url_medium: Text | None = None
