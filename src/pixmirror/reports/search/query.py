"""What was typed into a search: words, "phrases", -exclusions and fields. Pure; what they find: match.py.

All must be met, in any order. `field:value` and `field:"a value"`; a field that nobody knows is a word.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from pixmirror.errors import ConfigError
from pixmirror.models import JST, to_ms

MOST = 200  # characters

Field: TypeAlias = Literal[
    "", "artist", "tag", "title", "caption", "comment", "text", "bookmarks", "posted", "state"
]
FIELDS: tuple[Field, ...] = get_args(Field)[1:]
State: TypeAlias = Literal["live", "gone", "kept", "doubt", "hidden", "edited", "damaged", "left-out", "waiting"]
STATES: tuple[State, ...] = get_args(State)

_QUOTES = str.maketrans("“”„«»", '"""""')
_TERM = re.compile(rf'(-?)(?:({"|".join(FIELDS)}):)?(?:"([^"]*)(?:"|$)|([^\s"]+|(?<=:)))', re.IGNORECASE)
_NAMED = re.compile(r"([A-Za-z]{2,20}):(?!//)")  # what looks like a field
_NUMBERS = re.compile(r"(>=|<=|>|<|=)?(\d{1,9})|(\d{1,9})?\.\.(\d{1,9})?", re.ASCII)
_DAY = r"\d{4}(?:-\d{1,2}(?:-\d{1,2})?)?"
_DAYS = re.compile(rf"(>=|<=|>|<)?({_DAY})|({_DAY})?\.\.({_DAY})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a work must meet, or with `excluded` must not. `place`: where it stands in the text."""

    field: Field
    text: str
    excluded: bool = False
    is_phrase: bool = False
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Query:
    """A search as it is read: `typed` as it came, `text` with its letters made alike."""

    typed: str
    text: str
    terms: tuple[Term, ...]

    def without(self, term: Term) -> str:
        """Return what is asked when a term is left out."""
        begin, end = term.place
        return " ".join(f"{self.text[:begin]} {self.text[end:]}".split())


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both included; None: open."""

    first: int | None
    last: int | None


def parse(text: str) -> Query:
    """Read a search. ConfigError if there is nothing to search for, or a value that cannot be."""
    typed = text.strip()
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).strip()
    if not text or len(text) > MOST:
        raise ConfigError(f"Search for a text of 1 to {MOST} characters.")
    terms = []
    for found in _TERM.finditer(text):
        minus, name, phrase, word = found.groups()
        field: Field = name.lower() if name else ""  # type: ignore[assignment]
        value = (phrase if phrase is not None else word or "").strip()
        if value:
            term = Term(field, value, bool(minus), phrase is not None, found.span())
            _check(term)
            terms.append(term)
    return Query(typed, text, tuple(terms))


def unknown_fields(query: Query) -> str | None:
    """Say in a sentence which words of a search look like fields and are none; None: no word does."""
    words = (_NAMED.match(one.text) for one in query.terms if not (one.field or one.is_phrase))
    names = dict.fromkeys(f"{found[1]}:" for found in words if found is not None)
    if not names:
        return None
    are = "is no field, and was" if len(names) == 1 else "are no fields, and were"
    return f"{', '.join(names)} {are} searched for as words. Fields are {', '.join(f'{one}:' for one in FIELDS)}."


def _check(term: Term) -> None:
    if term.field == "bookmarks":
        bookmarks(term.text)
    elif term.field == "posted":
        posted(term.text)
    elif term.field == "state" and term.text.lower() not in STATES:
        raise ConfigError(f"state:{term.text} is none; there are {', '.join(STATES)}.")


def bookmarks(text: str) -> Span:
    """Read how many bookmarks: 500, >500, <=500, 100..500, 100.."""
    found = _NUMBERS.fullmatch(text)
    if found is None or text == "..":
        raise ConfigError(f"bookmarks:{text} is no number; write bookmarks:>500, or bookmarks:100..500.")
    sign, one, low, high = found.groups()
    if one is None:
        return Span(None if low is None else int(low), None if high is None else int(high))
    return _beside(sign, int(one), int(one))


def posted(text: str) -> Span:
    """Read days in Japan as ms UTC: 2024, 2024-03, 2024-03-31, >2024, 2024-03..2024-06."""
    found = _DAYS.fullmatch(text)
    if found is None or text == "..":
        raise ConfigError(f"posted:{text} is no date; write posted:2024, posted:2024-03, or posted:2023..2024-06.")
    sign, one, low, high = found.groups()
    if one is None:
        return Span(_days(low, text)[0] if low else None, _days(high, text)[1] if high else None)
    return _beside(sign, *_days(one, text))


def _beside(sign: str | None, first: int, last: int) -> Span:
    return {
        ">": Span(last + 1, None), ">=": Span(first, None), "<": Span(None, first - 1), "<=": Span(None, last),
    }.get(sign or "", Span(first, last))  # fmt: skip


def _days(text: str, asked: str) -> tuple[int, int]:
    """Return the first and the last ms of a year, a month or a day in Japan."""
    year, month, day = (*map(int, text.split("-")), None, None)[:3]
    try:
        first = datetime(year or 0, month or 1, day or 1, tzinfo=JST)
        longest = first + timedelta(days=1 if day else 31 if month else 366)
        end = longest if day else longest.replace(day=1) if month else datetime(first.year + 1, 1, 1, tzinfo=JST)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"posted:{asked} is no date.") from error
    return to_ms(first), to_ms(end) - 1
