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
        parts = urlsplit(url)
        host, _ = parts.hostname or "the ping address", parts.port  # a ValueError if it is none
        async with (
            asyncio.timeout(timeout),
            httpx.AsyncClient(timeout=timeout, follow_redirects=False) as client,
            client.stream("GET", _address(url, happened)) as answer,  # its status alone is read
        ):
            status, is_well = answer.status_code, answer.is_success
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise NotTaken(
            f"the ping address does not answer ({type(error).__name__})"
        ) from None  # it is in the cause
    if not is_well:
        raise NotTaken(f"{host} answered {status}")


def _address(url: str, happened: Happened) -> str:
    """Return where this is told: `/start` or `/fail` behind the path, and success at the address itself."""
    if happened == "success":
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{happened}"))
