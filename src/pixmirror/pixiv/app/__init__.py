"""The mobile App API (app-api.pixiv.net): AppApi, and one module of endpoint functions for each kind of
thing: illusts, novels, users, comments, search, account, site. `past_cap` searches beyond 5000, `download` saves
files. What others then see is made and deleted by `submissions`, `drafts` and `commenting`, which no job may
import.

Every list function takes `next`, the `next` of an earlier Listing (or `reading.parse_qs` of a next_url), to read
the page after it; the other arguments are checked but not sent then. Besides what a docstring names, any call can
raise Unreachable, ServerError, RateLimited, Challenge, UnexpectedPage, BadResponse, EndpointGone and LoginError.
Arguments are checked before anything is sent (WrongValue). A function that changes something sends one POST
and returns None, or what was made; it is never repeated by itself. After a submission UnclearOutcome says how to
see what became of it.
"""

from pixmirror.pixiv.app.api import AppApi

__all__ = ["AppApi"]
