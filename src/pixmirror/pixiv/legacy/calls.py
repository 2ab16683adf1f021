"""Requests to both dead APIs: built from rows of a table, their secrets shown by no line, and never sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, Protocol

from pixmirror.errors import EndpointGone
from pixmirror.models import Model
from pixmirror.pixiv.enums import text
from pixmirror.pixiv.wire import Param, Request

SPAPI_HOST = "spapi.pixiv.net"
PAPI_HOST = "public-api.secure.pixiv.net"
# pixiv.md 12
ENDED: Mapping[str, str] = {
    SPAPI_HOST: "SPAPI ended on 11 May 2015",
    PAPI_HOST: "the Public API ended in November 2021",
}


class Secret(str):
    """A text that is sent as it is and shown by nothing that shows the request."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[hidden]"


class Group(Protocol):
    """Parameters that several routes share."""

    def params(self) -> dict[str, Param]: ...


@dataclass(frozen=True, slots=True)
class Take:
    """One parameter: its name on the wire, the check of its value, and the value if none is given."""

    wire: str
    check: Callable[[str, Any], Param]
    default: Any = None


@dataclass(frozen=True)
class Route:
    """One row of the tables: `model` reads what it answered. Call it to build the request: with the values of
    `takes` (by our names), then those of `groups`, in this order or by name. WrongValue if one is wrong.
    """

    host: str
    path: str
    model: type[Model]
    takes: Mapping[str, Take]
    groups: Mapping[str, Group]
    fixed: Mapping[str, Param] = field(default_factory=dict)

    def __call__(self, *values: Any, **named: Any) -> Request:
        names = (*self.takes, *self.groups)
        given = dict(zip(names, values, strict=False)) | named
        if len(values) > len(names) or not given.keys() <= set(names):
            raise TypeError(f"GET {self.path} takes {', '.join(names)}.")
        path, params = self.path, dict(self.fixed)
        for name, take in self.takes.items():
            value = take.check(name, given.get(name, take.default))
            if f"{{{take.wire}}}" in path:
                path = path.replace(f"{{{take.wire}}}", str(value))
            else:
                params[take.wire] = value
        for name, default in self.groups.items():
            params |= given.get(name, default).params()
        return Request("GET", self.host, path, {name: v for name, v in params.items() if v is not None})


def authorized(request: Request, access_token: str) -> Request:
    """Return the same with the header that the Public API asked for: Authorization: Bearer."""
    token = text("access_token", access_token)
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})


async def ask(request: Request) -> NoReturn:
    """Refuse to send the request: always EndpointGone."""
    why = ENDED.get(request.host, "its host is gone")
    raise EndpointGone(f"{request.where}: {why}. Nothing was sent; what was saved of it can be imported.")
