"""pixivapi's names, as document 003 has them: a script that uses them needs another import, and no other change.

    from pixmirror.pixiv.pixivapi import Client, Size

Answers are dicts as there, of our models: what stands in `image_urls` and the like are their fields, no dicts.
"""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import PrivateAttr

from pixmirror.models import BookmarkDetail, Illust, Listing, Novel, TrendTag, UserPreview
from pixmirror.pixiv import blocking
from pixmirror.pixiv.app import comments, illusts, search, users
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import ContentType, Duration, RankingMode, SearchTarget, Size, Sort, Visibility
from pixmirror.pixiv.literals import (
    DurationLike,
    IllustSearchTarget,
    IllustType,
    RankingModeLike,
    RestrictLike,
    SizeLike,
    SortLike,
)
from pixmirror.pixiv.reading import along

__all__ = [
    "Client",
    "ContentType",
    "Duration",
    "Illustration",
    "Novel",
    "RankingMode",
    "SearchTarget",
    "Size",
    "Sort",
    "Visibility",
]
_LANGUAGES = {"English": "en", "Japanese": "ja"}
_CURSORS = {
    "offset": "offset",
    "max_bookmark_id": "max_bookmark_id",
    "max_bookmark_id_for_recommend": "max_bookmark_id_for_recommend",
    "min_bookmark_id_for_recent_illust": "min_bookmark_id_for_recent_illustrations",
}


class Illustration(Illust):
    """An illust that can be downloaded by the `client` that found it."""

    _client: Any = PrivateAttr(default=None)

    @property
    def client(self) -> "Client":
        found: Client = self._client
        return found

    def download(self, directory: Path, size: SizeLike = Size.ORIGINAL, filename: str | None = None) -> None:
        """Save its file in `directory`, or those of all pages in a folder there; see `Client.download_work`."""
        self.client.download_work(self, directory, size, filename)


