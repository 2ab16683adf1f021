"""The world as the JSON of the web, key by key as Pixiv sends it: ids as text, empty maps as lists."""

import re
from typing import Any
from urllib.parse import quote

from pixmirror.demo import addresses, pictures, words
from pixmirror.demo.shapes import WORK_RESTRICTS, Json, View, uploaded_images
from pixmirror.demo.world import LIVE, Bookmark, Key, Series, User, Work

KINDS = {"illust": 0, "manga": 1, "ugoira": 2}
NOTHING = "-----"
EPOCH = "1970-01-01T00:00:00+09:00"
PAGES = {"illust": "artworks/", "novel": "novel/show.php?id=", "user": "users/"}
OF_KIND = {"illust": "イラスト", "manga": "マンガ", "ugoira": "うごイラ", "novel": "小説"}


def ident(number: int) -> str:
    """Ids are text on the web."""
    return str(number)


def bookmark_data(view: View, key: Key) -> Json | None:
    """Return the viewer's bookmark of a work."""
    mark: Bookmark | None = view.world.bookmarks.get(view.viewer, {}).get(key)
    return {"id": ident(mark.id), "private": mark.restrict == "private"} if mark else None


def thumb(view: View, key: Key) -> Json:
    """Return a row of a list, of either medium; one that is not shown is masked."""
    work = view.world.works[key]
    if work.state != LIVE and not (work.state == "limit_sanity_level" and view.viewer):
        return masked(view, work)
    author = view.world.users[work.user_id]
    own = _novel_row(view, work) if work.medium == "novel" else _illust_row(work, author)
    return {
        "id": ident(work.id),
        "title": work.title,
        "xRestrict": work.x_restrict,
        "restrict": WORK_RESTRICTS[work.restrict],
        **own,
        "tags": list(work.tags),
        "userId": ident(author.id),
        "userName": author.name,
        "isBookmarkable": True,
        "bookmarkData": bookmark_data(view, work.key),
        "titleCaptionTranslation": {"workTitle": None, "workCaption": None},
        "createDate": addresses.iso(work.create_ms),
        "updateDate": addresses.iso(work.file_ms),
        "isUnlisted": False,
        "isMasked": False,
        "aiType": work.ai_type,
        "profileImageUrl": addresses.avatar(view.world, author, "_50"),
    }


def _illust_row(work: Work, author: User) -> Json:
    return {
        "illustType": KINDS[work.type],
        "sl": 6 if work.x_restrict else 2,
        "url": addresses.page_urls(work, 0)["square_medium"],
        "description": "",
        "width": work.width,
        "height": work.height,
        "pageCount": work.page_count,
        "alt": f"#{' '.join(work.tags[:1])} {work.title} - {author.name}の{OF_KIND[work.type]}",
    }


def _novel_row(view: View, work: Work) -> Json:
    row: Json = {
        "url": addresses.cover_urls(view.world, work)["large"],
        "textCount": len(work.text),
        "wordCount": len(work.text) // 2,
        "readingTime": len(work.text) // 8,
        "useWordCount": False,
        "description": work.caption,
        "bookmarkCount": work.total_bookmarks,
        "isOriginal": False,
        "marker": None,
    }
    if work.series_id:
        row |= {
            "seriesId": ident(work.series_id),
            "seriesTitle": view.world.series["novel", work.series_id].title,
        }
    return row


def masked(view: View, work: Work) -> Json:
    """What stands in a list for a work that is not shown: an illust's id is then a number, a novel's text."""
    shape: Json = {
        "id": work.id if work.medium == "illust" else ident(work.id),
        "title": NOTHING,
        "xRestrict": 0,
        "restrict": WORK_RESTRICTS[work.restrict],
        "url": addresses.placeholder(work.state),
        "tags": [],
        "userId": 0,
        "userName": NOTHING,
        "description": NOTHING,
        "isBookmarkable": False,
        "bookmarkData": bookmark_data(view, work.key),
        "titleCaptionTranslation": {"workTitle": None, "workCaption": None},
        "createDate": EPOCH,
        "updateDate": EPOCH,
        "isUnlisted": False,
        "isMasked": True,
        "aiType": 0,
        "maskReason": "unknown" if work.state == "deleted" else work.state.removeprefix("limit_"),
    }
    if work.medium == "novel":
        return shape | {"textCount": 0, "wordCount": 0, "readingTime": 0, "useWordCount": False}
    return shape | {"illustType": 0, "sl": 0, "width": 100, "height": 100, "pageCount": 1, "alt": NOTHING}


