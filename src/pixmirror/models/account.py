"""What Pixiv says of the own account and of the app, beside works and people."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field

from pixmirror.models.base import Model, OrEmpty, OrMap, OrNone
from pixmirror.models.users import ProfileImageUrls, User
from pixmirror.models.works import Tag


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class UserState(Model):
    """What the account may do."""

    is_mail_authorized: bool | None = None
    has_mail_address: bool | None = None
    has_changed_pixiv_id: bool | None = None
    can_change_pixiv_id: bool | None = None
    has_password: bool | None = None
    require_policy_agreement: bool | None = None
    no_login_method: bool | None = None


class MyState(Model):
    """`/v1/user/me/state`."""

    user_state: UserState
    profile: Annotated[dict[str, Any], OrMap] = Field(default_factory=dict)


class AiShowSettings(Model):
    """Whether the account is shown AI works."""

    show_ai: bool


class RestrictedMode(Model):
    """Whether sensitive works are kept from the account."""

    is_restricted_mode_enabled: bool


class MutedTag(Model):
    """A tag that the account does not want to see."""

    tag: Annotated[Tag, BeforeValidator(_named)]
    is_premium_slot: bool | None = None


class MutedUser(Model):
    """A user that the account does not want to see."""

    user: User
    is_premium_slot: bool | None = None


class MuteList(Model):
    """`/v1/mute/list`."""

    muted_tags: Annotated[tuple[MutedTag, ...], OrEmpty]
    muted_users: Annotated[tuple[MutedUser, ...], OrEmpty]
    muted_count: int | None = None
    muted_tags_count: int | None = None
    muted_users_count: int | None = None
    mute_limit_count: int | None = None


class ApplicationInfo(Model):
    """The newest app, and what Pixiv has to say to its users."""

    latest_version: str
    update_required: bool | None = None
    update_available: bool | None = None
    update_message: str | None = None
    notice_exists: bool | None = None
    notice_id: str | None = None
    notice_important: bool | None = None
    notice_message: str | None = None
    store_url: str | None = None


class Address(Model):
    """A place that a profile can name."""

    id: int
    name: str
    is_global: bool | None = None


class Country(Model):
    """A country that a profile can name."""

    code: str
    name: str


class Job(Model):
    """A job that a profile can name."""

    id: int
    name: str


class ProfilePresets(Model):
    """`/v1/user/profile/presets`: what the form of one's own profile offers."""

    addresses: Annotated[tuple[Address, ...], OrEmpty]
    countries: Annotated[tuple[Country, ...], OrEmpty]
    jobs: Annotated[tuple[Job, ...], OrEmpty]
    default_profile_image_urls: Annotated[ProfileImageUrls | None, OrNone] = None


class LiveOwner(Model):
    """Who broadcasts."""

    user: User


class Live(Model):
    """A broadcast of pixiv Sketch (`/v1/live/list`)."""

    id: str
    created_at: AwareDatetime | None = None
    owner: Annotated[LiveOwner | None, OrNone] = None
    performers: Annotated[tuple[LiveOwner, ...], OrEmpty] = ()
    name: str = ""
    is_single: bool | None = None
    is_adult: bool | None = None
    is_r18: bool | None = None
    is_r15: bool | None = None
    publicity: str | None = None
    is_closed: bool | None = None
    mode: str | None = None
    server: str | None = None
    channel_id: str | None = None
    is_enabled_mic_input: bool | None = None
    thumbnail_image_url: str | None = None
    member_count: int | None = None
    total_audience_count: int | None = None
    performer_count: int | None = None
    is_muted: bool | None = None
