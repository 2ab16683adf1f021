"""Works, comments, series and search, as the web has them."""

import re
from datetime import datetime

from pixmirror.demo import lists, words
from pixmirror.demo.addresses import JST, avatar, page_urls
from pixmirror.demo.shapes import Json
from pixmirror.demo.web import faces, shapes
from pixmirror.demo.web.calls import GONE, WebCall, WebError
from pixmirror.demo.webview import novel as webview_novel
from pixmirror.demo.world import LIVE, Key, Work

SEARCH_PAGE, SERIES_PAGE, RANK_PAGE = 60, 12, 50
WHERE = {"artworks": "illustManga", "illustrations": "illust", "manga": "manga", "novels": "novel"}
MODES = {
    "daily": "day", "weekly": "week", "monthly": "month", "male": "day_male", "female": "day_female",
    "rookie": "week_rookie", "original": "week_original", "daily_ai": "day_ai", "daily_r18": "day_r18",
    "weekly_r18": "week_r18", "male_r18": "day_male_r18", "female_r18": "day_female_r18",
    "daily_r18_ai": "day_r18_ai", "r18g": "week_r18g",
}  # fmt: skip


def illust(call: WebCall) -> Json:
    """One work."""
    work = call.work("illust", call.path["id"])
    return shapes.detail(call.view, work, work.key in call.state.liked)


def pages(call: WebCall) -> list[Json]:
    """Its pages."""
    return shapes.page_list(call.view, call.work("illust", call.path["id"]))


def ugoira(call: WebCall) -> Json:
    """Its frames."""
    work = call.work("illust", call.path["id"])
    if work.type != "ugoira":
        raise WebError(404, GONE)
    return shapes.ugoira_meta(call.view, work)


def bookmark_state(call: WebCall) -> Json:
    """Its bookmark."""
    work = call.work("illust", call.path["id"])
    return {"isBookmarkable": True, "bookmarkData": shapes.bookmark_data(call.view, work.key)}


def recommend(call: WebCall) -> Json:
    """Works like it, with an advertisement between."""
    work = call.work("illust", call.path["id"])
    keys = [key for key in lists.everything(call.world, "illust") if key != work.key][:180]
    limit = call.number("limit", 18)
    rows: list[Json] = [shapes.thumb(call.view, key) | {"type": "illust"} for key in keys[:limit]]
    rows.insert(1, {"isAdContainer": True})
    details = {str(key[1]): {"methods": ["demo"], "score": 0.5, "seedIllustIds": [work.id]} for key in keys}
    return {"illusts": rows, "nextIds": [str(key[1]) for key in keys[limit:]], "details": details}


def recommended(call: WebCall) -> Json:
    """Works by id."""
    keys = [("illust", int(i)) for i in call.many("illust_ids") if i.isdecimal()]
    known = [key for key in keys if key in call.world.works and call.world.works[key].state == LIVE]
    return {"illusts": [shapes.thumb(call.view, key) for key in known]}


def newest(medium: str, call: WebCall) -> Json:
    """Return everybody's new works, before a cursor."""
    last, limit = call.number("lastId") or 2**62, min(call.number("limit", 20), 20)
    kinds = (
        ("novel",) if medium == "novel" else ("manga",) if call.text("type") == "manga" else ("illust", "ugoira")
    )
    every = [key for key in lists.everything(call.world, medium) if call.world.works[key].type in kinds]
    keys = sorted((key for key in every if key[1] < last), key=lambda key: -key[1])[:limit]
    rows = [shapes.thumb(call.view, key) for key in keys]
    return {f"{medium}s": rows, "lastId": str(keys[-1][1]) if keys else "0", "zoneConfig": {}, "extraData": {}}


def comments(medium: str, call: WebCall) -> Json:
    """Root comments."""
    work = call.work(medium, call.text(f"{medium}_id"))
    roots = lists.roots_of(call.world, work.key)
    start, limit = call.number("offset"), call.number("limit", 20)
    shown = [faces.comment(call.view, item) for item in roots[start : start + limit]]
    return {"comments": shown, "hasNext": start + limit < len(roots)}


def replies(medium: str, call: WebCall) -> Json:
    """Replies, five a page."""
    root = call.world.comments.get((medium, call.number("comment_id")))
    if root is None:
        raise WebError(404, GONE)
    found, start = lists.replies_of(call.world, root), (call.number("page", 1) - 1) * 5
    return {
        "comments": [faces.comment(call.view, item) for item in found[start : start + 5]],
        "hasNext": start + 5 < len(found),
    }


