"""The bodies of pages made of many parts: works, users and requests, and a `page` that names them by id."""

from typing import Any

from pydantic import AwareDatetime, Field

from pixmirror.models import Rows
from pixmirror.pixiv.web.models import (
    WebIllust,
    WebNovel,
    WebSeries,
    WebUser,
)
from pixmirror.pixiv.web.rows import Camel, Map

Ids = tuple[int, ...]
Objects = tuple[dict[str, Any], ...]


class Around(Camel):
    """What the site's frame gets along with most answers: translations of tags, advertisements, titles."""

    tag_translation: Map | None = None
    zone_config: Map | None = None
    extra_data: Map | None = None


class Thumbnails(Camel):
    illust: Rows[WebIllust] = Field(default_factory=Rows)
    novel: Rows[WebNovel] = Field(default_factory=Rows)
    novel_series: Rows[WebSeries] = Field(default_factory=Rows)
    novel_draft: tuple[Any, ...] = ()
    collection: tuple[Any, ...] | None = None


class Proposal(Camel):
    request_original_proposal: str = ""
    request_original_proposal_html: str = ""
    request_original_proposal_lang: str | None = None
    request_translation_proposal: tuple[Any, ...] | None = None


class Commission(Camel):
    """A request of a fan to a creator."""

    request_id: int
    plan_id: int | None = None
    fan_user_id: int | None = None
    creator_user_id: int | None = None
    request_status: str | None = None
    request_post_work_type: str | None = None
    request_price: int | None = None
    request_proposal: Proposal | None = None
    request_tags: tuple[str, ...] = ()
    request_adult_flg: bool | None = None
    request_anonymous_flg: bool | None = None
    request_restrict_flg: bool | None = None
    request_accept_collaborate_flg: bool | None = None
    request_response_deadline_datetime: AwareDatetime | None = None
    request_post_deadline_datetime: AwareDatetime | None = None
    role: str | None = None
    plan: dict[str, Any] | None = None
    collaborate_status: dict[str, Any] | None = None
    post_work: dict[str, Any] | None = None

    @property
    def id(self) -> int:
        """The `request_id`, as other things have an `id`."""
        return self.request_id


class Collection(Around):
    """Pages made of many parts: the things themselves, and a `page` that names them by id."""

    thumbnails: Thumbnails = Field(default_factory=Thumbnails)
    illust_series: Rows[WebSeries] = Field(default_factory=Rows)
    requests: Rows[Commission] = Field(default_factory=Rows)
    users: Rows[WebUser] = Field(default_factory=Rows)


class FeedPage(Camel):
    ids: Ids
    is_last_page: bool = False
    tags: tuple[Any, ...] = ()


class Feed(Collection):
    """follow_latest, mypixiv_latest: `page.ids` may name works that `thumbnails` lacks (muted ones)."""

    page: FeedPage


class WatchPage(Camel):
    total: int = 0
    max_page: int | None = None
    watched_series_ids: Ids


class WatchList(Collection):
    page: WatchPage


class Tagged(Camel):
    tag: str
    ids: Ids = ()
    trending_rate: int | None = None


class Recommended(Camel):
    tag: str | None = None
    ids: Ids = ()
    details: Map = Field(default_factory=dict)


class RankItem(Camel):
    rank: int
    id: int


class TopRanking(Camel):
    items: tuple[RankItem, ...] = ()
    date: str | None = None


class RecommendedUser(Camel):
    id: int
    illust_ids: Ids = ()
    novel_ids: Ids = ()


class TopPage(Camel):
    tags: tuple[Tagged, ...] = ()
    follow: Ids = ()
    mypixiv: Ids = ()
    recommend: Recommended | None = None
    recommend_by_tag: tuple[Recommended, ...] = ()
    ranking: TopRanking | None = None
    pixivision: Objects = ()
    recommend_user: tuple[RecommendedUser, ...] = ()
    contest_ongoing: Objects = ()
    contest_result: Objects = ()
    editor_recommend: Objects = ()
    booth_follow_item_ids: Ids = ()
    sketch_live_follow_ids: Ids = ()
    sketch_live_popular_ids: Ids = ()
    my_favorite_tags: tuple[str, ...] = ()
    new_post: Ids = ()
    trending_tags: tuple[Tagged, ...] = ()
    complete_request_ids: Ids = ()
    user_event_ids: Ids = ()


class Top(Collection):
    """The top page. `page` says which works are new from followed artists, ranked, recommended..."""

    page: TopPage
    booth_items: Objects = ()
    sketch_lives: Objects = ()


class Pager(Camel):
    page: int = 1
    has_next_page: bool = False


class RequestPage(Camel):
    """One of the lists of requests; an answer holds those members that its list has."""

    request_ids: Ids = ()
    recommend_request_ids: Ids = ()
    follow_request_ids: Ids = ()
    creator_user_ids: Ids = ()
    follow_creator_user_ids: Ids = ()
    pager: Pager
    work_type: str | None = None
    mode: str | None = None


class Requests(Collection):
    page: RequestPage


class CommissionPage(Camel):
    complete_request_ids_illust: Ids = ()
    complete_request_ids_manga: Ids = ()
    complete_request_ids_novels: Ids = ()
    complete_request_ids_ugoira: Ids = ()
    in_progress_request_ids: Ids
    creator_user_ids: Ids = ()
    recent_illust_ids_by_creator_accepting_request: Ids = ()
    recommend_illust_ids_by_creator_accepting_request: Ids = ()
    user_list: tuple[RecommendedUser, ...] = ()


class CommissionTop(Collection):
    page: CommissionPage


class DiscoveredIllust(Camel):
    illust_id: int
    recommend_methods: tuple[str, ...] = ()
    recommend_score: float | None = None
    recommend_seed_illust_ids: Ids = ()


class DiscoveredArtworks(Collection):
    recommended_illusts: tuple[DiscoveredIllust, ...]


class DiscoveredUser(Camel):
    user_id: int
    recent_illust_ids: Ids = ()
    recent_novel_ids: Ids = ()


class DiscoveredUsers(Collection):
    recommended_users: tuple[DiscoveredUser, ...]


class Meta(Around):
    meta: dict[str, Any]


class HomeData(Camel):
    recent_upload_works: tuple[Any, ...]
    hot_works: dict[str, Any] | None = None
    year_best_work: dict[str, Any] | None = None
    achievement: Any = None
    user_count_summary: dict[str, Any] | None = None
    contests: Objects = ()
    today_anniversary: dict[str, Any] | None = None
    mangaday_info: Any = None


class DashboardHome(Collection):
    data: HomeData


class DashboardSettings(Camel):
    view: str | None


class StrategyData(Camel):
    works: tuple[Any, ...] = ()
    series: tuple[Any, ...] = ()
    drafts: tuple[Any, ...] = ()
    reserved_works: tuple[Any, ...] = ()
    fetch_ranges: Any


class RequestStrategy(Collection):
    data: StrategyData


class LinkedPage(Camel):
    user: dict[str, Any]
    works: tuple[Any, ...] = ()
    total_item_count: int = 0


class LinkedService(Collection):
    page: LinkedPage
