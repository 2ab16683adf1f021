"""Which works a page shows, and in what order: read once from an address, and written back as one.

Each reader raises ValueError with the sentence that the user reads. One view has one address: parameters stand in
the order of the fields of Filters, and what is the default is left out.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import quote_plus

from pixmirror.models import JST, to_ms

Kind = Literal["picture", "manga", "ugoira", "novel"]
Shown = Literal["show", "veil", "hide"]
Ratio = Literal["wide", "tall", "square"]
State = Literal["gone", "kept", "doubt", "hidden", "edited", "damaged", "left-out", "waiting"]
Order = Literal["posted", "arrived", "bookmarked", "popular", "random"]

LONGEST, MOST = 200, 20  # characters of a value, values of a filter
LARGEST = 10**15
_DAY = re.compile(r"((?:19|20)\d{2})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_SIZE = re.compile(r"\d{1,4}(?:\.\d{1,2})?", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Words:
    """Words that a work must have, and words that it must not have."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    @property
    def written(self) -> tuple[str, ...]:
        return (*self.wanted, *(f"-{word}" for word in self.unwanted))


@dataclass(frozen=True, slots=True)
class Span:
    """From one value to another, both included; None: open at that end. `text` is how it is written."""

    text: str
    low: Any
    high: Any


@dataclass(frozen=True, slots=True)
class Place:
    """What is at the top of the screen: a unit of the grid, and a work in it, by its key."""

    unit: str
    work_key: int | None = None

    @property
    def text(self) -> str:
        return self.unit if self.work_key is None else f"{self.unit}.{written_key(self.work_key)}"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the user has chosen for all pages."""

    rating: Shown = "show"
    ai: Shown = "show"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is shown. Within a field any of the values will do; a work has all tags, and matches all fields.

    `posted` is in ms UTC, by days of Japan; `size` in millions of pixels; `series` are keys.
    """

    type: tuple[Kind, ...] = ()
    artist: tuple[int, ...] = ()
    tag: Words = Words()
    bookmark: Words = Words()
    collection: tuple[int, ...] = ()
    rating: Shown = "show"
    ai: Shown = "show"
    posted: Span | None = None
    size: Span | None = None
    ratio: tuple[Ratio, ...] = ()
    pages: Span | None = None
    series: tuple[int, ...] = ()
    job: tuple[str, ...] = ()
    seen: bool | None = None
    state: tuple[State, ...] = ()
    order: Order = "posted"
    seed: int = 0
    at: Place | None = None

    def has_any(self, defaults: Defaults = Defaults()) -> bool:
        """Return whether they leave out any work."""
        return replace(self, order="posted", seed=0, at=None) != Filters(rating=defaults.rating, ai=defaults.ai)


# Reading ---------------------------------------------------------------------------------------------------


def read(asked: Iterable[tuple[str, str]], defaults: Defaults = Defaults()) -> Filters:
    """Read the parameters of an address. Those that are no filters are left to others."""
    given: dict[str, list[str]] = {}
    for name, value in asked:
        if name in _READERS and (text := value.strip()):
            given.setdefault(name, []).append(_short(name, text))
    found: dict[str, Any] = {"rating": defaults.rating, "ai": defaults.ai}
    for name, values in given.items():
        values = list(dict.fromkeys(values))
        if len(values) > MOST:
            raise ValueError(f"At most {MOST} values of {name} can be asked for at once.")
        found[name] = _READERS[name](name, values)
    return _consistent(Filters(**found))


def _consistent(found: Filters) -> Filters:
    """Leave out what says nothing: a seed where nothing is random."""
    return found if found.order == "random" else replace(found, seed=0)


def _short(name: str, text: str) -> str:
    if len(text) > LONGEST or "\0" in text:
        raise ValueError(f"A value of {name} has at most {LONGEST} characters.")
    return text


def _one(read_one: Callable[[str, str], T]) -> Callable[[str, Sequence[str]], T]:
    """Read a filter that takes one value; the last one counts, as a form sends what was there before."""
    return lambda name, values: read_one(name, values[-1])


def _any_of(read_one: Callable[[str, str], Any]) -> Callable[[str, Sequence[str]], Any]:
    """Read a filter that takes several values, in one order."""
    return lambda name, values: tuple(sorted({read_one(name, value) for value in values}))


def _choice(kind: Any) -> Callable[[str, str], Any]:
    known = get_args(kind)

    def read_one(name: str, text: str) -> Any:
        if text not in known:
            raise ValueError(f"{name} takes {', '.join(known[:-1])} or {known[-1]}, not {text!r}.")
        return text

    return read_one


def _several(kind: Any) -> Callable[[str, Sequence[str]], Any]:
    read_one, known = _choice(kind), get_args(kind)
    return lambda name, values: tuple(sorted({read_one(name, value) for value in values}, key=known.index))


def _id(name: str, text: str) -> int:
    if _NUMBER.fullmatch(text) is None or not 0 < int(text) < LARGEST:
        raise ValueError(f"{name} takes an id, a whole number, not {text!r}.")
    return int(text)


def read_key(name: str, text: str) -> int:
    """Read a key of Pixiv's two id spaces: 123 of an illust, n123 of a novel."""
    return _id(name, text.removeprefix("n")) * 2 + text.startswith("n")


def written_key(key: int) -> str:
    return f"{'n' if key & 1 else ''}{key >> 1}"


