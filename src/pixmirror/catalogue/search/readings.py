"""How Pixiv says that a tag is read, as it is compared: letters of Hepburn, long vowels doubled.

Its romaji is what a keyboard is typed with: `nn` for ん (rennai 恋愛, onnnanoko 女の子), `-` for ー (ge-mu
ゲーム), `x` before what is small (maxtsucha 抹茶, medexia メディア). Some tags have several readings in one,
with an "or" between (hakuhatsumatahashiraga 白髪). Hepburn is taken, too: where they differ, either counts.
"""

import re

from pixmirror.catalogue.search import romaji
from pixmirror.catalogue.search.fold import fold

_OR = re.compile(r"mataha|moshikuha|aruiha")
_SMALL = {
    "a": "ぁ", "i": "ぃ", "u": "ぅ", "e": "ぇ", "o": "ぉ", "ya": "ゃ", "yu": "ゅ", "yo": "ょ", "wa": "ゎ",
    "tsu": "っ", "tu": "っ",
}  # fmt: skip
_NO_LETTER = re.compile(r"[^a-z0-9]+")


def letters(text: str) -> tuple[str, ...]:
    """Return how a reading, in kana or romaji, may be compared."""
    kana = romaji.kana_letters(text)
    if kana is not None:
        return (kana,)
    one = fold(text).replace(" ", "")
    found = [way for part in dict.fromkeys((one, *_OR.split(one))) for way in _ways(part)]
    return tuple(dict.fromkeys(way for way in found if way))


def _ways(text: str) -> list[str]:
    typed = _as_kana(text)
    found = [] if typed is None else [romaji.kana_letters(typed) or ""]
    morae, rest = romaji.read(romaji.spelled(text) or "") if "-" not in text else ([], "")
    if morae and not rest:
        found.append(romaji.joined(morae))
    return found or [_NO_LETTER.sub("", text)]


def _as_kana(text: str) -> str | None:
    """Return the kana that this is typed for; None if it is none."""
    found, at = "", 0
    while at < len(text):
        step = _typed(text, at)
        if step is None:
            return None
        kana, at = step
        found += kana
    return found


def _typed(text: str, at: int) -> tuple[str, int] | None:
    """Return the next kana, and where it ends."""
    here, after = text[at], text[at + 1 : at + 2]
    if here == "-":
        return "ー", at + 1
    if here == "n" and (after == "" or after not in "aiueoy"):
        return "ん", at + (2 if after in ("n", "'") else 1)
    if (here == after and here not in romaji.VOWELS) or text[at : at + 3] == "tch":
        return "っ", at + 1
    small = here == "x"
    for end in range(min(at + 4, len(text)), at, -1):
        if small:
            kana = _SMALL.get(text[at + 1 : end])
        else:
            mora = romaji.spellings().get(text[at:end])
            kana = mora.kana[0] if mora else None
        if kana is not None:
            return kana, end
    return None
