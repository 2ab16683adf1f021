"""Which hosts may be reached at all, and where each of them really is (architecture: nothing leaves)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pixmirror.errors import InvalidRequest

APP_HOST = "app-api.pixiv.net"
OAUTH_HOST = "oauth.secure.pixiv.net"
WEB_HOST = "www.pixiv.net"
ALLOWED_HOSTS = frozenset(
    {APP_HOST, OAUTH_HOST, WEB_HOST, "i.pximg.net", "i-f.pximg.net", "s.pximg.net", "embed.pixiv.net"}
)


class Hosts:
    """Turns real addresses into the ones that are dialled, and refuses every other one.

    InvalidRequest for a name in `mapped` that Pixiv does not have: the real host would be asked in its place.
    """

    def __init__(self, mapped: Mapping[str, str], *, only_mapped: bool = False) -> None:
        for name in mapped:
            if name.lower() not in ALLOWED_HOSTS:
                known = ", ".join(sorted(ALLOWED_HOSTS))
                raise InvalidRequest(f"hosts names {name!r}, which is none of Pixiv's hosts: {known}.")
        self._mapped = {host.lower(): base.rstrip("/") for host, base in mapped.items()}
        self._only_mapped = only_mapped

    def url(self, host: str, path: str) -> str:
        """Return the address to dial for a path (which may carry a query) of a real host."""
        host = host.lower()
        if host not in ALLOWED_HOSTS:
            raise InvalidRequest(f"{host or 'no host'} is not one of Pixiv's hosts: refused, nothing was sent.")
        base = self._mapped.get(host)
        if base is None:
            if self._only_mapped:
                raise InvalidRequest(f"{host} is not mapped in pixiv.hosts and only mapped hosts may be reached.")
            base = f"https://{host}"
        return base + (path if path.startswith("/") else f"/{path}")

    def locate(self, url: str) -> str:
        """Return the address to dial for a URL out of a payload."""
        try:
            parts = urlsplit(url)
            odd = parts.scheme not in ("http", "https") or parts.username or parts.port not in (None, 80, 443)
        except ValueError as exc:
            raise InvalidRequest("A payload holds an address that cannot be read: refused.") from exc
        if odd or any(c.isspace() or ord(c) < 32 for c in url):
            raise InvalidRequest(f"An address on {parts.hostname or 'no host'} has an odd form: refused.")
        path = parts.path or "/"
        return self.url(parts.hostname or "", f"{path}?{parts.query}" if parts.query else path)

    def real(self, dialled: str) -> str:
        """Return the real URL of an address that was dialled, to follow a redirect of a stand-in."""
        for host, base in self._mapped.items():
            if dialled.startswith(f"{base}/"):
                return f"https://{host}{dialled[len(base) :]}"
        return dialled
