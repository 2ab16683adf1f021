"""Works of the web in the App API's shape, to be kept beside what the App API said of others.

What only the web says stays under `web`, without what is not of the work itself: neighbours, advertisements,
what moves with each reader, and a novel's text, which has its own place.
"""

from typing import Any

from pixmirror.models import Illust, Listing, Novel, Received
from pixmirror.pixiv.web.mapping import AS_SENT, WEB
from pixmirror.pixiv.web.models import WebIllust, WebNovel, WebPage
from pixmirror.pixiv.web.shapes import ILLUST, NOVEL

PASSING = frozenset(
    (
        *("userIllusts", "userNovels", "noLoginData", "zoneConfig", "extraData", "storableTags", "content"),
        *("likeCount", "likeData", "responseCount", "bookmarkData", "isBookmarkable", "marker", "markerCount"),
        *("imageResponseCount", "imageResponseData", "imageResponseOutData", "pollData", "contestBanners"),
        *("contestData", "comicPromotion", "fanboxPromotion", "suggestedSettings", "tags", AS_SENT),
    )
)


def illust(got: Received[WebIllust], pages: Listing[WebPage] | None = None) -> Received[Illust | Novel]:
    """Return an illust; `pages` where it has several."""
    raw = _app(ILLUST.read(got.raw))
    if pages is not None:
        raw["meta_pages"] = [{"image_urls": page.image_urls.model_dump(exclude_none=True)} for page in pages]
    return Received(got.item, raw, got.odd)


def novel(got: Received[WebNovel]) -> Received[Illust | Novel]:
    """Return a novel without its text."""
    return Received(got.item, _app(NOVEL.read(got.raw)), got.odd)


def _app(shaped: dict[str, Any]) -> dict[str, Any]:
    more = {name: value for name, value in shaped.pop(WEB).items() if name not in PASSING and value is not None}
    return shaped | ({WEB: more} if more else {})
