"""The web's AJAX API as an object to hand to endpoint functions: transport, session, language and lane."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from pixmirror.errors import Forbidden, LoginNeeded
from pixmirror.models import Lane, Listing, Model, Received, Rows
from pixmirror.pixiv.cursors import query_of
from pixmirror.pixiv.enums import one_of
from pixmirror.pixiv.hosts import WEB_HOST
from pixmirror.pixiv.transport import Transport
from pixmirror.pixiv.web.csrf import TOKEN_PAGE, Csrf
from pixmirror.pixiv.web.errors import body_of, judge, refused
from pixmirror.pixiv.web.reading import one
from pixmirror.pixiv.web.session import LANGUAGES, USER_AGENT, WebSession
from pixmirror.pixiv.wire import Param, Request, flatten, numbered

M = TypeVar("M", bound=Model)
SITE = f"https://{WEB_HOST}/"


@dataclass(frozen=True)
class WebApi:
    """`session` None: logged out, which serves for some endpoints; the others say so before anything is sent.
    `lang` picks the language of tag translations and messages; `lane` is the pacer's.
    """

    transport: Transport
    session: WebSession | None = None
    lang: str = "en"
    lane: Lane = Lane.NEW
    csrf: Csrf = field(default_factory=Csrf, repr=False, compare=False)
    tries: int | None = None

    def __post_init__(self) -> None:
        one_of("lang", self.lang, LANGUAGES)

    def at(self, lane: Lane) -> Self:
        """Return the same API in another lane."""
        return replace(self, lane=lane)

    def once(self) -> Self:
        """Return the same API, but one that never repeats a request that failed."""
        return replace(self, tries=1)

    @property
    def user_id(self) -> int:
        """The own user id, out of the cookie; LoginNeeded without one."""
        return self._logged_in("this").user_id

    async def get(
        self,
        path: str,
        params: Mapping[str, Param] | None = None,
        *,
        referer: str = SITE,
        login: bool = False,
        enveloped: bool = True,
    ) -> Any:
        """Return the body of any path of www.pixiv.net, unread; `login`: it gives nothing to those without."""
        if login:
            self._logged_in(f"GET {path}")
        query = query_of(path, params or {})
        if enveloped:
            query["lang"] = self.lang
        request = self._request("GET", path, referer, params=query)
        payload = await self.transport.ask_json(request)
        if failure := refused(payload, path, self.session is not None):
            raise failure
        return body_of(payload, request.where) if enveloped else payload

    async def body(
        self,
        path: str,
        params: Mapping[str, Param] | None,
        model: type[M],
        *,
        referer: str = SITE,
        login: bool = False,
        bare: str = "",
    ) -> Received[M]:
        """Return the same as a model; `bare`: a body that is no object stands there under that name."""
        body = await self.get(path, params, referer=referer, login=login)
        return one({bare: body} if bare else body, model, path)

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: Mapping[str, Param] | None = None,
        referer: str = SITE,
        enveloped: bool = True,
    ) -> Any:
        """Return the body that answers a POST. Repeat it once, with a new CSRF token, if that is refused."""
        self._logged_in(f"POST {path}")
        token = await self.csrf.get(self._token_page)
        try:
            payload = await self._send(path, token, json, data, referer)
        except Forbidden:
            token = await self.csrf.get(self._token_page, rejected=token)
            payload = await self._send(path, token, json, data, referer)
        if failure := refused(payload, path, True, "POST"):
            raise failure
        return body_of(payload, f"POST {path}") if enveloped else payload

    async def page(self, path: str, *, referer: str = SITE) -> str:
        """Return the HTML of a page."""
        return await self.transport.ask_text(self._request("GET", path, referer, html=True))

    async def _token_page(self) -> str:
        return await self.page(TOKEN_PAGE)

    async def _send(self, path: str, token: str, json: Any, data: Mapping[str, Param] | None, referer: str) -> Any:
        request = self._request("POST", path, referer, json=json, data=data or {})
        headers = {**request.headers, "x-csrf-token": token, "Origin": SITE.rstrip("/")}
        return await self.transport.ask_json(replace(request, headers=headers))

    def _request(self, method: str, path: str, referer: str, **more: Any) -> Request:
        headers = {
            "User-Agent": self.session.user_agent if self.session else USER_AGENT,
            "Accept": "text/html" if more.get("html") else "application/json",
            "Accept-Language": self.lang.replace("_", "-"),
            "Referer": referer,
        }
        if self.session:
            headers["Cookie"] = self.session.cookie
        return Request(
            method, WEB_HOST, path, headers=headers, lane=self.lane, judge=judge, tries=self.tries, **more
        )

    def _logged_in(self, where: str) -> WebSession:
        if self.session is None:
            raise LoginNeeded(f"{where} needs a login at www.pixiv.net: a WebSession with your PHPSESSID.")
        return self.session


def whole(
    endpoint: str, received: Received[Any], rows: Rows[Any], next: Mapping[str, Param] | None
) -> Listing[Any]:
    """Return a page whose things stand where its ids name them; `head` is the whole body."""
    return replace(listed(endpoint, received, rows, "", next), head=received.raw)


def listed(
    endpoint: str, received: Received[Any], rows: Rows[Any], key: str, next: Mapping[str, Param] | None
) -> Listing[Any]:
    """Return a page of a list out of a body that was read; `head` is what stands around the rows, unread."""
    top, _, _ = key.partition(".")
    return Listing(
        endpoint=endpoint,
        items=rows.received,
        broken=tuple(replace(broken, path=f"{key}{broken.path}") for broken in rows.broken),
        next=None if next is None else numbered(flatten(next)),
        head={name: value for name, value in received.raw.items() if name != top or "." in key},
    )
