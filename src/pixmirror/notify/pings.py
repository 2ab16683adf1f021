"""Pings as healthchecks.io takes them: who watches learns that something began, went well, or failed."""

import asyncio
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import httpx

from pixmirror.notify.receivers import NotTaken

TIMEOUT_S = 10.0
Happened = Literal["start", "success", "fail"]


async def ping(url: str, happened: Happened, *, timeout: float = TIMEOUT_S) -> None:
    """Send one. NotTaken, which names the host alone, if it was not answered well. No redirect is followed."""
    try:
        host = urlsplit(url).hostname or "the ping address"
        async with (
            asyncio.timeout(timeout),
            httpx.AsyncClient(timeout=timeout, follow_redirects=False) as client,
        ):
            answer = await client.get(_address(url, happened))
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise NotTaken(
            f"the ping address does not answer ({type(error).__name__})"
        ) from None  # it is in the cause
    if not answer.is_success:
        raise NotTaken(f"{host} answered {answer.status_code}")


def _address(url: str, happened: Happened) -> str:
    """Return where this is told: `/start` or `/fail` behind the path, and success at the address itself."""
    if happened == "success":
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{happened}"))
