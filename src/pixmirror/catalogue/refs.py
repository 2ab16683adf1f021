"""How works and users are named on the command line: an id, a kind with an id, or a URL of Pixiv."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from pixmirror.errors import ConfigError
from pixmirror.models import split_key, work_key

Kind = Literal["illust", "novel", "user"]

ADVICE = "give an id (123), novel:123, user:123, or the URL of a work or a user"

_NAMED = re.compile(r"(?:(illust|novel|user):)?(\d+)", re.ASCII)
_PATHS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("illust", re.compile(r"(?:/[a-z]{2})?/(?:artworks|i|illusts)/(\d+)(?:/.*)?", re.ASCII)),
    ("novel", re.compile(r"(?:/[a-z]{2})?/(?:n|novels)/(\d+)(?:/.*)?", re.ASCII)),
    ("user", re.compile(r"(?:/[a-z]{2})?/(?:users|u)/(\d+)(?:/.*)?", re.ASCII)),
)
_QUERIES: dict[str, tuple[Kind, str]] = {
    "novel/show.php": ("novel", "id"),
    "member_illust.php": ("illust", "illust_id"),
    "member.php": ("user", "id"),
}
# {id}_p0.jpg, {id}-{32 hex}_p0.jpg, {id}_ugoira0.jpg, {id}_p0_master1200.jpg; covers (ci…, tei…) carry other ids.
_FILE = re.compile(r"(?:.*/)?(\d+)(?:-[0-9a-f]{32})?_(?:p|ugoira)\d+[^/]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ref:
    """A work or a user by Pixiv's id."""

    kind: Kind
    id: int

    def __str__(self) -> str:
        return str(self.id) if self.kind == "illust" else f"{self.kind}:{self.id}"

    @classmethod
    def of_work(cls, key: int) -> "Ref":
        return cls(*split_key(key))

    @property
    def work_key(self) -> int | None:
        """Return the catalogue's key, or None for a user."""
        return None if self.kind == "user" else work_key(self.kind, self.id)

    @property
    def url(self) -> str:
        """Return where Pixiv shows it."""
        path = {"illust": "artworks/", "novel": "novel/show.php?id=", "user": "users/"}[self.kind]
        return f"https://www.pixiv.net/{path}{self.id}"

    @property
    def page(self) -> str:
        """Return the path at which the gallery shows it."""
        return f"/{({'illust': 'w', 'novel': 'n', 'user': 'a'})[self.kind]}/{self.id}"


def parse_ref(text: str) -> Ref:
    """Read what a user typed or pasted."""
    text = text.strip()
    if named := _NAMED.fullmatch(text):
        kind: Kind = named[1] or "illust"  # type: ignore[assignment]
        return _ref(kind, named[2], text)
    found = (_from_url(text) if "/" in text else None) or (None if "://" in text else _from_file(text))
    if found is None:
        raise ConfigError(f"{_short(text)} names no work and no user: {ADVICE}.")
    return _ref(*found, text)


def _ref(kind: Kind, digits: str, text: str) -> Ref:
    if len(digits) > 15 or int(digits) == 0:
        raise ConfigError(f"{_short(text)} is not an id that Pixiv gives: {ADVICE}.")
    return Ref(kind, int(digits))


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _from_file(path: str) -> tuple[Kind, str] | None:
    found = _FILE.fullmatch(path)
    return ("illust", found[1]) if found else None


def _from_url(text: str) -> tuple[Kind, str] | None:
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        host = url.hostname or ""
    except ValueError:
        return None
    if host == "pximg.net" or host.endswith(".pximg.net"):
        return _from_file(url.path)
    if url.scheme == "pixiv":  # the app's own links: pixiv://illusts/123
        return _from_path(f"/{host}{url.path}")
    if host != "pixiv.net" and not host.endswith(".pixiv.net"):
        return None
    page = re.sub(r"^/(?:[a-z]{2}/)?", "", url.path)
    if asked := _QUERIES.get(page):
        kind, key = asked
        value = parse_qs(url.query).get(key, [""])[0]
        return (kind, value) if value.isascii() and value.isdigit() else None
    return _from_path(url.path)


def _from_path(path: str) -> tuple[Kind, str] | None:
    for kind, pattern in _PATHS:
        if found := pattern.fullmatch(path.rstrip("/")):
            return kind, found[1]
    return None