def manga_series(call: WebCall) -> Json:
    """Return a manga series, newest first."""
    series = call.world.series.get(("illust", int(call.path["id"])))
    if series is None:
        raise WebError(404, GONE)
    keys = lists.series_works(call.world, series)
    start = (call.number("p", 1) - 1) * SERIES_PAGE
    page = list(enumerate(keys, 1))[::-1][start : start + SERIES_PAGE]
    return shapes.around([shapes.thumb(call.view, key) for _, key in page]) | {
        "illustSeries": [shapes.series(call.view, series)],
        "page": {
            "series": [{"workId": str(key[1]), "order": order} for order, key in page],
            "total": len(keys),
            "seriesId": series.id,
        },
    }


def novel(call: WebCall) -> Json:
    """One novel with its text."""
    return shapes.novel_detail(call.view, call.work("novel", call.path["id"]))


def insert_illusts(call: WebCall) -> Json | list[object]:
    """Return what stands for [pixivimage:]."""
    work = call.work("novel", call.path["id"])
    known = webview_novel(call.view, work)["illusts"]
    wanted = call.many("id")
    return {name: known[name] for name in wanted if name in known} or [] if isinstance(known, dict) else []


def novel_series(call: WebCall) -> Json:
    """Return a novel series itself."""
    series = call.world.series.get(("novel", int(call.path["id"])))
    if series is None:
        raise WebError(404, GONE)
    return shapes.series(call.view, series)


def series_content(call: WebCall) -> Json:
    """Its novels, in order."""
    series = call.world.series.get(("novel", int(call.path["id"])))
    if series is None:
        raise WebError(404, GONE)
    keys = [("novel", work_id) for work_id in series.works]
    start, limit = call.number("last_order"), min(call.number("limit", 30), 30)
    page = list(enumerate(keys, 1))[start : start + limit]
    contents = [_content(call, call.world.works[key], series.id, order) for order, key in page]
    thumbs = [shapes.thumb(call.view, key) for _, key in page]
    return shapes.around([], thumbs) | {"page": {"seriesContents": contents}}


def _content(call: WebCall, work: Work, series_id: int, order: int) -> Json:
    row = shapes.thumb(call.view, work.key)
    names = ("id", "userId", "title", "tags", "restrict", "xRestrict", "isBookmarkable", "bookmarkData", "aiType")
    return {name: row[name] for name in names} | {
        "series": {"id": series_id, "viewableType": 0, "contentOrder": order},
        "commentHtml": work.caption,
        "isOriginal": False,
        "textLength": len(work.text),
        "characterCount": len(work.text),
        "bookmarkCount": work.total_bookmarks,
        "url": row["url"],
        "uploadTimestamp": work.create_ms // 1000,
        "reuploadTimestamp": work.file_ms // 1000,
    }


def content_titles(call: WebCall) -> list[Json]:
    """Return all its parts, by title."""
    series = call.world.series.get(("novel", int(call.path["id"])))
    if series is None:
        raise WebError(404, GONE)
    works = [call.world.works["novel", work_id] for work_id in series.works]
    return [{"id": str(w.id), "title": w.title, "available": w.state == LIVE} for w in works]


def glossary(_: WebCall) -> Json:
    """Nobody here explains words."""
    return {"categories": [], "replaceeItemIds": [], "extraData": {"meta": {}}, "zoneConfig": {}}


def ranking(call: WebCall) -> Json:
    """ranking.php, which has no envelope."""
    mode = call.one_of("mode", tuple(MODES), "daily")
    content = call.one_of("content", ("all", "complex", "illust", "ugoira", "manga"), "all")
    asked = call.text("date")
    try:
        day = lists.ranking_date(call.world, f"{asked[:4]}-{asked[4:6]}-{asked[6:]}" if asked else None)
    except lists.BadDate as bad:
        raise WebError(404, bad.text) from None
    keys = lists.ranking(call.world, "illust", MODES[mode], day)
    keys = [key for key in keys if content in ("all", "complex", call.world.works[key].type)]
    p = call.number("p", 1)
    start = (p - 1) * RANK_PAGE
    if start >= len(keys):
        raise WebError(404, "not covered by ranking")
    rows = [_ranked(call, call.world.works[key], n) for n, key in enumerate(keys, 1)]
    return {
        "contents": rows[start : start + RANK_PAGE],
        "mode": mode,
        "content": content,
        "page": p,
        "prev": p - 1 or False,
        "next": p + 1 if start + RANK_PAGE < len(keys) else False,
        "date": day.strftime("%Y%m%d"),
        "prev_date": day.replace(day=1).strftime("%Y%m%d"),
        "next_date": False,
        "rank_total": len(keys),
    }


