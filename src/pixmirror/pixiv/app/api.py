"""The App API as an object to hand to endpoint functions: transport, login, language and lane together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from pixmirror.models import Lane, Listing, Model, Received
from pixmirror.pixiv import reading
from pixmirror.pixiv.auth import AppIdentity, Auth
from pixmirror.pixiv.hosts import APP_HOST
from pixmirror.pixiv.transport import Transport
from pixmirror.pixiv.wire import Param

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class AppApi:
    """`language` picks that of `translated_name`; `lane` is the pacer's for every request made through this
    view.
    """

    transport: Transport
    auth: Auth
    identity: AppIdentity = field(default_factory=AppIdentity)
    language: str = "en"
    lane: Lane = Lane.NEW

    def at(self, lane: Lane) -> Self:
        """The same API in another lane."""
        return replace(self, lane=lane)

    async def get(self, path: str, params: Mapping[str, Param] | None = None) -> Any:
        """The JSON of any path of app-api.pixiv.net, unread."""
        return await self.transport.request_json(
            "GET",
            APP_HOST,
            path,
            params=params,
            headers=self.identity.headers(self.language),
            lane=self.lane,
            auth=self.auth,
        )

    async def get_text(self, path: str, params: Mapping[str, Param] | None = None) -> str:
        """The HTML of a webview path."""
        return await self.transport.request_text(
            "GET",
            APP_HOST,
            path,
            params=params,
            headers=self.identity.headers(self.language),
            lane=self.lane,
            auth=self.auth,
        )

    async def page(
        self,
        path: str,
        params: Mapping[str, Param],
        key: str,
        model: type[M],
        next: Mapping[str, str] | None = None,
    ) -> Listing[M]:
        """One page of a list: that which `next` names, else the one that the parameters do."""
        payload = await self.get(path, params if next is None else next)
        return reading.listing(payload, key, model, path)

    async def one(self, path: str, params: Mapping[str, Param], key: str, model: type[M]) -> Received[M]:
        """One object."""
        return reading.one(await self.get(path, params), key, model, path)
