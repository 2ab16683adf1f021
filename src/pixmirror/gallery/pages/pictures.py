"""/thumb and /file: the pictures, named by the hash of their bytes, so that a browser keeps them for good."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.asked import NotHere
from pixmirror.gallery.headers import FILE_POLICY
from pixmirror.gallery.place import gallery, shelves
from pixmirror.reports.pictures import stored_file

_NAME = re.compile(r"(\d{1,16})-([0-9a-f]{64})", re.ASCII)
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Security-Policy": FILE_POLICY}
_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "zip": "application/zip",
}


async def file(request: Request) -> Response:
    """Serve a stored file as it is. A type that we do not know is offered to be saved, never shown."""
    key, sha256 = _named(request)
    found = await shelves(request).read(stored_file, key, sha256)
    if found is None:
        raise NotHere("This file is not in this mirror.")
    path = gallery(request).media / found.path
    kind = _TYPES.get(path.suffix.removeprefix("."))
    name = None if kind else path.name
    return FileResponse(path, headers=_KEPT, media_type=kind or "application/octet-stream", filename=name)


async def thumbnail(request: Request) -> Response:
    """Serve a small picture; while it is not made, the original stands in."""
    _, sha256 = _named(request)
    made = gallery(request).root / "thumbs" / sha256[:2] / f"{sha256}.webp"
    if _is_there(made):
        return FileResponse(made, headers=_KEPT, media_type="image/webp")
    return await file(request)


def _is_there(path: Path) -> bool:
    return path.is_file()


def _named(request: Request) -> tuple[int, str]:
    """Return the work_key and the sha256 of an address."""
    found = _NAME.fullmatch(request.path_params["name"])
    if found is None:
        raise NotHere("There is no such picture.")
    return int(found[1]), found[2]


routes: list[BaseRoute] = [Route("/file/{name}.{ext}", file), Route("/thumb/{name}.webp", thumbnail)]