def _ranked(call: WebCall, work: Work, rank: int) -> Json:
    author = call.world.users[work.user_id]
    when = datetime.fromtimestamp(work.create_ms / 1000, JST)
    return {
        "title": work.title,
        "date": when.strftime("%Y年%m月%d日 %H:%M"),
        "tags": list(work.tags),
        "url": page_urls(work, 0)["large"],
        "illust_type": str(shapes.KINDS[work.type]),
        "illust_book_style": "0",
        "illust_page_count": str(work.page_count),
        "user_name": author.name,
        "profile_img": avatar(call.world, author, "_50"),
        "illust_content_type": {"sexual": 0, "lo": False},
        "illust_series": False,
        "illust_id": work.id,
        "width": work.width,
        "height": work.height,
        "user_id": work.user_id,
        "rank": rank,
        "yes_rank": 0,
        "rating_count": work.total_bookmarks,
        "view_count": work.total_view,
        "illust_upload_timestamp": work.create_ms // 1000,
        "attr": "",
    }


def search(where: str, call: WebCall) -> Json:
    """Works by word; past the end the last page comes again."""
    medium = "novel" if where == "novels" else "illust"
    found = _find(call, medium)
    if where in ("illustrations", "manga"):
        kinds = ("manga",) if where == "manga" else ("illust", "ugoira")
        found = [key for key in found if call.world.works[key].type in kinds]
    last = max((len(found) - 1) // SEARCH_PAGE, 0)
    start = min(call.number("p", 1) - 1, last) * SEARCH_PAGE
    rows = [shapes.thumb(call.view, key) for key in found[start : start + SEARCH_PAGE]]
    part = {"data": rows, "total": len(found), "bookmarkRanges": [{"min": None, "max": None}]}
    return _around_search({WHERE[where]: part})


def search_top(call: WebCall) -> Json:
    """Return a little of everything."""
    illusts = _find(call, "illust")
    manga = [key for key in illusts if call.world.works[key].type == "manga"]

    def part(keys: list[Key]) -> Json:
        return {"data": [shapes.thumb(call.view, key) for key in keys[:24]], "total": len(keys)}

    return _around_search(
        {"illustManga": part(illusts), "manga": part(manga), "novel": part(_find(call, "novel"))}
    )


def _around_search(parts: Json) -> Json:
    rest: Json = {"relatedTags": [], "tagTranslation": [], "zoneConfig": {}, "extraData": {"meta": {}}}
    return parts | {"popular": {"recent": [], "permanent": []}} | rest


def _find(call: WebCall, medium: str) -> list[Key]:
    words = re.split(r"\s+", call.text("word", call.path["word"]).lower())
    tag, full = call.text("s_mode", "s_tag_full") != "s_tc", call.text("s_mode") == "s_tag_full"

    def fits(work: Work) -> bool:
        text = [t.lower() for t in work.tags] if tag else [f"{work.title} {work.caption}".lower()]
        day = datetime.fromtimestamp(work.create_ms / 1000, JST).date().isoformat()
        if not call.text("scd", "") <= day <= call.text("ecd", "9999"):
            return False
        return all(word in text if full else any(word in t for t in text) for word in words)

    keys = [key for key in lists.everything(call.world, medium) if fits(call.world.works[key])]
    return keys[::-1] if call.text("order") == "date" else keys


def tag(call: WebCall) -> Json:
    """Return a tag."""
    word = call.path["word"]
    return {
        "tag": word,
        "word": word,
        "pixpedia": [],
        "breadcrumbs": {"successor": [], "current": []},
        "myFavoriteTags": [],
        "tagTranslation": {word: {"romaji": words.READINGS[word]}} if word in words.READINGS else [],
    }


def tag_stories(_: WebCall) -> Json:
    """Stories of a tag."""
    return {"tagStoryIds": ["11", "12"]}
