"""/thumb and /file: the pictures, named by the hash of their bytes, so that a browser keeps them for good."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.asked import NotHere
from pixmirror.gallery.headers import FILE_POLICY
from pixmirror.gallery.place import gallery, shelves
from pixmirror.reports.pictures import StoredFile, stored_file

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
    return _as_it_is(request, await _stored(request))


async def thumbnail(request: Request) -> Response:
    """Serve a small picture of a stored file; while it is not made, the original stands in."""
    found = await _stored(request)
    made = gallery(request).root / "thumbs" / found.sha256[:2] / f"{found.sha256}.webp"
    if _is_there(made):
        return FileResponse(made, headers=_KEPT, media_type="image/webp")
    return _as_it_is(request, found)


def _as_it_is(request: Request, found: StoredFile) -> Response:
    path = gallery(request).media / found.path
    kind = _TYPES.get(path.suffix.removeprefix("."))
    name = None if kind else path.name
    return FileResponse(path, headers=_KEPT, media_type=kind or "application/octet-stream", filename=name)


def _is_there(path: Path) -> bool:
    return path.is_file()


async def _stored(request: Request) -> StoredFile:
    """Return the file that an address names. NotHere where it is not here, or no more since it was forgotten."""
    named = _NAME.fullmatch(request.path_params["name"])
    if named is None:
        raise NotHere("There is no such picture.")
    found = await shelves(request).read(stored_file, int(named[1]), named[2])
    if found is None:
        raise NotHere("This file is not in this mirror.")
    return found


routes: list[BaseRoute] = [Route("/file/{name}.{ext}", file), Route("/thumb/{name}.webp", thumbnail)]
