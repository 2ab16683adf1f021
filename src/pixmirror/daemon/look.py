"""A look at how much there is: the own profile's totals, the first pages of lists, the profiles of a few artists.

`plan --ask` does it, through the running pixmirror if there is one. It notes nothing but lengths.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Connection
from pixmirror.daemon.estimates import jobs
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import HeldBack, PixivError
from pixmirror.models import Lane, Listing, UserDetail, UserPreview
from pixmirror.pixiv.app import AppApi, users
from pixmirror.reports import left, plan_known
from pixmirror.reports.left import AT_LEAST, LOOK, Planned
from pixmirror.sync import sources

SAMPLE = 6  # artists whose profile is read


def unread_lists(conn: Connection, planned: Sequence[Planned], now: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the account's lists of which nothing was read and that decide how much there is."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for _, asks in left.asked_by(conn, now, planned):
        for head in plan_known.heads_pending(conn, asks.lists, None):
            if head.endpoint not in plan_known.FEEDS:
                found[plan_known.list_key(head.endpoint, head.params)] = (head.endpoint, head.params)
    return list(found.values())


def named(conn: Connection, planned: Sequence[Planned], now: int) -> int:
    """Return how many artists these jobs name that were never read."""
    return sum(asks.artists for _, asks in left.asked_by(conn, now, planned))


def requests(conn: Connection, planned: Sequence[Planned], now: int) -> int:
    """Return how many requests a look takes at most; 0 where there is nothing to look at."""
    lists, artists = unread_lists(conn, planned, now), named(conn, planned, now)
    sampled = SAMPLE if any(endpoint == sources.FOLLOWING for endpoint, _ in lists) else min(SAMPLE, artists)
    return len(lists) + sampled + bool(lists) if lists or artists else 0


async def look(m: Mirror, names: Sequence[str] = ()) -> int:
    """Ask, and note what was found. Return how many requests it took. HeldBack while nothing may be asked."""
    if (blocked := m.transport.pacer.blocked_until(Lane.NEW)) is not None:
        raise HeldBack(f"Nothing is asked for now: {blocked.reason}.")
    await m.log_in()
    planned, now = jobs(m.config, names), m.clock.now()
    lists = await m.db.read(unread_lists, planned, now)
    wanted = [user_id for one in m.config.jobs for user_id in getattr(one, "users", ()) if one.enabled]
    if not lists and not await m.db.read(named, planned, now):
        return 0
    before, api = m.transport.counts.api, m.api.at(Lane.NEW)
    found: dict[str, Any] = {"at": now, "artists": []}
    if lists:
        profile = (await users.detail(api, m.account_id)).item
        for endpoint, params in lists:
            page = await _first_page(api, m.account_id, endpoint, params)
            found[plan_known.list_key(endpoint, params)] = _length(profile, endpoint, params, page)
            if endpoint == sources.FOLLOWING:
                wanted += [one.user.id for one in page if isinstance(one, UserPreview) and one.user is not None]
    for user_id in _spread(list(dict.fromkeys(wanted))):
        if (totals := await _totals(api, user_id)) is not None:
            found["artists"].append(totals)
    await m.db.run(runs.set_json, LOOK, found)
    return m.transport.counts.api - before


def _spread(found: list[int]) -> list[int]:
    """Choose some evenly: who was followed lately differs from who was first."""
    step = max(len(found) / SAMPLE, 1)
    return [found[int(n * step)] for n in range(min(SAMPLE, len(found)))]


async def _first_page(api: AppApi, me: int, endpoint: str, params: Mapping[str, Any]) -> Listing[Any]:
    restrict = params.get("restrict", "public")
    if endpoint == sources.FOLLOWING:
        return await users.following(api, me, restrict)
    ask = users.bookmarks_novel if endpoint == sources.BOOKMARKS_NOVEL else users.bookmarks_illust
    return await ask(api, me, restrict, params.get("tag"))


def _length(profile: UserDetail, endpoint: str, params: Mapping[str, Any], page: Listing[Any]) -> Any:
    """Return how long a list is: as the page shows it, else as the profile counts; else that it is longer."""
    here = len(page.items)
    if not page.next:
        return here
    if params.get("restrict") == "public" and "tag" not in params:
        counts = {
            sources.FOLLOWING: profile.profile.total_follow_users,
            sources.BOOKMARKS_ILLUST: profile.profile.total_illust_bookmarks_public,
        }
        if (total := counts.get(endpoint)) is not None:
            return max(total, here)
    return {AT_LEAST: here}


async def _totals(api: AppApi, user_id: int) -> dict[str, int] | None:
    try:
        totals = (await users.detail(api, user_id)).item.profile
    except PixivError as error:
        if error.scope != "item":
            raise
        return None
    illusts = (totals.total_illusts or 0) + (totals.total_manga or 0)
    return {"illust": illusts, "novel": totals.total_novels or 0}
