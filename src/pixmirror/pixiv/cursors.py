"""Where a list goes on: a query that knows of which list it is, and is refused by another one."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, Final

from pixmirror.errors import WrongValue
from pixmirror.models import Listing
from pixmirror.pixiv.wire import Next

OF: Final = "list"  # the name under which a cursor holds its list; Pixiv has no such parameter
# Parameters that say where in a list, or how it is shown, not which one it is.
_PLACES: Final = re.compile(r"(offset|p|limit|filter|last_\w+|(max|min)_\w*id\w*|include_\w+|merge_\w+)")
# Parameters that stand in the query of each page of a list that was asked for with them.
_NARROWS: Final = re.compile(
    r"restrict|rest|tag|word|sort|order|mode|search_target|s_mode|duration|date|(start|end)_date|bookmark_num_(min|max)"
    r"|[wh][lg]t|b[lg]t|[se]cd|ratio|tool|work_lang"
)


def cursor_of(page: Listing[Any]) -> dict[str, str] | None:
    """Return where the page after this one is, with the list that it is of; None at the end."""
    return None if page.next is None else {OF: _named(page.endpoint), **page.next}


def query_of(path: str, next: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query of a cursor; WrongValue if it is one of another list. One that does not say of which
    list it is (out of a next_url) is taken as it is.
    """
    query = dict(_mapping(next))
    of = query.pop(OF, None)
    if of is not None and of != _named(path):
        raise WrongValue(f"next is a place in the list {of}, not in {_named(path)}: give it to that list again.")
    return query


def agrees(next: Next, asked: Mapping[str, Any]) -> None:
    """Refuse a cursor of a list that was asked for otherwise: other ids, words or restrictions than `asked`."""
    if next is None:
        return
    _mapping(next)
    for name, value in asked.items():
        wanted = _text(value)
        if wanted is None or _PLACES.fullmatch(name) or (name not in next and not _NARROWS.fullmatch(name)):
            continue
        if _plain(str(next.get(name, ""))) != _plain(wanted):
            what = f"with {name} {next[name]!r}" if name in next else f"without {name}"
            raise WrongValue(
                f"next goes on in a list {what}, but {name} is {wanted!r}: leave next out to begin that list anew."
            )


def _mapping(next: object) -> Mapping[str, Any]:
    if isinstance(next, Mapping):
        return next
    raise WrongValue(
        f"next takes what a page or walk has as its next, or parse_qs of a next_url, not {type(next).__name__}."
    )


def _text(value: object) -> str | None:
    """Return an argument as it stands in a query; None if it cannot be compared."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _plain(text: str) -> str:
    """Return a text without what may be written otherwise: width, case, spaces, the dashes of a date."""
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return text.replace("-", "") if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def _named(path: str) -> str:
    return re.sub(r"^/v\d+", "", path)
