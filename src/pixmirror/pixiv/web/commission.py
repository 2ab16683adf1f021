"""Requests of fans to creators (document 001, Requests). Of what an answer only names there is the id."""

from collections.abc import Mapping
from typing import Any

from pixmirror.models import Listing, Received, Rows, UserDetail
from pixmirror.pixiv.enums import one_of
from pixmirror.pixiv.web import composed, params
from pixmirror.pixiv.web.api import WebApi, whole
from pixmirror.pixiv.web.literals import CompleteType, Mode, ProgressType
from pixmirror.pixiv.web.models import WebUser
from pixmirror.pixiv.wire import Next, Param

PATH = "/ajax/commission/page/request"


async def requests(api: WebApi) -> Received[composed.CommissionTop]:
    """The page of requests: the newest complete ones, those in progress, creators. GET
    /ajax/commission/page/request.

    Source: 001, recorded commission-page-request.
    """
    return await api.body(PATH, None, composed.CommissionTop)


async def complete(
    api: WebApi, type: CompleteType = "illust", mode: Mode = "all", p: int = 1, *, next: Next = None
) -> Listing[composed.Commission]:
    """Completed requests. GET /ajax/commission/page/request/complete/{illust, manga, ugoira}: mode (all, safe,
    r18), p.

    24 a page; `head["users"]` and `head["thumbnails"]` have people and works of them. Source: 001, recorded
    commission-page-request-complete-*.
    """
    return await _page(api, f"complete/{one_of('type', type, params.COMPLETE_TYPES)}", mode, p, next)


async def creators(
    api: WebApi, type: CompleteType = "illust", mode: Mode = "all", p: int = 1, *, next: Next = None
) -> Listing[UserDetail]:
    """Creators who take requests, by id. GET /ajax/commission/page/request/creators/{illust, manga, ugoira}: mode,
    p.

    48 a page. Source: 001, recorded commission-page-request-creators-*.
    """
    return await _page(api, f"creators/{one_of('type', type, params.COMPLETE_TYPES)}", mode, p, next)


async def in_progress(
    api: WebApi, type: ProgressType = "all", mode: Mode = "all", p: int = 1, *, next: Next = None
) -> Listing[composed.Commission]:
    """Requests being worked on. GET /ajax/commission/page/request/in_progress/{all, illust, manga, ugoira}: mode,
    p.

    24 a page. Source: 001, recorded commission-page-request-in_progress-*.
    """
    return await _page(api, f"in_progress/{one_of('type', type, params.PROGRESS_TYPES)}", mode, p, next)


async def _page(api: WebApi, where: str, mode: Mode, p: int, next: Next) -> Listing[Any]:
    asked: Mapping[str, Param] = next or {"mode": params.mode(mode), "p": params.page(p)}
    login = asked.get("mode") in params.LOGIN_MODES
    got = await api.body(f"{PATH}/{where}", asked, composed.Requests, login=login)
    page = got.item.page
    rows: Rows[Any]
    if where.startswith("creators"):
        rows = params.named(got.item.users, page.creator_user_ids, "userId", WebUser)
    else:
        rows = params.named(got.item.requests, page.request_ids, "requestId", composed.Commission)
    return whole(f"{PATH}/{where}", got, rows, params.next_page(asked, more=page.pager.has_next_page))
