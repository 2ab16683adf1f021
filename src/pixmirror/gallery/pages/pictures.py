"""/thumb and /file: the pictures, named by the hash of their bytes, so that a browser keeps them for good."""

import asyncio
import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.asked import NotHere, Refused
from pixmirror.gallery.frames import first_frame
from pixmirror.gallery.headers import FILE_POLICY
from pixmirror.gallery.place import gallery, shelves
from pixmirror.gallery.thumbnails import thumbs_of
from pixmirror.reports.pictures import StoredFile, stored_file
from pixmirror.store import resolve

_NAME = re.compile(r"(\d{1,16})-([0-9a-f]{64})", re.ASCII)
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Security-Policy": FILE_POLICY}
_STANDS_IN = _KEPT | {"Cache-Control": "private, max-age=60"}  # until the thumbnail is made
_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "zip": "application/zip",
}


async def file(request: Request) -> Response:
    """Serve a stored file as it is. A type that we do not know is offered to be saved, never shown."""
    return await _as_it_is(request, await _stored(request))


async def thumbnail(request: Request) -> Response:
    """Serve a small picture of a stored file. One that is not made yet is made before others; where that takes
    long, or cannot be, the original stands in; of an animation its first frame.
    """
    found, thumbs = await _stored(request), await thumbs_of(gallery(request))
    made = await thumbs.wanted(found) if thumbs else None
    if made is not None:
        return FileResponse(made, headers=_KEPT, media_type="image/webp")
    if found.role == "ugoira":
        frame, kind = await asyncio.to_thread(first_frame, gallery(request).media, found.path)
        return Response(frame, headers=_STANDS_IN, media_type=kind)
    return await _as_it_is(request, found, _STANDS_IN)


async def _as_it_is(request: Request, found: StoredFile, headers: Mapping[str, str] = _KEPT) -> Response:
    path = resolve(gallery(request).media, found.path)
    if not await asyncio.to_thread(path.is_file):
        raise Refused("This file is not where it was stored: is the disk of the media folder there?", 503)
    kind = _TYPES.get(path.suffix.removeprefix("."))
    name = None if kind else path.name
    return FileResponse(path, headers=headers, media_type=kind or "application/octet-stream", filename=name)


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
