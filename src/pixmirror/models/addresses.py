"""How addresses of this machine and its network are written in the config file.

Each reader takes what TOML or the environment gave and raises ValueError with the sentence that the user reads.
"""

import re
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, PlainSerializer

_LISTEN = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\s]+)):(?P<port>\d{1,5})", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*{_LABEL}")
Network = IPv4Network | IPv6Network


class Listen(NamedTuple):
    """Where a server listens: an IP address of this machine, and a port; 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback


def read_listen(value: object) -> Listen:
    """Read an IP address, or localhost, and a port."""
    if isinstance(value, Listen):
        return value
    if isinstance(value, str) and (found := _LISTEN.fullmatch(value.strip())) and int(found["port"]) <= 65535:
        host = found["v6"] or found["host"]
        with suppress(ValueError):
            return Listen(str(ip_address("127.0.0.1" if host == "localhost" else host)), int(found["port"]))
    raise ValueError(
        f'{value!r} is not an address to listen at; write it like "127.0.0.1:8787", "192.168.1.5:8787" or '
        '"[::]:8787"'
    )


def read_host(value: object) -> str:
    """Read the name of a host, without scheme and port, in lower case."""
    name = value.strip().lower() if isinstance(value, str) else ""
    if not _HOST.fullmatch(name):
        raise ValueError(
            f'{value!r} is not the name of a host; write it like "nas.example", without http:// and port'
        )
    return name


def read_network(value: object) -> Network:
    """Read one IP address, or a network in CIDR."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        if isinstance(value, str):
            return ip_network(value.strip())
    except ValueError:
        pass
    raise ValueError(
        f'{value!r} is neither an IP address nor a network; write it like "127.0.0.1" or "10.0.0.0/24"'
    )


ListenAddress = Annotated[Listen, BeforeValidator(read_listen), PlainSerializer(str)]
HostName = Annotated[str, BeforeValidator(read_host)]
IPNetwork = Annotated[Network, BeforeValidator(read_network), PlainSerializer(str)]
