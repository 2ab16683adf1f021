"""The headers of every answer (docs/gallery.md: nothing from outside, nothing inline, no frame)."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixmirror.gallery.caller import Caller

POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types pixmirror",
    )
)
FILE_POLICY = "default-src 'none'; sandbox"  # a stored file is shown, never run
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers send `Origin: null` with forms
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


# A browser heeds it, and does not complain of it, only where it trusts the way here.
_TRUSTED = {"Cross-Origin-Opener-Policy": "same-origin"}
_LOOPBACK = ("localhost", "127.", "[::1]")


class Headers:
    """Give every answer the headers that it does not have itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                give(MutableHeaders(scope=message), scope)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def give(headers: MutableHeaders, scope: Scope) -> None:
    """Add the headers that an answer lacks."""
    for name, value in (_HEADERS | (_TRUSTED if _is_trusted(scope) else {})).items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", POLICY)


def _is_trusted(scope: Scope) -> bool:
    """Return whether the browser came by https, or from this machine."""
    caller: Caller | None = scope.get("state", {}).get("caller")
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return host.startswith(_LOOPBACK) or (caller is not None and caller.scheme == "https")
