"""The tables of the configuration, their keys and defaults; docs/config.md explains each to the user."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
)

from pixmirror.config import pasted
from pixmirror.models.addresses import HostName, IPNetwork, Listen, ListenAddress
from pixmirror.models.jobs import JobConfig, check_timezone
from pixmirror.models.notices import Event, Rhythm
from pixmirror.models.values import (
    Cron,
    Delay,
    Duration,
    FilePath,
    Percent,
    Quiet,
    SecretAddress,
    Size,
    Umask,
    WebAddress,
    check_web_address,
)

HOSTS = (
    *("app-api.pixiv.net", "oauth.secure.pixiv.net", "www.pixiv.net", "i.pximg.net", "i-f.pximg.net"),
    *("s.pximg.net", "embed.pixiv.net", "public-api.secure.pixiv.net", "spapi.pixiv.net"),
)
# What checks a table is built once, with the whole (`load`).
_TABLE = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,}")
PHPSESSID = re.compile(r"\d{1,12}_\w{1,120}", re.ASCII)


class MirrorConfig(BaseModel):
    """Where the mirror lies. `media` None means `<root>/media`; sizes in bytes, `max_file` 0 is no limit."""

    model_config = _TABLE

    root: FilePath = Path("~/pixmirror")
    media: FilePath | None = None
    keep_free: Size = 10 << 30
    max_file: Size = 2 << 30
    root_on_share: bool = False
    umask: Umask = Field(default="077", validate_default=True)
    sidecars: bool = True
    brake_percent: Percent = 5
    trash_days: int = Field(default=30, ge=0, le=36500)

    @field_validator("root", mode="before")
    @classmethod
    def _state_directory(cls, value: object, info: ValidationInfo) -> object:
        state = (info.context or {}).get("state")
        return state if state and value == Path("~/pixmirror") else value


class PixivConfig(BaseModel):
    """How we appear at Pixiv and how much we ask. 0 is no limit for all counts but `image_connections`."""

    model_config = _TABLE

    refresh_token: SecretStr | None = None
    refresh_token_file: FilePath = Path("refresh-token")
    phpsessid: SecretStr | None = None
    phpsessid_file: FilePath = Path("phpsessid")
    web_cookie_file: FilePath | None = None
    web_user_agent: str = Field(default="", pattern=r"^[ -~]*$")
    language: str = Field(default="en", pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$")
    requests_per_minute: int = Field(default=30, ge=0, le=600)
    requests_per_day: int = Field(default=20000, ge=0)
    image_connections: int = Field(default=4, ge=1, le=16)
    image_bytes_per_day: Size = 20 << 30
    quiet_hours: Quiet = None
    proxy: SecretStr | None = None
    user_agent: str = Field(default="PixivIOSApp/7.19.1 (iOS 16.7.2; iPhone12,8)", pattern=r"^[ -~]+$")
    app_version: str = Field(default="7.19.1", pattern=r"^[ -~]+$")
    client_id: str = Field(default="MOBrBDS8blbauoSck0ZfDbtuzpyT", min_length=1)
    client_secret: str = Field(default="lsACyCD94FhDUtGTXi3QzcFE2uU1hqtDaKeqrdwj", min_length=1, repr=False)
    hosts: Annotated[
        Mapping[str, WebAddress],
        AfterValidator(lambda hosts: MappingProxyType(dict(hosts))),
        PlainSerializer(dict),
    ] = {}

    @field_validator("phpsessid")
    @classmethod
    def _a_session(cls, value: SecretStr | None) -> SecretStr | None:
        text = pasted.session_in(value.get_secret_value()) if value else ""
        if text and not PHPSESSID.fullmatch(text):
            raise ValueError("it is not the PHPSESSID of a login, which is <your user id>_<letters and digits>")
        return SecretStr(text) if text else None

    @field_validator("phpsessid_file", "web_cookie_file", mode="before")
    @classmethod
    def _not_the_cookie_itself(cls, value: object) -> object:
        if isinstance(value, str) and (PHPSESSID.fullmatch(value) or "PHPSESSID=" in value):
            raise ValueError("it holds a cookie; put the cookie into a file and write that file's name here")
        return value

    @field_validator("refresh_token")
    @classmethod
    def _trimmed(cls, value: SecretStr | None) -> SecretStr | None:
        text = pasted.token_in(value.get_secret_value()) if value else ""
        if len(text.split()) > 1 or not text.isascii() or not text.isprintable():
            raise ValueError("it is not a refresh token, which is one word of letters, digits, - and _")
        return SecretStr(text) if text else None

    @field_validator("refresh_token_file", mode="before")
    @classmethod
    def _not_the_token_itself(cls, value: object) -> object:
        if isinstance(value, str) and _TOKEN.fullmatch(value):
            raise ValueError("it holds a token; put the token into a file and write that file's name here")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy_address(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        if not text:
            return None
        if not re.fullmatch(r"(?:https?|socks5h?)://[^\s/]+/?", text):
            raise ValueError("it is not the address of a proxy; write it like http://host:port")
        return value

    @field_validator("hosts", mode="before")
    @classmethod
    def _known_hosts(cls, value: object) -> object:
        for host, base in value.items() if isinstance(value, Mapping) else ():
            if isinstance(base, Mapping):
                raise ValueError(f'put the host in quotes: "{host}...." = "http://..."')
            if host not in HOSTS:
                raise ValueError(f'"{host}" is not a host of Pixiv; choose from {", ".join(HOSTS)}')
        return value


class NotifyConfig(BaseModel):
    """Where notices go: a POST to `url`, `command` with the text on its standard input, services of Apprise. What
    may pass by itself is told when it has lasted for `after` seconds.
    """

    model_config = _TABLE

    url: SecretStr | None = None
    command: tuple[str, ...] = Field(default=(), repr=False)  # its arguments may hold a token
    apprise: tuple[SecretStr, ...] = Field(default=(), repr=False)
    events: tuple[Event, ...] | None = None  # all
    ping: SecretAddress | None = None
    digest: Rhythm | None = None
    after: Delay = Field(default="30m", validate_default=True)

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: SecretStr | None) -> SecretStr | None:
        return SecretStr(check_web_address(value.get_secret_value())) if value else None

    @field_validator("command")
    @classmethod
    def _a_program(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and not value[0]:
            raise ValueError("its first part, the program, is empty")
        return value

    @field_validator("apprise")
    @classmethod
    def _apprise_addresses(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(re.match(r"[a-zA-Z][a-zA-Z0-9+]*://.", one.get_secret_value()) for one in value):
            raise ValueError('each is an address as Apprise has them, like "mailto://..." or "tgram://..."')
        return value


class GalleryConfig(BaseModel):
    """Where the gallery answers, and whom. `password_file` None means `<root>/gallery-password`; `thumbs` 0 is no
    limit; `lock_after` counts only where there is a password.
    """

    model_config = _TABLE

    listen: ListenAddress = Listen("127.0.0.1", 8787)
    require_key: bool = True
    password_file: FilePath | None = None
    hosts: tuple[HostName, ...] = ()
    trusted_proxies: tuple[IPNetwork, ...] = ()
    user_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    thumbs: Size = 20 << 30
    lock_after: Duration | None = None


class HttpConfig(BaseModel):
    """Where the daemon tells how it is, beside its Unix socket: an address, and a file for the node exporter."""

    model_config = _TABLE

    listen: ListenAddress | None = None
    open_to_others: bool = False
    textfile: FilePath | None = None

    @field_validator("open_to_others")
    @classmethod
    def _is_meant(cls, value: bool, info: ValidationInfo) -> bool:
        listen = info.data.get("listen")
        if listen is not None and not listen.is_loopback and not value:
            raise ValueError(
                f"http.listen = {listen} lets other machines read the metrics, without a password: write "
                'open_to_others = true if that is meant, or listen at "127.0.0.1:9108"'
            )
        return value

    @field_validator("textfile")
    @classmethod
    def _that_is_read(cls, value: Path | None) -> Path | None:
        if value is not None and value.suffix != ".prom":
            raise ValueError("the node exporter reads only files whose names end with .prom")
        return value


class ScrubConfig(BaseModel):
    """How `run` reads all files again: each once in so many days, at most so much a day. 0: never; no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    days: int = Field(default=90, ge=0, le=3660)
    bytes_per_day: Size = 0


