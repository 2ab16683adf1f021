"""Novels, their text and their series (pixiv.md 4.2 and 10; document 001 has none of them)."""

from collections.abc import Iterable, Mapping
from typing import Any

from pixmirror.errors import BadResponse, WrongValue
from pixmirror.models import Listing, Novel, NovelText, Received, SeriesDetail
from pixmirror.pixiv import reading
from pixmirror.pixiv.enums import not_negative, positive, yes
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.web import bodies, params
from pixmirror.pixiv.web.api import SITE, WebApi, listed
from pixmirror.pixiv.web.models import WebNovel, WebSeries
from pixmirror.pixiv.wire import Next, Param

MOST = 30


def referer(novel_id: Id) -> str:
    return f"{SITE}novel/show.php?id={novel_id}"


async def detail(api: WebApi, novel_id: Id) -> Received[WebNovel]:
    """One novel, its text and its images in one answer. GET /ajax/novel/{id}.

    `text_of` gives the text. NotFound: deleted or private. Source: pixiv.md 4.2, recorded preload-novel.
    """
    path = f"/ajax/novel/{positive('novel_id', novel_id)}"
    return await api.body(path, None, WebNovel, referer=referer(novel_id))


async def unlisted(api: WebApi, token: str) -> Received[WebNovel]:
    """An unlisted novel by the token of its link. GET /ajax/novel/unlisted/{token}. Source: pixiv.md 4.2."""
    path = f"/ajax/novel/unlisted/{params.token(token)}"
    return await api.body(path, None, WebNovel, referer=f"{SITE}novel/unlisted/{token}")


def text_of(novel: Received[WebNovel]) -> Received[NovelText]:
    """Return the text of a novel out of its detail, as the App API's; what [pixivimage:] names is not in it."""
    raw = novel.raw
    text = {
        "id": novel.item.id,
        "text": raw.get("content"),
        "title": novel.item.title,
        "userId": raw.get("userId"),
        "coverUrl": raw.get("coverUrl"),
        "images": raw.get("textEmbeddedImages"),
    }
    return reading.one({"novel": text}, "novel", NovelText, f"/ajax/novel/{novel.item.id}")


async def text(api: WebApi, novel_id: Id) -> Received[NovelText]:
    """The text with its markup, verbatim. GET /ajax/novel/{id}. Source: pixiv.md 10."""
    return text_of(await detail(api, novel_id))


async def insert_illusts(api: WebApi, novel_id: Id, names: Iterable[str]) -> Received[bodies.InsertIllusts]:
    """What stands for [pixivimage:ID-n] in a novel. GET /ajax/novel/{id}/insert_illusts: id[] ("ID-n").

    `illust` is null where the work is gone. Source: pixiv.md 4.2.
    """
    path = f"/ajax/novel/{positive('novel_id', novel_id)}/insert_illusts"
    wanted = tuple(_image_name(name) for name in names)
    if not wanted:
        raise WrongValue('names is empty; it must hold at least one "ID-page".')
    asked = {"id": wanted}
    return await api.body(path, asked, bodies.InsertIllusts, referer=referer(novel_id), bare="illusts")


async def new(
    api: WebApi, r18: bool = False, limit: int = 20, last_id: Id = 0, *, next: Next = None
) -> Listing[Novel]:
    """Everybody's new novels. GET /ajax/novel/new: lastId, limit (1 to 20), r18. Source: pixiv.md 4.4."""
    asked: Mapping[str, Param] = next or {
        "lastId": not_negative("last_id", last_id) or 0,
        "limit": params.limit(limit, 20),
        "r18": yes("r18", r18),
    }
    path = "/ajax/novel/new"
    got = await api.body(path, asked, bodies.NewNovels)
    more = {**asked, "lastId": got.item.last_id} if got.item.novels and got.item.last_id else None
    return listed(path, got, got.item.novels, "novels", more)


async def series(api: WebApi, series_id: Id) -> Received[SeriesDetail]:
    """A series itself. GET /ajax/novel/series/{id}. Source: pixiv.md 4.2, recorded novel-series-ID."""
    path = f"/ajax/novel/series/{positive('series_id', series_id)}"
    return await api.body(path, None, WebSeries, referer=_series(series_id))


async def series_content(
    api: WebApi, series_id: Id, last_order: int = 0, limit: int = 30, *, next: Next = None
) -> Listing[Novel]:
    """Novels of a series in order. GET /ajax/novel/series_content/{id}: limit (1 to 30), last_order (how many were
    read already), order_by=asc.

    Ends with a page that is not full. Hidden parts are stubs or missing. Source: pixiv.md 4.2, recorded
    novel-series_content-ID.
    """
    path = f"/ajax/novel/series_content/{positive('series_id', series_id)}"
    asked: Mapping[str, Param] = next or {
        "limit": params.limit(limit, MOST),
        "last_order": not_negative("last_order", last_order) or 0,
        "order_by": "asc",
    }
    got = await api.body(path, asked, bodies.SeriesContent, referer=_series(series_id))
    body = got.item
    rows = body.page.series_contents if body.page else body.series_contents
    if rows is None:
        raise BadResponse(f"GET {path}: `page.seriesContents` is missing.")
    step, seen = params.number(asked, "limit"), len(rows) + len(rows.broken)
    more = {**asked, "last_order": params.number(asked, "last_order") + step} if seen >= step else None
    key = "page.seriesContents" if body.page else "seriesContents"
    return listed(path, got, rows, key, more)


async def content_titles(api: WebApi, series_id: Id) -> tuple[dict[str, Any], ...]:
    """All parts of a series, with nothing but {id, title, available}. GET /ajax/novel/series/{id}/content_titles.

    Source: pixiv.md 4.2.
    """
    path = f"/ajax/novel/series/{positive('series_id', series_id)}/content_titles"
    got = await api.body(path, None, bodies.Titles, referer=_series(series_id), bare="titles")
    return got.item.titles


async def glossary(api: WebApi, series_id: Id) -> Received[bodies.Glossary]:
    """The glossary of a series, by categories. GET /ajax/novel/series/{id}/glossary.

    Items lack their `detail`: `glossary_item` has it. Source: recorded novel-series-ID-glossary.
    """
    path = f"/ajax/novel/series/{positive('series_id', series_id)}/glossary"
    return await api.body(path, None, bodies.Glossary, referer=_series(series_id))


async def glossary_item(api: WebApi, series_id: Id, item_id: Id) -> Received[bodies.GlossaryItem]:
    """One entry of a glossary, whole. GET /ajax/novel/series/{id}/glossary/item/{item_id}.

    Source: recorded novel-series-ID-glossary-item-ID.
    """
    series = positive("series_id", series_id)
    path = f"/ajax/novel/series/{series}/glossary/item/{positive('item_id', item_id)}"
    return await api.body(path, None, bodies.GlossaryItem, referer=_series(series_id))


def _series(series_id: Id) -> str:
    return f"{SITE}novel/series/{series_id}"


def _image_name(name: object) -> str:
    work, dash, page = name.partition("-") if isinstance(name, str) else ("", "", "")
    if not work.isdecimal() or (dash and not page.isdecimal()):
        raise WrongValue(f'names holds {name!r}; each must be "ID" or "ID-page", as in [pixivimage:ID-page].')
    return f"{int(work)}-{int(page)}" if dash else str(int(work))
