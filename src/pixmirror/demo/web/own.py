"""What is new for the own account, what Pixiv tells it, and what it does: feeds, the site's pages, POSTs."""

from functools import partial

from pixmirror.demo import lists
from pixmirror.demo.shapes import Json
from pixmirror.demo.web import faces, shapes
from pixmirror.demo.web.calls import GONE, WebCall, WebError
from pixmirror.demo.world import Key, Restrict

FEED_PAGE, FEED_PAGES, REQUESTS = 60, 34, 24


def feed(medium: str, call: WebCall) -> Json:
    """Works of followed artists; past the end the last page comes again."""
    keys = lists.follow_feed(call.world, call.view.viewer, "all", medium)[: FEED_PAGE * FEED_PAGES]
    if (mode := call.one_of("mode", ("all", "safe", "r18"), "all")) != "all":
        keys = [key for key in keys if (call.world.works[key].x_restrict > 0) == (mode == "r18")]
    last = max((len(keys) - 1) // FEED_PAGE, 0)
    at = min(call.number("p", 1) - 1, last)
    return _fed(call, medium, keys[at * FEED_PAGE : (at + 1) * FEED_PAGE], at == last and bool(not keys))


def friends(medium: str, call: WebCall) -> Json:
    """Works of mypixiv."""
    people = lists.friends_of(call.world, call.view.viewer)
    keys = [key for user_id in people for key in lists.works_of(call.world, user_id, medium)]
    keys.sort(key=lambda key: -key[1])
    start = (call.number("p", 1) - 1) * FEED_PAGE
    return _fed(call, medium, keys[start : start + FEED_PAGE], start + FEED_PAGE >= len(keys))


def _fed(call: WebCall, medium: str, keys: list[Key], over: bool) -> Json:
    rows = [shapes.thumb(call.view, key) for key in keys]
    around = shapes.around([], rows) if medium == "novel" else shapes.around(rows)
    return around | {"page": {"ids": [key[1] for key in keys], "isLastPage": over, "tags": []}, "zoneConfig": {}}


def watch_list(_: WebCall) -> Json:
    """Nothing is watched."""
    page: Json = {"total": "0", "maxPage": 1, "watchedSeriesIds": []}
    return shapes.around() | {"page": page, "zoneConfig": {}, "extraData": {"meta": {}}}


def top(call: WebCall) -> Json:
    """Return the top page."""
    follow = lists.follow_feed(call.world, call.view.viewer, "all", "illust")[:48]
    ranked = lists.ranking(call.world, "illust", "day", lists.ranking_date(call.world, None))[:100]
    keys = list(dict.fromkeys((*follow, *ranked)))
    page: Json = {
        "tags": [],
        "follow": [key[1] for key in follow],
        "mypixiv": [],
        "recommend": {"ids": [str(key[1]) for key in ranked[:18]], "details": []},
        "recommendByTag": [],
        "ranking": {"items": [{"rank": str(n), "id": str(k[1])} for n, k in enumerate(ranked, 1)], "date": ""},
        "pixivision": [],
        "recommendUser": [],
        "contestOngoing": [],
        "contestResult": [],
        "editorRecommend": [],
        "myFavoriteTags": [],
        "newPost": [str(key[1]) for key in lists.everything(call.world, "illust")[:36]],
        "trendingTags": [],
        "completeRequestIds": [],
        "userEventIds": [],
    }
    return shapes.around([shapes.thumb(call.view, key) for key in keys]) | {"page": page, "zoneConfig": {}}


def discovery_artworks(call: WebCall) -> Json:
    """Works for us."""
    keys = lists.everything(call.world, "illust")[: call.number("limit", 60)]
    found = [
        {
            "illustId": str(key[1]),
            "recommendMethods": ["demo"],
            "recommendScore": 1.5,
            "recommendSeedIllustIds": [],
        }
        for key in keys
    ]
    return shapes.around([shapes.thumb(call.view, key) for key in keys]) | {"recommendedIllusts": found}


def discovery_users(call: WebCall) -> Json:
    """Users for us."""
    world, me = call.world, call.view.viewer
    people = [u for u in world.users.values() if not u.gone and u.id != me and not call.view.follows(u.id)]
    people = people[: call.number("limit", 20)]
    newest = partial(lists.works_of, world)
    found = [
        {
            "userId": str(u.id),
            "recentIllustIds": [str(k[1]) for k in newest(u.id, "illust")[:3]],
            "recentNovelIds": [],
        }
        for u in people
    ]
    thumbs = [shapes.thumb(call.view, k) for u in people for k in newest(u.id, "illust")[:3]]
    users = [faces.person(call.view, u, False) | {"comment": u.comment, "followedBack": False} for u in people]
    return shapes.around(thumbs) | {"users": users, "recommendedUsers": found}


def meta(_: WebCall) -> Json:
    """Return the title of a page."""
    return {"zoneConfig": {}, "meta": {"title": "[pixiv] Discovery", "description": False}}


def requests(call: WebCall) -> Json:
    """Return all requests."""
    makers = _makers(call)
    page: Json = {
        "completeRequestIdsIllust": [],
        "completeRequestIdsManga": [],
        "completeRequestIdsNovels": [],
        "inProgressRequestIds": ["1"],
        "creatorUserIds": [str(i) for i in makers[:12]],
        "recentIllustIdsByCreatorAcceptingRequest": [],
        "recommendIllustIdsByCreatorAcceptingRequest": [],
        "userList": [],
    }
    return shapes.around() | {"page": page, "requests": [_request(call, 1, "inProgress", "illust")]}


def request_list(which: str, kind: str, call: WebCall) -> Json:
    """One of the lists of requests: two pages each."""
    mode, p = call.one_of("mode", ("all", "safe", "r18"), "all"), call.number("p", 1)
    page: Json = {"workType": kind, "mode": mode, "pager": {"page": p, "hasNextPage": p < 2}}
    if which == "creators":
        ids = [str(i) for i in _makers(call)[(p - 1) * 48 : p * 48]]
        return shapes.around() | {"page": page | {"followCreatorUserIds": [], "creatorUserIds": ids}}
    first = 1 + (p - 1) * REQUESTS
    status = "complete" if which == "complete" else "inProgress"
    made = [_request(call, n, status, kind) for n in range(first, first + REQUESTS)]
    other = "recommendRequestIds" if which == "complete" else "followRequestIds"
    page |= {other: [], "requestIds": [row["requestId"] for row in made]}
    return shapes.around() | {"page": page, "requests": made}


def _makers(call: WebCall) -> list[int]:
    return [u.id for u in call.world.users.values() if call.world.draw("requests", u.id) % 5 == 0]


def _request(call: WebCall, number: int, status: str, kind: str) -> Json:
    return {
        "requestId": str(number),
        "planId": str(number + 500),
        "fanUserId": str(call.world.me),
        "creatorUserId": str(call.world.me),
        "requestStatus": status,
        "requestPostWorkType": "illust" if kind == "all" else kind,
        "requestPrice": 1000,
        "requestProposal": {
            "requestOriginalProposal": "A lighthouse, please.",
            "requestOriginalProposalHtml": "A lighthouse, please.",
            "requestOriginalProposalLang": "en",
            "requestTranslationProposal": [],
        },
        "requestTags": ["灯台"],
        "requestAdultFlg": False,
        "requestAnonymousFlg": False,
        "requestRestrictFlg": False,
        "requestAcceptCollaborateFlg": False,
        "requestResponseDeadlineDatetime": "2026-12-01T23:59:59+09:00",
        "requestPostDeadlineDatetime": "2027-02-01T23:59:59+09:00",
        "role": "others",
        "collaborateStatus": {"collaborating": False, "collaboratedCnt": 0, "collaborateUserSamples": []},
        "postWork": None,
    }


def dashboard(_: WebCall) -> Json:
    """Return the dashboard of somebody who posts nothing."""
    day = {
        "viewCount": 0,
        "ratingCount": 0,
        "bookmarkCount": 0,
        "commentCount": 0,
        "reportedAt": "2026-11-20 02:00:00",
    }
    data: Json = {
        "recentUploadWorks": [],
        "hotWorks": {"today": None},
        "yearBestWork": {"work": None},
        "achievement": None,
        "userCountSummary": {"today": day, "yesterday": day},
        "contests": [],
        "todayAnniversary": None,
        "mangadayInfo": [],
    }
    return shapes.around() | {"data": data, "zoneConfig": {}}


def strategy(_: WebCall) -> Json:
    """No works to ask for."""
    data: Json = {"works": [], "series": [], "drafts": [], "reservedWorks": [], "fetchRanges": []}
    return shapes.around() | {"data": data}


def notifications(_: WebCall) -> Json:
    """One piece of news."""
    item: Json = {
        "id": "1",
        "type": "followed",
        "unread": False,
        "notifiedAt": "2026-11-19T01:49:10+09:00",
        "linkUrl": "/users/1",
        "iconUrl": "",
        "targetBlank": False,
        "isProfileIcon": True,
        "content": "somebody follows you",
    }
    more: Json = {"remaining_unread_count": 0, "imageResponseCount": 0, "quotationCount": 0}
    return {"items": [item], **more, "isNotAuthorized": False, "filter": {"reactions": ["bookmarked"]}}


def linked(call: WebCall) -> Json:
    """Nothing is linked."""
    me = call.world.users[call.view.viewer]
    user: Json = {"id": str(me.id), "name": me.name, "linkState": "disconnected"}
    return shapes.around() | {"page": {"user": user, "works": [], "totalItemCount": 0}}


def status(call: WebCall) -> Json:
    """Return the account, for the mobile site."""
    me = call.world.users[call.view.viewer]
    return {"user_status": {"user_id": str(me.id), "user_name": me.name, "user_premium": "0"}}


def messages(call: WebCall) -> Json:
    """Return the newest threads of messages."""
    if call.text("mode") != "latest_message_threads2":
        raise WebError(400, "Invalid request.")
    start = call.number("offset")
    return {"message_threads": call.state.threads[start : start + call.number("num", 10)], "total": 0}


def add_bookmark(medium: str, call: WebCall) -> Json | str:
    """Bookmark a work."""
    work = call.work(medium, str(call.sent.get(f"{medium}_id", "")))
    tags = call.sent.get("tags")
    restrict: Restrict = "private" if call.sent.get("restrict") == 1 else "public"
    mark = call.world.bookmark(work, restrict, tuple(tags) if isinstance(tags, list) else ())
    if medium == "novel":
        return str(mark.id)
    return {"last_bookmark_id": str(mark.id), "stacc_status_id": str(mark.id + 1)}


def delete_bookmark(medium: str, call: WebCall) -> list[object]:
    """Take it back, by the bookmark's own id."""
    wanted = str(call.sent.get("book_id" if medium == "novel" else "bookmark_id", ""))
    for key, mark in call.world.bookmarks.get(call.view.viewer, {}).items():
        if str(mark.id) == wanted and key[0] == medium:
            call.world.unbookmark(key)
            return []
    raise WebError(404, GONE)


def like(call: WebCall) -> Json:
    """Like a work, for ever."""
    work = call.work("illust", str(call.sent.get("illust_id", "")))
    known = work.key in call.state.liked
    call.state.liked.add(work.key)
    return {"is_liked": known}


def follow(call: WebCall) -> list[object]:
    """Follow a user."""
    user = call.user(str(call.sent.get("user_id", "")) or "x")
    call.world.follow(user.id, "private" if call.sent.get("restrict") == "1" else "public")
    return []


def unfollow(call: WebCall) -> Json:
    """Follow a user no longer."""
    user = call.user(str(call.sent.get("id", "")) or "x")
    if call.view.follows(user.id):
        call.world.unfollow(user.id)
    return {"type": "bookuser"}
