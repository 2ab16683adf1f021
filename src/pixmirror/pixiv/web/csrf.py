"""The token that every POST of the web must carry: read from a page, kept, read again once it is refused."""

import asyncio
import html
import re
from collections.abc import Awaitable, Callable

from pixmirror.errors import BadResponse
from pixmirror.logs import hide

TOKEN_PAGE = "/settings/account"
# In the order of trust: the old place, the new one, the mobile pages, old forms (pixiv.md 1.3).
PLACES = (
    re.compile(r"""id=["']meta-global-data["'][^>]*?"token":"([0-9a-f]{32})\""""),
    re.compile(r"""__NEXT_DATA__.*?\\*"token\\*"\s*:\s*\\*"([0-9a-f]{32})\\*\"""", re.DOTALL),
    re.compile(r"""["']?postKey["']?\s*[:=]\s*\\*["']([0-9a-f]{32})"""),
    re.compile(r"""pixiv\.context\.token\s*=\s*["']([0-9a-f]{32})"""),
    re.compile(r"""name=["']tt["'][^>]*value=["']([0-9a-f]{32})"""),
)


def token_in(page: str) -> str | None:
    """Return the token of a page, wherever it stands in it."""
    text = html.unescape(page)
    for place in PLACES:
        if found := place.search(text):
            return found[1]
    return None


class Csrf:
    """One token for all who share it. Having one proves nothing about the login."""

    def __init__(self) -> None:
        self._token: str | None = None
        self._lock = asyncio.Lock()

    async def get(self, page: Callable[[], Awaitable[str]], rejected: str | None = None) -> str:
        """Return the token; of N callers who lack one, or whose one was refused, only the first asks."""
        async with self._lock:
            if self._token is None or self._token == rejected:
                self._token = None
                self._token = token_in(await page())
            if self._token is None:
                raise BadResponse(f"GET {TOKEN_PAGE}: the page holds no CSRF token where one has ever been seen.")
            hide(self._token, passing=True)
            return self._token
