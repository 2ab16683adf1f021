"""The own account: counts, dashboard, notifications, and whether Pixiv has warned us (document 001)."""

from collections.abc import Mapping
from typing import Any

from pixmirror.errors import BadResponse
from pixmirror.models import Listing, Received
from pixmirror.pixiv.enums import maybe_positive, positive
from pixmirror.pixiv.web import bodies, composed
from pixmirror.pixiv.web.api import WebApi, listed
from pixmirror.pixiv.wire import Param

OFFICE = 11  # the account that sends Pixiv's warnings (pixiv.md 5.4)


async def extra(api: WebApi) -> Received[bodies.Mine]:
    """Own counts of follows, followers and mypixiv; also a probe of the session. GET /ajax/user/extra.

    Source: 001, recorded user-extra.
    """
    return await api.body("/ajax/user/extra", None, bodies.Mine, login=True)


async def status(api: WebApi) -> Received[bodies.Status]:
    """The account of the cookie as the mobile site sees it: a cheap probe. GET /touch/ajax/user/self/status.

    CookieRejected if the session is dead. Source: pixiv.md 4.4.
    """
    return await api.body("/touch/ajax/user/self/status", None, bodies.Status, login=True)


async def dashboard_home(api: WebApi) -> Received[composed.DashboardHome]:
    """The dashboard: own works, counts of the day, contests. GET /ajax/dashboard/home.

    Source: 001, recorded dashboard-home.
    """
    return await api.body("/ajax/dashboard/home", None, composed.DashboardHome, login=True)


async def dashboard_settings(api: WebApi) -> Received[composed.DashboardSettings]:
    """The settings of the dashboard. GET /ajax/dashboard/settings. Source: 001, recorded dashboard-settings."""
    return await api.body("/ajax/dashboard/settings", None, composed.DashboardSettings, login=True)


async def request_strategy(api: WebApi) -> Received[composed.RequestStrategy]:
    """Own works for the request page. GET /ajax/dashboard/works/illust/request_strategy.

    Source: 001, recorded dashboard-works-illust-request_strategy.
    """
    path = "/ajax/dashboard/works/illust/request_strategy"
    return await api.body(path, None, composed.RequestStrategy, login=True)


async def webpush(api: WebApi) -> Received[bodies.WebPush]:
    """Whether push messages are on. GET /ajax/webpush. Source: 001, recorded webpush."""
    return await api.body("/ajax/webpush", None, bodies.WebPush)


async def notifications(api: WebApi) -> Listing[bodies.Notification]:
    """The newest notifications, one page. GET /ajax/notification. Source: 001, recorded notification."""
    got = await api.body("/ajax/notification", None, bodies.Notifications, login=True)
    return listed("/ajax/notification", got, got.item.items, "items", None)


async def linked_service(api: WebApi, page: int | None = None) -> Received[composed.LinkedService]:
    """What is linked to the account. GET /ajax/linked_service/tumeng: page. Source: 001, recorded
    linked_service-tumeng.
    """
    asked = {"page": maybe_positive("page", page)}
    return await api.body("/ajax/linked_service/tumeng", asked, composed.LinkedService, login=True)


async def has_warning(api: WebApi, num: int = 10, offset: int = 0) -> bool:
    """Whether a message of Pixiv's office is among the newest threads: it sends warnings that way, and then a
    mirror must stop. GET /rpc/index.php: mode=latest_message_threads2, num, offset.

    Tells that there is one and nothing else: messages are private, and none is read or kept. Source: pixiv.md
    5.4.
    """
    asked: dict[str, Param] = {
        "mode": "latest_message_threads2",
        "num": positive("num", num),
        "offset": max(offset, 0),
    }
    body = await api.get("/rpc/index.php", asked, login=True)
    threads = body.get("message_threads") if isinstance(body, Mapping) else None
    if not isinstance(threads, list):
        raise BadResponse("GET /rpc/index.php: `message_threads` is not there.")
    return any(_from_office(thread) for thread in threads)


def _from_office(thread: Any) -> bool:
    """True if Pixiv's office wrote a thread: it names the other side as user_id, or among its users."""
    if not isinstance(thread, Mapping):
        return False
    people = [thread, thread.get("user")]
    users = thread.get("users")
    people += users if isinstance(users, list) else []
    return any(
        str(who.get(name)) == str(OFFICE)
        for who in people
        if isinstance(who, Mapping)
        for name in ("user_id", "userId", "id" if who is not thread else "user_id")
    )
