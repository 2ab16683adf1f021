"""/mirror/events: how the mirror is, as it changes, for pages that are open; with `once`, as it is now."""

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.live import Live
from pixmirror.gallery.place import gallery

_FRESH = {"Cache-Control": "no-store"}


async def events(request: Request) -> Response:
    """Tell what goes on until the page is left, or once."""
    live: Live = request.app.state.live
    first = await live.now()  # a mirror that cannot be looked at is told in a sentence
    if "once" in request.query_params:
        return JSONResponse(asdict(first), headers=_FRESH)
    here, session = gallery(request), request.state.session

    def is_let_in() -> bool:
        return session is None or any(one.digest == session.digest for one in here.sessions.all())

    return StreamingResponse(live.stream(is_let_in), headers=_FRESH, media_type="text/event-stream")


routes: list[BaseRoute] = [Route("/mirror/events", events)]
