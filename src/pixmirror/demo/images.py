"""The image hosts: Referer rule, lengths, ranges, Last-Modified, and 404 for what is no more."""

import re
from email.utils import formatdate
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pixmirror.demo import media
from pixmirror.demo.world import World

ROOTS = (
    "img-original",
    "img-master",
    "c",
    "img-zip-ugoira",
    "user-profile",
    "novel-cover-original",
    "novel-cover-master",
    "illust-series-cover-original",
    "common",
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def image(request: Request) -> Response:
    """Return a file, or a part of it."""
    world: World = request.app.state.world
    if not request.url.path.startswith("/common/") and not _from_pixiv(request.headers.get("referer", "")):
        return HTMLResponse("<h1>403 Forbidden</h1>", 403)
    with world.lock:
        world.settle()
        file = media.find(world, request.url.path)
    if file is None:
        return HTMLResponse("<h1>404 Not Found</h1>", 404)
    body = await run_in_threadpool(file.make)
    return _part(request, body, file)


def _from_pixiv(referer: str) -> bool:
    host = urlsplit(referer).hostname or ""
    return host.endswith((".pixiv.net", ".pximg.net")) or host == "pixiv.net"


def _part(request: Request, body: bytes, file: media.File) -> Response:
    modified = formatdate(file.ms / 1000, usegmt=True)
    headers = {"Last-Modified": modified, "Accept-Ranges": "bytes", "Cache-Control": "max-age=31536000"}
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", modified) != modified or asked[0] == "bytes=-":
        return Response(body, headers=headers, media_type=file.kind)
    size = len(body)
    if asked[1]:
        start, end = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
    else:
        start, end = max(0, size - int(asked[2])), size - 1
    if start > end:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(body[start : end + 1], 206, headers, file.kind)


ROUTES = [Route(f"/{root}/{{rest:path}}", image, methods=["GET", "HEAD"]) for root in ROOTS]
