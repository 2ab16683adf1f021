"""Search and tags (document 001, Search and Tags; pixiv.md 4.4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pixmirror.errors import BadResponse, WrongValue
from pixmirror.models import Illust, Listing, Novel, Received
from pixmirror.pixiv.enums import day, maybe_text, not_negative, one_of, text
from pixmirror.pixiv.web import bodies, params
from pixmirror.pixiv.web.api import WebApi, listed
from pixmirror.pixiv.web.literals import IllustrationType, Mode, Order, TagMode
from pixmirror.pixiv.wire import Next, Param


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What narrows a search. Sizes in pixels: wlt, hlt the least width and height, wgt, hgt the most. `ratio` any
    number: -0.5 portrait, 0 square, 0.5 landscape. `scd`, `ecd` the first and last day. `blt`, `bgt` the least and
    most bookmarks (premium). `work_lang` for manga alone.
    """

    wlt: int | None = None
    wgt: int | None = None
    hlt: int | None = None
    hgt: int | None = None
    ratio: float | None = None
    tool: str | None = None
    scd: date | str | None = None
    ecd: date | str | None = None
    blt: int | None = None
    bgt: int | None = None
    work_lang: str | None = None

    def sent(self) -> dict[str, Param]:
        first, last = day("scd", self.scd), day("ecd", self.ecd)
        if first and last and first > last:
            raise WrongValue(f"scd {first} is after ecd {last}.")
        numbers = {name: not_negative(name, getattr(self, name)) for name in NUMBERS}
        for least, most in (("wlt", "wgt"), ("hlt", "hgt"), ("blt", "bgt")):
            low, high = numbers[least], numbers[most]
            if low is not None and high is not None and low > high:
                raise WrongValue(f"{least} is {low} and {most} is {high}: the least is above the most.")
        if self.work_lang is not None and not re.fullmatch(r"[a-z]{2}", self.work_lang):
            raise WrongValue(f"work_lang is {self.work_lang!r}; it must be two letters, as ja.")
        return {
            **numbers,
            "ratio": params.ratio(self.ratio),
            "tool": maybe_text("tool", self.tool),
            "scd": first,
            "ecd": last,
            "work_lang": self.work_lang,
        }


NUMBERS = ("wlt", "wgt", "hlt", "hgt", "blt", "bgt")


async def top(api: WebApi, word: str) -> Received[bodies.Search]:
    """The first of everything for a word: illusts, manga, novels, what is popular. GET /ajax/search/top/{word}.

    Source: 001, recorded search-top-TAG.
    """
    return await api.body(f"/ajax/search/top/{params.word('word', word)}", None, bodies.Search)


async def artworks(
    api: WebApi,
    word: str,
    order: Order = "date_d",
    mode: Mode = "all",
    s_mode: TagMode = "s_tag_full",
    filters: Filters | None = None,
    p: int = 1,
    *,
    next: Next = None,
) -> Listing[Illust]:
    """Illusts, manga and ugoira. GET /ajax/search/artworks/{word}: word, type=all, order (date_d, date, popular_d,
    popular, popular_male_d, popular_male, popular_female_d, popular_female), mode (all, safe, r18), s_mode
    (s_tag_full exact tag, s_tag part of a tag, s_tc title and caption), p, and Filters but work_lang.

    60 a page; about 1000 pages (premium 5000), then the last repeats: `web.paging` stops there. popular* needs
    premium. Source: 001, recorded search-artworks-TAG.
    """
    asked = _asked(word, "all", order, mode, s_mode, filters, p)
    return await _found(api, "artworks", word, next or asked, mode)


async def illustrations(
    api: WebApi,
    word: str,
    type: IllustrationType = "illust_and_ugoira",
    order: Order = "date_d",
    mode: Mode = "all",
    s_mode: TagMode = "s_tag_full",
    filters: Filters | None = None,
    p: int = 1,
    *,
    next: Next = None,
) -> Listing[Illust]:
    """Illusts and ugoira. GET /ajax/search/illustrations/{word}: type (illust_and_ugoira, illust, ugoira); the
    rest as artworks. Source: 001, recorded search-illustrations-TAG.
    """
    kind = one_of("type", type, params.ILLUSTRATION_TYPES)
    asked = _asked(word, kind, order, mode, s_mode, filters, p)
    return await _found(api, "illustrations", word, next or asked, mode)


async def manga(
    api: WebApi,
    word: str,
    order: Order = "date_d",
    mode: Mode = "all",
    s_mode: TagMode = "s_tag_full",
    filters: Filters | None = None,
    p: int = 1,
    *,
    next: Next = None,
) -> Listing[Illust]:
    """Manga. GET /ajax/search/manga/{word}: type=manga, work_lang (two letters); the rest as artworks.

    Source: 001, recorded search-manga-TAG.
    """
    asked = _asked(word, "manga", order, mode, s_mode, filters, p)
    return await _found(api, "manga", word, next or asked, mode)


async def novels(
    api: WebApi,
    word: str,
    order: Order = "date_d",
    mode: Mode = "all",
    s_mode: TagMode = "s_tag_full",
    filters: Filters | None = None,
    p: int = 1,
    *,
    next: Next = None,
) -> Listing[Novel]:
    """Novels, 24 to 30 a page. GET /ajax/search/novels/{word}: as artworks. Source: pixiv.md 4.4."""
    asked = _asked(word, None, order, mode, s_mode, filters, p)
    return await _found(api, "novels", word, next or asked, mode)


async def tag(api: WebApi, name: str) -> Received[bodies.TagInfo]:
    """A tag: its dictionary entry, translations and kin. GET /ajax/search/tags/{name}.

    Source: 001, recorded search-tags-TAG.
    """
    return await api.body(f"/ajax/search/tags/{params.word('name', name)}", None, bodies.TagInfo)


async def tag_stories(api: WebApi, tag: str) -> tuple[int, ...]:
    """The ids of a tag's stories. GET /ajax/stories/tag_stories: tag.

    Source: 001, recorded stories-tag_stories.
    """
    got = await api.body("/ajax/stories/tag_stories", {"tag": text("tag", tag)}, bodies.TagStories)
    return got.item.tag_story_ids


def _asked(
    word: str, kind: str | None, order: str, mode: str, s_mode: str, filters: Filters | None, p: int
) -> dict[str, Param]:
    more = (filters or Filters()).sent()
    if more["work_lang"] is not None and kind != "manga":
        raise WrongValue("work_lang narrows a search of manga alone.")
    return {
        "word": text("word", word),
        "type": kind,
        "order": one_of("order", order, params.ORDERS),
        "mode": params.mode(mode),
        "s_mode": one_of("s_mode", s_mode, params.TAG_MODES),
        **more,
        "p": params.page(p),
    }


async def _found(api: WebApi, where: str, word: str, asked: Mapping[str, Param], mode: str) -> Listing[Any]:
    path = f"/ajax/search/{where}/{params.word('word', word)}"
    got = await api.body(path, asked, bodies.Search, login=mode in params.LOGIN_MODES)
    parts = got.item.parts
    wanted = {"artworks": "illustManga", "illustrations": "illust", "manga": "manga", "novels": "novel"}[where]
    if wanted not in parts:
        raise BadResponse(f"GET {path}: `{wanted}` is missing; there is {', '.join(parts)}.")
    part = parts[wanted]
    page = params.number(asked, "p")
    over = not part.data or (part.last_page is not None and page >= part.last_page)
    more = None if over else {**asked, "p": page + 1}
    return listed(path, got, part.data, f"{wanted}.data", more)
