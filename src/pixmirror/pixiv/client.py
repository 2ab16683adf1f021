"""The library wired together, for use without the daemon."""

from collections.abc import Callable, Mapping
from typing import Self

from pixmirror.clock import Clock
from pixmirror.models import Token
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.auth import AppIdentity, Auth
from pixmirror.pixiv.budget import ImageBudget
from pixmirror.pixiv.pacing import Pacer
from pixmirror.pixiv.transport import Transport


class Client:
    """One account at Pixiv: `async with Client(refresh_token) as pixiv: await users.detail(pixiv.app, 11)`."""

    def __init__(
        self,
        refresh_token: str | None = None,
        *,
        token: Token | None = None,
        language: str = "en",
        identity: AppIdentity | None = None,
        requests_per_minute: float = 30,
        requests_per_day: int = 0,
        image_connections: int = 4,
        image_bytes_per_day: int = 0,
        hosts: Mapping[str, str] | None = None,
        only_mapped: bool = False,
        proxy: str | None = None,
        clock: Clock | None = None,
        on_token: Callable[[Token], None] | None = None,
    ) -> None:
        clock = clock or Clock()
        identity = identity or AppIdentity()
        self.pacer = Pacer(clock, per_minute=requests_per_minute, per_day=requests_per_day)
        self.images = ImageBudget(clock, bytes_per_day=image_bytes_per_day, connections=image_connections)
        self.transport = Transport(
            clock, self.pacer, images=self.images, hosts=hosts, only_mapped=only_mapped, proxy=proxy
        )
        self.auth = Auth(
            self.transport, identity=identity, refresh_token=refresh_token, token=token, on_token=on_token
        )
        self.app = AppApi(self.transport, self.auth, identity, language)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self.transport.aclose()
