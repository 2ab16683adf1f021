"""A client library for Pixiv, usable alone: `Client`, endpoint functions in `pixiv.app`, image streams, paging."""

from pixmirror.models import Lane
from pixmirror.pixiv.app import AppApi
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
from pixmirror.pixiv.images import ImageStream, open_image
from pixmirror.pixiv.pacing import Pacer, PacerState
from pixmirror.pixiv.paging import items, pages
from pixmirror.pixiv.transport import Counts, ImageClient, Transport
from pixmirror.pixiv.waiting import Blocked

__all__ = [
    "AppApi",
    "AppIdentity",
    "Auth",
    "Blocked",
    "BudgetState",
    "Client",
    "Counts",
    "ImageBudget",
    "ImageClient",
    "ImageStream",
    "Lane",
    "Pacer",
    "PacerState",
    "PendingLogin",
    "Transport",
    "items",
    "new_login",
    "open_image",
    "pages",
    "parse_code",
    "redeem_code",
    "redeem_refresh_token",
]
