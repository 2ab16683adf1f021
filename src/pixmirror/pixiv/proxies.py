"""Name the proxy that a request goes through, and tell its failures from those of Pixiv."""

import os
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from pixmirror.errors import ProxyFailed

SCHEMES = ("http", "https", "socks5", "socks5h")
LOOPBACK = ("127.0.0.1", "localhost", "::1")  # reached past every proxy
SETTING = "pixiv.proxy"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy as it may be shown, without name and password, and what set it."""

    shown: str
    setting: str
    usable: bool

    def __str__(self) -> str:
        return f"the proxy {self.shown} ({self.setting})"


def proxy_for(url: str, configured: str | None, *, trust_env: bool = True) -> Proxy | None:
    """Return the proxy that httpx asks this URL through; None if it asks directly."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOOPBACK:
        return None
    if configured:
        return _proxy(configured, SETTING)
    if not trust_env or proxy_bypass(host):
        return None
    return next((proxy for proxy in from_environment((parts.scheme, "all"))), None)


def from_environment(kinds: tuple[str, ...] = ("http", "https", "all")) -> list[Proxy]:
    """Return the proxies that the environment names for these schemes, with the variable that does."""
    found = getproxies()
    return [_proxy(text, _variable(kind)) for kind in kinds if (text := found.get(kind))]


def unusable(configured: str | None) -> Proxy | None:
    """Return the proxy that cannot be used, of those that would be."""
    proxies = [_proxy(configured, SETTING)] if configured else from_environment()
    return next((proxy for proxy in proxies if not proxy.usable), None)


def failure_of(proxy: Proxy | None, exc: Exception, where: str, *, sent: bool = False) -> ProxyFailed | None:
    """Return what went wrong at or behind the proxy, in words that name it; None if no proxy had a part in it."""
    if proxy is None:
        return None
    if isinstance(exc, httpx.ProxyError):
        return ProxyFailed(f"{where}: {proxy} refused the way ({str(exc) or 'without a word'}).", sent=sent)
    if isinstance(exc, httpx.ConnectTimeout):
        return ProxyFailed(f"{where}: {proxy} did not answer in time.", sent=sent)
    if isinstance(exc, httpx.ConnectError):
        if _of_tls(exc):
            text = f"{where}: what {proxy} gave in answer is not Pixiv: a portal's page, or something between."
            return ProxyFailed(text, sent=sent)
        why = str(exc) or type(exc).__name__
        return ProxyFailed(f"{where}: {proxy} cannot be reached ({why}).", sent=sent)
    if isinstance(exc, httpx.RemoteProtocolError):
        return ProxyFailed(f"{where}: {proxy}, or Pixiv behind it, broke off its answer.", sent=sent)
    return None


def _proxy(text: str, setting: str) -> Proxy:
    text = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(text)
        place = parts.hostname or ""
        place = f"[{place}]" if ":" in place else place
        shown = f"{parts.scheme}://{place}{f':{parts.port}' if parts.port is not None else ''}"
        return Proxy(shown, setting, bool(place) and parts.scheme in SCHEMES)
    except ValueError:
        return Proxy("whose address cannot be read", setting, usable=False)


def _variable(kind: str) -> str:
    name = f"{kind}_proxy"
    return next((known for known in (name, name.upper()) if os.environ.get(known)), name.upper())


def _of_tls(exc: BaseException | None) -> bool:
    while exc is not None:
        if isinstance(exc, ssl.SSLError):
            return True
        exc = exc.__cause__ or exc.__context__
    return False
