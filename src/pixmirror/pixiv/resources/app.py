"""The functions of the App API, each listed once for both clients."""

from pixmirror.pixiv.app import (
    account,
    commenting,
    comments,
    drafts,
    illusts,
    novels,
    search,
    site,
    submissions,
    users,
)
from pixmirror.pixiv.resources.forms import F, One, Paged, PastCap, Plain, Resource


class Illusts(Resource[F], of=illusts):
    detail = One(illusts.detail)
    follow = Paged(illusts.follow)
    ranking = Paged(illusts.ranking)
    ugoira_metadata = One(illusts.ugoira_metadata)
    series = Paged(illusts.series)
    series_position = One(illusts.series_position)
    related = Paged(illusts.related)
    recommended = Paged(illusts.recommended)
    recommended_nologin = Paged(illusts.recommended_nologin)
    manga_recommended = Paged(illusts.manga_recommended)
    new = Paged(illusts.new)
    mypixiv = Paged(illusts.mypixiv)
    walkthrough = Paged(illusts.walkthrough)
    bookmark_detail = One(illusts.bookmark_detail)
    bookmark_add = Plain(illusts.bookmark_add)
    bookmark_delete = Plain(illusts.bookmark_delete)
    bookmark_users = Paged(illusts.bookmark_users)


class Novels(Resource[F], of=novels):
    detail = One(novels.detail)
    text = One(novels.text)
    old_text = Plain(novels.old_text)
    follow = Paged(novels.follow)
    ranking = Paged(novels.ranking)
    series = Paged(novels.series)
    new = Paged(novels.new)
    recommended = Paged(novels.recommended)
    related = Paged(novels.related)
    mypixiv = Paged(novels.mypixiv)
    markers = Paged(novels.markers)
    marker_add = Plain(novels.marker_add)
    marker_delete = Plain(novels.marker_delete)
    bookmark_add = Plain(novels.bookmark_add)
    bookmark_delete = Plain(novels.bookmark_delete)
    bookmark_detail = One(novels.bookmark_detail)


class Users(Resource[F], of=users):
    detail = One(users.detail)
    illusts = Paged(users.illusts)
    novels = Paged(users.novels)
    bookmarks_illust = Paged(users.bookmarks_illust)
    bookmarks_novel = Paged(users.bookmarks_novel)
    bookmark_tags_illust = Paged(users.bookmark_tags_illust)
    bookmark_tags_novel = Paged(users.bookmark_tags_novel)
    following = Paged(users.following)
    follower = Paged(users.follower)
    mypixiv = Paged(users.mypixiv)
    related = Paged(users.related)
    recommended = Paged(users.recommended)
    blocked = Paged(users.blocked)
    illust_series = Paged(users.illust_series)
    novel_series = Paged(users.novel_series)
    follow_detail = One(users.follow_detail)
    follow_add = Plain(users.follow_add)
    follow_delete = Plain(users.follow_delete)


class Comments(Resource[F], of=comments):
    illust_comments = Paged(comments.illust_comments)
    novel_comments = Paged(comments.novel_comments)
    replies = Paged(comments.replies)


class Search(Resource[F], of=search):
    illusts = Paged(search.illusts)
    novels = Paged(search.novels)
    illusts_past_cap = PastCap("illust", search.illusts)
    novels_past_cap = PastCap("novel", search.novels)
    users = Paged(search.users)
    autocomplete = Paged(search.autocomplete)
    popular_illusts = Paged(search.popular_illusts)
    popular_novels = Paged(search.popular_novels)
    bookmark_ranges_illust = Paged(search.bookmark_ranges_illust)
    bookmark_ranges_novel = Paged(search.bookmark_ranges_novel)
    trending_tags_illust = Paged(search.trending_tags_illust)
    trending_tags_novel = Paged(search.trending_tags_novel)


class Site(Resource[F], of=site):
    emoji = Paged(site.emoji)
    stamps = Paged(site.stamps)
    application_info = One(site.application_info)
    spotlight_articles = Paged(site.spotlight_articles)
    live_list = Paged(site.live_list)


class Me(Resource[F], of=account):
    state = One(account.state)
    ai_show_settings = One(account.ai_show_settings)
    edit_ai_show_settings = Plain(account.edit_ai_show_settings)
    restricted_mode_settings = One(account.restricted_mode_settings)
    profile_presets = One(account.profile_presets)
    browsing_history_illusts = Paged(account.browsing_history_illusts)
    browsing_history_novels = Paged(account.browsing_history_novels)
    mute_list = One(account.mute_list)
    mute_edit = Plain(account.mute_edit)
    watchlist_manga = Paged(account.watchlist_manga)
    watchlist_novel = Paged(account.watchlist_novel)
    watchlist_manga_add = Plain(account.watchlist_manga_add)
    watchlist_manga_delete = Plain(account.watchlist_manga_delete)
    watchlist_novel_add = Plain(account.watchlist_novel_add)
    watchlist_novel_delete = Plain(account.watchlist_novel_delete)


class Submissions(Resource[F], of=submissions):
    illust_upload = One(submissions.illust_upload)
    upload_status = One(submissions.upload_status)
    upload_complete = One(submissions.upload_complete)
    illust_delete = Plain(submissions.illust_delete)
    novel_covers = Paged(submissions.novel_covers)
    novel_upload = One(submissions.novel_upload)
    novel_delete = Plain(submissions.novel_delete)


class Drafts(Resource[F], of=drafts):
    add = One(drafts.add)
    edit = Plain(drafts.edit)
    previews = Paged(drafts.previews)
    detail = One(drafts.detail)
    delete = Plain(drafts.delete)


class Commenting(Resource[F], of=commenting):
    illust_comment_add = One(commenting.illust_comment_add)
    novel_comment_add = One(commenting.novel_comment_add)
    illust_comment_delete = Plain(commenting.illust_comment_delete)
    novel_comment_delete = Plain(commenting.novel_comment_delete)
