"""Decide which works a job refuses, from the facts of each work, with a reason for people. Pure.

A refused work is catalogued all the same; only its files are not fetched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from pixmirror.models import JST, Illust, Novel, Received, WorkFacts, to_ms
from pixmirror.models.jobs import JobConfig

RATINGS = {0: "all-ages", 1: "r18", 2: "r18g"}


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter keys of a job. Empty means: everything. Dates are ms UTC, `posted_before` not included."""

    types: frozenset[str] = frozenset()
    tags_any: frozenset[str] = frozenset()
    tags_none: frozenset[str] = frozenset()
    users_none: frozenset[int] = frozenset()
    x_restrict: frozenset[str] = frozenset(RATINGS.values())
    ai: str = "any"
    minimum_bookmarks: int = 0
    maximum_pages: int = 0
    posted_after: int | None = None
    posted_before: int | None = None
    files: bool = True
    novels: bool = True

    @classmethod
    def of(cls, config: JobConfig) -> "Filter":
        """Return the filter of a configured job, whose keys have the same names."""
        return cls(**{f.name: _as_kept(getattr(config, f.name)) for f in fields(cls)})

    def digest(self) -> str:
        """Return the same text for the same filter. When it changes, the job judges its works again."""
        parts = (getattr(self, name) for name in self.__slots__)
        return "|".join(",".join(sorted(map(str, p))) if isinstance(p, frozenset) else str(p) for p in parts)


def _as_kept(value: Any) -> Any:
    if isinstance(value, date):
        return to_ms(datetime(value.year, value.month, value.day, tzinfo=JST))
    return frozenset(value) if isinstance(value, tuple) else value


def refuse(wanted: Filter, work: WorkFacts) -> str | None:
    """Return why the job does not fetch this work's files, or None."""
    if work.type == "novel":
        if not wanted.novels:
            return "novels = false"
    elif not wanted.files:
        return "files = false"
    return _refuse_kind(wanted, work) or _refuse_tags(wanted, work) or _refuse_numbers(wanted, work)


def _refuse_kind(wanted: Filter, work: WorkFacts) -> str | None:
    if wanted.types and work.type not in wanted.types:
        return f"type is {work.type}"
    if work.user_id in wanted.users_none:
        return f"user {work.user_id} is in users_none"
    rating = RATINGS.get(work.x_restrict, "r18g")
    if rating not in wanted.x_restrict:
        return f"x_restrict is {rating}"
    if wanted.ai == "no" and work.ai_type == 2:
        return "marked as AI-generated"
    if wanted.ai == "only" and work.ai_type != 2:
        return "not marked as AI-generated"
    return None


def _refuse_tags(wanted: Filter, work: WorkFacts) -> str | None:
    if unwanted := wanted.tags_none & work.tags:
        return f"has the tag {min(unwanted)}"
    if wanted.tags_any and not wanted.tags_any & work.tags:
        return "has none of the tags in tags_any"
    return None


def _refuse_numbers(wanted: Filter, work: WorkFacts) -> str | None:
    if (work.total_bookmarks or 0) < wanted.minimum_bookmarks:
        return f"{work.total_bookmarks or 0} bookmarks, fewer than {wanted.minimum_bookmarks}"
    if wanted.maximum_pages and work.page_count > wanted.maximum_pages:
        return f"{work.page_count} pages, more than {wanted.maximum_pages}"
    if work.create_date is not None:
        if wanted.posted_after is not None and work.create_date < wanted.posted_after:
            return "posted before posted_after"
        if wanted.posted_before is not None and work.create_date >= wanted.posted_before:
            return "posted after posted_before"
    return None


def refusals(wanted: Filter, works: Iterable[Received[Illust | Novel]]) -> dict[int, str]:
    """Return the reason for each work of a page that is refused, by work key."""
    return {
        received.item.key: reason
        for received in works
        if not received.item.is_stub
        and (reason := refuse(wanted, WorkFacts.of(received.item, received.item.type))) is not None
    }
