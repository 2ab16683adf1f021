"""www.pixiv.net of the demo: the same world in the shapes of the web."""

from pixmirror.demo.web.routes import COOKIE, ROUTES

__all__ = ["COOKIE", "ROUTES"]
