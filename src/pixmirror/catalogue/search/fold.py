"""What counts as the same character in a search: width, case, hiragana and katakana, Latin accents."""

import re
import unicodedata

_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_BARE: dict[int, str | None] = {
    code: bare
    for first, last in ((0xC0, 0x250), (0x1E00, 0x1F00))
    for code in range(first, last)
    if (bare := unicodedata.normalize("NFD", chr(code))[0]).isascii()
}
_BARE |= dict.fromkeys(range(0x300, 0x370))
_KATAKANA = re.compile("[ァ-ヶ]+")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]")
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
    text = unicodedata.normalize("NFKC", text).casefold()
    # Runs alone, for a whole text would take as long as all its tokens.
    text = _KATAKANA.sub(lambda run: run[0].translate(_HIRAGANA), text)
    return text.translate(_BARE) if _ACCENTED.search(text) else text


def whole(text: str) -> str:
    """Fold a text that is compared as a whole: a tag, or a word of the user's own."""
    return _SPACE.sub(" ", fold(text)).strip()
