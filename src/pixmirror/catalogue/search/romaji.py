"""Romaji and kana: which kana a word may stand for, and how a reading is written to be compared.

Hepburn and Kunrei are both read. A long vowel may be written short, doubled, as `ou`, or with a macron: what is
written short finds both, what is written long finds the long one alone, as yuuki is not yuki. So kana is compared
in two ways: as it is written, and as it sounds without its long vowels. The latter stands in the index in
katakana, where all else is hiragana.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise, product
from math import prod

from pixmirror.catalogue.search.fold import fold, normal

MOST = 64  # ways to write one word in kana

_ROWS = {
    "": "あいうえお", "k": "かきくけこ", "g": "がぎぐげご", "s": "さ_すせそ", "z": "ざ_ずぜぞ", "t": "た__てと",
    "d": "だ__でど", "n": "なにぬねの", "h": "はひ_へほ", "b": "ばびぶべぼ", "p": "ぱぴぷぺぽ", "m": "まみむめも",
    "y": "や_ゆ_よ", "r": "らりるれろ", "ky": "きゃ_きゅ_きょ", "gy": "ぎゃ_ぎゅ_ぎょ", "ny": "にゃ_にゅ_にょ",
    "hy": "ひゃ_ひゅ_ひょ", "by": "びゃ_びゅ_びょ", "py": "ぴゃ_ぴゅ_ぴょ", "my": "みゃ_みゅ_みょ",
    "ry": "りゃ_りゅ_りょ",
}  # fmt: skip
# Kana, how it is compared, and how else it is spelled; after `=` it is not spelled as it is compared.
_OTHERS = """
わ wa,を =o wo,し shi si,じ ji zi,ち chi ti,つ tsu tu,ふ fu hu,ぢ =ji di,づ =zu du dzu
しゃ sha sya,しゅ shu syu,しょ sho syo,しぇ she sye,じゃ ja zya jya,じゅ ju zyu jyu,じょ jo zyo jyo,じぇ je zye
ちゃ cha tya cya,ちゅ chu tyu cyu,ちょ cho tyo cyo,ちぇ che tye,ぢゃ =ja dya,ぢゅ =ju dyu,ぢょ =jo dyo
ふぁ fa,ふぃ fi,ふぇ fe,ふぉ fo,ふゅ fyu,つぁ tsa,つぃ tsi,つぇ tse,つぉ tso,ゔぁ va,ゔぃ vi,ゔ vu,ゔぇ ve,ゔぉ vo
てぃ =chi ti thi,でぃ =ji di dhi,とぅ =tsu tu,どぅ =zu du,てゅ =chu tyu,でゅ =ju dyu,うぃ wi,うぇ we,うぉ =o wo
いぇ ye,くぁ kwa,ぐぁ gwa,ゐ =i,ゑ =e,ぁ =a,ぃ =i,ぅ =u,ぇ =e,ぉ =o,ゃ =ya,ゅ =yu,ょ =yo,ゎ =wa,ゕ =ka,ゖ =ke
"""
VOWELS = "aiueo"
# By what a kana goes on when its vowel is long.
_LENGTHS = {"a": "あー", "i": "いー", "u": "うー", "e": "えー", "o": "うおー"}
_SAME_SOUND = str.maketrans("ぢづを", "じずお")
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_ACCENTED = re.compile("([aiueo])[\u0302\u0304]")
_LATIN = re.compile(r"[a-z'-]+")
_KANA_WORD = re.compile("[ぁ-ゖー]+")
_REPEATED = re.compile(r"([aiueo])\1+")


@dataclass(frozen=True, slots=True)
class Mora:
    """One syllable of a word: the kana that it may be, its letters, and whether its vowel is written long."""

    kana: tuple[str, ...]
    letters: str  # "" of っ, which doubles what follows
    is_long: bool = False

    @property
    def lengths(self) -> str:
        return _LENGTHS.get(self.letters[-1:], "")


_N, _TSU = Mora(("ん",), "n"), Mora(("っ",), "")


@cache
def _letters() -> dict[str, str]:
    """Return by kana how it is compared."""
    return {"ん": "n", "っ": ""} | {kana: letters for kana, letters, _ in _table()}


@cache
def spellings() -> dict[str, Mora]:
    found: dict[str, Mora] = {}
    for kana, letters, spellings in _table():
        for spelled in spellings:
            known = found.get(spelled)
            found[spelled] = Mora((*known.kana, kana), known.letters) if known else Mora((kana,), letters)
    return found


def _table() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for consonant, row in _ROWS.items():
        size = 2 if "ゃ" in row else 1
        cells = row.split("_") if size == 2 else row
        vowels = "auo" if size == 2 else VOWELS
        yield from (
            (kana, consonant + vowel, (consonant + vowel,))
            for kana, vowel in zip(cells, vowels, strict=True)
            if kana != "_"
        )
    for entry in _OTHERS.replace("\n", ",").strip(",").split(","):
        kana, letters, *others = entry.split()
        yield kana, letters.lstrip("="), (*(() if letters[0] == "=" else (letters,)), *others)


def spelled(word: str) -> str | None:
    """Return a romaji word in ASCII, with long vowels doubled; None if it can be none."""
    text = unicodedata.normalize("NFD", normal(word).replace("’", "'"))
    text = _ACCENTED.sub(r"\1\1", text)
    return text.replace("-", "") if _LATIN.fullmatch(text) else None


def read(text: str) -> tuple[list[Mora], str]:
    """Read romaji (`spelled`) syllable by syllable. Return the rest that is none, too."""
    morae: list[Mora] = []
    at = 0
    while at < len(text):
        here, after = text[at], text[at + 1 : at + 2]
        if here == "'":
            at += 1
        elif here == "n" and (after == "" or after not in "aiueoy"):
            morae.append(_N)
            third = text[at + 2 : at + 3]
            at += 2 if after == "n" and (third == "" or third not in "aiueoy") else 1
        elif here == "m" and after and after in "bpm":
            morae.append(_N)
            at += 1
        elif (here == after and here not in VOWELS) or text[at : at + 3] == "tch":
            morae.append(_TSU)
            at += 1
        else:
            found = _one(text, at)
            if found is None:
                break
            mora, at = found
            morae.append(mora)
    return morae, text[at:]


def _one(text: str, at: int) -> tuple[Mora, int] | None:
    for end in range(min(at + 4, len(text)), at, -1):
        mora = spellings().get(text[at:end])
        if mora is not None:
            break
    else:
        return None
    kana = mora.kana
    if text[at] == "n" and (rest := spellings().get(text[at + 1 : end])):
        kana = (*kana, "ん" + rest.kana[0])  # the apostrophe of ren'ai is often left out
    vowel, after = mora.letters[-1], text[end : end + 1]
    is_long = after == vowel or (vowel == "o" and after == "u")
    return Mora(kana, mora.letters, is_long), end + is_long


def kana_of(word: str) -> tuple[str, ...]:
    """Return what a romaji word is in the index: as it may be written in kana, and as it sounds. (): no romaji."""
    text = spelled(word)
    morae, rest = read(text) if text else ([], "")
    if not morae or rest or morae[-1] is _TSU:
        return ()
    if any(mora.is_long for mora in morae):
        return _written_long(morae)
    plain = ["".join(parts) for parts in islice(product(*(mora.kana for mora in morae)), MOST)]
    return tuple(dict.fromkeys((*plain, *map(_sound, plain))))


def _written_long(morae: Sequence[Mora]) -> tuple[str, ...]:
    """Return the ways to write it. Its short vowels, too, may be long ones where that is not too many ways."""
    ways = []
    for mora in morae:
        longer = tuple(kana + length for kana in mora.kana for length in mora.lengths)
        ways.append(longer if mora.is_long else (*mora.kana, *longer))
    ways[-1] = ways[-1] if morae[-1].is_long else morae[-1].kana  # there the text goes on as it likes
    if prod(map(len, ways)) > MOST:
        ways = [way if mora.is_long else mora.kana[:1] for way, mora in zip(ways, morae, strict=True)]
    return tuple("".join(parts) for parts in islice(product(*ways), MOST))


# --- sounds


@cache
def _longer() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return the pairs of kana of which the second makes the vowel of the first longer; and what is in a text that
    sounds otherwise than it is written.
    """
    goes_on = {"a": "あぁー", "i": "いぃー", "u": "うぅー", "e": "えぇー", "o": "おぉうぅー"}
    rows: dict[str, str] = defaultdict(str)
    for kana, letters in _letters().items():
        rows[goes_on.get(letters[-1:], "ー")] += kana[-1]
    rows["ー"] += "ー"
    pairs = frozenset(kana + more for longer, row in rows.items() for kana in row for more in longer)
    return pairs, re.compile("|".join([*(f"[{row}][{longer}]" for longer, row in rows.items()), "[ぢづを]"]))


