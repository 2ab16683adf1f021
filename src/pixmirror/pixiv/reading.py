"""JSON becomes models, purely. An item that cannot be read is kept aside and never takes its page with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError

from pixmirror.errors import BadResponse
from pixmirror.models import (
    Account,
    Broken,
    Illust,
    Listing,
    Model,
    Novel,
    NovelText,
    Received,
    Rows,
    SeriesDetail,
    UserPreview,
    partly_read,
    read,
    read_row,
    reason,
)
from pixmirror.pixiv.bodies import parse_next
from pixmirror.pixiv.wire import numbered

T = TypeVar("T")
M = TypeVar("M", bound=Model)

NEXT = "next_url"
SERIES_KEYS = ("illust_series_detail", "novel_series_detail")


@dataclass(frozen=True, slots=True)
class Works:
    """Works that came along with something else."""

    illusts: tuple[Received[Illust], ...]
    novels: tuple[Received[Novel], ...]
    broken: tuple[Broken, ...]

    @classmethod
    def of(cls, illusts: Sequence[Any], novels: Sequence[Any]) -> "Works":
        """Read the rows."""
        good_illusts, bad_illusts = read_items(illusts, "illusts", Illust)
        good_novels, bad_novels = read_items(novels, "novels", Novel)
        return cls(good_illusts, good_novels, bad_illusts + bad_novels)

    @property
    def unread(self) -> tuple[Broken, ...]:
        """What could not be read: whole works, and members of works that could."""
        return self.broken + partly_read((*self.illusts, *self.novels))


def listing(payload: Any, key: str, model: type[M], endpoint: str) -> Listing[M]:
    """Read a list answer: what stands under `key`, item by item, and how to go on."""
    top = _object(payload, endpoint)
    rows = top.get(key)
    if not isinstance(rows, list):
        raise BadResponse(f"{endpoint}: `{key}` is {_kind(top, key)} where a list must be.")
    items, broken = read_items(rows, key, model)
    return Listing(
        endpoint=endpoint,
        items=items,
        broken=broken,
        next=next_query(top.get(NEXT), endpoint),
        head={name: value for name, value in top.items() if name not in (key, NEXT)},
    )


def read_items(
    rows: Sequence[Any], path: str, model: type[M]
) -> tuple[tuple[Received[M], ...], tuple[Broken, ...]]:
    """Read each row on its own: return those that can be read, and those that cannot with the reason.

    A member that makes no sense costs itself: the row is read without it, and names it in `odd`.
    """
    found = [read_row(row, f"{path}[{index}]", model) for index, row in enumerate(rows)]
    return (
        tuple(row for row in found if isinstance(row, Received)),
        tuple(row for row in found if isinstance(row, Broken)),
    )


def one(payload: Any, key: str, model: type[M], endpoint: str) -> Received[M]:
    """Read a detail answer: the object under `key`, or the whole answer if that is empty."""
    top = _object(payload, endpoint)
    raw = top.get(key) if key else top
    if not isinstance(raw, dict):
        raise BadResponse(f"{endpoint}: `{key}` is {_kind(top, key)} where an object must be.")
    try:
        item, odd = read(model, raw, key)
        return Received(item, raw, odd)
    except ValidationError as exc:
        raise BadResponse("{}: `{}`: {}.".format(endpoint, *reason(exc, key))) from exc


def next_query(next_url: Any, endpoint: str = NEXT) -> Mapping[str, str] | None:
    """Return the whole query of next_url, every field of it; None at the end.

    Its host and path say nothing that we would follow. Repeated `name[]` become `name[0]`, `name[1]`..., as
    Pixiv itself writes them. An address that cannot be read is an error, never an end: an end would leave a
    hole.
    """
    if next_url is None or next_url == "":
        return None
    if not isinstance(next_url, str):
        raise BadResponse(f"{endpoint}: `{NEXT}` is {type(next_url).__name__} where an address must be.")
    try:
        pairs = parse_qsl(urlsplit(next_url).query, keep_blank_values=True)
    except ValueError as exc:
        raise BadResponse(f"{endpoint}: `{NEXT}` cannot be read.") from exc
    query = numbered(pairs)
    if not query:
        raise BadResponse(f"{endpoint}: `{NEXT}` holds no query.")
    return query


@overload
def parse_qs(next_url: str) -> dict[str, Any]: ...
@overload
def parse_qs(next_url: str | None) -> dict[str, Any] | None: ...
def parse_qs(next_url: str | None) -> dict[str, Any] | None:
    """Return the whole query of a next_url, `name[0]`, `name[1]`... as one list; None at the end. It goes on as
    the arguments of its list function, `search.illusts(api, **parse_qs(next_url))`, or as its `next`.
    """
    query = next_query(next_url)
    if query is None:
        return None
    found: dict[str, Any] = {}
    for name, value in query.items():
        stem, bracket, _ = name.partition("[")
        if bracket:
            found.setdefault(stem, []).append(value)
        else:
            found[name] = value
    return found


def number(value: Any) -> int | None:
    """Return a whole number, also one written as text; None if it is no such thing."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def account(payload: Any) -> Received[Account]:
    """Return the account that an answer of the token endpoint describes."""
    top = _object(payload, "/auth/token")
    inner = top.get("response")
    return one(inner if isinstance(inner, Mapping) and "user" in inner else top, "user", Account, "/auth/token")


