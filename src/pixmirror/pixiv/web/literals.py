"""What the web's parameters take, for type checkers. The check itself is in `params`."""

from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["all", "safe", "r18"]
Rest: TypeAlias = Literal["show", "hide"]
WorkCategory: TypeAlias = Literal["illust", "manga", "illustManga"]
Order: TypeAlias = Literal[
    "date_d",
    "date",
    "popular_d",
    "popular",
    "popular_male_d",
    "popular_male",
    "popular_female_d",
    "popular_female",
]
TagMode: TypeAlias = Literal["s_tag_full", "s_tag", "s_tc"]
IllustrationType: TypeAlias = Literal["illust_and_ugoira", "illust", "ugoira"]
NewType: TypeAlias = Literal["illust", "manga"]
CompleteType: TypeAlias = Literal["illust", "manga", "ugoira"]
ProgressType: TypeAlias = Literal["all", "illust", "manga", "ugoira"]
RankingMode: TypeAlias = Literal[
    "daily",
    "weekly",
    "monthly",
    "male",
    "female",
    "rookie",
    "original",
    "daily_r18",
    "weekly_r18",
    "male_r18",
    "female_r18",
    "daily_ai",
    "daily_r18_ai",
    "r18g",
]
RankingContent: TypeAlias = Literal["all", "complex", "illust", "ugoira", "manga"]
WatchedMedium: TypeAlias = Literal["manga", "novel"]