class Client(blocking.Client):
    """A client that also has pixivapi's functions. Options as of `Client`."""

    def __init__(self, language: str = "English", **options: Any) -> None:
        super().__init__(language=_LANGUAGES.get(language, language), **options)

    def search_illustrations(
        self,
        word: str,
        search_target: IllustSearchTarget = SearchTarget.TAGS_PARTIAL,
        sort: SortLike = Sort.DATE_DESC,
        duration: DurationLike | None = None,
        offset: int | None = None,
    ) -> dict[str, Any]:
        found = self.call(search.illusts, word, search_target, sort, duration, offset)
        return {**self._page(found), "search_span_limit": search.span_limit(found)}

    def fetch_illustration(self, illustration_id: int) -> Illustration:
        found: Illustration = self._theirs(self.call(illusts.detail, illustration_id).item)
        return found

    def fetch_illustration_comments(
        self, illustration_id: int, offset: int | None = None, include_total_comments: bool = False
    ) -> dict[str, Any]:
        found = self.call(comments.illust_comments, illustration_id, offset, include_total_comments)
        return {**self._page(found, "comments"), "total_comments": found.head.get("total_comments") or 0}

    def fetch_illustration_related(self, illustration_id: int, offset: int | None = None) -> dict[str, Any]:
        return self._page(self.call(illusts.related, illustration_id, offset=offset))

    def fetch_illustrations_following(
        self, visibility: RestrictLike = Visibility.PUBLIC, offset: int | None = None
    ) -> dict[str, Any]:
        return self._page(self.call(illusts.follow, visibility, offset))

    def fetch_illustrations_recommended(
        self,
        content_type: IllustType = ContentType.ILLUSTRATION,
        include_ranking_illustrations: bool = False,
        max_bookmark_id_for_recommend: int | None = None,
        min_bookmark_id_for_recent_illustrations: int | None = None,
        offset: int | None = None,
        bookmark_illust_ids: Sequence[int] | None = None,
        include_ranking_label: bool = True,
    ) -> dict[str, Any]:
        """As document 003; `bookmark_illust_ids` says what is liked where nobody is logged in, and goes then."""
        options: dict[str, Any] = {
            "content_type": content_type,
            "include_ranking_illusts": include_ranking_illustrations,
            "max_bookmark_id_for_recommend": max_bookmark_id_for_recommend,
            "min_bookmark_id_for_recent_illust": min_bookmark_id_for_recent_illustrations,
            "offset": offset,
            "include_ranking_label": include_ranking_label,
        }
        if bookmark_illust_ids is None:
            found = self.call(illusts.recommended, **options)
        else:
            found = self.call(illusts.recommended_nologin, **options, bookmark_illust_ids=bookmark_illust_ids)
        return {
            **self._page(found),
            "next": _cursors(found) or None,
            "contest_exists": bool(found.head.get("contest_exists")),
            "ranking_illustrations": [self._theirs(row.item) for row in along(found).illusts],
        }

    def fetch_illustrations_ranking(
        self, mode: RankingModeLike = RankingMode.DAY, date: str | None = None, offset: int | None = None
    ) -> dict[str, Any]:
        return self._page(self.call(illusts.ranking, mode, date, offset))

    def fetch_trending_tags(self) -> list[dict[str, Any]]:
        return [self._theirs(tag) for tag in self.call(search.trending_tags_illust)]

    def fetch_bookmark(self, illustration_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self._theirs(self.call(illusts.bookmark_detail, illustration_id).item)
        return found

    def add_bookmark(
        self, illustration_id: int, visibility: RestrictLike = Visibility.PUBLIC, tags: Sequence[str] | None = None
    ) -> None:
        self.call(illusts.bookmark_add, illustration_id, visibility, tags)

    def delete_bookmark(self, illustration_id: int) -> None:
        self.call(illusts.bookmark_delete, illustration_id)

    def fetch_user(self, user_id: int) -> Any:
        """What document 003 calls a FullUser: a user, with `profile`, `profile_publicity` and `workspace`."""
        found = self.call(users.detail, user_id).item
        return SimpleNamespace(**{**dict(found), **dict(found.user)})

    def fetch_user_illustrations(
        self, user_id: int, content_type: IllustType = ContentType.ILLUSTRATION, offset: int | None = None
    ) -> dict[str, Any]:
        return self._page(self.call(users.illusts, user_id, content_type, offset))

    def fetch_user_bookmarks(
        self,
        user_id: int,
        visibility: RestrictLike = Visibility.PUBLIC,
        max_bookmark_id: int | None = None,
        tag: str | None = None,
    ) -> dict[str, Any]:
        return self._page(self.call(users.bookmarks_illust, user_id, visibility, tag, max_bookmark_id))

    def fetch_user_bookmark_tags(
        self, user_id: int, visibility: RestrictLike = Visibility.PUBLIC, offset: int | None = None
    ) -> dict[str, Any]:
        return self._page(self.call(users.bookmark_tags_illust, user_id, visibility, offset), "bookmark_tags")

    def fetch_following(
        self, user_id: int, visibility: RestrictLike = Visibility.PUBLIC, offset: int | None = None
    ) -> dict[str, Any]:
        return self._page(self.call(users.following, user_id, visibility, offset), "user_previews")

    def fetch_followers(self, offset: int | None = None) -> dict[str, Any]:
        return self._page(self.call(_own_followers, offset), "user_previews")

    def _page(self, found: Listing[Any], key: str = "illustrations") -> dict[str, Any]:
        return {key: [self._theirs(item) for item in found], "next": next(iter(_cursors(found).values()), None)}

    def _theirs(self, item: Any) -> Any:
        """Return an item as document 003 shows it."""
        match item:
            case Illust():
                made = Illustration.model_construct(item.model_fields_set, **dict(item))
                made._client = self
                return made
            case UserPreview():
                works = [self._theirs(work) for work in item.illusts]
                who = {"user": item.user, "is_muted": item.is_muted}
                return {**who, "illustrations": works, "novels": list(item.novels)}
            case TrendTag():
                said = {"tag": item.tag, "translated_name": item.translated_name}
                return {**said, "illustration": self._theirs(item.illust)}
            case BookmarkDetail():
                tags = [dict(tag) for tag in item.tags]
                return {
                    "is_bookmarked": item.is_bookmarked,
                    "visibility": Visibility(item.restrict or "public"),
                    "tags": tags,
                }
        return item


async def _own_followers(api: AppApi, offset: int | None = None) -> Listing[UserPreview]:
    return await users.follower(api, (await api.auth.token()).user_id, offset)


def _cursors(found: Listing[Any]) -> dict[str, int]:
    """Return the places in the query of the next page; none at the end."""
    query = found.next or {}
    return {theirs: int(query[own]) for own, theirs in _CURSORS.items() if own in query}