def _tags(view: View, work: Work) -> Json:
    author = view.world.users[work.user_id]

    def one(name: str) -> Json:
        tag: Json = {
            "tag": name,
            "locked": True,
            "deletable": False,
            "userId": ident(author.id),
            "userName": author.name,
        }
        translation = view.translation(name)
        tag |= {"romaji": words.READINGS[name]} if name in words.READINGS else {}
        return tag | ({"translation": {"en": translation}} if translation else {})

    return {
        "authorId": ident(author.id),
        "isLocked": False,
        "tags": [one(name) for name in work.tags],
        "writable": False,
    }


def _utc(ms: int) -> str:
    return addresses.iso(ms - 9 * 3_600_000).replace("+09:00", "+00:00")


def _jumping(caption: str) -> str:
    """A caption as the website shows it: links that lead away go by way of /jump.php, others are its own pages."""
    away = re.sub(r'<a href="(https?://[^"]+)"', lambda m: f'<a href="/jump.php?{quote(m[1], safe="")}"', caption)
    return re.sub(r'"pixiv://(\w+)s/(\d+)"', lambda m: f'"https://www.pixiv.net/{PAGES[m[1]]}{m[2]}"', away)


def detail(view: View, work: Work, liked: bool = False) -> Json:
    """/ajax/illust/{id}: with the URLs of page 1 alone, and none for who is logged out."""
    world, author = view.world, view.world.users[work.user_id]
    urls = addresses.page_urls(work, 0)
    named = {
        "mini": urls["square_medium"].replace("360x360_70", "48x48"),
        "thumb": urls["square_medium"],
        "small": urls["medium"],
        "regular": urls["large"].replace("/c/600x1200_90", ""),
        "original": addresses.originals(world, work)[0],
    }
    others = [i for _, i in reversed(world.by_user.get((work.user_id, "illust"), ()))]
    near = {work.id, *others[:2]}
    return {
        "illustId": ident(work.id),
        "illustTitle": work.title,
        "illustComment": _jumping(work.caption),
        "illustType": KINDS[work.type],
        "sl": 6 if work.x_restrict else 2,
        "urls": named if view.viewer else dict.fromkeys(named),
        "storableTags": [],
        "userAccount": author.account,
        "userIllusts": {ident(i): thumb(view, ("illust", i)) if i in near else None for i in others} or [],
        "width": work.width,
        "height": work.height,
        "pageCount": work.page_count,
        "bookStyle": 0,
        "isHowto": False,
        "alt": f"{work.title} - {author.name}",
        **_both(view, work, liked),
    }


def novel_detail(view: View, work: Work) -> Json:
    """/ajax/novel/{id}: with the whole text and the pictures in it."""
    world, author = view.world, view.world.users[work.user_id]
    images = {
        ident(n): {"novelImageId": ident(n), "sl": "2", "urls": addresses.embedded(world, work, n)}
        for n in uploaded_images(work)
    }
    return {
        "content": work.text,
        "coverUrl": addresses.cover_urls(world, work)["large"],
        "pageCount": ident(work.text.count("[newpage]") + 1),
        "characterCount": len(work.text),
        "wordCount": len(work.text) // 2,
        "useWordCount": False,
        "readingTime": len(work.text) // 8,
        "language": "ja",
        "textEmbeddedImages": images or None,
        "userNovels": {ident(work.id): thumb(view, work.key)},
        "markerCount": 0,
        "marker": None,
        "suggestedSettings": {"viewMode": 2, "themeBackground": 0, "themeSize": None, "themeSpacing": None},
        "isBungei": False,
        "hasGlossary": False,
        "userAccount": author.account,
        **_both(view, work, False),
    }


