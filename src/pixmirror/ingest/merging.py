"""What one more answer makes of what is known of a work; pure, so that a replay of payloads gives the same."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.seen import WEB
from pixmirror.models import Illust, Novel, to_ms, work_key

P = TypeVar("P", bound=Any)
OPTIONAL = ("sanity_level", "ai_type", "width", "height", "text_length", "is_original", "language", "series_key")
CONTENT = (
    "type",
    "user_id",
    "title",
    "caption",
    "create_date",
    "restrict",
    "x_restrict",
    "page_count",
    *OPTIONAL,
)
COUNTERS = ("total_view", "total_bookmarks", "total_comments")


def oldest_first(payloads: Iterable[P]) -> list[P]:
    """Payloads of one owner (id, endpoint, seen_at) in the order in which they are joined: dumps first."""
    return sorted(payloads, key=lambda p: (0, p.seen_at, p.id) if p.endpoint == LEGACY else (1, 0, p.id))


def content(item: Illust | Novel) -> dict[str, Any]:
    """The columns of `work` that an answer fills."""
    row: dict[str, Any] = {
        "type": item.type,
        "user_id": item.user.id if item.user else None,
        "title": item.title,
        "caption": item.caption,
        "create_date": to_ms(item.create_date) if item.create_date else None,
        "restrict": item.restrict,
        "x_restrict": item.x_restrict,
        "page_count": item.page_count,
        "ai_type": item.ai_type,
        "series_key": work_key(item.medium, item.series.id) if item.series else None,
    }
    if isinstance(item, Illust):
        return row | {
            "sanity_level": item.sanity_level, "width": item.width, "height": item.height,
            "text_length": None, "is_original": None, "language": None,
        }  # fmt: skip
    return row | {
        "sanity_level": None, "width": None, "height": None, "text_length": item.text_length,
        "is_original": None if item.is_original is None else int(item.is_original), "language": item.language,
    }  # fmt: skip


def content_of(endpoint: str, item: Illust | Novel) -> dict[str, Any]:
    """The same for any class of endpoint: what a dump does not say is not known, whatever our models put there."""
    row = content(item)
    if endpoint == LEGACY:
        said = item.model_fields_set
        row |= {name: None for name in ("width", "height") if name not in said}
        row["text_length"] = row["text_length"] or None
    return row


def merge(
    endpoint: str, row: dict[str, Any], tags: list[str], old: Any, before: Sequence[str], *, stripped: bool = False
) -> list[str]:
    """Complete `row` from `old`, and return the tags that stand: stubs and empty fields overwrite nothing.

    `old` is the row before, with `detail_at`; `before` are its tags. A caption that lists told and tell empty now
    was emptied, unless this account's lists leave captions out (`stripped`).
    """
    if endpoint != "detail":
        row["title"] = row["title"] or old.title
        if not _tells_captions(endpoint, old, stripped):
            row["caption"] = row["caption"] or old.caption
        if old.detail_at is not None:
            tags = tags or list(before)
            row["series_key"] = row["series_key"] or old.series_key
    if endpoint == LEGACY:
        tags = tags or list(before)
    for name in OPTIONAL:
        if row[name] is None and name != "series_key":
            row[name] = getattr(old, name)
    row["create_date"] = row["create_date"] or old.create_date
    return tags


def _tells_captions(endpoint: str, old: Any, stripped: bool) -> bool:
    """True if an empty caption of this answer is news of a work that stood as `old`."""
    if endpoint == WEB:
        return True  # a page of the website is as whole as detail
    return endpoint != LEGACY and not stripped and old.detail_at is None
