"""Two texts as one, word by word: what was removed, what was added, what stayed. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

Kind = Literal["same", "del", "ins"]

MOST_CHARACTERS, MOST_LINES = 4_000, 3_000  # that are compared: the time may grow with their square
AROUND = 60  # characters of what stayed that are shown beside a change
LONGEST, MOST_PIECES = 2_000, 200  # that are shown of one text
# Japanese has no blanks: a run of kanji, of hiragana or of katakana is as good as a word.
_WORD = re.compile(
    r"[A-Za-z0-9À-ɏ]+|[\u3041-\u309f]+|[\u30a0-\u30ff]+|[\u4e00-\u9fff\u3005]+|[\uac00-\ud7a3]+|\n|[^\S\n]+|."
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: in both, only in the earlier (del), or only in the later one (ins)."""

    kind: Kind
    text: str


def differences(before: str, after: str) -> list[Piece]:
    """Return both texts as one. Long ones are compared line by line first, then inside the lines that changed."""
    if max(len(before), len(after)) < MOST_CHARACTERS:
        return list(_joined(_compared(_WORD.findall(before), _WORD.findall(after))))
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > MOST_LINES:
        return [Piece("del", before), Piece("ins", after)] if before != after else [Piece("same", before)]
    return list(_joined(_inside(list(_compared(old, new)))))


def shortened(pieces: Sequence[Piece], around: int = AROUND) -> list[Piece]:
    """Leave out what stayed, but for some of it beside each change; and the end of what is very long."""
    found = []
    for place, piece in enumerate(pieces[:MOST_PIECES]):
        text = piece.text if len(piece.text) < LONGEST or piece.kind == "same" else f"{piece.text[:LONGEST]} …"
        if piece.kind == "same" and len(text) > 2 * around + 20:
            head = text[:around] if place else ""
            tail = text[-around:] if place < len(pieces) - 1 else ""
            text = f"{head} … {tail}".strip()
        found.append(Piece(piece.kind, text))
    return [*found, Piece("same", " …")] if len(pieces) > MOST_PIECES else found


def _compared(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(before[i1:i2]))
            continue
        if i2 > i1:
            yield Piece("del", "".join(before[i1:i2]))
        if j2 > j1:
            yield Piece("ins", "".join(after[j1:j2]))


def _inside(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Compare word by word where lines that went stand before lines that came."""
    place = 0
    while place < len(pieces):
        piece, follows = pieces[place], pieces[place + 1] if place + 1 < len(pieces) else None
        is_changed = piece.kind == "del" and follows is not None and follows.kind == "ins"
        if is_changed and follows is not None and max(len(piece.text), len(follows.text)) < MOST_CHARACTERS:
            yield from _compared(_WORD.findall(piece.text), _WORD.findall(follows.text))
            place += 2
        else:
            yield piece
            place += 1


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    for kind, some in groupby(pieces, key=lambda piece: piece.kind):
        yield Piece(kind, "".join(piece.text for piece in some))