def _both(view: View, work: Work, liked: bool) -> Json:
    author = view.world.users[work.user_id]
    return {
        "id": ident(work.id),
        "title": work.title,
        "description": _jumping(work.caption),
        "createDate": _utc(work.create_ms),
        "uploadDate": _utc(work.file_ms),
        "restrict": WORK_RESTRICTS[work.restrict],
        "xRestrict": work.x_restrict,
        "tags": _tags(view, work),
        "userId": ident(author.id),
        "userName": author.name,
        "likeData": liked,
        "likeCount": work.total_bookmarks + liked,
        "bookmarkCount": work.total_bookmarks,
        "commentCount": len(view.world.threads.get(work.key, ())),
        "viewCount": work.total_view,
        "responseCount": 0,
        "isOriginal": False,
        "imageResponseOutData": [],
        "imageResponseData": [],
        "imageResponseCount": 0,
        "pollData": None,
        "seriesNavData": _series_nav(view, work),
        "descriptionBoothId": None,
        "descriptionYoutubeId": None,
        "comicPromotion": None,
        "fanboxPromotion": None,
        "contestBanners": [],
        "contestData": None,
        "isBookmarkable": True,
        "bookmarkData": bookmark_data(view, work.key),
        "zoneConfig": {},
        "extraData": {"meta": {"title": work.title, "alternateLanguages": []}},
        "titleCaptionTranslation": {"workTitle": None, "workCaption": None},
        "isUnlisted": False,
        "request": None,
        "commentOff": 0,
        "aiType": work.ai_type,
    }


def _series_nav(view: View, work: Work) -> Json | None:
    series = view.world.series.get((work.medium, work.series_id))
    if series is None:
        return None
    at = series.works.index(work.id)

    def neighbour(place: int) -> Json | None:
        if not 0 <= place < len(series.works):
            return None
        other = view.world.works[work.medium, series.works[place]]
        shown = other.state == LIVE
        return {"title": other.title, "order": place + 1, "id": ident(other.id), "available": shown}

    return {
        "seriesType": "novel" if work.medium == "novel" else "manga",
        "seriesId": series.id,
        "title": series.title,
        "order": at + 1,
        "prev": neighbour(at - 1),
        "next": neighbour(at + 1),
    }


def page_list(view: View, work: Work) -> list[Json]:
    """/ajax/illust/{id}/pages."""
    pages = []
    for n, original in enumerate(addresses.originals(view.world, work)):
        urls = addresses.page_urls(work, n)
        named = {
            "thumb_mini": urls["square_medium"].replace("360x360_70", "128x128"),
            "small": urls["medium"],
            "regular": urls["large"],
            "original": original,
        }
        pages.append({"urls": named, "width": work.width, "height": work.height})
    return pages


def ugoira_meta(view: View, work: Work) -> Json:
    """/ajax/illust/{id}/ugoira_meta."""
    frames = [{"file": name, "delay": delay} for name, delay in pictures.frames(view.world.seed, work)]
    return {
        "src": addresses.ugoira_zip(work),
        "originalSrc": addresses.ugoira_zip(work, "1920x1080"),
        "mime_type": "image/jpeg",
        "frames": frames,
    }


def series(view: View, item: Series) -> Json:
    """Return a series, of manga or novels."""
    author = view.world.users[item.user_id]
    live = [w for w in (view.world.works[item.medium, i] for i in item.works) if w.state == LIVE]
    last = max((w.create_ms for w in live), default=item.create_ms)
    shape: Json = {
        "id": ident(item.id),
        "userId": ident(item.user_id),
        "title": item.title,
        "caption": item.caption,
        "total": len(live),
        "createDate": addresses.iso(item.create_ms),
        "updateDate": addresses.iso(last),
        "watchCount": None,
        "isWatched": False,
        "isNotifying": False,
    }
    ends = (ident(item.works[0]), ident(item.works[-1])) if item.works else (None, None)
    if item.medium == "illust":
        cover = addresses.series_cover(view.world, item.id, item.create_ms)
        return shape | {"url": cover, "coverImageSl": 2, "firstIllustId": ends[0], "latestIllustId": ends[1]}
    return shape | {
        "userName": author.name,
        "profileImageUrl": addresses.avatar(view.world, author),
        "xRestrict": 0,
        "isOriginal": True,
        "isConcluded": False,
        "genreId": "1",
        "publishedContentCount": len(live),
        "publishedTotalCharacterCount": sum(len(w.text) for w in live),
        "displaySeriesContentCount": len(live),
        "firstNovelId": ends[0],
        "latestNovelId": ends[1],
        "hasGlossary": False,
    }


def around(thumbs: list[Json] | None = None, novels: list[Json] | None = None, **more: Any) -> Json:
    """Return the frame of pages made of many parts."""
    return {
        "tagTranslation": [],
        "thumbnails": {"illust": thumbs or [], "novel": novels or [], "novelSeries": [], "novelDraft": []},
        "illustSeries": [],
        "requests": [],
        "users": [],
        **more,
    }
