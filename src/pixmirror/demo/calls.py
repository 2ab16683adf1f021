"""One call of the App API: its parameters, its errors, and the one way to page."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from pixmirror.demo.lists import PAGE
from pixmirror.demo.shapes import Json, View, work_json
from pixmirror.demo.world import Key, Series, User, Work, World

API = "https://app-api.pixiv.net"
OFFSET_CAP = 5000
T = TypeVar("T")


class ApiError(Exception):
    """An error answer of the App API."""

    def __init__(self, status: int, user_message: str = "", message: str = "") -> None:
        super().__init__(user_message or message)
        self.status = status
        self.body: Json = {
            "error": {
                "user_message": user_message,
                "message": message,
                "reason": "",
                "user_message_details": {},
            }
        }


def invalid(field: str, reason: str) -> ApiError:
    """Return the error for a parameter at fault: its message is JSON inside a string."""
    return ApiError(400, message=json.dumps({field: [reason]}))


def gone() -> ApiError:
    """Return the error for a work or comment that is not there."""
    return ApiError(404, "Work has been deleted or the ID does not exist.")


def no_endpoint() -> ApiError:
    """Return the error for a path that the API does not have."""
    return ApiError(404, "Specified end-point doesn't exist")


@dataclass(frozen=True)
class Call:
    """An authorised request. Parameters may repeat, as `viewed[]` does."""

    view: View
    path: str
    params: tuple[tuple[str, str], ...]
    files: tuple[bytes, ...] = ()

    @property
    def world(self) -> World:
        """The world that is asked."""
        return self.view.world

    def text(self, name: str) -> str | None:
        """Return a parameter, the last if it repeats."""
        return dict(self.params).get(name)

    def many(self, name: str) -> list[str]:
        """Return the values of a list: `name[]`, or `name[0]` and so on."""
        return [value for key, value in self.params if key.startswith(f"{name}[")]

    def numbers(self, name: str) -> list[int]:
        """Return the same, as whole numbers."""
        values = self.many(name)
        if not all(value.isascii() and value.isdigit() for value in values):
            raise invalid(name, f"{name} must be integers")
        return [int(value) for value in values]

    def yes(self, name: str) -> bool:
        """True if a parameter says so."""
        return self.choice(name, ("true", "false"), "false") == "true"

    def person(self, name: str = "user_id") -> User:
        """Return the user that a parameter names; 404 when there is none."""
        person = self.world.users.get(self.number(name))
        if person is None or person.gone:
            raise ApiError(404, "This user has left pixiv or the user ID does not exist.")
        return person

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole number that is not negative."""
        value = self.text(name)
        if value is None and default is not None:
            return default
        if value is None or not value.isascii() or not value.isdigit():
            raise invalid(name, f"{name} is required" if value is None else f"{name} must be an integer")
        return int(value)

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of several words."""
        value = self.text(name) or default
        if value is None or value not in allowed:
            raise invalid(name, f"{name} is invalid")
        return value

    def restrict(self, default: str | None = "public", both: bool = False) -> str:
        """Public or private, or all where that is allowed."""
        return self.choice("restrict", ("public", "private", "all") if both else ("public", "private"), default)

    def work(self, medium: str, name: str | None = None) -> Work:
        """Return the work that a parameter names; 404 when it is deleted or private."""
        work = self.world.works.get((medium, self.number(name or f"{medium}_id")))
        if work is None or work.state in ("deleted", "limit_mypixiv", "limit_private"):
            raise gone()
        return work

    def series(self, medium: str, name: str) -> Series:
        """Return the series that a parameter names."""
        series = self.world.series.get((medium, self.number(name)))
        if series is None or self.world.users[series.user_id].gone:
            raise gone()
        return series

    def next_url(self, **changes: object) -> str:
        """This call with some parameters changed; arrays are numbered, as Pixiv does."""
        pairs: dict[str, str] = {}
        for name, value in self.params:
            if name.endswith("[]"):
                stem = name.removesuffix("[]")
                name = f"{stem}[{sum(key.startswith(f'{stem}[') for key in pairs)}]"
            pairs[name] = value
        return f"{API}{self.path}?{urlencode(pairs | {k: str(v) for k, v in changes.items()})}"

    def page(
        self,
        name: str,
        slots: Sequence[T | None],
        shape: Callable[[T], Json],
        cap: int = OFFSET_CAP,
        size: int = PAGE,
        **cursors: object,
    ) -> Json:
        """Return the page at `offset` under the key `name`, with next_url, null only at the end."""
        offset = self.number("offset", 0)
        if offset > cap:
            raise invalid("offset", f"offset must be no more than {cap}")
        after = offset + size
        items = [shape(slot) for slot in slots[offset:after] if slot is not None]
        return {name: items, "next_url": self.next_url(**cursors, offset=after) if after < len(slots) else None}


def named(medium: str) -> str:
    """Return the key under which works of a medium are listed."""
    return "novels" if medium == "novel" else "illusts"


def shaper(call: Call, own: bool = False) -> Callable[[Key], Json]:
    """Return how a list shows a work."""
    return lambda key: work_json(call.view, key, "own" if own else "list")
