"""The App API as an object to hand to endpoint functions: transport, login, language and lane together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from pixmirror.errors import BadResponse, UnclearOutcome, WrongValue
from pixmirror.models import Lane, Listing, Model, Received
from pixmirror.pixiv import reading
from pixmirror.pixiv.auth import AppIdentity, Auth
from pixmirror.pixiv.cursors import agrees, query_of
from pixmirror.pixiv.enums import FILTERS, maybe_one_of, whole
from pixmirror.pixiv.hosts import APP_HOST
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.transport import Transport
from pixmirror.pixiv.wire import Next, Param, Part, Progress, Request

M = TypeVar("M", bound=Model)
# Parameters without a default: what a caller asked for in so many words.
TELLING = frozenset(
    {"user_id", "seed_user_id", "illust_id", "novel_id", "comment_id", "series_id", "illust_series_id"}
)


@dataclass(frozen=True)
class AppApi:
    """`language` picks that of `translated_name`; `lane` is the pacer's for every request made through this
    view. `filter` (for_ios, for_android, or empty) goes with each read that is not given its own, None with none:
    no source has seen it change anything but which thumbnails are named (pixiv.md 3.1). `tries` and `slows` as in
    Request.
    """

    transport: Transport
    auth: Auth
    identity: AppIdentity = field(default_factory=AppIdentity)
    language: str = "en"
    lane: Lane = Lane.NEW
    filter: str | None = None
    tries: int | None = None
    slows: bool = True

    def __post_init__(self) -> None:
        maybe_one_of("filter", self.filter, FILTERS)

    def at(self, lane: Lane) -> Self:
        """Return the same API in another lane."""
        return replace(self, lane=lane)

    def once(self, *, slows: bool = True) -> Self:
        """Return the same API, which never repeats a request that failed; `slows` as in Request."""
        return replace(self, tries=1, slows=slows)

    def with_filter(self, filter: str | None) -> Self:
        """Return the same API with another filter."""
        return replace(self, filter=filter)

    async def get(self, path: str, params: Mapping[str, Param] | None = None, *, login: bool = True) -> Any:
        """Return the JSON of any path of app-api.pixiv.net, unread. `login`: whether it needs one."""
        return await self.transport.ask_json(self._request("GET", path, params=params or {}, login=login))

    async def post(self, path: str, data: Mapping[str, Param]) -> Any:
        """Return the JSON that answers a form. It is never repeated: what became of a lost one is not known."""
        return await self.transport.ask_json(self._request("POST", path, data=data))

    async def submit(
        self,
        path: str,
        data: Mapping[str, Param],
        find_out: str,
        *,
        files: Sequence[Part] = (),
        progress: Progress | None = None,
    ) -> Any:
        """The JSON that answers a form, with files if there are any, that makes or deletes something others see.
        Where Pixiv may have done it without saying so: UnclearOutcome, with `find_out` how to see that.
        """
        request = self._request("POST", path, data=data, files=files, progress=progress, find_out=find_out)
        return await self.transport.ask_json(request)

    async def submit_one(
        self,
        path: str,
        data: Mapping[str, Param],
        key: str,
        model: type[M],
        find_out: str,
        *,
        files: Sequence[Part] = (),
        progress: Progress | None = None,
    ) -> Received[M]:
        """Return the same, and the object in the answer: without one the outcome is not clear either."""
        payload = await self.submit(path, data, find_out, files=files, progress=progress)
        try:
            return reading.one(payload, key, model, path)
        except BadResponse as failure:
            raise UnclearOutcome(str(failure), f"POST {path}", find_out) from failure

    async def get_text(
        self,
        path: str,
        params: Mapping[str, Param] | None = None,
        *,
        holds: Callable[[str], bool] | None = None,
    ) -> str:
        """Return the HTML of a webview path. One that `holds` what was asked for is taken for no challenge."""
        return await self.transport.ask_text(
            self._request("GET", path, params=params or {}, html=True, holds=holds)
        )

    async def page(
        self,
        path: str,
        params: Mapping[str, Param],
        key: str,
        model: type[M],
        next: Next = None,
        *,
        login: bool = True,
    ) -> Listing[M]:
        """Return one page of a list: that which `next` names, else the one that the parameters do."""
        if next is not None:
            told = {name: value for name, value in params.items() if name in TELLING and name in next}
            agrees(next, told | {name: value for name, value in params.items() if value == "private"})
        query = self._asked(params) if next is None else query_of(path, next)
        payload = await self.get(path, query, login=login)
        return reading.listing(payload, key, model, path)

    async def one(
        self, path: str, params: Mapping[str, Param], key: str, model: type[M], *, login: bool = True
    ) -> Received[M]:
        """Return one object."""
        return reading.one(await self.get(path, self._asked(params), login=login), key, model, path)

    async def mine_if_private(self, user_id: Id, restrict: str) -> None:
        """Refuse to ask for what somebody else keeps private: Pixiv would answer with what is public of it, and
        that would pass for private (document 003).
        """
        if restrict == "private" and (await self.auth.token()).user_id != whole(user_id):
            raise WrongValue(
                f"restrict is 'private', but user {user_id} is not the one who is logged in: nobody sees what "
                "others keep private, and Pixiv would answer with what is public. Ask for 'public'."
            )

    def _asked(self, params: Mapping[str, Param]) -> Mapping[str, Param]:
        return params if params.get("filter") is not None else {**params, "filter": self.filter}

    def _request(self, method: str, path: str, *, login: bool = True, **what: Any) -> Request:
        """Return a request; `what` are fields of it."""
        headers, auth = self.identity.headers(self.language), self.auth if login else None
        how: dict[str, Any] = {"lane": self.lane, "tries": self.tries, "slows": self.slows}
        return Request(method, APP_HOST, path, headers=headers, auth=auth, **how, **what)
