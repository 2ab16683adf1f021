"""Users: as lists carry them, and whole."""

from typing import Annotated

from pydantic import Field

from pixmirror.models.base import Model, OrMap, OrNone, Text, Whole


class ProfileImageUrls(Model):
    """An avatar: `medium` in the App API, the px sizes in the answer of a login."""

    medium: Text | None = None
    px_16x16: Text | None = None
    px_50x50: Text | None = None
    px_170x170: Text | None = None


class User(Model):
    """A user as lists carry it. `id` is 0 in the stub of a work whose user is gone."""

    id: Whole = Field(ge=0)
    name: Text = ""
    account: Text = ""
    profile_image_urls: Annotated[ProfileImageUrls | None, OrNone] = None
    comment: Text | None = None
    is_followed: bool | None = None
    is_accept_request: bool | None = None
    is_access_blocking_user: bool | None = None


class Account(User):
    """The account that is logged in, as the token endpoint describes it."""

    mail_address: Text | None = None
    is_premium: bool | None = None
    x_restrict: Whole | None = None
    is_mail_authorized: bool | None = None
    require_policy_agreement: bool | None = None


class Profile(Model):
    """Totals and public facts of a user (`/v1/user/detail`)."""

    total_illusts: Whole | None = None
    total_manga: Whole | None = None
    total_novels: Whole | None = None
    total_illust_bookmarks_public: Whole | None = None
    total_illust_series: Whole | None = None
    total_novel_series: Whole | None = None
    total_follow_users: Whole | None = None
    total_mypixiv_users: Whole | None = None
    background_image_url: Text | None = None
    webpage: Text | None = None
    gender: Text | None = None
    birth: Text | None = None
    birth_day: Text | None = None
    birth_year: Whole | None = None
    region: Text | None = None
    address_id: Whole | None = None
    country_code: Text | None = None
    job: Text | None = None
    job_id: Whole | None = None
    twitter_account: Text | None = None
    twitter_url: Text | None = None
    pawoo_url: Text | None = None
    is_premium: bool | None = None
    is_using_custom_profile_image: bool | None = None


class ProfilePublicity(Model):
    """Who may see which part of a profile: public, mypixiv or private."""

    gender: Text | None = None
    region: Text | None = None
    birth_day: Text | None = None
    birth_year: Text | None = None
    job: Text | None = None
    pawoo: bool | None = None


class Workspace(Model):
    """What a user works with, in their own words."""

    pc: Text | None = None
    monitor: Text | None = None
    tool: Text | None = None
    scanner: Text | None = None
    tablet: Text | None = None
    mouse: Text | None = None
    printer: Text | None = None
    desktop: Text | None = None
    music: Text | None = None
    desk: Text | None = None
    chair: Text | None = None
    comment: Text | None = None
    workspace_image_url: Text | None = None


class UserDetail(Model):
    """`/v1/user/detail`: the whole profile; `user.comment` is what they say of themselves."""

    user: User
    profile: Profile
    profile_publicity: Annotated[ProfilePublicity, OrMap] = Field(default_factory=ProfilePublicity)
    workspace: Annotated[Workspace, OrMap] = Field(default_factory=Workspace)


class FollowDetail(Model):
    """Whether and how we follow a user."""

    is_followed: bool
    restrict: Text | None = None
