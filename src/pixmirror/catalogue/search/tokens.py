"""The tokens of a text, for the index and for what is asked: one function for both, or nothing would be found.

A run of Japanese (Chinese, Korean, Thai) becomes its overlapping pairs and its last character alone, so that any
part of it is found: 夜空 → 夜空 空. A run of other letters and digits is a word, found by its beginning; a lone
hyphen inside is part of it (r-18), as are the signs after it in c++ and c#. Signs (★) and emoji are tokens, too.
"""

import re
from collections.abc import Iterable
from operator import add

from pixmirror.catalogue.search.fold import fold
from pixmirror.catalogue.search.romaji import sound

_APART = " | "  # between two texts of one column, so that no phrase reaches across

_KANA = "ぁ-ゖゝ-ゟー"
# Scripts that put no spaces between words.
_RUNS = rf"{_KANA}々〆〇㐀-䶿一-鿿豈-﫿𠀀-𳿿ァ-ヺヽ-ヿㇰ-ㇿㄅ-ㄯ가-힣ᄀ-ᇿก-๎ក-៝က-႟"
_WORD = rf"[^\W_{_RUNS}]"
# Without variation selectors and skin tones: 👍🏽 is 👍.
_SIGNS = r"←-⇿⌀-⏿■-◿☀-➿⤀-⥿⬀-⯿\U0001F000-\U0001F3FA\U0001F400-\U0001FAFF"
_PIECES = re.compile(rf"([{_RUNS}]+)|{_WORD}+(?:-{_WORD}+)*(?:(?:\+\+|[+#])(?!\w))?|[{_SIGNS}]")
_KANA_RUNS = re.compile(rf"[{_KANA}]{{2,}}")


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in their order."""
    return _cut(fold(text))


def _cut(folded: str) -> list[str]:
    found: list[str] = []
    for piece in _PIECES.finditer(folded):
        if (run := piece[1]) is None:
            found.append(piece[0])
        else:
            found += (*map(add, run, run[1:]), run[-1])
    return found


def pieces(text: str) -> tuple[str, str]:
    """Return the tokens of a text, and of how its kana sounds where that is not as it is written."""
    folded = fold(text)
    heard = [sound(run) for run in _KANA_RUNS.findall(folded)]
    return " ".join(_cut(folded)), _APART.join(" ".join(_cut_sound(run)) for run in heard if run)


def _cut_sound(run: str) -> list[str]:
    return [*map(add, run, run[1:]), run[-1]]


def column(texts: Iterable[tuple[str, str]]) -> str:
    """Return what a column of the index holds for the `pieces` of these texts."""
    parts = list(texts)
    return _APART.join([*(written for written, _ in parts), *(heard for _, heard in parts if heard)])


def phrase(text: str) -> str | None:
    """Return the FTS5 phrase that finds a text: anywhere in Japanese, by the start of a Latin word. None: none."""
    found = tokens(text)
    if not found:
        return None
    last = found[-1]
    if len(found) > 1 and len(last) == 1 and found[-2][1:] == last:
        del found[-1]  # the end of a run of two and more: in the text it may go on
        return f'"{" ".join(found)}"'
    return f'"{" ".join(found)}"*'


def kana_phrase(run: str) -> str:
    """Return the FTS5 phrase that finds a run of kana as it stands in the index; in katakana it is of sounds."""
    return f'"{run}"*' if len(run) == 1 else f'"{" ".join(map(add, run, run[1:]))}"'