def _words(name: str, values: Sequence[str]) -> Words:
    """Read words; one that begins with - is unwanted."""
    if "-" in values:
        raise ValueError(f"{name} takes a word, and -word for one that a work must not have.")
    unwanted = {value[1:].strip() for value in values if value.startswith("-")}
    wanted = {value for value in values if not value.startswith("-")}
    if both := sorted(wanted & unwanted):
        raise ValueError(f"No work has {both[0]!r} and does not have it.")
    return Words(tuple(sorted(wanted)), tuple(sorted(unwanted)))


def _span(read_low: Callable[[str], Any], read_high: Callable[[str], Any], example: str) -> Any:
    def read_one(name: str, text: str) -> Span:
        first, dots, last = (part.strip() for part in text.partition(".."))
        try:
            low = read_low(first) if first else None
            high = read_high(last if dots else first) if last or not dots else None
        except ValueError:
            raise ValueError(f"{name} takes {example}, not {text!r}.") from None
        if low is None and high is None:
            raise ValueError(f"{name} takes {example}, not {text!r}.")
        if low is not None and high is not None and low > high:
            raise ValueError(f"{name} begins after its end: {text!r}.")
        return Span(f"{first}..{last}" if dots and first != last else first, low, high)

    return read_one


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    if (found := pattern.fullmatch(text)) is None:
        raise ValueError(text)
    return found


def _first_ms(text: str) -> int:
    year, month, day = (int(part or 1) for part in _matched(_DAY, text).groups())
    return to_ms(datetime(year, month, day, tzinfo=JST))


def _last_ms(text: str) -> int:
    """Return the last moment of a day, month or year of Japan."""
    year, month, day = (int(part or 0) for part in _matched(_DAY, text).groups())
    if day:
        return to_ms(datetime(year, month, day, tzinfo=JST) + timedelta(days=1)) - 1
    first = datetime(year, month, 1, tzinfo=JST) if month else datetime(year, 12, 1, tzinfo=JST)
    return to_ms((first + timedelta(days=31)).replace(day=1)) - 1


def _pages(text: str) -> int:
    return int(_matched(_NUMBER, text)[0])


def _megapixels(text: str) -> float:
    return float(_matched(_SIZE, text)[0])


def _yes_or_no(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"{name} takes yes or no, not {text!r}.")
    return text == "yes"


def _seed(name: str, text: str) -> int:
    if _NUMBER.fullmatch(text) is None or not 0 <= int(text) < 2**31:
        raise ValueError(f"{name} takes a whole number below {2**31:,}, not {text!r}.")
    return int(text)


def _place(name: str, text: str) -> Place:
    unit, dot, key = text.partition(".")
    if re.fullmatch(r"[a-z0-9-]{1,16}", unit) is None:
        raise ValueError(f"{name} takes a month and a work, like 2019-07.12345678, not {text!r}.")
    return Place(unit, read_key(name, key) if dot else None)


_READERS: Mapping[str, Callable[[str, Sequence[str]], Any]] = {
    "type": _several(Kind),
    "artist": _any_of(_id),
    "tag": _words,
    "bookmark": _words,
    "collection": _any_of(_id),
    "rating": _one(_choice(Shown)),
    "ai": _one(_choice(Shown)),
    "posted": _one(_span(_first_ms, _last_ms, "a year, month or day, like 2024, 2024-03 or 2024-03..2024-06")),
    "size": _one(_span(_megapixels, _megapixels, "millions of pixels, like 2.., ..0.5 or 1..4")),
    "ratio": _several(Ratio),
    "pages": _one(_span(_pages, _pages, "a number of pages, like 1, 10.. or 2..8")),
    "series": _any_of(read_key),
    "job": _any_of(lambda _, text: text),
    "seen": _one(_yes_or_no),
    "state": _several(State),
    "order": _one(_choice(Order)),
    "seed": _one(_seed),
    "at": _one(_place),
}

# Writing ---------------------------------------------------------------------------------------------------


_USUAL = {field.name: getattr(Filters(), field.name) for field in fields(Filters)}


def written(filters: Filters, defaults: Defaults = Defaults()) -> list[tuple[str, str]]:
    """Return the parameters that say this, in their one order, without defaults."""
    usual = _USUAL | {"rating": defaults.rating, "ai": defaults.ai}
    return [
        (name, text)
        for name, default in usual.items()
        if (value := getattr(filters, name)) != default
        for text in _texts(name, value)
    ]


def query(filters: Filters, defaults: Defaults = Defaults()) -> str:
    """Return the query of the one address of this view."""
    return encoded(written(filters, defaults))


def encoded(given: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote_plus(text)}" for name, text in given)


def changed(
    filters: Filters, defaults: Defaults, drop: tuple[str, str] | None = None, add: tuple[str, str] | None = None
) -> Filters:
    """Return them without one parameter, or with one more, from their beginning. `drop` with "": all of a name."""
    left = [
        (name, text)
        for name, text in written(replace(filters, at=None), defaults)
        if drop is None or name != drop[0] or drop[1] not in ("", text)
    ]
    return read([*left, *([add] if add else [])], defaults)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    match value:
        case Words():
            return value.written
        case Span() | Place():
            return (value.text,)
        case bool():
            return ("yes" if value else "no",)
        case tuple():
            return tuple(written_key(one) if name == "series" else str(one) for one in value)
        case _:
            return (str(value),)