def along(page: Listing[Any]) -> Works:
    """Return the works in the head of a page: a ranking beside recommendations, a series' first and last."""
    illusts: list[Any] = []
    novels: list[Any] = []
    for name in ("ranking_illusts", "illust_series_first_illust", "illust_series_latest_illust"):
        illusts += _works(page.head.get(name))
    for name in ("ranking_novels", "novel_series_first_novel", "novel_series_latest_novel"):
        novels += _works(page.head.get(name))
    return Works.of(illusts, novels)


def _works(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def preview_works(preview: UserPreview) -> Works:
    """Return the works that came along with a row of a user list, with what could not be read of them."""
    (illusts, bad_illusts), (novels, bad_novels) = (
        _placed("illusts", preview.illusts),
        _placed("novels", preview.novels),
    )
    return Works(illusts, novels, bad_illusts + bad_novels)


def _placed(name: str, rows: Rows[M]) -> tuple[tuple[Received[M], ...], tuple[Broken, ...]]:
    """Return what could be read of a list and what could not, with paths from where the list is."""
    odd = (tuple(replace(one, path=f"{name}{one.path}") for one in row.odd) for row in rows.received)
    good = (replace(row, odd=places) if places else row for row, places in zip(rows.received, odd, strict=True))
    return tuple(good), tuple(replace(one, path=f"{name}{one.path}") for one in rows.broken)


def series_detail(page: Listing[Any]) -> Received[SeriesDetail] | None:
    """Return what a page of a series says of the series itself; None if it says nothing."""
    for key in SERIES_KEYS:
        if isinstance(page.head.get(key), dict):
            return one(page.head, key, SeriesDetail, page.endpoint)
    return None


def novel_page(html: str, endpoint: str) -> Received[NovelText]:
    """Return the novel in a script of the webview page, cut out by a JSON decoder from its brace (pixiv.md 10)."""
    raw = _novel_in(html)
    if raw is None:
        raise BadResponse(f"{endpoint}: the page holds no novel.")
    return one({"novel": raw}, "novel", NovelText, endpoint)


def has_novel(html: str) -> bool:
    """True if a page is the webview of a novel."""
    return _novel_in(html) is not None


def _novel_in(html: str) -> dict[str, Any] | None:
    for found in re.finditer(r"\bnovel[\"']?\s*:\s*(?=\{)", html):
        try:
            raw, _ = parse_next(html, found.end())
        except (ValueError, RecursionError):
            continue
        if isinstance(raw, dict) and "text" in raw:
            return raw
    return None


def _object(payload: Any, endpoint: str) -> dict[str, Any]:
    if not isinstance(payload, dict):
        raise BadResponse(f"{endpoint}: {type(payload).__name__} where an object must be.")
    return payload


def _kind(top: Mapping[str, Any], key: str) -> str:
    return type(top[key]).__name__ if key in top else "missing"
