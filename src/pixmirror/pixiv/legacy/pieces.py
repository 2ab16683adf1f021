"""JSON of the Public API, whole or damaged, cut into its objects. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pixmirror.pixiv.bodies import parse_next

_SCALAR = r'(?:"[^"\\]*"|-?[0-9.]+|true|false|null)'
_HEAD = re.compile(rf'\{{\s*(?:"\w+"\s*:\s*{_SCALAR}\s*,\s*)*"response"\s*:\s*\[')
_TAIL = re.compile(rf'\]\s*(?:,\s*"\w+"\s*:\s*(?:{_SCALAR}|\{{[^{{}}]*\}})\s*)*\}}')
_GAP = re.compile(r"[\s,]*")
# Where an object of a list begins, seen from within a damaged one (users and pages inside of a work begin
# otherwise), or a whole answer.
_NEXT = re.compile(
    r'(?<=[\[}])\s*,?\s*(?=\{\s*"(?:id|rank|work)")|(?=\{\s*"(?:status|response|has_error)")|\n(?=\s*\{)'
)


@dataclass(frozen=True, slots=True)
class Piece:
    """An object and the line that it begins in; or, with `damage`, what text there is of one."""

    line: int
    value: Any
    damage: str = ""


def pieces(text: str) -> Iterator[Piece]:
    """Yield each object of each answer in a text; an answer without `response` (a failure) is one itself. What is
    damaged is passed over, up to the next object that is whole.
    """
    line, counted = 1, 0
    for begin, value, damage in _found(text):
        line += text.count("\n", counted, begin)
        counted = begin
        yield Piece(line, value, damage)


def _found(text: str) -> Iterator[tuple[int, Any, str]]:
    at, inside = _past_gap(text, 0), False
    while at < len(text):
        head = None if inside else _HEAD.match(text, at)
        tail = _TAIL.match(text, at) if inside else None
        if head or tail:
            inside = head is not None
            at = _past_gap(text, (head or tail).end())  # type: ignore[union-attr]
            continue
        if not inside and text[at] in "[]":  # a list of objects without an answer around it
            at = _past_gap(text, at + 1)
            continue
        begin = at
        try:
            if text[at] != "{":
                raise ValueError("no object")
            value, at = parse_next(text, at)
        except (ValueError, RecursionError):
            resumed = _NEXT.search(text, at + 1)
            at = resumed.end() if resumed else len(text)
            inside = inside and not _HEAD.match(text, at)
            yield begin, text[begin:at].strip(), "It is damaged or cut off."
        else:
            yield begin, value, ""
        at = _past_gap(text, at)


def _past_gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    return found.end() if found else at
