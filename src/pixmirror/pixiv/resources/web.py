"""The functions of the web's AJAX API, each listed once for both clients."""

from pixmirror.pixiv.resources.forms import F, One, Paged, Plain, Resource
from pixmirror.pixiv.web import (
    account,
    actions,
    comments,
    commission,
    feeds,
    illusts,
    novels,
    ranking,
    search,
    users,
)


class Account(Resource[F], of=account):
    extra = One(account.extra)
    status = One(account.status)
    dashboard_home = One(account.dashboard_home)
    dashboard_settings = One(account.dashboard_settings)
    request_strategy = One(account.request_strategy)
    webpush = One(account.webpush)
    notifications = Paged(account.notifications)
    linked_service = One(account.linked_service)
    has_warning = Plain(account.has_warning)


class Actions(Resource[F], of=actions):
    bookmark_add = Plain(actions.bookmark_add)
    bookmark_add_novel = Plain(actions.bookmark_add_novel)
    bookmark_delete = Plain(actions.bookmark_delete)
    bookmark_delete_novel = Plain(actions.bookmark_delete_novel)
    like = Plain(actions.like)
    follow = Plain(actions.follow)
    unfollow = Plain(actions.unfollow)


class Comments(Resource[F], of=comments):
    roots = Paged(comments.roots)
    novel_roots = Paged(comments.novel_roots)
    replies = Paged(comments.replies)


class Commission(Resource[F], of=commission):
    requests = One(commission.requests)
    complete = Paged(commission.complete)
    creators = Paged(commission.creators)
    in_progress = Paged(commission.in_progress)


class Feeds(Resource[F], of=feeds):
    top = One(feeds.top)
    follow_illust = Paged(feeds.follow_illust)
    follow_novel = Paged(feeds.follow_novel)
    mypixiv_illust = Paged(feeds.mypixiv_illust)
    mypixiv_novel = Paged(feeds.mypixiv_novel)
    watch_list = Paged(feeds.watch_list)
    live = Paged(feeds.live)
    discovery_artworks = Paged(feeds.discovery_artworks)
    discovery_users = Paged(feeds.discovery_users)
    discovery_artworks_meta = One(feeds.discovery_artworks_meta)
    discovery_users_meta = One(feeds.discovery_users_meta)


class Illusts(Resource[F], of=illusts):
    detail = One(illusts.detail)
    unlisted = One(illusts.unlisted)
    pages = Paged(illusts.pages)
    whole = One(illusts.whole)
    ugoira_meta = One(illusts.ugoira_meta)
    recommend = Paged(illusts.recommend)
    recommended = Paged(illusts.recommended)
    new = Paged(illusts.new)
    series = Paged(illusts.series)
    series_head = One(illusts.series_head)
    bookmark_data = Plain(illusts.bookmark_data)


class Novels(Resource[F], of=novels):
    detail = One(novels.detail)
    unlisted = One(novels.unlisted)
    text = One(novels.text)
    insert_illusts = One(novels.insert_illusts)
    new = Paged(novels.new)
    series = One(novels.series)
    series_content = Paged(novels.series_content)
    content_titles = Plain(novels.content_titles)
    glossary = One(novels.glossary)
    glossary_item = One(novels.glossary_item)


class Ranking(Resource[F], of=ranking):
    ranking = Paged(ranking.ranking)


class Search(Resource[F], of=search):
    top = One(search.top)
    artworks = Paged(search.artworks)
    illustrations = Paged(search.illustrations)
    manga = Paged(search.manga)
    novels = Paged(search.novels)
    tag = One(search.tag)
    tag_stories = Plain(search.tag_stories)


class Users(Resource[F], of=users):
    short = One(users.short)
    detail = One(users.detail)
    profile_all = One(users.profile_all)
    profile_illusts = Paged(users.profile_illusts)
    profile_novels = Paged(users.profile_novels)
    latest = One(users.latest)
    illusts_tagged = Paged(users.illusts_tagged)
    bookmarks_illust = Paged(users.bookmarks_illust)
    bookmarks_novel = Paged(users.bookmarks_novel)
    bookmark_tags = One(users.bookmark_tags)
    following = Paged(users.following)
    followers = Paged(users.followers)
    mypixiv = Paged(users.mypixiv)
