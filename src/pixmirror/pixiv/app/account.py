"""The own account: its state, settings, mutes, watch lists and history (pixiv.md 3.3 and 3.4)."""

from collections.abc import Sequence

from pixmirror.errors import WrongValue
from pixmirror.models import (
    AiShowSettings,
    Illust,
    Listing,
    MuteList,
    MyState,
    Novel,
    ProfilePresets,
    Received,
    RestrictedMode,
    WatchedSeries,
)
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import asked, yes
from pixmirror.pixiv.literals import Filter, Id
from pixmirror.pixiv.wire import Next


async def state(api: AppApi) -> Received[MyState]:
    """What the account may do. GET /v1/user/me/state. Source: pixiv.md 3.3, recorded v1-user-me-state."""
    return await api.one("/v1/user/me/state", {}, "", MyState)


async def ai_show_settings(api: AppApi) -> Received[AiShowSettings]:
    """Whether AI works are shown to this account. GET /v1/user/ai-show-settings. Source: pixiv.md 3.3."""
    return await api.one("/v1/user/ai-show-settings", {}, "", AiShowSettings)


async def edit_ai_show_settings(api: AppApi, show_ai: bool) -> None:
    """Show AI works to this account, or not. POST /v1/user/ai-show-settings/edit: show_ai.

    Source: pixiv.md 3.3, pixivpy.
    """
    await api.post("/v1/user/ai-show-settings/edit", {"show_ai": yes("show_ai", show_ai)})


async def restricted_mode_settings(api: AppApi) -> Received[RestrictedMode]:
    """Whether sensitive works are kept from this account. GET /v1/user/restricted-mode-settings.

    Source: pixiv.md 3.3.
    """
    return await api.one("/v1/user/restricted-mode-settings", {}, "", RestrictedMode)


async def profile_presets(api: AppApi) -> Received[ProfilePresets]:
    """Places, countries and jobs that a profile can name. GET /v1/user/profile/presets.

    Source: pixiv.md 3.3, recorded v1-user-profile-presets.
    """
    return await api.one("/v1/user/profile/presets", {}, "profile_presets", ProfilePresets)


async def browsing_history_illusts(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[Illust]:
    """Illusts that one looked at, newest first; premium. GET /v1/user/browsing-history/illusts: offset.

    Source: pixiv.md 3.3.
    """
    return await api.page(
        "/v1/user/browsing-history/illusts", asked(offset=offset, filter=filter), "illusts", Illust, next
    )


async def browsing_history_novels(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[Novel]:
    """The same for novels. GET /v1/user/browsing-history/novels: offset. Source: pixiv.md 3.3."""
    return await api.page(
        "/v1/user/browsing-history/novels", asked(offset=offset, filter=filter), "novels", Novel, next
    )


async def mute_list(api: AppApi) -> Received[MuteList]:
    """Tags and users that one does not want to see. GET /v1/mute/list.

    Source: pixiv.md 3.3, recorded v1-mute-list.
    """
    return await api.one("/v1/mute/list", {}, "", MuteList)


async def mute_edit(
    api: AppApi,
    add_user_ids: Sequence[Id] | None = None,
    delete_user_ids: Sequence[Id] | None = None,
    add_tags: Sequence[str] | None = None,
    delete_tags: Sequence[str] | None = None,
) -> None:
    """Mute tags and users, or mute them no longer. POST /v1/mute/edit: add_user_ids[], delete_user_ids[],
    add_tags[], delete_tags[].

    Without premium there is room for one or a few (`mute_limit_count`). Source: pixiv.md 3.3.
    """
    data = asked(
        add_user_ids=add_user_ids, delete_user_ids=delete_user_ids, add_tags=add_tags, delete_tags=delete_tags
    )
    if not any(data.values()):
        raise WrongValue("There is nothing to mute and nothing to unmute.")
    await api.post("/v1/mute/edit", data)


async def watchlist_manga(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[WatchedSeries]:
    """Manga series that one watches. GET /v1/watchlist/manga: offset. One that is hidden has a `mask_text`.

    Source: pixiv.md 3.4.
    """
    return await api.page(
        "/v1/watchlist/manga", asked(offset=offset, filter=filter), "series", WatchedSeries, next
    )


async def watchlist_novel(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[WatchedSeries]:
    """Novel series that one watches. GET /v1/watchlist/novel: offset. Source: pixiv.md 3.4."""
    return await api.page(
        "/v1/watchlist/novel", asked(offset=offset, filter=filter), "series", WatchedSeries, next
    )


async def watchlist_manga_add(api: AppApi, series_id: Id) -> None:
    """Watch a manga series. POST /v1/watchlist/manga/add: series_id. Source: pixiv.md 3.4."""
    await api.post("/v1/watchlist/manga/add", asked(series_id=series_id))


async def watchlist_manga_delete(api: AppApi, series_id: Id) -> None:
    """Watch a manga series no longer. POST /v1/watchlist/manga/delete: series_id. Source: pixiv.md 3.4."""
    await api.post("/v1/watchlist/manga/delete", asked(series_id=series_id))


async def watchlist_novel_add(api: AppApi, series_id: Id) -> None:
    """Watch a novel series. POST /v1/watchlist/novel/add: series_id. Source: pixiv.md 3.4."""
    await api.post("/v1/watchlist/novel/add", asked(series_id=series_id))


async def watchlist_novel_delete(api: AppApi, series_id: Id) -> None:
    """Watch a novel series no longer. POST /v1/watchlist/novel/delete: series_id. Source: pixiv.md 3.4."""
    await api.post("/v1/watchlist/novel/delete", asked(series_id=series_id))
