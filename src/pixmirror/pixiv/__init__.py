"""A client library for Pixiv, usable alone: `Client`, endpoint functions in `pixiv.app` and `pixiv.web`, image
streams, paging. `pixiv.blocking` has a Client for code that is not async.

Each name is imported from its module when it is first used: `import pixmirror.pixiv` costs next to nothing.
"""

from typing import TYPE_CHECKING

from pixmirror.lazy import names_of

if TYPE_CHECKING:
    from pixmirror.models import Lane
    from pixmirror.pixiv.app import AppApi
    from pixmirror.pixiv.app.download import download, download_work
    from pixmirror.pixiv.app.past_cap import past_cap
    from pixmirror.pixiv.auth import (
        AppIdentity,
        Auth,
        PendingLogin,
        new_login,
        parse_code,
        redeem_code,
        redeem_refresh_token,
    )
    from pixmirror.pixiv.budget import BudgetState, ImageBudget
    from pixmirror.pixiv.client import Client
    from pixmirror.pixiv.enums import (
        AiType,
        ContentType,
        Duration,
        NovelRankingMode,
        RankingMode,
        SanityLevel,
        SearchTarget,
        Size,
        Sort,
        Visibility,
        XRestrict,
    )
    from pixmirror.pixiv.images import ImageStream, open_image
    from pixmirror.pixiv.pacing import Pacer, PacerState
    from pixmirror.pixiv.paging import items, pages
    from pixmirror.pixiv.reading import parse_qs
    from pixmirror.pixiv.resources.pages import Page, Walk
    from pixmirror.pixiv.transport import Counts, ImageClient, Transport
    from pixmirror.pixiv.waiting import Blocked
    from pixmirror.pixiv.web import WebApi, WebSession

__all__ = [
    "AiType",
    "AppApi",
    "AppIdentity",
    "Auth",
    "Blocked",
    "BudgetState",
    "Client",
    "ContentType",
    "Counts",
    "Duration",
    "ImageBudget",
    "ImageClient",
    "ImageStream",
    "Lane",
    "NovelRankingMode",
    "Pacer",
    "PacerState",
    "Page",
    "PendingLogin",
    "RankingMode",
    "SanityLevel",
    "SearchTarget",
    "Size",
    "Sort",
    "Transport",
    "Visibility",
    "Walk",
    "WebApi",
    "WebSession",
    "XRestrict",
    "download",
    "download_work",
    "items",
    "new_login",
    "open_image",
    "pages",
    "parse_code",
    "parse_qs",
    "past_cap",
    "redeem_code",
    "redeem_refresh_token",
]

_HOMES = {
    "models": "Lane",
    "pixiv.app": "AppApi",
    "pixiv.app.download": "download download_work",
    "pixiv.app.past_cap": "past_cap",
    "pixiv.auth": "AppIdentity Auth PendingLogin new_login parse_code redeem_code redeem_refresh_token",
    "pixiv.budget": "BudgetState ImageBudget",
    "pixiv.client": "Client",
    "pixiv.enums": (
        "AiType ContentType Duration NovelRankingMode RankingMode SanityLevel SearchTarget Size Sort "
        "Visibility XRestrict"
    ),
    "pixiv.images": "ImageStream open_image",
    "pixiv.pacing": "Pacer PacerState",
    "pixiv.paging": "items pages",
    "pixiv.reading": "parse_qs",
    "pixiv.resources.pages": "Page Walk",
    "pixiv.transport": "Counts ImageClient Transport",
    "pixiv.waiting": "Blocked",
    "pixiv.web": "WebApi WebSession",
}


if not TYPE_CHECKING:  # checkers know the names above, and only these
    __getattr__ = names_of(__name__, _HOMES)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