class CopyConfig(BaseModel):
    """A second copy of the media, which what is lost is brought back from: a media folder, or what holds one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: FilePath


class BackupConfig(BaseModel):
    """Where `run` makes backups, and when: each `every` seconds (a day, if nothing is said) or by a crontab line.
    `keep` counts runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    to: FilePath | None = None
    every: Duration | None = None
    cron: Cron = None
    timezone: str | None = None
    keep: int = Field(default=7, ge=1, le=10_000)
    with_credentials: bool = False

    @field_validator("cron")
    @classmethod
    def _one_rhythm(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if cron is not None and info.data.get("every") is not None:
            raise ValueError("every and cron are both given; keep one of them")
        return cron

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str | None) -> str | None:
        return value if value is None else check_timezone(value)


class Config(BaseModel):
    """Everything that the user decides. `load` narrows `jobs` to the kinds that it is given."""

    model_config = _TABLE

    mirror: MirrorConfig = Field(default_factory=MirrorConfig)
    pixiv: PixivConfig = Field(default_factory=PixivConfig)
    notify: NotifyConfig = Field(default_factory=NotifyConfig)
    gallery: GalleryConfig = Field(default_factory=GalleryConfig)
    http: HttpConfig = Field(default_factory=HttpConfig)
    scrub: ScrubConfig = Field(default_factory=ScrubConfig)
    copies: tuple[CopyConfig, ...] = ()
    backup: BackupConfig = Field(default_factory=BackupConfig)
    jobs: tuple[SerializeAsAny[JobConfig], ...] = ()

    @field_validator("copies")
    @classmethod
    def _of_another_place(cls, value: tuple[CopyConfig, ...], info: ValidationInfo) -> tuple[CopyConfig, ...]:
        mirror = info.data.get("mirror")
        media = (mirror.media or mirror.root / "media") if mirror else None
        for copy in value:
            if media is not None and (
                copy.path == media or copy.path in media.parents or media in copy.path.parents
            ):
                raise ValueError(
                    f"{copy.path} holds the mirror's own media, or lies in them; a copy lies elsewhere"
                )
            if [other.path for other in value].count(copy.path) > 1:
                raise ValueError(f"{copy.path} is named twice")
        return value
