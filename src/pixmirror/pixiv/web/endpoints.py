"""Which model reads the answer of which endpoint: for `api check`, for the reference, and for the tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pixmirror.models import Model, Received
from pixmirror.pixiv.web import bodies as b
from pixmirror.pixiv.web import composed
from pixmirror.pixiv.web.errors import body_of, refused
from pixmirror.pixiv.web.models import WebIllust, WebNovel, WebSeries, WebUgoira, WebUser
from pixmirror.pixiv.web.reading import one


@dataclass(frozen=True, slots=True)
class Answer:
    """How an answer is read. `bare`: the name in the model for a body that is no object."""

    model: type[Model]
    bare: str = ""
    enveloped: bool = True


_REQUESTS = {
    f"/ajax/commission/page/request/{list_}/{kind}": Answer(composed.Requests)
    for list_, kinds in (
        ("complete", ("illust", "manga", "ugoira")),
        ("creators", ("illust", "manga", "ugoira")),
        ("in_progress", ("all", "illust", "manga", "ugoira")),
    )
    for kind in kinds
}
ANSWERS: Mapping[str, Answer] = {
    "/ajax/top/illust": Answer(composed.Top),
    "/ajax/user/{id}": Answer(WebUser),
    "/ajax/user/{id}/profile/all": Answer(b.ProfileAll),
    "/ajax/user/{id}/profile/illusts": Answer(b.ProfileWorks[WebIllust]),
    "/ajax/user/{id}/profile/novels": Answer(b.ProfileWorks[WebNovel]),
    "/ajax/user/{id}/following": Answer(b.People),
    "/ajax/user/{id}/followers": Answer(b.People),
    "/ajax/user/{id}/mypixiv": Answer(b.People),
    "/ajax/user/{id}/works/latest": Answer(b.Latest),
    "/ajax/user/{id}/illusts/bookmarks": Answer(b.Works[WebIllust]),
    "/ajax/user/{id}/novels/bookmarks": Answer(b.Works[WebNovel]),
    "/ajax/user/{id}/illusts/bookmark/tags": Answer(b.BookmarkTags),
    "/ajax/user/{id}/novels/bookmark/tags": Answer(b.BookmarkTags),
    "/ajax/user/{id}/illustmanga/tag": Answer(b.Works[WebIllust]),
    "/ajax/user/{id}/novels/tag": Answer(b.Works[WebNovel]),
    "/ajax/user/{id}/illusts/tags": Answer(b.TagRows, "tags"),
    "/ajax/user/{id}/novels/tags": Answer(b.TagRows, "tags"),
    "/ajax/user/extra": Answer(b.Mine),
    "/ajax/sketch/live/following": Answer(b.Lives, "lives"),
    "/ajax/follow_latest/illust": Answer(composed.Feed),
    "/ajax/follow_latest/novel": Answer(composed.Feed),
    "/ajax/mypixiv_latest/illust": Answer(composed.Feed),
    "/ajax/mypixiv_latest/novel": Answer(composed.Feed),
    "/ajax/watch_list/manga": Answer(composed.WatchList),
    "/ajax/watch_list/novel": Answer(composed.WatchList),
    "/ajax/dashboard/home": Answer(composed.DashboardHome),
    "/ajax/dashboard/settings": Answer(composed.DashboardSettings),
    "/ajax/dashboard/works/illust/request_strategy": Answer(composed.RequestStrategy),
    "/ajax/illust/{id}": Answer(WebIllust),
    "/ajax/illust/unlisted/{token}": Answer(WebIllust),
    "/ajax/illust/{id}/pages": Answer(b.Pages, "pages"),
    "/ajax/illust/{id}/ugoira_meta": Answer(WebUgoira),
    "/ajax/illust/{id}/recommend/init": Answer(b.Recommend),
    "/ajax/illust/recommend/illusts": Answer(b.More),
    "/ajax/illust/new": Answer(b.NewIllusts),
    "/ajax/novel/new": Answer(b.NewNovels),
    "/ajax/illusts/comments/roots": Answer(b.Comments),
    "/ajax/illusts/comments/replies": Answer(b.Comments),
    "/ajax/novels/comments/roots": Answer(b.Comments),
    "/ajax/novels/comments/replies": Answer(b.Comments),
    "/ajax/illusts/bookmarks/add": Answer(b.Added),
    "/ajax/illusts/like": Answer(b.Liked),
    "/ajax/series/{id}": Answer(b.MangaSeries),
    "/ajax/novel/{id}": Answer(WebNovel),
    "/ajax/novel/unlisted/{token}": Answer(WebNovel),
    "/ajax/novel/{id}/insert_illusts": Answer(b.InsertIllusts, "illusts"),
    "/ajax/novel/series/{id}": Answer(WebSeries),
    "/ajax/novel/series_content/{id}": Answer(b.SeriesContent),
    "/ajax/novel/series/{id}/content_titles": Answer(b.Titles, "titles"),
    "/ajax/novel/series/{id}/glossary": Answer(b.Glossary),
    "/ajax/novel/series/{id}/glossary/item/{item_id}": Answer(b.GlossaryItem),
    "/ajax/search/top/{word}": Answer(b.Search),
    "/ajax/search/artworks/{word}": Answer(b.Search),
    "/ajax/search/illustrations/{word}": Answer(b.Search),
    "/ajax/search/manga/{word}": Answer(b.Search),
    "/ajax/search/novels/{word}": Answer(b.Search),
    "/ajax/search/tags/{word}": Answer(b.TagInfo),
    "/ajax/stories/tag_stories": Answer(b.TagStories),
    "/ranking.php": Answer(b.Ranking, enveloped=False),
    "/ajax/commission/page/request": Answer(composed.CommissionTop),
    **_REQUESTS,
    "/ajax/discovery/artworks": Answer(composed.DiscoveredArtworks),
    "/ajax/discovery/users": Answer(composed.DiscoveredUsers),
    "/ajax/discovery/artworks/meta": Answer(composed.Meta),
    "/ajax/discovery/users/meta": Answer(composed.Meta),
    "/ajax/webpush": Answer(b.WebPush),
    "/ajax/notification": Answer(b.Notifications),
    "/ajax/linked_service/tumeng": Answer(composed.LinkedService),
    "/touch/ajax/user/self/status": Answer(b.Status),
}


def answer(payload: Any, path: str) -> Received[Model]:
    """Read a whole answer of the endpoint `path` (with its {id} as in ANSWERS); refusals raise as they do live."""
    kind = ANSWERS[path]
    if kind.enveloped:
        if (failure := refused(payload, path.replace("{id}", "0"), True)) is not None:
            raise failure
        payload = body_of(payload, path)
    return one({kind.bare: payload} if kind.bare else payload, kind.model, path, strict=True)
