"""Search and discovery (document 002 section 4; pixiv.md 3.5).

What `search_ai_type` means is not settled: by the newest report 0 shows everything, 1 hides what is declared as AI
and 2 shows only that; by older ones 0 hides and 1 shows. It is sent only where it is given, 0 too; the
`illust_ai_type` of each work is the safe way.
"""

from datetime import date

from pixmirror.models import BookmarkRange, Illust, Listing, Novel, Tag, TrendTag, UserPreview
from pixmirror.pixiv import reading
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import (
    ILLUST_SEARCH_TARGETS,
    NOVEL_SEARCH_TARGETS,
    SORTS,
    asked,
    date_span,
    maybe_one_of,
    one_of,
)
from pixmirror.pixiv.literals import (
    DurationLike,
    Filter,
    IllustSearchTarget,
    NovelSearchTarget,
    SearchAiType,
    SortLike,
)
from pixmirror.pixiv.wire import Next, Param

Day = date | str | None


async def illusts(
    api: AppApi,
    word: str,
    search_target: IllustSearchTarget = "partial_match_for_tags",
    sort: SortLike = "date_desc",
    duration: DurationLike | None = None,
    offset: int | None = None,
    merge_plain_keyword_results: bool | None = None,
    include_translated_tag_results: bool | None = None,
    search_ai_type: SearchAiType | None = None,
    start_date: Day = None,
    end_date: Day = None,
    bookmark_num_min: int | None = None,
    bookmark_num_max: int | None = None,
    include_potential_violation_works: bool | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Illusts, manga and ugoira by word. GET /v1/search/illust: word, search_target (partial_match_for_tags,
    exact_match_for_tags, title_and_caption, keyword), sort (date_desc, date_asc, popular_desc and its male and
    female kinds), duration, offset, merge_plain_keyword_results, include_translated_tag_results, search_ai_type
    (0, 1, 2), start_date, end_date (no more than a year apart), bookmark_num_min, bookmark_num_max,
    include_potential_violation_works.

    30 a page; OffsetCap beyond 5000 (`past_cap` goes on). The popular sorts and the bookmark counts need premium.
    `span_limit` reads how far apart the dates may be. Source: 002 4.1, 003 search_illustrations, recorded
    v1-search-illust.
    """
    params = asked(
        _where(ILLUST_SEARCH_TARGETS, search_target, start_date, end_date),
        word=word,
        sort=sort,
        duration=duration,
        offset=offset,
        merge_plain_keyword_results=merge_plain_keyword_results,
        include_translated_tag_results=include_translated_tag_results,
        search_ai_type=search_ai_type,
        bookmark_num_min=bookmark_num_min,
        bookmark_num_max=bookmark_num_max,
        include_potential_violation_works=include_potential_violation_works,
        filter=filter,
    )
    return await api.page("/v1/search/illust", params, "illusts", Illust, next)


async def novels(
    api: AppApi,
    word: str,
    search_target: NovelSearchTarget = "partial_match_for_tags",
    sort: SortLike = "date_desc",
    duration: DurationLike | None = None,
    offset: int | None = None,
    merge_plain_keyword_results: bool | None = None,
    include_translated_tag_results: bool | None = None,
    search_ai_type: SearchAiType | None = None,
    start_date: Day = None,
    end_date: Day = None,
    bookmark_num_min: int | None = None,
    bookmark_num_max: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Novel]:
    """Novels by word. GET /v1/search/novel: as illusts; search_target also `text`. Source: 002 4.2."""
    params = asked(
        _where(NOVEL_SEARCH_TARGETS, search_target, start_date, end_date),
        word=word,
        sort=sort,
        duration=duration,
        offset=offset,
        merge_plain_keyword_results=merge_plain_keyword_results,
        include_translated_tag_results=include_translated_tag_results,
        search_ai_type=search_ai_type,
        bookmark_num_min=bookmark_num_min,
        bookmark_num_max=bookmark_num_max,
        filter=filter,
    )
    return await api.page("/v1/search/novel", params, "novels", Novel, next)


async def users(
    api: AppApi,
    word: str,
    sort: SortLike | None = None,
    duration: DurationLike | None = None,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[UserPreview]:
    """Users by name. GET /v1/search/user: word, sort, duration, offset. 30 a page. Source: 002 4.3."""
    order = {"sort": maybe_one_of("sort", sort, SORTS)}
    params = asked(order, word=word, duration=duration, offset=offset, filter=filter)
    return await api.page("/v1/search/user", params, "user_previews", UserPreview, next)


async def autocomplete(
    api: AppApi, word: str, merge_plain_keyword_results: bool | None = None, *, next: Next = None
) -> Listing[Tag]:
    """Tags that begin so. GET /v2/search/autocomplete: word, merge_plain_keyword_results. About 10.

    Source: pixiv.md 3.5.
    """
    params = asked(word=word, merge_plain_keyword_results=merge_plain_keyword_results)
    return await api.page("/v2/search/autocomplete", params, "tags", Tag, next)


async def popular_illusts(
    api: AppApi,
    word: str,
    search_target: IllustSearchTarget = "partial_match_for_tags",
    merge_plain_keyword_results: bool | None = None,
    include_translated_tag_results: bool | None = None,
    search_ai_type: SearchAiType | None = None,
    start_date: Day = None,
    end_date: Day = None,
    *,
    next: Next = None,
) -> Listing[Illust]:
    """What a premium account would see first: one page. GET /v1/search/popular-preview/illust: as illusts.

    Source: pixiv.md 3.5.
    """
    params = asked(
        _where(ILLUST_SEARCH_TARGETS, search_target, start_date, end_date),
        word=word,
        merge_plain_keyword_results=merge_plain_keyword_results,
        include_translated_tag_results=include_translated_tag_results,
        search_ai_type=search_ai_type,
    )
    return await api.page("/v1/search/popular-preview/illust", params, "illusts", Illust, next)


async def popular_novels(
    api: AppApi,
    word: str,
    search_target: NovelSearchTarget = "partial_match_for_tags",
    merge_plain_keyword_results: bool | None = None,
    include_translated_tag_results: bool | None = None,
    search_ai_type: SearchAiType | None = None,
    start_date: Day = None,
    end_date: Day = None,
    *,
    next: Next = None,
) -> Listing[Novel]:
    """The same for novels. GET /v1/search/popular-preview/novel: as novels. Source: pixiv.md 3.5."""
    params = asked(
        _where(NOVEL_SEARCH_TARGETS, search_target, start_date, end_date),
        word=word,
        merge_plain_keyword_results=merge_plain_keyword_results,
        include_translated_tag_results=include_translated_tag_results,
        search_ai_type=search_ai_type,
    )
    return await api.page("/v1/search/popular-preview/novel", params, "novels", Novel, next)


async def bookmark_ranges_illust(
    api: AppApi,
    word: str,
    search_target: IllustSearchTarget = "partial_match_for_tags",
    start_date: Day = None,
    end_date: Day = None,
    *,
    next: Next = None,
) -> Listing[BookmarkRange]:
    """The ranges of bookmark_num_min and _max that the app offers. GET /v1/search/bookmark-ranges/illust: word,
    search_target, start_date, end_date. Source: pixiv.md 3.5.
    """
    params = asked(_where(ILLUST_SEARCH_TARGETS, search_target, start_date, end_date), word=word)
    return await api.page("/v1/search/bookmark-ranges/illust", params, "bookmark_ranges", BookmarkRange, next)


async def bookmark_ranges_novel(
    api: AppApi,
    word: str,
    search_target: NovelSearchTarget = "partial_match_for_tags",
    start_date: Day = None,
    end_date: Day = None,
    *,
    next: Next = None,
) -> Listing[BookmarkRange]:
    """The same for novels. GET /v1/search/bookmark-ranges/novel: as for illusts. Source: pixiv.md 3.5."""
    params = asked(_where(NOVEL_SEARCH_TARGETS, search_target, start_date, end_date), word=word)
    return await api.page("/v1/search/bookmark-ranges/novel", params, "bookmark_ranges", BookmarkRange, next)


async def trending_tags_illust(
    api: AppApi, *, filter: Filter | None = None, next: Next = None
) -> Listing[TrendTag]:
    """The tags of the day, each with a work. GET /v1/trending-tags/illust. One page, 24 or so.

    Source: 002 4.4, 003 fetch_trending_tags, recorded v1-trending-tags-illust.
    """
    return await api.page("/v1/trending-tags/illust", asked(filter=filter), "trend_tags", TrendTag, next)


async def trending_tags_novel(
    api: AppApi, *, filter: Filter | None = None, next: Next = None
) -> Listing[TrendTag]:
    """The same of novels. GET /v1/trending-tags/novel. Source: 002 4.5."""
    return await api.page("/v1/trending-tags/novel", asked(filter=filter), "trend_tags", TrendTag, next)


def span_limit(page: Listing[Illust] | Listing[Novel]) -> int | None:
    """Return how many seconds start_date and end_date may be apart, as an answer of `illusts` or `novels` says."""
    return reading.number(page.head.get("search_span_limit"))


def _where(targets: tuple[str, ...], search_target: str, start: Day, end: Day) -> dict[str, Param]:
    """Return what is searched and of which days, checked."""
    return {"search_target": one_of("search_target", search_target, targets), **date_span(start, end)}
