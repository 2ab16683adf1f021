"""What counts as the same character in a search: width, case, hiragana and katakana, Latin accents."""

import re
import unicodedata

_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_MARKS = dict.fromkeys(range(0x300, 0x370))
_ACCENTS = {
    code: bare
    for first, last in ((0xC0, 0x250), (0x1E00, 0x1F00))
    for code in range(first, last)
    if (bare := unicodedata.normalize("NFD", chr(code))[0]).isascii()
}
_FOLDED = _KATAKANA | _ACCENTS | _MARKS
_SPACE = re.compile(r"\s+")


def normal(text: str) -> str:
    """Fold width and case alone: accents tell how a romaji word is spelled."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()


def fold(text: str) -> str:
    """Fold all that a search does not tell apart. Voiced marks count: か is not が."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().translate(_FOLDED)


def whole(text: str) -> str:
    """Fold a text that is compared as a whole: a tag, or a word of the user's own."""
    return _SPACE.sub(" ", fold(text)).strip()
