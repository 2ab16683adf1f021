"""Requests of fans to creators (document 001, Requests). Each answer names by id what its lists hold."""

from pixmirror.models import Received
from pixmirror.pixiv.enums import one_of
from pixmirror.pixiv.web import composed, params
from pixmirror.pixiv.web.api import WebApi
from pixmirror.pixiv.web.literals import CompleteType, Mode, ProgressType
from pixmirror.pixiv.wire import Param

PATH = "/ajax/commission/page/request"


async def requests(api: WebApi) -> Received[composed.CommissionTop]:
    """The page of requests: the newest complete ones, those in progress, creators. GET
    /ajax/commission/page/request.

    Source: 001, recorded commission-page-request.
    """
    return await api.body(PATH, None, composed.CommissionTop)


async def complete(
    api: WebApi, type: CompleteType = "illust", mode: Mode = "all", p: int = 1
) -> Received[composed.Requests]:
    """Completed requests. GET /ajax/commission/page/request/complete/{illust, manga, ugoira}: mode (all, safe,
    r18), p.

    24 a page; `item.page.pager.has_next_page` says if there are more. Source: 001, recorded
    commission-page-request-complete-*.
    """
    return await _page(api, f"complete/{one_of('type', type, params.COMPLETE_TYPES)}", mode, p)


async def creators(
    api: WebApi, type: CompleteType = "illust", mode: Mode = "all", p: int = 1
) -> Received[composed.Requests]:
    """Creators who take requests, by id. GET /ajax/commission/page/request/creators/{illust, manga, ugoira}: mode,
    p.

    48 a page. Source: 001, recorded commission-page-request-creators-*.
    """
    return await _page(api, f"creators/{one_of('type', type, params.COMPLETE_TYPES)}", mode, p)


async def in_progress(
    api: WebApi, type: ProgressType = "all", mode: Mode = "all", p: int = 1
) -> Received[composed.Requests]:
    """Requests being worked on. GET /ajax/commission/page/request/in_progress/{all, illust, manga, ugoira}: mode,
    p.

    24 a page. Source: 001, recorded commission-page-request-in_progress-*.
    """
    return await _page(api, f"in_progress/{one_of('type', type, params.PROGRESS_TYPES)}", mode, p)


async def _page(api: WebApi, where: str, mode: str, p: int) -> Received[composed.Requests]:
    asked: dict[str, Param] = {"mode": params.mode(mode), "p": params.page(p)}
    return await api.body(f"{PATH}/{where}", asked, composed.Requests, login=mode in params.LOGIN_MODES)
