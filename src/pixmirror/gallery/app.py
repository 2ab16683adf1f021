"""The gallery's one ASGI app: the routes of all pages, and the one place where an error becomes a page."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from pixmirror.errors import ExitCode, PixmirrorError
from pixmirror.gallery.answers import sentence
from pixmirror.gallery.around import seen
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.headers import Headers, give
from pixmirror.gallery.live import Live, News, news_of
from pixmirror.gallery.pages import (
    artists,
    bookmarks,
    chosen,
    collections,
    events,
    history,
    home,
    login,
    manga,
    mirror,
    novel,
    novels,
    pictures,
    proof,
    rankings,
    search,
    series,
    shown,
    start,
    tags,
    talk,
    work,
    work_own,
    works,
)
from pixmirror.gallery.place import Gallery
from pixmirror.gallery.security import Guard
from pixmirror.gallery.thumbnails import thumbnails
from pixmirror.gallery.upkeep import upkeep

log = logging.getLogger(__name__)

STATIC = Path(str(files("pixmirror.gallery"))) / "static"
PAGES: tuple[list[BaseRoute], ...] = (
    home.routes,
    start.routes,
    mirror.routes,
    shown.routes,
    events.routes,
    proof.routes,
    works.routes,
    artists.routes,
    tags.routes,
    series.routes,
    novels.routes,
    rankings.routes,
    bookmarks.routes,
    chosen.routes,
    collections.routes,
    history.routes,
    talk.routes,
    search.routes,
    manga.routes,
    novel.routes,
    work_own.routes,
    work.routes,
    pictures.routes,
    login.routes,
)
STATUSES: Mapping[int, int] = {ExitCode.CONFIG: 400, ExitCode.NOT_HERE: 404}
SENTENCES = {404: "There is no such page.", 405: "This page takes no such request."}


def create_app(gallery: Gallery, *, makes_thumbnails: bool = True) -> Starlette:
    """Return the app of one mirror."""
    app = Starlette(
        routes=[*(route for routes in PAGES for route in routes), Mount("/static", StaticFiles(directory=STATIC))],
        middleware=[
            Middleware(Headers),
            Middleware(GZipMiddleware, minimum_size=800, compresslevel=5),
            Middleware(Guard),
        ],
        exception_handlers={
            HTTPException: _not_found,
            PixmirrorError: _refused,
            ClientDisconnect: _went_away,
            Exception: _failed,
        },
        lifespan=lambda _: _beside(gallery, makes_thumbnails),
    )
    app.state.gallery = gallery
    app.state.live = Live(partial(_news, gallery), gallery.clock)
    return app


async def _news(gallery: Gallery) -> News:
    return news_of(await seen(gallery), gallery.problems)


@asynccontextmanager
async def _beside(gallery: Gallery, makes_thumbnails: bool) -> AsyncIterator[None]:
    """What goes on while the gallery answers."""
    if not makes_thumbnails:
        gallery.thumbs_begun.set()
    async with upkeep(gallery), thumbnails(gallery) if makes_thumbnails else nullcontext():
        yield


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = SENTENCES.get(error.status_code, f"{error.detail.rstrip('.')}.")
    return sentence(request, error.status_code, words)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, PixmirrorError)
    status = error.status if isinstance(error, Refused) else STATUSES.get(error.exit_code, 503)
    return sentence(request, status, str(error))


async def _went_away(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # which nobody reads


async def _failed(request: Request, error: Exception) -> Response:
    log.error("The page %s could not be made.", request.url.path, exc_info=error)
    words = "This page could not be made: it is a fault of pixmirror, and is in the gallery's log."
    answer = sentence(request, 500, words)
    give(answer.headers, request.scope)  # it is made outside of what gives them to all others
    return answer
