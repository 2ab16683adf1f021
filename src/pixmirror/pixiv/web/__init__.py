"""The web's AJAX API (www.pixiv.net): WebSession and WebApi, and one module of endpoint functions for each kind of
thing. What comes back are the models of the App API; what only the web says is in their `web`.

Besides what a docstring names, any call can raise Unreachable, ServerError, RateLimited, Challenge,
UnexpectedPage, BadResponse, CookieRejected (the session is dead) and LoginNeeded (there is none). Arguments are
checked before anything is sent (WrongValue). `raw` of what is received is the web's own JSON.
"""

from pixmirror.pixiv.web.api import WebApi
from pixmirror.pixiv.web.errors import CookieRejected
from pixmirror.pixiv.web.paging import items, pages
from pixmirror.pixiv.web.session import WebSession

__all__ = ["CookieRejected", "WebApi", "WebSession", "items", "pages"]
