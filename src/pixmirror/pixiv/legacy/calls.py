"""What the calls of both dead APIs share: secrets that no line shows, and an end before anything is sent."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

from pixmirror.errors import EndpointGone
from pixmirror.pixiv.enums import text
from pixmirror.pixiv.wire import Param, Request

SPAPI_HOST = "spapi.pixiv.net"
PAPI_HOST = "public-api.secure.pixiv.net"
# pixiv-facts 12
ENDED: Mapping[str, str] = {
    SPAPI_HOST: "SPAPI ended on 11 May 2015",
    PAPI_HOST: "the Public API ended in November 2021",
}


class Secret(str):
    """A text that is sent as it is and shown by nothing that shows the request."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[hidden]"


def get(host: str, path: str, params: Mapping[str, Param]) -> Request:
    """A GET with what is not None of the parameters."""
    return Request("GET", host, path, {name: value for name, value in params.items() if value is not None})


def authorized(request: Request, access_token: str) -> Request:
    """The same with the header that the Public API asked for: Authorization: Bearer."""
    token = text("access_token", access_token)
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})


async def ask(request: Request) -> NoReturn:
    """What came of asking: always EndpointGone, and nothing is sent."""
    why = ENDED.get(request.host, "its host is gone")
    raise EndpointGone(f"{request.where}: {why}. Nothing was sent; what was saved of it can be imported.")
