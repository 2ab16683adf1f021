"""The one vocabulary: what Pixiv's answers become, and what the catalogue takes. No I/O.

Field names are Pixiv's own (App API). What a model does not read stays with it (`extra`), so that nothing of an
answer is lost. Shapes: the recorded responses and documents 002 and 003; liberties: pixiv.md 3.6 and 7.2.

Each name is imported from its module when it is first used: who asks for a state builds no model.
"""

from typing import TYPE_CHECKING

from pixmirror.lazy import names_of

if TYPE_CHECKING:
    from pixmirror.models.account import (
        AiShowSettings,
        ApplicationInfo,
        Live,
        MuteList,
        MyState,
        ProfilePresets,
        RestrictedMode,
    )
    from pixmirror.models.base import (
        JST,
        Medium,
        Model,
        Restrict,
        State,
        from_ms,
        is_address,
        shown_moment,
        split_key,
        to_ms,
        url_ms,
        url_version,
        work_key,
    )
    from pixmirror.models.comments import (
        Comment,
        Emoji,
        Stamp,
    )
    from pixmirror.models.lists import (
        BookmarkDetail,
        BookmarkRange,
        BookmarkTag,
        Listing,
        SeriesDetail,
        SeriesPosition,
        SpotlightArticle,
        TrendTag,
        UserPreview,
        WatchedSeries,
    )
    from pixmirror.models.mirror import (
        Lane,
        MediaItem,
        Stored,
        Token,
        WorkFacts,
    )
    from pixmirror.models.novels import (
        MarkedNovel,
        Novel,
        NovelMarker,
        NovelText,
        OldNovelText,
    )
    from pixmirror.models.rows import (
        Broken,
        Odd,
        Received,
        Rows,
        partly_read,
        path_of,
        read,
        read_as,
        read_row,
        reason,
    )
    from pixmirror.models.submissions import (
        DraftPreview,
        NovelCover,
        NovelDraft,
        PostedNovel,
        SavedDraft,
        UploadStatus,
        UploadTicket,
    )
    from pixmirror.models.users import (
        Account,
        FollowDetail,
        Profile,
        ProfilePublicity,
        User,
        UserDetail,
        Workspace,
    )
    from pixmirror.models.works import (
        Illust,
        MetaPage,
        Reading,
        Tag,
        UgoiraMetadata,
        Work,
    )

__all__ = [
    "JST",
    "Account",
    "AiShowSettings",
    "ApplicationInfo",
    "BookmarkDetail",
    "BookmarkRange",
    "BookmarkTag",
    "Broken",
    "Comment",
    "DraftPreview",
    "Emoji",
    "FollowDetail",
    "Illust",
    "Lane",
    "Listing",
    "Live",
    "MarkedNovel",
    "MediaItem",
    "Medium",
    "MetaPage",
    "Model",
    "MuteList",
    "MyState",
    "Novel",
    "NovelCover",
    "NovelDraft",
    "NovelMarker",
    "NovelText",
    "Odd",
    "OldNovelText",
    "PostedNovel",
    "Profile",
    "ProfilePresets",
    "ProfilePublicity",
    "Reading",
    "Received",
    "Restrict",
    "RestrictedMode",
    "Rows",
    "SavedDraft",
    "SeriesDetail",
    "SeriesPosition",
    "SpotlightArticle",
    "Stamp",
    "State",
    "Stored",
    "Tag",
    "Token",
    "TrendTag",
    "UgoiraMetadata",
    "UploadStatus",
    "UploadTicket",
    "User",
    "UserDetail",
    "UserPreview",
    "WatchedSeries",
    "Work",
    "WorkFacts",
    "Workspace",
    "from_ms",
    "is_address",
    "partly_read",
    "path_of",
    "read",
    "read_as",
    "read_row",
    "reason",
    "shown_moment",
    "split_key",
    "to_ms",
    "url_ms",
    "url_version",
    "work_key",
]

_HOMES = {
    "models.account": "AiShowSettings ApplicationInfo Live MuteList MyState ProfilePresets RestrictedMode",
    "models.base": (
        "JST Medium Model Restrict State from_ms is_address shown_moment split_key to_ms url_ms url_version "
        "work_key"
    ),
    "models.comments": "Comment Emoji Stamp",
    "models.lists": (
        "BookmarkDetail BookmarkRange BookmarkTag Listing SeriesDetail SeriesPosition SpotlightArticle "
        "TrendTag UserPreview WatchedSeries"
    ),
    "models.mirror": "Lane MediaItem Stored Token WorkFacts",
    "models.novels": "MarkedNovel Novel NovelMarker NovelText OldNovelText",
    "models.rows": "Broken Odd Received Rows partly_read path_of read read_as read_row reason",
    "models.submissions": "DraftPreview NovelCover NovelDraft PostedNovel SavedDraft UploadStatus UploadTicket",
    "models.users": "Account FollowDetail Profile ProfilePublicity User UserDetail Workspace",
    "models.works": "Illust MetaPage Reading Tag UgoiraMetadata Work",
}


if not TYPE_CHECKING:  # checkers know the names above, and only these
    __getattr__ = names_of(__name__, _HOMES)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