def sound(kana: str) -> str | None:
    """Return how folded kana sounds where that is not as it is written; else None."""
    longer, is_longer = _longer()
    if not is_longer.search(kana):
        return None
    heard = kana[0] + "".join(after for here, after in pairwise(kana) if here + after not in longer)
    heard = heard.translate(_SAME_SOUND)
    return heard.translate(_TO_KATAKANA) if heard != kana else None


def _sound(kana: str) -> str:
    return sound(kana) or kana.translate(_TO_KATAKANA)


# --- readings, compared as a whole from their beginning


def short(letters: str) -> str:
    """Return a reading without its long vowels."""
    return _REPEATED.sub(r"\1", letters)


def kana_letters(word: str) -> str | None:
    """Return how a word of nothing but kana is read; None for any other."""
    folded = fold(word)
    if not _KANA_WORD.fullmatch(folded):
        return None
    known, found, doubled, at = _letters(), "", False, 0
    while at < len(folded):
        size = 2 if at + 1 < len(folded) and folded[at : at + 2] in known else 1
        letters = known.get(folded[at : at + size], "")
        last = found[-1:]
        if folded[at] == "ー" or (folded[at] == "う" and last == "o" and size == 1):
            letters = last if last in VOWELS else ""
        found += (letters[:1] if doubled else "") + letters
        doubled = folded[at] == "っ"
        at += size
    return _REPEATED.sub(r"\1\1", found)


def readings_of(word: str) -> tuple[str, tuple[str, ...]] | None:
    """Return how the readings begin that a word asks for, as `long` or `short` ones; None if it is no reading."""
    kana = kana_letters(word)
    if kana is not None:
        return ("long", (kana,)) if kana else None
    text = spelled(word)
    morae, rest = read(text) if text else ([], "")
    if text is None or (rest and not any(spelling.startswith(rest) for spelling in spellings())):
        return None
    if not any(mora.is_long for mora in morae):
        return "short", (short(joined(morae, rest)),)
    ways = [(mora,) if mora.is_long or not mora.lengths else (mora, replace(mora, is_long=True)) for mora in morae]
    if not rest:
        ways[-1] = (morae[-1],)  # there the reading goes on as it likes
    if prod(map(len, ways)) > MOST:
        ways = [(mora,) for mora in morae]
    return "long", tuple(joined(way, rest) for way in product(*ways))


def joined(morae: Sequence[Mora], rest: str = "") -> str:
    """Write syllables in letters, long vowels doubled."""
    found, doubled = "", False
    for mora in morae:
        found += (mora.letters[:1] if doubled else "") + mora.letters + (mora.letters[-1] if mora.is_long else "")
        doubled = mora is _TSU
    return found + rest
