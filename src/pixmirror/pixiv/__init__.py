"""A client library for Pixiv, usable alone: `Client`, endpoint functions in `pixiv.app` and `pixiv.web`, image
streams, paging. `pixiv.blocking` has a Client for code that is not async.
"""

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
    "PendingLogin",
    "RankingMode",
    "SanityLevel",
    "SearchTarget",
    "Size",
    "Sort",
    "Transport",
    "Visibility",
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
