"""CSV as SPAPI wrote it, cut into records that a damaged one never takes along.

In bytes, so that no encoding matters: neither in UTF-8 nor in cp932 is a quote, a comma or an end of line ever a
part of another character.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_FIELD = re.compile(rb'(?:"((?:[^"]|"")*+)"|([^",\r\n][^,\r\n]*+)?)(,|\r?\n|\Z)')
# In a whole record no quoted field can hold these at the start of a line: its own quotes come in pairs. So a work
# ("30095810",) or a user or a comment (,"8213129",) begins here, whatever the record before it left open.
_BEGIN = re.compile(rb'^,?"[0-9]+",', re.MULTILINE)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line that it begins in, its columns, and why it is none (`columns` is then its lines)."""

    line: int
    columns: tuple[bytes, ...]
    damage: str = ""


def records(data: bytes) -> Iterator[Record]:
    """Yield all records of a file in order, no empty lines. A damaged one ends at the next, or with its line."""
    start = len(_BOM) if data.startswith(_BOM) else 0
    cuts = [start, *(found.start() for found in _BEGIN.finditer(data, start) if found.start() > start), len(data)]
    line = 1
    for begin, end in pairwise(cuts):
        piece = data[begin:end]
        yield from _in_piece(piece, line)
        line += piece.count(b"\n")


def _in_piece(piece: bytes, line: int) -> Iterator[Record]:
    at = 0
    while at < len(piece):
        columns, end, damage = _record(piece, at)
        if damage:
            end = piece.find(b"\n", at) + 1 or len(piece)
            columns = (piece[at:end].rstrip(b"\r\n"),)
        if any(columns):
            yield Record(line, columns, damage)
        line += piece.count(b"\n", at, end)
        at = end


def _record(piece: bytes, at: int) -> tuple[tuple[bytes, ...], int, str]:
    """Return the columns of the record that begins at `at`, and where it ends."""
    columns: list[bytes] = []
    while True:
        found = _FIELD.match(piece, at)
        if found is None:
            open_ = piece[at : at + 1] == b'"'
            why = (
                "a quote is open at its end or stands single within" if open_ else "a quote stands where none can"
            )
            return (), at, f"column {len(columns)}: {why}"
        quoted, plain, ends = found.groups()
        columns.append(quoted.replace(b'""', b'"') if quoted is not None else plain or b"")
        at = found.end()
        if ends != b",":
            return tuple(columns), at, ""
