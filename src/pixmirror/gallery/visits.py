"""What a browser tells by the way: that a work is looked at, and where one is in it."""

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from pixmirror.catalogue.gallery import own
from pixmirror.gallery.place import gallery, writer


def noted(request: Request, answer: Response, key: int) -> Response:
    """Return the answer. It is a visit to the work, unless a browser asked for it beforehand."""
    early = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    if request.method == "GET" and "prefetch" not in early:
        answer.background = BackgroundTask(writer(request).run, own.look, key, gallery(request).clock.now())
    return answer


def is_told(request: Request) -> bool:
    """Return whether a script tells it and waits for no page, not even for an answer (`sendBeacon`)."""
    return request.headers.get("sec-fetch-mode", "navigate") != "navigate"
