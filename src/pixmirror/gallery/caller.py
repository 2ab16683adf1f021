"""Who asks: the address and the scheme of the browser, and its user, as far as a trusted proxy tells them."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import Scope

from pixmirror.config import GalleryConfig
from pixmirror.models.addresses import Network

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """`address` is "" where it is not known; `user` is whom a trusted proxy has logged in."""

    address: str
    scheme: Literal["http", "https"]
    user: str = ""

    @property
    def neighbourhood(self) -> str:
        """What counts as one caller: of IPv6 a network, of whose addresses one machine has as many as it likes."""
        found = _ip(self.address)
        return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else self.address


def caller_of(scope: Scope, config: GalleryConfig) -> Caller:
    """Return who asks. Headers of a proxy count only where one of `trusted_proxies` sent them."""
    peer = scope["client"][0] if scope.get("client") else ""
    if not _is_trusted(peer, config.trusted_proxies):
        return Caller(peer, "http")
    headers = Headers(scope=scope)
    hops = [hop.strip() for value in headers.getlist("x-forwarded-for") for hop in value.split(",")]
    # Whoever asks may begin the list with what they like: it is read from its end.
    beyond = (hop for hop in reversed(hops) if not _is_trusted(hop, config.trusted_proxies))
    user = headers.get(config.user_header, "").strip() if config.user_header else ""
    return Caller(
        next(beyond, peer)[:LONGEST_NAME],
        "https" if headers.get("x-forwarded-proto", "").strip().lower() == "https" else "http",
        user[:LONGEST_NAME],
    )


def _is_trusted(address: str, proxies: Sequence[Network]) -> bool:
    found = _ip(address)
    return found is not None and any(found in network for network in proxies)


def _ip(address: str) -> object:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
