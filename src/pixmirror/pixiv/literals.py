"""What parameters take, for type checkers: a member of an enum, or its word. The check itself is in `enums`."""

from typing import Literal, TypeAlias

from pixmirror.pixiv.enums import (
    AiType,
    ContentType,
    Duration,
    NovelRankingMode,
    RankingMode,
    SearchTarget,
    Size,
    Sort,
    Visibility,
)

Id: TypeAlias = int | str  # of digits, as it stands in addresses
RestrictLike: TypeAlias = Visibility | Literal["public", "private"]
FollowRestrict: TypeAlias = RestrictLike | Literal["all"]
WorkRestrict: TypeAlias = RestrictLike | Literal["mypixiv"]
AgeRestrict: TypeAlias = Literal["none", "r18", "r18g"]
IllustType: TypeAlias = Literal["illust", "manga", ContentType.ILLUSTRATION, ContentType.MANGA]
Filter: TypeAlias = Literal["for_ios", "for_android", ""]
SpotlightCategory: TypeAlias = Literal["all", "illust", "manga"]
LiveList: TypeAlias = Literal["popular", "following"]
App: TypeAlias = Literal["ios", "android"]
AiTypeLike: TypeAlias = AiType | Literal[0, 1, 2]
SearchAiType: TypeAlias = Literal[0, 1, 2]
SizeLike: TypeAlias = Size | Literal["large", "medium", "original", "square_medium"]
SortLike: TypeAlias = (
    Sort | Literal["date_desc", "date_asc", "popular_desc", "popular_male_desc", "popular_female_desc"]
)
SortByDate: TypeAlias = Literal["date_desc", "date_asc", Sort.DATE_DESC, Sort.DATE_ASC]
DurationLike: TypeAlias = Duration | Literal["within_last_day", "within_last_week", "within_last_month"]
IllustSearchTarget: TypeAlias = Literal[
    "partial_match_for_tags",
    "exact_match_for_tags",
    "title_and_caption",
    "keyword",
    SearchTarget.TAGS_PARTIAL,
    SearchTarget.TAGS_EXACT,
    SearchTarget.TITLE_AND_CAPTION,
    SearchTarget.KEYWORD,
]
NovelSearchTarget: TypeAlias = IllustSearchTarget | Literal["text", SearchTarget.TEXT]
RankingModeLike: TypeAlias = (
    RankingMode
    | Literal[
        "day",
        "week",
        "month",
        "day_male",
        "day_female",
        "week_original",
        "week_rookie",
        "day_ai",
        "day_manga",
        "week_manga",
        "month_manga",
        "week_rookie_manga",
        "week_original_manga",
        "day_r18",
        "day_male_r18",
        "day_female_r18",
        "week_r18",
        "week_r18g",
        "day_r18_ai",
        "day_r18_manga",
        "week_r18_manga",
        "week_r18g_manga",
        "day_r18g_manga",
    ]
)
NovelRankingModeLike: TypeAlias = (
    NovelRankingMode
    | Literal[
        "day",
        "week",
        "day_male",
        "day_female",
        "week_rookie",
        "week_ai",
        "day_r18",
        "week_r18",
        "week_r18g",
        "week_ai_r18",
    ]
)
