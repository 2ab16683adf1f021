"""The library wired together, for use without the daemon."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, Self

from pixmirror.clock import Clock
from pixmirror.errors import LoginError, LoginNeeded
from pixmirror.models import Account, Illust, Novel, Token
from pixmirror.pixiv.app import download as files
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.auth import AppIdentity, Auth, OnToken
from pixmirror.pixiv.budget import ImageBudget
from pixmirror.pixiv.images import REFERER
from pixmirror.pixiv.literals import Filter, SizeLike
from pixmirror.pixiv.pacing import Pacer
from pixmirror.pixiv.resources.forms import Async
from pixmirror.pixiv.resources.lazy import AppResources, WebResources
from pixmirror.pixiv.transport import Transport
from pixmirror.pixiv.web.api import WebApi
from pixmirror.pixiv.web.session import LANGUAGES, WebSession


@dataclass(frozen=True)
class WebClient(WebApi, WebResources[Async]):
    """The web's AJAX API of a client, and its functions: `await pixiv.web.illusts.detail(12345)`."""

    @property
    def _form(self) -> Async:  # type: ignore[override]
        return Async(lambda: self)


class Client(AppResources[Async]):
    """One account at Pixiv: `async with Client(refresh_token) as pixiv: await pixiv.users.detail(11)`.

    A function that gives a list gives a page when it is awaited, and all there is in `async for work in
    pixiv.users.illusts(11)`. `pixiv.users.detail.received(11)` is the whole answer.

    `language` picks that of tag translations, `client_id` and `client_secret` the app we appear as (None: the one
    that every library uses), `filter` what goes with each read (`AppApi`). `phpsessid`, or `cookie` and
    `user_agent` (`WebSession`), log in at www.pixiv.net, too: `await pixiv.web.illusts.detail(12345)`.
    """

    def __init__(
        self,
        refresh_token: str | None = None,
        *,
        token: Token | None = None,
        phpsessid: str = "",
        cookie: str = "",
        user_agent: str = "",
        language: str = "en",
        client_id: str | None = None,
        client_secret: str | None = None,
        filter: Filter | None = None,
        identity: AppIdentity | None = None,
        requests_per_minute: float = 30,
        requests_per_day: int = 0,
        image_connections: int = 4,
        image_bytes_per_day: int = 0,
        hosts: Mapping[str, str] | None = None,
        only_mapped: bool = False,
        proxy: str | None = None,
        clock: Clock | None = None,
        on_token: OnToken | None = None,
    ) -> None:
        clock = clock or Clock()
        identity = identity or AppIdentity()
        identity = replace(
            identity,
            client_id=client_id or identity.client_id,
            client_secret=client_secret or identity.client_secret,
        )
        self.pacer = Pacer(clock, per_minute=requests_per_minute, per_day=requests_per_day)
        self.images = ImageBudget(clock, bytes_per_day=image_bytes_per_day, connections=image_connections)
        self.transport = Transport(
            clock, self.pacer, images=self.images, hosts=hosts, only_mapped=only_mapped, proxy=proxy
        )
        self.auth = Auth(
            self.transport, identity=identity, refresh_token=refresh_token, token=token, on_token=on_token
        )
        self.app = AppApi(self.transport, self.auth, identity, language, filter=filter)
        self._form = Async(lambda: self.app)
        if phpsessid or cookie:  # set, not a property: completion in notebooks looks into what stands there
            session = WebSession(phpsessid, cookie, user_agent)
            self.web = WebClient(self.transport, session, _web_language(language))

    @cached_property
    def web(self) -> WebClient:
        """The web's AJAX API and its functions, in the same pace; LoginNeeded without a session there."""
        raise LoginNeeded(
            "This client is not logged in at www.pixiv.net: give it phpsessid=, which is the cookie PHPSESSID "
            "of a browser that is logged in there; or cookie= and user_agent=, the whole Cookie header and "
            "the User-Agent of that browser. What needs no login is read with WebApi(client.transport)."
        )

    @property
    def account(self) -> Account | None:
        """Who is logged in: all that the login answered, or what a token that was kept tells; None before it."""
        return self.auth.account

    @property
    def refresh_token(self) -> str | None:
        """What to keep for another `Client(refresh_token)`. Pixiv may replace it: `on_token` hears of it."""
        return self.auth.refresh_token

    @property
    def access_token(self) -> str | None:
        """What the requests carry, for about an hour; None before the first one."""
        token = self.auth.current
        return None if token is None else token.access_token

    @property
    def language(self) -> str:
        """That of tag translations."""
        return self.app.language

    async def login(self, username: str = "", password: str = "") -> NoReturn:
        """Raise a LoginError, always: Pixiv ended logins by password in February 2021."""
        raise LoginError(
            "Pixiv ended logins by name and password in February 2021. Log in in a browser once: `pixmirror "
            "login` (or new_login and redeem_code) leads there and gives a refresh token, which Client takes and "
            "which lasts until the password changes."
        )

    async def authenticate(self, refresh_token: str) -> Token:
        """Log in with a refresh token, now; TokenRejected if Pixiv does not take it."""
        self.auth.set_refresh_token(refresh_token)
        return await self.auth.token()

    async def download(
        self,
        url: str,
        path: str | os.PathLike[str] | None = None,
        *,
        prefix: str = "",
        ext: str | None = None,
        replace: bool = False,
        referer: str = REFERER,
        progress: files.Progress | None = None,
    ) -> Path:
        """Save one file; see `pixiv.app.download`."""
        how: dict[str, Any] = {"prefix": prefix, "ext": ext, "replace": replace, "referer": referer}
        return await files.download(self.transport, url, path, **how, progress=progress)

    async def download_work(
        self,
        work: Illust | Novel,
        directory: str | os.PathLike[str],
        size: SizeLike = "original",
        filename: str | None = None,
        *,
        replace: bool = False,
        progress: files.Progress | None = None,
    ) -> tuple[Path, ...]:
        """Save the pages of a work, or the text of a novel, a folder for many files; see `pixiv.app.download`."""
        return await files.download_work(
            self.app, work, directory, size, filename, replace=replace, progress=progress
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self.transport.aclose()


def _web_language(language: str) -> str:
    """Return that of the site's languages which fits; English if none does."""
    name = language.lower().replace("-", "_")
    return next((known for known in (name, name.partition("_")[0]) if known in LANGUAGES), "en")
