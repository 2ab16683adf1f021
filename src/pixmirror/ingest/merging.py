"""What one more answer makes of what is known of a work; pure, so that a replay of payloads gives the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.seen import DETAIL, WEB
from pixmirror.models import Illust, Novel, to_ms, work_key

P = TypeVar("P", bound=Any)
OPTIONAL = ("sanity_level", "ai_type", "width", "height", "text_length", "is_original", "language", "series_key")
CONTENT = (
    "type", "user_id", "title", "caption", "create_date", "restrict", "x_restrict", "page_count", *OPTIONAL,
)  # fmt: skip
COUNTERS = ("total_view", "total_bookmarks", "total_comments")


def oldest_first(payloads: Iterable[P]) -> list[P]:
    """Sort payloads of one owner (id, endpoint, seen_at) into the order in which they are joined: dumps first."""
    return sorted(payloads, key=lambda p: (0, p.seen_at, p.id) if p.endpoint == LEGACY else (1, 0, p.id))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a work: the columns of its row that answers fill, its tags, and when detail last told."""

    row: dict[str, Any]
    tags: list[str]
    detail_at: int | None = None

    @classmethod
    def of(cls, row: Any, tags: Sequence[str]) -> "Facts":
        """Return what a row of `work` and the names of its tags say."""
        return cls({name: getattr(row, name) for name in CONTENT}, list(tags), row.detail_at)

    def says_the_same_as(self, other: "Facts") -> bool:
        """True but for when detail told it."""
        return self.row == other.row and self.tags == other.tags


@dataclass(frozen=True, slots=True)
class Answer:
    """A work as an answer of Pixiv shows it. `stripped`: this account's lists leave captions out."""

    endpoint: str
    at: int
    work: Illust | Novel
    stripped: bool = False


def fold(known: Facts | None, answer: Answer) -> Facts:
    """Return what is known of a work after one more answer: empty fields overwrite nothing that others gave.

    A caption that lists told and tell empty now was emptied, unless the account's lists leave captions out. What a
    dump does not say is not known, whatever our models put there. Stubs are no answers (states, not data).
    """
    work, is_dump, is_detail = answer.work, answer.endpoint == LEGACY, answer.endpoint == DETAIL
    row, tags = _content(work), list(dict.fromkeys(t.name for t in work.tags))
    if is_dump:
        row |= {name: None for name in ("width", "height") if name not in work.model_fields_set}
        row["text_length"] = row["text_length"] or None
    if known is None:
        return Facts(row, tags, answer.at if is_detail else None)
    old = known.row
    if not is_detail:
        row["title"] = row["title"] or old["title"]
        if not _tells_captions(known, answer):
            row["caption"] = row["caption"] or old["caption"]
        if known.detail_at is not None:
            row["series_key"] = row["series_key"] or old["series_key"]
        if known.detail_at is not None or is_dump:
            tags = tags or known.tags
    for name in OPTIONAL:
        if row[name] is None and name != "series_key":
            row[name] = old[name]
    row["create_date"] = row["create_date"] or old["create_date"]
    return Facts(row, tags, answer.at if is_detail else known.detail_at)


def fold_counters(known: Mapping[str, Any], work: Illust | Novel) -> dict[str, int | None]:
    """Return the counters after one more answer: the known ones where it tells none."""
    told = {name: getattr(work, name) for name in COUNTERS}
    return {name: known.get(name) if value is None else value for name, value in told.items()}


def _tells_captions(known: Facts, answer: Answer) -> bool:
    """True if an empty caption of this answer is news; a page of the website is as whole as detail."""
    if answer.endpoint == WEB:
        return True
    return answer.endpoint != LEGACY and not answer.stripped and known.detail_at is None


def _content(item: Illust | Novel) -> dict[str, Any]:
    """Return the columns of `work` that an answer fills."""
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
