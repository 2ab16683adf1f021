"""The resources of a client by name, imported when the first one is used."""

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from pixmirror.pixiv.resources.forms import F

if TYPE_CHECKING:
    from pixmirror.pixiv.resources import app, web


class _Resources(Generic[F]):
    _resources: ClassVar[tuple[str, ...]]
    _listed_in: ClassVar[str]
    _form: F

    def __init_subclass__(cls, listed_in: str = "") -> None:
        super().__init_subclass__()
        if listed_in:
            cls._listed_in, cls._resources = listed_in, tuple(cls.__annotations__)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in self._resources:
                raise AttributeError(f"{type(self).__name__} has no {name}. It has {', '.join(dir(self))}.")
            kind = getattr(importlib.import_module(self._listed_in), name.capitalize())
            made = vars(self)[name] = kind(self._form)
            return made

    def __dir__(self) -> list[str]:
        own: Iterable[str] = super().__dir__()
        return sorted({*(name for name in own if not name.startswith("_")), *self._resources})


class AppResources(_Resources[F], listed_in="pixmirror.pixiv.resources.app"):
    """The functions of the App API. Those of `app.account` are called `me`."""

    illusts: "app.Illusts[F]"
    novels: "app.Novels[F]"
    users: "app.Users[F]"
    search: "app.Search[F]"
    comments: "app.Comments[F]"
    me: "app.Me[F]"
    site: "app.Site[F]"
    submissions: "app.Submissions[F]"
    drafts: "app.Drafts[F]"
    commenting: "app.Commenting[F]"


class WebResources(_Resources[F], listed_in="pixmirror.pixiv.resources.web"):
    """The functions of the web's AJAX API."""

    illusts: "web.Illusts[F]"
    novels: "web.Novels[F]"
    users: "web.Users[F]"
    search: "web.Search[F]"
    ranking: "web.Ranking[F]"
    feeds: "web.Feeds[F]"
    comments: "web.Comments[F]"
    commission: "web.Commission[F]"
    actions: "web.Actions[F]"
    account: "web.Account[F]"
