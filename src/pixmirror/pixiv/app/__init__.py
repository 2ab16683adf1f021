"""The mobile App API (app-api.pixiv.net): AppApi, and one module of endpoint functions for each kind of
thing.

Every list function takes `next`, the `next` of an earlier Listing, to read the page after it; the other
arguments are checked but not sent then. Besides what a docstring names, any call can raise Unreachable,
ServerError, RateLimited, Challenge, BadResponse, EndpointGone and LoginError. Arguments are checked before
anything is sent (InvalidRequest).
"""

from pixmirror.pixiv.app.api import AppApi

__all__ = ["AppApi"]
