"""How Japanese may be read where nobody tells it: guessed by Sudachi, if the extra `japanese` is installed."""

import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_HAN = re.compile("[々〆㐀-䶿一-鿿豈-﫿𠀀-𳿿]")
_LONGEST = 200  # characters that are read


def guesser() -> str:
    """Return the name of what guesses, which another one guesses otherwise than; "" without the extra."""
    try:
        return f"sudachipy {version('sudachipy')}, small dictionary {version('sudachidict_small')}"
    except PackageNotFoundError:
        return ""


def guess(text: str) -> str:
    """Return a text in kana where it has kanji; "" for one without any, which is read as it is written."""
    if not _HAN.search(text):
        return ""
    words = _tokenize()(text[:_LONGEST])
    return "".join(word.reading_form() if _HAN.search(word.surface()) else word.surface() for word in words)


@cache
def _tokenize() -> Callable[[str], Any]:
    """Load the dictionary: 40 MB that are mapped, and 30 ms. Only one thread may use it."""
    from sudachipy import Dictionary, SplitMode

    tokenize: Callable[[str], Any] = Dictionary(dict="small").tokenizer(SplitMode.C).tokenize
    return tokenize
