"""pixivpy's names, as document 002 has them: a script that uses them needs another import, and no other change.

from pixmirror.pixiv.pixivpy import AppPixivAPI
"""

import inspect
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from pixmirror.models import Listing, Received, Token
from pixmirror.pixiv import blocking, reading
from pixmirror.pixiv.hosts import APP_HOST
from pixmirror.pixiv.images import REFERER

# What is not PREFIX_name in the module of that prefix.
_NAMES: Final[Mapping[str, str]] = {
    "illust_comments": "comments.illust_comments",
    "novel_comments": "comments.novel_comments",
    "novel_text": "novels.old_text",
    "webview_novel": "novels.text",
    "search_illust": "search.illusts",
    "search_novel": "search.novels",
    "search_user": "search.users",
    "trending_tags_illust": "search.trending_tags_illust",
    "trending_tags_novel": "search.trending_tags_novel",
    "ugoira_metadata": "illusts.ugoira_metadata",
    "user_edit_ai_show_settings": "account.edit_ai_show_settings",
    "user_list": "users.blocked",
}
_PREFIXES: Final = {"illust": "illusts", "novel": "novels", "user": "users"}


class Query(dict[str, Any]):
    """What `parse_qs` gives: as arguments (`**query`) it is `next` alone, so that others can stand beside it."""

    def __missing__(self, name: str) -> Any:
        return self["next"][name]


class AppPixivAPI(blocking.Client):
    """A client that also has pixivpy's functions, whose answers have the names that Pixiv gives to their parts:
    `api.user_detail(11).user`, `api.search_illust("風景").illusts`, `.next_url`. Options as of `Client`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"filter": "for_ios", **options})

    def auth(self, username: str = "", password: str = "", refresh_token: str | None = None) -> Token:
        """Log in with a refresh token; LoginError for a name and a password, which Pixiv takes no more."""
        return self.authenticate(refresh_token) if refresh_token else self.login(username, password)

    @property
    def user_id(self) -> int | None:
        """Who is logged in; None before the first login."""
        return self.account.id if self.account else None

    def download(  # type: ignore[override]
        self,
        url: str,
        prefix: str = "",
        path: str | os.PathLike[str] = os.path.curdir,
        name: str | None = None,
        replace: bool = False,
        fname: str | None = None,
        referer: str = REFERER,
    ) -> bool:
        """Save a file in `path`, as prefix + name (or fname, or what the url says). False if it is there."""
        file = Path(path, prefix + (name or fname or PurePosixPath(urlsplit(url).path).name))
        if file.exists() and not replace:
            return False
        super().download(url, file, replace=True, referer=referer)
        return True

    @staticmethod
    def parse_qs(next_url: str | None) -> Query | None:
        """Return how to go on: `api.search_illust(**api.parse_qs(found.next_url))`; None at the end."""
        query = reading.parse_qs(next_url)
        return None if query is None else Query(next=query)

    def __getattr__(self, name: str) -> Any:
        function = _function(name)
        if function is None:
            return super().__getattr__(name)  # type: ignore[misc]
        parameters = list(inspect.signature(function).parameters.values())[1:]

        def asked(*args: Any, **given: Any) -> Any:
            query = given.get("next") or {}
            for parameter in parameters[len(args) :]:
                if parameter.default is parameter.empty and parameter.name in query:
                    given.setdefault(parameter.name, query[parameter.name])
            return _answer(self.call(function, *args, **given))

        asked.__doc__ = function.__doc__
        asked.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return asked


def _function(name: str) -> Any:
    prefix, _, rest = name.partition("_")
    module, _, own = _NAMES.get(name, f"{_PREFIXES.get(prefix, '')}.{rest}").partition(".")
    return getattr(import_module(f"pixmirror.pixiv.app.{module}"), own, None) if module else None


def _answer(answer: Any) -> Any:
    """Return what Pixiv answered under its own names, with models in the places of objects."""
    from pixmirror.pixiv.app.endpoints import ANSWERS, NAMED

    if isinstance(answer, Received):
        key = NAMED.get(type(answer.item))
        return SimpleNamespace(**{key: answer.item}) if key else answer.item
    if isinstance(answer, Listing):
        next_url = f"https://{APP_HOST}{answer.endpoint}?{urlencode(answer.next)}" if answer.next else None
        return SimpleNamespace(**answer.head, **{ANSWERS[answer.endpoint].key: list(answer)}, next_url=next_url)
    return answer
